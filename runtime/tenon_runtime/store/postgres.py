"""The store: a pool of connections, ready after its migrations."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
from psycopg.rows import namedtuple_row
from psycopg_pool import AsyncConnectionPool

from tenon_runtime import errors, tasks

from .idempotency import PostgresIdempotency
from .migrate import migrate
from .work import Connection, PostgresUnitOfWork, as_call_error

_OWN_MIGRATIONS = Path(__file__).parent / "migrations"
_PROBE_EVERY = 1.0  # seconds

_log = logging.getLogger(__name__)


class PostgresStore:
    """See `tenon_runtime.call.ports.Store`."""

    def __init__(
        self,
        url: str,
        *,
        domain: str,
        migrations: Path | None,
        connections: int = 16,
        patience: float = 30.0,
    ) -> None:
        """
        :param domain: whose events the outbox holds.
        :param migrations: the service's ``*.sql``.
        :param connections: at most so many at once.
        :param patience: seconds to wait for the database at start.
        """
        self._url = url
        self._domain = domain
        self._migrations = migrations
        self._patience = patience
        self._idempotency = PostgresIdempotency()
        self._listeners: list[Callable[[], None]] = []
        self._ready = False
        self._probe: asyncio.Task[None] | None = None
        # The pool is opened in start(): it needs the running loop.
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            url,
            connection_class=psycopg.AsyncConnection,
            min_size=1,
            max_size=connections,
            max_waiting=1000,
            reconnect_timeout=2.0,  # then the next call that needs a connection tries anew
            kwargs={"autocommit": True, "row_factory": namedtuple_row},
            open=False,
            name=domain,
        )

    @property
    def domain(self) -> str:
        """Whose database it is."""
        return self._domain

    @property
    def idempotency(self) -> PostgresIdempotency:
        """Answers by idempotency key."""
        return self._idempotency

    async def start(self) -> None:
        """Connect and apply migrations.

        :raises errors.Unavailable: the database cannot be reached.
        :raises tenon_runtime.store.MigrationError: a migration fails.
        """
        folders = {"tenon": _OWN_MIGRATIONS}
        if self._migrations is not None and self._migrations.is_dir():
            folders[self._domain] = self._migrations
        try:
            async with asyncio.timeout(self._patience):
                await self._until_reachable()
        except TimeoutError:
            raise errors.Unavailable(f"the database was not reachable in {self._patience:.0f} s") from None
        for name in await migrate(self._url, folders):
            _log.info("applied migration %s", name)
        await self._pool.open(wait=True, timeout=self._patience)
        self._ready = True
        self._probe = asyncio.create_task(self._keep_probing(), name="store probe")

    async def stop(self) -> None:
        """Give every connection back."""
        self._ready = False
        await tasks.end(self._probe)
        await self._pool.close()

    def ready(self) -> bool:
        """Whether the database answered a second ago."""
        return self._ready

    def begin(self, *, read_only: bool, timeout: float) -> PostgresUnitOfWork:
        """A unit of work that may take `timeout` seconds. Takes no connection yet."""
        return PostgresUnitOfWork(
            self._pool, domain=self._domain, read_only=read_only, timeout=timeout, committed=self._tell
        )

    def on_events(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each commit that wrote events."""
        self._listeners.append(listener)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection in autocommit mode, for work that is no call.

        :raises errors.Unavailable: there is none.
        """
        try:
            async with self._pool.connection() as connection:
                yield connection
        except psycopg.Error as error:
            raise as_call_error(error) from error

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()

    async def _until_reachable(self) -> None:
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._url, connect_timeout=5):
                    return
            except psycopg.OperationalError as error:
                if error.sqlstate:  # it answered, and refuses us: waiting does not help
                    raise errors.Unavailable(f"the database refuses: {error}") from error
                _log.warning("the database is not reachable yet: %s", error)
                await asyncio.sleep(0.2)

    async def _keep_probing(self) -> None:
        while True:
            await asyncio.sleep(_PROBE_EVERY)
            try:
                async with asyncio.timeout(5), self._pool.connection(timeout=5) as connection:
                    await connection.execute("SELECT 1")
                self._ready = True
            except (psycopg.Error, TimeoutError) as error:
                if self._ready:
                    _log.error("the database does not answer: %s", error)
                self._ready = False
