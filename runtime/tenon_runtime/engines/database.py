"""PostgreSQL: a server by URL, or PostgreSQL 18 embedded."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self
from urllib.parse import quote, urlsplit

from .binaries import postgres_programs
from .child import Account, Child, EngineError, account_for, lock, private_folder

_USER = "tenon"
_SETTINGS = {
    "listen_addresses": "",
    "synchronous_commit": "on",
    "idle_in_transaction_session_timeout": "10s",
    "statement_timeout": "5s",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "jit": "off",
    "log_checkpoints": "off",
    "timezone": "UTC",
}
# Linux: the server's own working folder. It reaches its data through it even when the account it runs as cannot
# traverse the folders above (a checkout in root's private home).
_HERE = "/proc/self/cwd"


class Databases:
    """The databases of one PostgreSQL server."""

    def __init__(self, url: str) -> None:
        """:param url: ``postgresql://user:password@host:port/database``; of a user who may create databases, or
        where they exist already."""
        self._admin_url = url

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def locate(self, database: str) -> str:
        """The URL of `database`, whether it exists or not."""
        parts = urlsplit(self._admin_url)
        query = f"?{parts.query}" if parts.query else ""
        return f"{parts.scheme}://{parts.netloc}/{quote(database, safe='')}{query}"

    async def url(self, database: str) -> str:
        """The URL of `database`, which is created when it is not there.

        :raises EngineError: the server cannot be reached, or refuses.
        """
        import psycopg
        from psycopg import sql

        try:
            async with await psycopg.AsyncConnection.connect(self._admin_url, autocommit=True) as connection:
                found = await connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
                if await found.fetchone() is None:
                    made_meanwhile = (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation)
                    with contextlib.suppress(*made_meanwhile):
                        await connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        except psycopg.Error as error:
            raise EngineError(f"database {database!r} cannot be had from PostgreSQL: {error}") from error
        return self.locate(database)


class Postgres(Databases):
    """PostgreSQL 18 from a wheel, on a unix socket in a folder that only its own account may open."""

    def __init__(self, data_dir: Path) -> None:
        self._dir = data_dir.absolute()
        self._account: Account | None = None
        self._held: BinaryIO | None = None
        self._child: Child | None = None
        self._sockets: Path | None = None
        super().__init__("")

    async def __aenter__(self) -> Self:
        """Start it; on the data that is there, after whatever end.

        :raises EngineError: it cannot be found or started, or the folder is in use.
        """
        self._held = await lock(self._dir)
        try:
            await self._start(self._held)
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def pid(self) -> int:
        """The postmaster's process id."""
        return self._running.pid

    @property
    def running(self) -> bool:
        """Whether the server's process is there."""
        return self._child is not None and self._child.running

    def kill(self) -> None:
        """As a crash would: SIGKILL to all its processes."""
        self._running.kill()

    async def wait(self) -> int:
        """Wait for it to end by itself; the exit status."""
        return await self._running.wait()

    async def stop(self) -> None:
        """A fast shutdown; after 5 s an immediate one, then SIGKILL."""
        if self._child:
            await self._child.stop(signal.SIGINT, signal.SIGQUIT)
        if self._sockets:
            shutil.rmtree(self._sockets, ignore_errors=True)
        if self._held:
            self._held.close()
        self._child = self._sockets = self._held = None

    @property
    def _running(self) -> Child:
        if self._child is None:
            raise EngineError("PostgreSQL has not been started")
        return self._child

    async def _start(self, held: BinaryIO) -> None:
        data = self._dir / "data"
        self._account = account_for(data)
        programs = postgres_programs(self._account)
        if not data.exists():
            self._initialise(programs, data)
        # We hold the lock, so no server runs here: whoever has that process id today is somebody else.
        (data / "postmaster.pid").unlink(missing_ok=True)
        self._sockets = self._make_sockets()
        settings = {**_SETTINGS, "unix_socket_directories": str(self._sockets)}
        self._child = Child.start(
            "PostgreSQL",
            [
                programs / "postgres",
                "-D",
                self._seen(data),
                *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
            ],
            cwd=data,
            account=self._account,
            log=self._dir / "server.log",
            held=held,
            death_signal=signal.SIGINT,
        )
        await self._child.until(lambda: _is_ready(data / "postmaster.pid"))
        self._admin_url = f"postgresql:///postgres?host={quote(str(self._sockets), safe='')}&user={_USER}"

    def _seen(self, data: Path) -> str:
        """`data` as the account reaches it."""
        return str(data) if self._account is None or self._account.may_reach(data) else _HERE

    def _initialise(self, programs: Path, data: Path) -> None:
        """Make a cluster beside `data` and rename it: half a cluster is never taken for one."""
        fresh = data.with_name("data.new")
        shutil.rmtree(fresh, ignore_errors=True)
        private_folder(fresh, self._account)
        account = self._account
        options = f"-U {_USER} -A trust -E UTF8 --locale=C.UTF-8 --data-checksums --no-instructions"
        done = subprocess.run(
            [str(programs / "initdb"), "-D", self._seen(fresh), *options.split()],
            check=False,
            cwd=fresh,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise EngineError(f"initdb failed in {fresh}:\n{done.stderr.strip()}")
        fresh.rename(data)

    def _make_sockets(self) -> Path:
        """In our folder; where that path is too long for a socket (about 100 bytes) or out of the account's reach, a
        short one, the same at every start."""
        own = self._dir / "sockets"
        if len(str(own)) < 80 and (self._account is None or self._account.may_reach(own)):
            shutil.rmtree(own, ignore_errors=True)
            return private_folder(own, self._account)
        temp = tempfile.gettempdir()
        base = Path(temp if len(temp) < 60 else "/tmp")
        folder = base / f"tenon-{hashlib.sha256(str(self._dir).encode()).hexdigest()[:12]}"
        shutil.rmtree(folder, ignore_errors=True)
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:  # somebody else's, and not removable by us
            folder = Path(tempfile.mkdtemp(prefix="tenon-", dir=base))
        return private_folder(folder, self._account)


def _is_ready(pid_file: Path) -> bool:
    """The last line of postmaster.pid tells the state (as pg_ctl reads it)."""
    try:
        lines = pid_file.read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"
