"""An embedded PostgreSQL for the services' own tests, and a way to call a service as an API consumer does."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tenon_runtime.engines import Postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with tempfile.TemporaryDirectory(prefix="tenon-impl-") as folder, asyncio.Runner() as runner:
        os.chmod(folder, 0o755)
        engine = runner.run(Postgres(Path(folder, "pg")).__aenter__())
        yield engine
        engine.kill()
        runner.run(engine.stop())
