"""The entry point of a service: ``serve(api, Identity)`` in its ``__main__.py``."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import Any, NoReturn

import uvloop

from tenon_runtime.call.bind import bind
from tenon_runtime.host.service import HostedService, KeySource
from tenon_runtime.missing import with_receiver
from tenon_runtime.observe import log
from tenon_runtime.settings import BadSettings, Settings
from tenon_runtime.spec import Api


def serve(api: Api, *handlers: type[Any], keys: KeySource = None) -> NoReturn:
    """Serve until SIGTERM or SIGINT, then drain. A receiver in ``events.py`` beside the service is found there.

    Exit status 0: drained; 1: it could not start, or calls were cut off at the end of the grace period;
    2: the settings or the implementation are not complete, each fault with its remedy on stderr.
    """
    try:
        settings = Settings.from_environment()
    except BadSettings as error:
        _refuse(api, str(error))
    log.configure(api.domain, settings.log, settings.log_format)
    bound, faults = bind(api, with_receiver(api, handlers))
    if faults:
        _refuse(api, "\n\n".join(map(str, faults)))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.exit(runner.run(_serve(api, bound, settings, keys)))


async def _serve(api: Api, handlers: dict[type[Any], Any], settings: Settings, keys: KeySource) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    logger = log.Log()
    try:
        service = HostedService(api, handlers, settings, keys)
        async with service:
            server = service.server
            logger.info("serving", api=api.name, http=server.http_port, grpc=server.grpc_port)
            await stopping.wait()
            logger.info("draining", seconds=settings.drain_seconds)
            drained = await server.drain()
    except BadSettings as error:
        _refuse(api, str(error))
    except (OSError, ValueError) as error:
        logger.error(f"cannot start: {error}")
        return 1
    if not drained:
        logger.warning("calls were cut off: the grace period is over")
        return 1
    logger.info("stopped")
    return 0


def _refuse(api: Api, text: str) -> NoReturn:
    print(f"{api.name} cannot start:\n\n{text}", file=sys.stderr)
    sys.exit(2)
