"""One call's transaction."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from tenon_runtime import errors
from tenon_runtime.spec import Event

from . import outbox

Connection = psycopg.AsyncConnection[Any]
Pool = AsyncConnectionPool[Connection]


class PostgresUnitOfWork:
    """See `tenon_runtime.call.ports.UnitOfWork`. It is its own `Transaction`.

    Connections are in autocommit mode and the transaction is opened here: BEGIN and its time-out are one round trip.
    """

    def __init__(
        self, pool: Pool, *, domain: str, read_only: bool, timeout: float, committed: Callable[[], None]
    ) -> None:
        self._pool = pool
        self._domain = domain
        self._read_only = read_only
        self._until = time.monotonic() + timeout
        self._committed = committed
        self._beginning = asyncio.Lock()
        self._connection: Connection | None = None
        self._events: list[outbox.Pending] = []

    @property
    def db(self) -> Self:
        """The transaction."""
        return self

    def remaining(self) -> float:
        """Seconds that it may still take."""
        return self._until - time.monotonic()

    def add_event(self, spec: Event, payload: Any, headers: Mapping[str, str]) -> None:
        """Collect an event.

        :raises errors.Internal: in a read-only unit of work, or when the event cannot be sent as it is.
        """
        if self._read_only:
            raise errors.Internal(f"{spec.name} cannot be published: the operation has no side effects by its contract")
        self._events.append(outbox.encode(self._domain, spec, payload, headers))

    async def execute(self, sql: str, params: Any = None) -> int:
        """Run a statement; the number of rows touched."""
        return (await self._run(sql, params)).rowcount

    async def fetch_one(self, sql: str, params: Any = None) -> Any | None:
        """The first row (attributes by column name) or None."""
        return await (await self._run(sql, params)).fetchone()

    async def fetch_all(self, sql: str, params: Any = None) -> list[Any]:
        """Every row (attributes by column name)."""
        return await (await self._run(sql, params)).fetchall()

    async def fetch_value(self, sql: str, params: Any = None) -> Any:
        """The first column of the first row, or None."""
        row = await self.fetch_one(sql, params)
        return None if row is None else row[0]

    async def commit(self) -> None:
        """End the transaction, events included; the next statement begins another."""
        try:
            await self._commit()
        except psycopg.Error as failed:
            raise as_call_error(failed) from failed
        self._events.clear()

    async def _run(self, sql: str, params: Any) -> psycopg.AsyncCursor[Any]:
        connection = self._connection or await self._begin()
        return await connection.execute(sql.encode(), params)

    async def _begin(self) -> Connection:
        async with self._beginning:
            if self._connection is None:
                remaining = self.remaining()
                if remaining <= 0:
                    raise errors.DeadlineExceeded("the time was over before the database was asked")
                connection = await self._pool.getconn(timeout=remaining)
                mode = "READ ONLY" if self._read_only else "READ WRITE"
                limit = max(1, min(5000, int(self.remaining() * 1000)))
                try:
                    await connection.execute(f"BEGIN {mode}; SET LOCAL statement_timeout = {limit}".encode())
                except BaseException:
                    await self._give_back(connection)
                    raise
                self._connection = connection
            return self._connection

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            try:
                await self._commit()
            except psycopg.Error as failed:
                raise as_call_error(failed) from failed
        elif self._connection is not None:
            # What is open on a connection that is given back gets rolled back; a cancelled call must not wait for it.
            connection, self._connection = self._connection, None
            await asyncio.shield(self._give_back(connection))
        if isinstance(error, psycopg.Error):
            mapped = as_call_error(error)
            if mapped is not error:
                raise mapped from error

    async def _commit(self) -> None:
        if self._events:
            connection = self._connection or await self._begin()
            try:
                await outbox.write(connection, self._events)
                await self._finish(connection)
            finally:
                self._connection = None
                await asyncio.shield(self._give_back(connection))
            self._committed()
        elif self._connection is not None:
            connection, self._connection = self._connection, None
            try:
                await self._finish(connection)
            finally:
                await asyncio.shield(self._give_back(connection))

    async def _finish(self, connection: Connection) -> None:
        if connection.info.transaction_status == psycopg.pq.TransactionStatus.INERROR:
            # The handler went on after a failed statement: a COMMIT would quietly roll back.
            raise errors.Internal("a statement of the transaction failed; nothing was saved")
        await connection.execute("COMMIT")

    async def _give_back(self, connection: Connection) -> None:
        if connection.info.transaction_status in (
            psycopg.pq.TransactionStatus.INTRANS,
            psycopg.pq.TransactionStatus.INERROR,
        ):
            try:
                await connection.execute("ROLLBACK")
            except psycopg.Error:
                await connection.close()
        await self._pool.putconn(connection)


def as_call_error(error: psycopg.Error) -> Exception:
    """What a database error means for the call; itself where it means nothing to a caller (a constraint, a mistake)."""
    match error:
        case psycopg.errors.SerializationFailure() | psycopg.errors.DeadlockDetected():
            return errors.Aborted("lost against a concurrent transaction")
        case psycopg.errors.LockNotAvailable():
            return errors.Aborted("a row is locked by a concurrent transaction")
        case psycopg.errors.FeatureNotSupported() if "cached plan" in str(error):
            return errors.Aborted("a migration changed a table meanwhile")
        case psycopg.errors.QueryCanceled():
            return errors.DeadlineExceeded("the database took too long")
        case TooManyRequests():
            return errors.ResourceExhausted("too many calls wait for the database")
        case PoolTimeout() | PoolClosed():
            return errors.Unavailable("no connection to the database is free")
        case psycopg.OperationalError() | psycopg.InterfaceError():
            return errors.Unavailable("the database cannot be reached")
        case _:
            return error
