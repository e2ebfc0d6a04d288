"""The middleware around every handler, outermost first: observe, limit, deadline, authenticate, validate, transaction,
idempotency. Each is made once per service and put around each operation once, at start-up."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import msgspec
from protobuf import Message

from tenon_runtime import errors
from tenon_runtime.call.operation import Call, Middleware, OperationInfo
from tenon_runtime.call.ports import Store, StoredAnswer
from tenon_runtime.call.rules import Rules
from tenon_runtime.context import Context, Principal
from tenon_runtime.observe import log, trace
from tenon_runtime.observe.metrics import Metrics
from tenon_runtime.spec import Idempotency, Kind

if TYPE_CHECKING:
    from tenon_runtime.auth.tokens import Verifier

Ctx = Context[Any]

_FAULTS = frozenset({errors.Unknown.wire.number, errors.Internal.wire.number, errors.DataLoss.wire.number})
"""Codes that are somebody's mistake in this service: they are logged with the stack."""
MAX_KEY = 255
"""Characters of an Idempotency-Key."""


def observe(metrics: Metrics, export: trace.Exporter | None) -> Middleware:
    """Metrics, the span and the log line of every call; what is no `errors.Error` becomes Internal here."""

    def middleware(info: OperationInfo, call: Call) -> Call:
        ended: dict[tuple[str, str], Any] = {}
        seconds: dict[str, Any] = {}

        async def observed(request: Any, ctx: Ctx) -> Any:
            trace.current.set(ctx.span)
            metrics.in_flight.inc()
            began = time.perf_counter()
            code = "ok"
            try:
                return await call(request, ctx)
            except errors.Error as error:
                code = error.wire.code
                if error.wire.number in _FAULTS:
                    ctx.log.exception("the call failed", code=code)
                elif error.wire.http >= 500:
                    ctx.log.warning("the call failed", code=code, error=error.detail)
                raise
            except asyncio.CancelledError:
                code = "canceled" if ctx.remaining() else "deadline_exceeded"
                raise
            except Exception as error:
                code = "internal"
                ctx.log.exception("the handler raised what is no answer", code=code)
                raise errors.Internal() from error
            finally:
                took = time.perf_counter() - began
                metrics.in_flight.dec()
                try:
                    ended[ctx.protocol, code].inc()
                    seconds[ctx.protocol].observe(took)
                except KeyError:
                    ended[ctx.protocol, code] = metrics.requests.labels(info.name, ctx.protocol, code)
                    ended[ctx.protocol, code].inc()
                    seconds[ctx.protocol] = metrics.seconds.labels(info.name, ctx.protocol)
                    seconds[ctx.protocol].observe(took)
                if export is not None and ctx.span.flags & 1:
                    export(ctx.span, time.time_ns(), None if code == "ok" else code)
                if log.debugging():
                    ctx.log.debug("call", code=code, milliseconds=round(took * 1000, 3), protocol=ctx.protocol)
                trace.current.set(None)

        return observed

    return middleware


def limit(concurrency: int, draining: Callable[[], bool]) -> Middleware:
    """No more than `concurrency` calls at once in the whole service, and no new ones while it drains."""
    running = 0

    def middleware(info: OperationInfo, call: Call) -> Call:
        async def limited(request: Any, ctx: Ctx) -> Any:
            nonlocal running
            if draining():
                raise errors.Unavailable("this instance is going away")
            if running >= concurrency:
                raise errors.ResourceExhausted("too many calls at once", retry_after=1.0)
            running += 1
            try:
                return await call(request, ctx)
            finally:
                running -= 1

        return limited

    return middleware


def deadline(info: OperationInfo, call: Call) -> Call:
    """Drops work whose time is over before it begins; from then on the host cancels it when the time is over."""

    async def in_time(request: Any, ctx: Ctx) -> Any:
        if time.monotonic() >= ctx.deadline:
            raise errors.DeadlineExceeded()
        return await call(request, ctx)

    return in_time


def authenticate(verifier: Verifier | None) -> Middleware:
    """Deny by default: an operation that is not public needs a valid token with every scope of its policy."""

    def middleware(info: OperationInfo, call: Call) -> Call:
        needed = frozenset(info.policy.scopes)
        challenge = 'Bearer error="insufficient_scope", scope="' + " ".join(info.policy.scopes) + '"'

        async def identified(request: Any, ctx: Ctx) -> Any:
            # A public operation takes a caller whose token is bad as nobody: the way to a new token is public too.
            if "authorization" in ctx.headers:
                with contextlib.suppress(errors.Unauthenticated):
                    ctx.principal = await _principal(verifier, ctx.headers["authorization"])
            return await call(request, ctx)

        async def authorised(request: Any, ctx: Ctx) -> Any:
            header = ctx.headers.get("authorization")
            if header is None:
                raise errors.Unauthenticated("a bearer token is needed", headers={"www-authenticate": "Bearer"})
            ctx.principal = principal = await _principal(verifier, header)
            if not needed <= principal.scopes:
                missing = " ".join(sorted(needed - principal.scopes))
                raise errors.PermissionDenied(
                    f"the token lacks the scope {missing}", headers={"www-authenticate": challenge}
                )
            return await call(request, ctx)

        return identified if info.policy.public else authorised

    return middleware


