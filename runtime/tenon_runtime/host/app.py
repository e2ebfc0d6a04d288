"""The one ASGI application of a service: by path to RPC, to REST, or to what operators ask."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from tenon_runtime.host.asgi import App, Receive, Scope, Send, respond
from tenon_runtime.host.readiness import Readiness
from tenon_runtime.host.rpc import RpcHost
from tenon_runtime.observe.log import Log
from tenon_runtime.observe.metrics import Metrics


class Application:
    """Counts what is being answered, so that draining knows when it is done."""

    def __init__(
        self, rpc: RpcHost, rest: App, mounted: Mapping[str, App], readiness: Readiness, metrics: Metrics
    ) -> None:
        """`mounted` are further applications by the path that each of them serves."""
        self._rpc = rpc
        self._rest = rest
        self._mounted = mounted
        self._readiness = readiness
        self._metrics = metrics
        self._running = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        self._running += 1
        self._idle.clear()
        try:
            path = scope["path"]
            if path in self._rpc.paths:
                await self._rpc(scope, receive, send)
            elif path in _OPERATORS:
                await self._operate(path, send)
            elif path in self._mounted:
                await self._mounted[path](scope, receive, send)
            elif path.startswith(self._rpc.prefixes):
                await self._rpc(scope, receive, send)
            else:
                await self._rest(scope, receive, send)
        except Exception:
            # Every host answers what handlers raise; what comes here is a fault of a host or a broken connection.
            Log().exception("the answer could not be given", path=scope["path"])
            raise
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()

    async def idle(self) -> None:
        """Returns when nothing is being answered."""
        await self._idle.wait()

    async def _operate(self, path: str, send: Send) -> None:
        match path:
            case "/metrics":
                await respond(send, 200, self._metrics.page(), "text/plain; version=0.0.4; charset=utf-8")
            case "/healthz":
                await respond(send, 200, b"live\n", "text/plain")
            case _:
                ready = self._readiness.ready
                await respond(send, 200 if ready else 503, b"ready\n" if ready else b"not ready\n", "text/plain")


_OPERATORS = frozenset({"/metrics", "/healthz", "/readyz"})
