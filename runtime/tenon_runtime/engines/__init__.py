"""PostgreSQL and NATS, embedded or by URL, behind one small interface.

A URL given means that nothing is started::

    async with postgres(url=None, data_dir=run / "postgres") as pg:
        url = await pg.url("identity")          # the database is created when it is not there
    async with nats(url=None, data_dir=run / "nats") as broker:
        broker.url

Embedded servers come from wheels, listen for this machine only, never run as root, die with the process
that started them and keep their data in `data_dir`: what was acknowledged is there after a SIGKILL too.
"""

from __future__ import annotations

from pathlib import Path

from .broker import Broker, Nats
from .child import EngineError
from .database import Databases, Postgres

__all__ = ["Broker", "Databases", "EngineError", "Nats", "Postgres", "nats", "postgres"]


def postgres(url: str | None, data_dir: Path) -> Databases:
    """The PostgreSQL at `url`, or an embedded one that keeps its data in `data_dir`."""
    return Databases(url) if url else Postgres(data_dir)


def nats(url: str | None, data_dir: Path) -> Broker:
    """The NATS at `url`, or an embedded one that keeps its data in `data_dir`."""
    return Broker(url) if url else Nats(data_dir)
