"""The one table of handlers that every host serves: RPCs, direct REST operations and events, each with its chain."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from tenon_runtime.call.operation import Call, Middleware, OperationInfo, fold
from tenon_runtime.call.ports import Flags, UnitOfWork
from tenon_runtime.call.stream import Emit
from tenon_runtime.context import Context, EventInfo
from tenon_runtime.observe import trace
from tenon_runtime.spec import Api, Event, Idempotency, Kind, Method, Operation, Policy, Subscription

MAX_REQUEST_ID = 128
EVENT_POLICY = Policy(deadline=20.0, idempotency=Idempotency.IDEMPOTENT, scopes=(), public=True, slo=None)
"""Events carry no token: who may send them is the broker's to decide. The deadline is below the consumer's ack wait."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An operation and what to call for it."""

    info: OperationInfo
    handler: Call
    """The team's code alone."""
    call: Call
    """The handler with all middleware around it."""


class Table:
    """Every operation of one service. Contexts are made here, so that all hosts make them alike."""

    def __init__(
        self,
        api: Api,
        handlers: Mapping[type[Any], Any],
        *,
        admission: Sequence[Middleware],
        work: Sequence[Middleware],
        events: Sequence[Middleware],
        flags: Flags,
    ) -> None:
        """`handlers` has the implementation of each of the API's abstract classes.

        `admission` needs no request and `work` does: REST reads its request between the two, so that a caller without
        a token learns nothing of the request's faults. Events have middleware of their own.
        """
        self._admission = tuple(admission)
        self._work = tuple(work)
        self._flags = flags
        self._events = _by_payload(api.sends)
        self.rpcs: dict[str, Entry] = {}
        """By ``package.Service/Method``."""
        self.operations: dict[str, Entry] = {}
        """Direct REST operations by id."""
        self.subscriptions: dict[str, Entry] = {}
        """By the event's name."""
        for service in api.services:
            for method in service.spec.methods:
                name = f"{service.spec.name}/{method.name}"
                self.rpcs[name] = self._rpc(name, method, handlers[service])
        if api.rest is not None and api.rest_handlers is not None:
            for operation in api.rest_handlers.operations:
                name = f"{api.name}#{operation.id}"
                self.operations[operation.id] = self._direct(name, operation, handlers[api.rest_handlers])
        if api.event_handlers is not None:
            for subscription in api.event_handlers.subscriptions:
                self.subscriptions[subscription.event.name] = _event(subscription, handlers[api.event_handlers], events)

    def face(self, entry: Entry, face: Middleware) -> Call:
        """The chain of an operation as another protocol sees it: `face` makes the request and renders the answer."""
        return fold(entry.info, entry.handler, (*self._admission, face, *self._work))

    def context(
        self,
        info: OperationInfo,
        protocol: str,
        headers: Mapping[str, str],
        seconds: float | None,
        event: EventInfo | None = None,
        unit: UnitOfWork | None = None,
    ) -> Context[Any]:
        """The context of a call that its caller gives `seconds`; the policy's deadline is the most it gets."""
        most = info.policy.deadline
        span = trace.begin(info.name, headers.get("traceparent"))
        request_id = headers.get("x-request-id", "")
        if not (0 < len(request_id) <= MAX_REQUEST_ID and request_id.isprintable()):
            request_id = span.span_id
        return Context(
            operation=info.name,
            protocol=protocol,
            headers=headers,
            request_id=request_id,
            span=span,
            deadline=time.monotonic() + (most if seconds is None or seconds > most else seconds),
            events=self._events,
            flags=self._flags,
            event=event,
            unit=unit,
        )

    def _rpc(self, name: str, method: Method, handler: Any) -> Entry:
        info = OperationInfo(name, method.kind, method.policy, method.input, method.output, method.ref)
        function = getattr(handler, method.attr)
        if method.kind in (Kind.SERVER_STREAM, Kind.BIDI_STREAM):
            function = _emitting(function)
        return Entry(info, function, fold(info, function, (*self._admission, *self._work)))

    def _direct(self, name: str, operation: Operation, handler: Any) -> Entry:
        info = OperationInfo(name, Kind.UNARY, operation.policy, operation.request, None, operation.ref)
        function = getattr(handler, operation.attr)
        return Entry(info, function, fold(info, function, (*self._admission, *self._work)))


def _by_payload(events: Sequence[Event]) -> Mapping[type[Any], Event]:
    """The events that their payload's type tells apart."""
    types = [event.message for event in events]
    return {event.message: event for event in events if event.message is not None and types.count(event.message) == 1}


def _event(subscription: Subscription, handler: Any, middleware: Sequence[Middleware]) -> Entry:
    event = subscription.event
    info = OperationInfo(f"on {event.name}", Kind.UNARY, EVENT_POLICY, event.message, None, subscription.ref)
    function = getattr(handler, subscription.attr)
    return Entry(info, function, fold(info, function, middleware))


def _emitting(function: Callable[[Any, Context[Any]], AsyncIterator[Any]]) -> Call:
    """A handler that is an async generator as a call that emits."""

    async def call(request: Any, ctx: Context[Any]) -> None:
        messages: Any = function(request, ctx)
        async with aclosing(messages):
            async for message in messages:
                await Emit(message)

    return call
