"""Connect, gRPC and gRPC-Web, all four streaming kinds, from the handler table.

connectrpc speaks the protocols; this file gives it endpoints that run our chains, caps the caller's deadline by the
contract's, and says our errors in its words. The deadline itself is connectrpc's: it cancels the handler when the time
is over or the caller has gone.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Mapping
from contextlib import aclosing
from typing import Any, cast

from connectrpc.code import Code
from connectrpc.codec import proto_binary_codec, proto_json_codec
from connectrpc.errors import ConnectError
from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from connectrpc.request import RequestContext
from connectrpc.server import ConnectASGIApplication, Endpoint
from protobuf import DescFile, Registry
from protobuf.wkt.google.protobuf import duration_pb, empty_pb, field_mask_pb, struct_pb, timestamp_pb, wrappers_pb

from tenon_runtime import errors, native
from tenon_runtime.call.stream import ResponseStream
from tenon_runtime.call.table import Entry, Table
from tenon_runtime.context import Context
from tenon_runtime.host.asgi import Receive, Scope, Send, respond
from tenon_runtime.spec import Api, Idempotency, Kind, Method, ServiceSpec

Rctx = RequestContext[Any, Any]

_LEVELS = {
    Idempotency.NO_SIDE_EFFECTS: IdempotencyLevel.NO_SIDE_EFFECTS,
    Idempotency.IDEMPOTENT: IdempotencyLevel.IDEMPOTENT,
}
_STREAMS = {
    Kind.UNARY: StreamType.UNARY,
    Kind.SERVER_STREAM: StreamType.SERVER_STREAM,
    Kind.CLIENT_STREAM: StreamType.CLIENT_STREAM,
    Kind.BIDI_STREAM: StreamType.BIDI_STREAM,
}
_CODES = {code.value: code for code in Code}
_ACCEPT_ENCODING = frozenset({b"accept-encoding", b"grpc-accept-encoding", b"connect-accept-encoding"})
"""Left out of every request, so that answers are not compressed: it would cost more than the rest of a small call. A
caller may still compress what it sends."""


class _Application(ConnectASGIApplication[None]):
    @property
    def path(self) -> str:
        return ""


class RpcHost:
    """An ASGI application for every RPC of an API, and for `extra` endpoints by path (health, reflection)."""

    def __init__(self, api: Api, table: Table, *, message_limit: int, extra: Mapping[str, Any]) -> None:
        """`message_limit` is in bytes, after decompression."""
        endpoints: dict[str, Any] = dict(extra)
        self._deadlines: dict[str, float] = {}
        for service in api.services:
            for method in service.spec.methods:
                name = f"{service.spec.name}/{method.name}"
                endpoints[f"/{name}"] = _endpoint(service.spec, method, table.rpcs[name], table)
                self._deadlines[f"/{name}"] = method.policy.deadline
        self.paths = frozenset(endpoints)
        self.prefixes = tuple(sorted({path.rpartition("/")[0] + "/" for path in endpoints}))
        """What the path of an RPC that we do not have starts with, when the service is ours."""
        files: list[DescFile] = [service.spec.file() for service in api.services]
        known = (duration_pb, empty_pb, field_mask_pb, struct_pb, timestamp_pb, wrappers_pb)
        registry = Registry(*(module.desc() for module in known), *files)
        self._app = _Application(
            service=None,
            endpoints=lambda _: endpoints,
            read_max_bytes=message_limit,
            codecs=[proto_binary_codec(), proto_json_codec(registry)],
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        deadline = self._deadlines.get(scope["path"])
        headers = [header for header in scope["headers"] if header[0] not in _ACCEPT_ENCODING]
        if "http.response.trailers" not in scope["extensions"] and _needs_trailers(headers):
            await respond(send, 426, b"gRPC needs HTTP/2: use the gRPC port\n", "text/plain", [(b"upgrade", b"h2c")])
            return
        scope["headers"] = headers if deadline is None else cap_deadline(headers, deadline)
        await self._app(cast(Any, scope), cast(Any, receive), cast(Any, send))


def cap_deadline(headers: list[tuple[bytes, bytes]], seconds: float) -> list[tuple[bytes, bytes]]:
    """Headers whose time-out is at most `seconds`. One that cannot be read stays, to be refused by the protocol."""
    grpc = any(name == b"content-type" and value.startswith(b"application/grpc") for name, value in headers)
    wanted = b"grpc-timeout" if grpc else b"connect-timeout-ms"
    for name, value in headers:
        if name == wanted:
            asked = native.timeout_seconds(value, grpc)
            if asked is None or asked <= seconds:
                return headers
    most = max(1, round(seconds * 1000))
    return [*(h for h in headers if h[0] != wanted), (wanted, b"%dm" % most if grpc else b"%d" % most)]


def _needs_trailers(headers: list[tuple[bytes, bytes]]) -> bool:
    media_type = next((value for name, value in headers if name == b"content-type"), b"")
    return media_type.startswith(b"application/grpc") and not media_type.startswith(b"application/grpc-web")


def _endpoint(service: ServiceSpec, method: Method, entry: Entry, table: Table) -> Any:
    """connectrpc's endpoint that runs the chain of one RPC."""
    info: MethodInfo[Any, Any] = MethodInfo(
        name=method.name,
        service_name=service.name,
        input=method.input,
        output=method.output,
        idempotency_level=_LEVELS.get(method.policy.idempotency, IdempotencyLevel.UNKNOWN),
        stream_type=_STREAMS[method.kind],
    )
    call = entry.call

    def context(rctx: Rctx) -> Context[Any]:
        left = rctx.timeout_ms
        ctx = table.context(entry.info, protocol_of(rctx), rctx.request_headers, None if left is None else left / 1000)
        rctx.response_headers["x-request-id"] = ctx.request_id
        return ctx

    async def answer(request: Any, rctx: Rctx) -> Any:
        ctx = context(rctx)
        try:
            response = await call(request, ctx)
        except errors.Error as error:
            raise connect_error(error, rctx) from error
        _say(ctx.response_headers, rctx)
        return response

    async def answer_stream(requests: AsyncIterator[Any], rctx: Rctx) -> Any:
        async with aclosing(_incoming(requests)) as messages:
            return await answer(messages, rctx)

    async def stream(request: Any, rctx: Rctx) -> AsyncIterator[Any]:
        ctx = context(rctx)
        # Every chain is made of coroutine functions.
        running = ResponseStream(cast(Coroutine[Any, Any, Any], call(request, ctx)))
        try:
            async with aclosing(running):
                async for message in running:
                    if ctx.response_headers:
                        _say(ctx.response_headers, rctx)
                        ctx.response_headers.clear()
                    yield message
        except errors.Error as error:
            raise connect_error(error, rctx) from error

    async def stream_both(requests: AsyncIterator[Any], rctx: Rctx) -> AsyncIterator[Any]:
        async with aclosing(_incoming(requests)) as messages:
            async for message in stream(messages, rctx):
                yield message

    match method.kind:
        case Kind.UNARY:
            return Endpoint.unary(method=info, function=answer)
        case Kind.CLIENT_STREAM:
            return Endpoint.client_stream(method=info, function=answer_stream)
        case Kind.SERVER_STREAM:
            return Endpoint.server_stream(method=info, function=stream)
        case Kind.BIDI_STREAM:
            return Endpoint.bidi_stream(method=info, function=stream_both)


