"""The real engines, embedded, one of each per test run; a database of its own for every test that asks."""

from __future__ import annotations

import asyncio
import itertools
import os
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
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
def database(postgres: Postgres) -> Callable[[], Awaitable[str]]:
    """Makes fresh databases: schemas of one, which cost next to nothing. Gives their URLs."""

    async def fresh() -> str:
        url, schema = await postgres.url("tests"), f"test_{next(_numbers)}"
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            await connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
        return f"{url}&options=-csearch_path%3D{schema}"

    return fresh


@pytest.fixture
async def database_url(database: Callable[[], Awaitable[str]]) -> str:
    """A fresh database."""
    return await database()
