"""A PostgreSQL to try things in: started when it is first asked for, gone with all its data at the end."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

_HURRY = ("fsync = off", "full_page_writes = off", "max_wal_size = '4GB'", "autovacuum = off")
"""Nothing here has to survive a crash."""


@contextmanager
def scratch() -> Iterator[Callable[[], AbstractContextManager[str]]]:
    """A factory of the server's URL, of a superuser. Entering what it gives raises `RuntimeError` (`EngineError`) where
    PostgreSQL cannot be had; the server is one for all that ask, and is stopped when this ends."""
    with ExitStack() as ending:
        urls: list[str] = []

        @contextmanager
        def server() -> Iterator[str]:
            if not urls:
                urls.append(_start(ending))
            yield urls[0]

        yield server


def _start(ending: ExitStack) -> str:
    try:
        import psycopg
        from tenon_runtime.engines import Postgres
    except ImportError as error:
        raise RuntimeError(f"the embedded PostgreSQL is not installed: {error}") from None
    folder = ending.enter_context(tempfile.TemporaryDirectory(prefix="tenon-gate-", ignore_cleanup_errors=True))
    os.chmod(folder, 0o755)  # the server's account has to reach its own folder in it
    runner = ending.enter_context(asyncio.Runner())
    engine = Postgres(Path(folder) / "postgres")
    ending.callback(lambda: runner.run(engine.stop()))
    runner.run(engine.__aenter__())
    ending.callback(lambda: engine.kill() if engine.running else None)  # nobody waits for it to write out its data
    url = runner.run(engine.url("postgres"))
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in _HURRY:
            connection.execute(f"ALTER SYSTEM SET {setting}".encode())
        connection.execute("SELECT pg_reload_conf()")
    return url