async def _incoming(messages: AsyncIterator[Any]) -> AsyncGenerator[Any, None]:
    """The caller's messages; what is wrong with them is raised to the handler as our error."""
    try:
        async for message in messages:
            yield message
    except ConnectError as error:
        raise errors.from_code(error.code.value, error.message) from error


def protocol_of(rctx: Rctx) -> str:
    """``grpc``, ``grpc-web`` or ``connect``."""
    media_type = rctx.request_headers.get("content-type", "")
    if not media_type.startswith("application/grpc"):
        return "connect"
    return "grpc-web" if media_type.startswith("application/grpc-web") else "grpc"


def _say(headers: Mapping[str, str], rctx: Rctx) -> None:
    for name, value in headers.items():
        rctx.response_headers[name.lower()] = value


def connect_error(error: errors.Error, rctx: Rctx) -> ConnectError:
    """Our error in connectrpc's words. Violations that carry no message of their own get protovalidate's."""
    _say(error.headers, rctx)
    if error.retry_after is not None:
        rctx.response_headers["retry-after"] = f"{error.retry_after:.0f}"
    details = error.details or (_violations(error),) if error.violations else error.details
    return ConnectError(_CODES[error.wire.code], error.detail, details)


def _violations(error: errors.Error) -> Any:
    from protovalidate import FieldPathElementPb, FieldPathPb, ViolationPb, ViolationsPb

    def path(pointer: str) -> FieldPathPb:
        names = pointer.strip("#/").split("/")
        return FieldPathPb(elements=[FieldPathElementPb(field_name=name) for name in names])

    return ViolationsPb(
        violations=[ViolationPb(field=path(v.pointer), rule_id=v.rule, message=v.detail) for v in error.violations]
    )
