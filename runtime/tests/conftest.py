"""The real engines, embedded, one of each per test run; a database of its own for every test that asks."""

from __future__ import annotations

import asyncio
import itertools
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tenon_runtime.engines import Nats, Postgres

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def engine_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tenon-test-") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres(engine_folder: Path) -> Iterator[Postgres]:
    with asyncio.Runner() as runner:
        engine = runner.run(Postgres(engine_folder / "pg").__aenter__())
        yield engine
        engine.kill()  # a clean shutdown would write out a hundred databases that nobody wants
        runner.run(engine.stop())


@pytest.fixture(scope="session")
def broker(engine_folder: Path) -> Iterator[Nats]:
    with asyncio.Runner() as runner:
        engine = runner.run(Nats(engine_folder / "nats").__aenter__())
        yield engine
        runner.run(engine.stop())


@pytest.fixture
async def database_url(postgres: Postgres) -> AsyncIterator[str]:
    """A fresh database."""
    yield await postgres.url(f"test_{next(_numbers)}")