async def _principal(verifier: Verifier | None, header: str) -> Principal:
    scheme, _, token = header.partition(" ")
    try:
        if scheme.lower() != "bearer" or not token:
            raise errors.Unauthenticated("a bearer token is needed")
        if verifier is None:
            raise errors.Unauthenticated("no token can be verified here: TENON_JWKS is not set")
        return await verifier.verify(token.strip())
    except errors.Unauthenticated as error:
        error.headers["www-authenticate"] = 'Bearer error="invalid_token"'
        raise


def validate(rules: Rules) -> Middleware:
    """Judges every request message by the rules that its contract states (protovalidate)."""

    def middleware(info: OperationInfo, call: Call) -> Call:
        if info.input is None or not issubclass(info.input, Message) or not rules.apply_to(info.input):
            return call

        async def checked(messages: AsyncIterator[Any]) -> AsyncIterator[Any]:
            async for message in messages:
                rules.check(message)
                yield message

        async def validated(request: Any, ctx: Ctx) -> Any:
            rules.check(request)
            return await call(request, ctx)

        async def validated_stream(request: Any, ctx: Ctx) -> Any:
            return await call(checked(request), ctx)

        return validated_stream if info.kind in (Kind.CLIENT_STREAM, Kind.BIDI_STREAM) else validated

    return middleware


def transaction(store: Store | None) -> Middleware:
    """One unit of work per call: committed when the handler returned, rolled back when it raised."""

    def middleware(info: OperationInfo, call: Call) -> Call:
        if store is None:
            return call
        read_only = info.policy.idempotency is Idempotency.NO_SIDE_EFFECTS

        async def transacted(request: Any, ctx: Ctx) -> Any:
            if ctx._unit is not None:  # an event: the inbox row is in the same transaction
                return await call(request, ctx)
            async with store.begin(read_only=read_only, timeout=ctx.remaining()) as unit:
                ctx._unit = unit
                response = await call(request, ctx)
            return response

        return transacted

    return middleware


def idempotency(store: Store | None) -> Middleware:
    """A second call with the same Idempotency-Key answers as the first did and has no effect."""

    def middleware(info: OperationInfo, call: Call) -> Call:
        if info.policy.idempotency not in (Idempotency.KEYED, Idempotency.KEY_REQUIRED):
            return call
        required = info.policy.idempotency is Idempotency.KEY_REQUIRED

        async def keyed(request: Any, ctx: Ctx) -> Any:
            key = ctx.idempotency_key
            if key is None and not required:
                return await call(request, ctx)
            if key is None or not 0 < len(key) <= MAX_KEY:
                raise _bad_key("required" if key is None else "maxLength")
            if store is None or ctx._unit is None:
                raise errors.Internal("an Idempotency-Key needs a database: set TENON_DATABASE_URL")
            names = {"principal": ctx.principal.subject, "operation": info.name, "key": key}
            known = await store.idempotency.claim(
                ctx._unit, request_hash=hashlib.sha256(_dump(request)).digest(), **names
            )
            if known is not None:
                return _load(info, known.response)
            response = await call(request, ctx)
            await store.idempotency.save(ctx._unit, answer=StoredAnswer(200, _dump(response)), **names)
            return response

        # The messages of a stream are not known before it is over: its key can be required, not remembered.
        async def stream_with_key(request: Any, ctx: Ctx) -> Any:
            if required and not ctx.idempotency_key:
                raise _bad_key("required")
            return await call(request, ctx)

        return keyed if info.kind is Kind.UNARY else stream_with_key

    return middleware


def _bad_key(rule: str) -> errors.InvalidArgument:
    detail = f"an Idempotency-Key of 1 to {MAX_KEY} characters is needed"
    return errors.InvalidArgument(detail, violations=[errors.Violation("#/header/Idempotency-Key", rule, detail)])


def _dump(value: Any) -> bytes:
    return value.to_binary() if isinstance(value, Message) else msgspec.json.encode(value, order="deterministic")


def _load(info: OperationInfo, stored: bytes) -> Any:
    if info.output is not None and issubclass(info.output, Message):
        return info.output.from_binary(stored)
    return msgspec.json.decode(stored)
