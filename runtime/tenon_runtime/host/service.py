"""A whole service put together: settings and handlers in, something that listens out."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from connectrpc_grpcreflect import (  # type: ignore[import-untyped]
    ServerReflectionAlphaASGIApplication,
    ServerReflectionAlphaService,
    ServerReflectionASGIApplication,
    ServerReflectionService,
)
from protobuf import DescFile, Registry

from tenon_runtime import errors
from tenon_runtime.call import middleware
from tenon_runtime.call.no_flags import NoFlags
from tenon_runtime.call.ports import Flags, Store, UnitOfWork
from tenon_runtime.call.rules import Rules
from tenon_runtime.call.table import Table
from tenon_runtime.context import EventInfo
from tenon_runtime.host import health
from tenon_runtime.host.app import Application
from tenon_runtime.host.asgi import App
from tenon_runtime.host.readiness import Readiness
from tenon_runtime.host.rest import RestHost
from tenon_runtime.host.rpc import RpcHost
from tenon_runtime.host.server import Server
from tenon_runtime.observe import trace
from tenon_runtime.observe.metrics import Metrics
from tenon_runtime.settings import BadSettings, Settings
from tenon_runtime.spec import Api, Subscription

if TYPE_CHECKING:
    from tenon_runtime.auth.keys import Keys
    from tenon_runtime.auth.tokens import Verifier
    from tenon_runtime.events import Dispatch

KeySource: TypeAlias = "Keys | Callable[[Store | None], Keys] | None"
"""Keys of a service's own, or what makes them when the database is there; None: TENON_JWKS says."""


class HostedService:
    """Everything of one service, from its database to its listeners, running while it is entered."""

    def __init__(self, api: Api, handlers: Mapping[type[Any], Any], settings: Settings, keys: KeySource = None) -> None:
        """`handlers` is what `bind` gave. Raises ValueError, OSError or `BadSettings` when something does not fit."""
        self._api = api
        self._settings = settings
        self.metrics = Metrics()
        self.store = _store(api, handlers, settings)
        self._export = trace.exporter(api.domain)
        self._flags = _flags(settings)
        self.readiness = Readiness(lambda: self.store is None or self.store.ready())
        self._table = self._make_table(handlers, _verifier(settings, keys, self.store))
        self._bus = _bus(api, settings, self.store, self.dispatch, self.metrics)
        self.server = self._make_server()
        self._running = AsyncExitStack()

    async def __aenter__(self) -> Self:
        try:
            if self._export is not None:
                self._running.push_async_callback(asyncio.to_thread, self._export[1])
            for part in (self.store, self._bus):
                if part is not None:
                    self._running.push_async_callback(part.stop)
                    await part.start()
            await self._running.enter_async_context(self.server)
        except BaseException:
            await self._running.aclose()
            raise
        self.readiness.started = True
        if self._settings.ports_file is not None:
            self.server.announce(self._settings.ports_file)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.readiness.draining.set()
        await self._running.aclose()

    async def dispatch(
        self,
        subscription: Subscription,
        payload: Any,
        info: EventInfo,
        unit: UnitOfWork,
        headers: Mapping[str, str],
    ) -> None:
        """Run an event's handler inside the unit of work that also holds its inbox row.

        `headers` are the event's, names in lower case; its ``traceparent`` makes the call part of the sender's trace.
        Raises whatever the call ends with, for the consumer to judge: `errors.Error.retryable`.
        """
        entry = self._table.subscriptions[subscription.event.name]
        ctx = self._table.context(entry.info, "event", headers, None, info, unit)
        try:
            async with asyncio.timeout(ctx.remaining()):
                await entry.call(payload, ctx)
        except TimeoutError:
            raise errors.DeadlineExceeded() from None

    def _make_table(self, handlers: Mapping[type[Any], Any], verifier: Verifier | None) -> Table:
        observe = middleware.observe(self.metrics, self._export[0] if self._export else None)
        validate = middleware.validate(Rules())
        return Table(
            self._api,
            handlers,
            admission=(
                observe,
                middleware.limit(self._settings.concurrency, self.readiness.draining.is_set),
                middleware.deadline,
                middleware.authenticate(verifier),
            ),
            work=(validate, middleware.transaction(self.store), middleware.idempotency(self.store)),
            events=(observe, middleware.deadline, validate),
            flags=self._flags,
        )

    def _make_server(self) -> Server:
        files = [service.spec.file() for service in self._api.services]
        registry = Registry(*files)
        extra = health.endpoints(self.readiness, [service.spec.name for service in self._api.services])
        rpc = RpcHost(self._api, self._table, message_limit=self._settings.body_limit, extra=extra)
        rest = RestHost(
            self._api,
            self._table,
            self.metrics,
            registry=registry,
            response_check=self._settings.response_check,
            body_limit=self._settings.body_limit,
        )
        self.application = Application(rpc, rest, _reflection(*files, health.FILE), self.readiness, self.metrics)
        return Server(
            self.application,
            self.readiness,
            host=self._settings.host,
            http_port=self._settings.http_port,
            grpc_port=self._settings.grpc_port,
            drain_seconds=self._settings.drain_seconds,
        )


def _reflection(*files: DescFile) -> Mapping[str, App]:
    """Both versions of gRPC reflection by path."""
    applications = (
        ServerReflectionASGIApplication(ServerReflectionService(*files)),
        ServerReflectionAlphaASGIApplication(ServerReflectionAlphaService(*files)),
    )
    return {f"{application.path}/ServerReflectionInfo": application for application in applications}


def _store(api: Api, handlers: Mapping[type[Any], Any], settings: Settings) -> Any:
    if settings.database_url is None:
        return None
    from tenon_runtime.store import PostgresStore

    folders = {Path(inspect.getfile(type(handler))).parent / "migrations" for handler in handlers.values()}
    present = sorted(folder for folder in folders if folder.is_dir())
    if len(present) > 1:
        raise ValueError(f"migrations in more than one place: {', '.join(map(str, present))}")
    return PostgresStore(settings.database_url, domain=api.domain, migrations=present[0] if present else None)


def _bus(api: Api, settings: Settings, store: Any, dispatch: Dispatch, metrics: Metrics) -> Any:
    if settings.nats_url is None or not (api.sends or api.event_handlers):
        return None
    if store is None:
        raise BadSettings("TENON_NATS_URL needs TENON_DATABASE_URL: events leave and arrive through tables")
    from tenon_runtime.events import EventBus

    return EventBus(store, settings.nats_url, api, dispatch, registry=metrics.registry)


def _flags(settings: Settings) -> Flags:
    if settings.flags is None:
        return NoFlags()
    from tenon_runtime.flags import load

    flags: Flags = load(settings.flags)
    return flags


def _verifier(settings: Settings, keys: KeySource, store: Store | None) -> Verifier | None:
    if keys is None and settings.jwks is None:
        return None
    from tenon_runtime.auth.keys import keys_from
    from tenon_runtime.auth.tokens import Verifier

    found = keys(store) if callable(keys) else keys
    if found is None:
        found = keys_from(settings.jwks or "")
    return Verifier(found, settings.issuer, settings.audience)
