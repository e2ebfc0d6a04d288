"""A service in the test's own process, on free ports."""

from __future__ import annotations

import uuid
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from protobuf import Message

from tenon_runtime.call.bind import bind
from tenon_runtime.context import EventInfo
from tenon_runtime.host.asgi import App
from tenon_runtime.host.service import HostedService, KeySource
from tenon_runtime.observe.metrics import Metrics
from tenon_runtime.settings import Settings
from tenon_runtime.spec import Api

if TYPE_CHECKING:
    from tenon_runtime.events import Dispatch


class Running:
    """``async with Running(api, Identity) as service:`` serves until the block is left.

    Answers that break the contract become errors. Any field of `Settings` can be given by name.
    """

    def __init__(self, api: Api, *handlers: type[Any], keys: KeySource = None, **settings: Any) -> None:
        """Raises ValueError naming each method that is missing."""
        bound, faults = bind(api, handlers)
        if faults:
            raise ValueError("\n\n".join(map(str, faults)))
        defaults = {"http_port": 0, "grpc_port": 0, "response_check": "raise", "drain_seconds": 2.0}
        self._api = api
        self._service = HostedService(api, bound, Settings(**{**defaults, **settings}), keys)

    async def __aenter__(self) -> Self:
        await self._service.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._service.__aexit__(kind, error, trace)

    @property
    def http_url(self) -> str:
        """REST, Connect, gRPC-Web, health and metrics."""
        return f"http://127.0.0.1:{self._service.server.http_port}"

    @property
    def grpc_url(self) -> str:
        """gRPC; `grpc_target` without the scheme."""
        return f"http://{self.grpc_target}"

    @property
    def grpc_target(self) -> str:
        return f"127.0.0.1:{self._service.server.grpc_port}"

    @property
    def metrics(self) -> Metrics:
        return self._service.metrics

    @property
    def store(self) -> Any:
        """The database, None where none is configured."""
        return self._service.store

    async def receive(self, event: Message[Any], key: str = "") -> None:
        """Handle an event of another domain as the bus does: in one unit of work, committed when the handler returned.

        Raises what the handler raises, and LookupError for an event that the contract does not receive.
        """
        handlers = self._api.event_handlers
        for subscription in handlers.subscriptions if handlers else ():
            if subscription.event.message is type(event):
                info = EventInfo(uuid.uuid4().hex, "", subscription.event.name, key, 1, "", 1)
                async with self.store.begin(read_only=False, timeout=20.0) as unit:
                    await self._service.dispatch(subscription, event, info, unit, {})
                return
        raise LookupError(f"{type(event).__qualname__} is not received here")

    @property
    def application(self) -> App:
        """The ASGI application behind both listeners."""
        return self._service.application

    @property
    def dispatch(self) -> Dispatch:
        """Hands an event to the service, as its event bus does."""
        return self._service.dispatch

    async def drain(self) -> bool:
        """What SIGTERM does: stop accepting and let calls finish. True when all did."""
        return await self._service.server.drain()
