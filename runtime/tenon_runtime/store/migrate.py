"""Migrations: plain SQL files, applied once, in the order of their names."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
from dataclasses import dataclass
from pathlib import Path

import psycopg

_LOCK = 0x74656E6F6E  # "tenon", the advisory lock's number
_LOCK_TIMEOUT = "2s"
_ATTEMPTS = 15
_NO_TRANSACTION = "-- tenon: no transaction"

_log = logging.getLogger(__name__)


class MigrationError(RuntimeError):
    """A migration cannot be applied; the message names the file and says what to do."""


@dataclass(frozen=True, slots=True)
class _Migration:
    scope: str
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


async def migrate(url: str, folders: dict[str, Path]) -> list[str]:
    """Apply what is missing of ``folder/*.sql``, folder by folder; the names of what was applied.

    Each file runs in its own transaction together with its record in ``tenon_migration``. A file whose first line
    is ``-- tenon: no transaction`` holds one statement that runs alone (``CREATE INDEX CONCURRENTLY``). No statement
    waits longer than 2 s for a lock (others would queue behind it): it gives up and tries again.

    :param folders: by scope: the runtime's own, the service's.
    :raises MigrationError: a file fails, or one that was applied has changed since.
    """
    wanted = [
        _Migration(scope, path.stem, path.read_text("utf-8"))
        for scope, folder in folders.items()
        for path in sorted(folder.glob("*.sql"))
    ]
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(f"SET statement_timeout = 0; SET lock_timeout = '{_LOCK_TIMEOUT}'".encode())
        await _lock(connection)
        applied = await _applied(connection)
        todo = []
        for migration in wanted:
            recorded = applied.get((migration.scope, migration.name))
            if recorded is None:
                todo.append(migration)
            elif recorded != migration.checksum:
                raise MigrationError(
                    f"migration {migration.name!r} of {migration.scope!r} was changed after it was applied; "
                    "put it back as it was and write a new one"
                )
        for migration in todo:
            await _apply_patiently(connection, migration)
    return [migration.name for migration in todo]


async def _lock(connection: psycopg.AsyncConnection) -> None:
    """One process migrates at a time; the session's end frees the lock."""
    while True:
        result = await connection.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        row = await result.fetchone()
        if row and row[0]:
            return
        await asyncio.sleep(random.uniform(0.02, 0.1))


async def _applied(connection: psycopg.AsyncConnection) -> dict[tuple[str, str], str]:
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS tenon_migration (scope text NOT NULL, name text NOT NULL, checksum text NOT NULL,"
        " applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (scope, name))"
    )
    result = await connection.execute("SELECT scope, name, checksum FROM tenon_migration")
    return {(scope, name): checksum for scope, name, checksum in await result.fetchall()}


async def _apply_patiently(connection: psycopg.AsyncConnection, migration: _Migration) -> None:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            await _apply(connection, migration)
            return
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
            if attempt == _ATTEMPTS:
                raise MigrationError(
                    f"migration {migration.name!r} got no lock in {_ATTEMPTS} attempts of {_LOCK_TIMEOUT}; "
                    "a long transaction holds its table"
                ) from error
            _log.warning("migration %s waits for a lock, attempt %d", migration.name, attempt)
            await asyncio.sleep(random.uniform(0, min(5.0, 0.1 * 2**attempt)))
        except psycopg.Error as error:
            line = _line(migration.sql, error)
            raise MigrationError(
                f"migration {migration.name!r}{line}: {error.diag.message_primary or error}"
            ) from error


async def _apply(connection: psycopg.AsyncConnection, migration: _Migration) -> None:
    record = "INSERT INTO tenon_migration (scope, name, checksum) VALUES (%s, %s, %s)"
    values = [migration.scope, migration.name, migration.checksum]
    if migration.sql.startswith(_NO_TRANSACTION):
        await connection.execute(migration.sql.encode())
        await connection.execute(record, values)
    else:
        async with connection.transaction():
            await connection.execute(migration.sql.encode())
            await connection.execute(record, values)


def _line(sql: str, error: psycopg.Error) -> str:
    position = error.diag.statement_position
    return f" line {sql[: int(position)].count(chr(10)) + 1}" if position else ""
