"""One PostgreSQL for all cases of migrations, started when the first of them asks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tenon.gate.context import Database
from tenon.platform.scratch import scratch


@pytest.fixture(scope="session")
def database() -> Iterator[Database]:
    with scratch() as factory:
        yield factory
