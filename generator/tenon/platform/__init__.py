"""The whole platform on this machine: engines, every service of impl/, watched and restarted.

::

    async with Platform(root, Options(reload=True, show=Prefixed(sys.stdout))) as platform:
        await platform.ready()
        platform.services["identity"].http_url

PostgreSQL and NATS are embedded and keep their data in ``.tenon/run``; TENON_POSTGRES_URL and TENON_NATS_URL name real
ones. Nothing is left behind, however the process that holds the platform ends.
"""

from __future__ import annotations

from .logs import Prefixed
from .service import Service
from .supervisor import Options, Platform, PlatformError

__all__ = ["Options", "Platform", "PlatformError", "Prefixed", "Service"]
