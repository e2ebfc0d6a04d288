"""Migrations are applied once, in order, by one process at a time, and never half."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tenon_runtime.store import MigrationError
from tenon_runtime.store.migrate import migrate


async def rows(url: str, sql: str) -> list[tuple[Any, ...]]:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        return await (await connection.execute(sql.encode())).fetchall()


def write(folder: Path, **files: str) -> Path:
    for name, sql in files.items():
        (folder / f"{name}.sql").write_text(sql)
    return folder


async def test_files_are_applied_once_in_the_order_of_their_names(database_url: str, tmp_path: Path) -> None:
    write(tmp_path, _0002_more="INSERT INTO t VALUES (2)", _0001_first="CREATE TABLE t AS SELECT 1 AS id")
    assert await migrate(database_url, {"shop": tmp_path}) == ["_0001_first", "_0002_more"]
    assert await migrate(database_url, {"shop": tmp_path}) == []
    write(tmp_path, _0003="INSERT INTO t VALUES (3); INSERT INTO t VALUES (4)")
    assert await migrate(database_url, {"shop": tmp_path}) == ["_0003"]
    assert await rows(database_url, "SELECT id FROM t ORDER BY id") == [(1,), (2,), (3,), (4,)]


async def test_many_processes_that_start_at_once_apply_each_file_once(database_url: str, tmp_path: Path) -> None:
    write(tmp_path, a="CREATE TABLE t (id int)", b="INSERT INTO t VALUES (1)")
    applied = await asyncio.gather(*(migrate(database_url, {"shop": tmp_path}) for _ in range(8)))
    assert sorted(map(len, applied)) == [0] * 7 + [2]
    assert await rows(database_url, "SELECT id FROM t") == [(1,)]


async def test_a_file_that_fails_leaves_nothing_and_names_file_and_line(database_url: str, tmp_path: Path) -> None:
    write(tmp_path, a="CREATE TABLE t (id int);\nINSERT INTO nowhere VALUES (1);")
    with pytest.raises(MigrationError, match="'a' line 2: relation \"nowhere\" does not exist"):
        await migrate(database_url, {"shop": tmp_path})
    assert await rows(database_url, "SELECT to_regclass('t')") == [(None,)]
    write(tmp_path, a="CREATE TABLE t (id int);")
    assert await migrate(database_url, {"shop": tmp_path}) == ["a"]


async def test_a_file_that_changed_after_it_was_applied_is_an_error(database_url: str, tmp_path: Path) -> None:
    write(tmp_path, a="CREATE TABLE t (id int)")
    await migrate(database_url, {"shop": tmp_path})
    write(tmp_path, a="CREATE TABLE t (id bigint)")
    with pytest.raises(MigrationError, match=r"'a' of 'shop' was changed after it was applied"):
        await migrate(database_url, {"shop": tmp_path})


async def test_an_index_can_be_made_without_a_transaction(database_url: str, tmp_path: Path) -> None:
    write(
        tmp_path,
        a="CREATE TABLE t (id int)",
        b="-- tenon: no transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS t_id ON t (id)",
    )
    assert await migrate(database_url, {"shop": tmp_path}) == ["a", "b"]


async def test_a_locked_table_is_waited_for_without_blocking_others(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ALTER gives up after its lock time-out, so that the reader behind it gets through; later it succeeds."""
    monkeypatch.setattr("tenon_runtime.store.migrate._LOCK_TIMEOUT", "100ms")
    await migrate(database_url, {"shop": write(tmp_path, a="CREATE TABLE t (id int)")})
    async with await psycopg.AsyncConnection.connect(database_url) as holder:
        await holder.execute("SELECT * FROM t")  # an open transaction with a share lock
        write(tmp_path, b="ALTER TABLE t ADD COLUMN note text")
        migrating = asyncio.create_task(migrate(database_url, {"shop": tmp_path}))
        await asyncio.sleep(0.05)
        assert await rows(database_url, "SELECT * FROM t") == []
        assert not migrating.done()
        await holder.commit()
    assert await migrating == ["b"]
