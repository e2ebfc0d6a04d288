"""Two listeners over one application: HTTP/1.1 for the world, HTTP/2 without TLS for gRPC. hypercorn speaks both.

Its own serve loop is not used: it cannot stop accepting, let calls finish, and then leave, in this order.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config

from tenon_runtime.host import http2
from tenon_runtime.host.app import Application
from tenon_runtime.host.readiness import Readiness

IDLE_SECONDS = 300
"""How long a connection without a call is kept: longer than load balancers keep theirs, so that they close first."""


class Server:
    """Listens while it is entered. `drain` ends it in order."""

    def __init__(
        self, app: Application, readiness: Readiness, *, host: str, http_port: int, grpc_port: int, drain_seconds: float
    ) -> None:
        self._app = app
        self._readiness = readiness
        self._drain_seconds = drain_seconds
        # Bound before anything is served: a port that is taken ends the start, and ports 0 are known at once.
        self._sockets = [_bind(host, http_port), _bind(host, grpc_port)]
        self.http_port: int = self._sockets[0].getsockname()[1]
        self.grpc_port: int = self._sockets[1].getsockname()[1]
        self._servers: list[asyncio.Server] = []
        self._connections: set[asyncio.Task[Any]] = set()
        self._context = WorkerContext(None)

    def announce(self, path: Path) -> None:
        """Tell a supervisor where we listen: the file appears whole."""
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.write_text(json.dumps({"http": self.http_port, "grpc": self.grpc_port, "pid": os.getpid()}))
        temporary.replace(path)

    async def __aenter__(self) -> Self:
        http2.install()
        config = Config()
        config.keep_alive_timeout = IDLE_SECONDS
        config.keep_alive_max_requests = 1_000_000_000  # the default hangs up after 1000
        config.h2_max_concurrent_streams = 1000
        config.h2_max_header_list_size = 16 * 1024
        config.include_server_header = False
        config.errorlog = None
        config.accesslog = None
        loop = asyncio.get_running_loop()
        app = ASGIWrapper(cast(Any, self._app))

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = cast(asyncio.Task[Any], asyncio.current_task())
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
            await TCPServer(app, loop, config, self._context, cast(Any, {}), reader, writer)

        for listener in self._sockets:
            self._servers.append(await asyncio.start_server(connected, sock=listener, backlog=1024))
        return self

    async def drain(self) -> bool:
        """Stop accepting, let calls finish within the grace period. True when all of them did."""
        self._readiness.draining.set()
        for server in self._servers:
            server.close()
        try:
            await asyncio.wait_for(self._app.idle(), self._drain_seconds)
        except TimeoutError:
            return False
        return True

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.close()
        await self._context.terminated.set()  # idle connections close themselves
        if self._connections:
            await asyncio.wait(self._connections, timeout=0.5)
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Inherited by every connection: an answer is several small writes, and waiting for the peer's delayed
    # acknowledgement between them costs 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise OSError(f"cannot listen on {host}:{port}: {error.strerror}") from None
    listener.setblocking(False)
    return listener
