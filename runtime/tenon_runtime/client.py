"""The base of generated clients: typed calls within a bounded context, over gRPC, gRPC-Web or Connect.

A call gets the contract's deadline unless it names a shorter one; a failure is raised as the same
`tenon_runtime.errors` class that the service raised.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar

from connectrpc.client import ConnectClient
from connectrpc.codec import proto_binary_codec, proto_json_codec
from connectrpc.errors import ConnectError
from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from connectrpc.protocol import ProtocolType
from protobuf import Message
from pyqwest import Client as HTTPClient
from pyqwest import HTTPTransport, HTTPVersion

from tenon_runtime import errors
from tenon_runtime.spec import Idempotency, Kind, Method, ServiceSpec

M = TypeVar("M", bound=Message[Any])

_STREAMS = {
    Kind.UNARY: StreamType.UNARY,
    Kind.SERVER_STREAM: StreamType.SERVER_STREAM,
    Kind.CLIENT_STREAM: StreamType.CLIENT_STREAM,
    Kind.BIDI_STREAM: StreamType.BIDI_STREAM,
}
_LEVELS = {
    Idempotency.NO_SIDE_EFFECTS: IdempotencyLevel.NO_SIDE_EFFECTS,
    Idempotency.IDEMPOTENT: IdempotencyLevel.IDEMPOTENT,
}


class RpcClient:
    """A connection to one service. Use it as an async context manager, or call `close`."""

    spec: ClassVar[ServiceSpec]

    def __init__(
        self,
        url: str,
        *,
        protocol: str = "grpc",
        json: bool = False,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """`url` has scheme, host and port (``http://127.0.0.1:9000``); `protocol` is grpc, grpc-web or connect.

        With `json` messages travel as JSON (Connect only makes sense of it in a browser's tools); `token` is sent as
        a bearer token and `headers` with every call.
        """
        kinds = {"grpc": ProtocolType.GRPC, "grpc-web": ProtocolType.GRPC_WEB, "connect": ProtocolType.CONNECT}
        # gRPC without TLS is HTTP/2 by prior knowledge; with TLS, and for the others, the version is negotiated.
        plain_grpc = protocol == "grpc" and url.startswith("http://")
        self._transport = HTTPTransport(http_version=HTTPVersion.HTTP2 if plain_grpc else None)
        self._client = ConnectClient(
            url,
            http_client=HTTPClient(self._transport),
            protocol=kinds[protocol],
            codec=proto_json_codec() if json else proto_binary_codec(),
            send_compression=None,
        )
        self._headers = dict(headers or {})
        if token is not None:
            self._headers["authorization"] = f"Bearer {token}"
        self._methods = {method.name: _info(self.spec, method) for method in self.spec.methods}

    async def close(self) -> None:
        """Give the connection back."""
        await self._client.close()
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _unary(
        self,
        method: Method,
        request: Message[Any],
        answer: type[M],
        timeout: float | None,
        headers: Mapping[str, str] | None,
    ) -> M:
        try:
            got: M = await self._client.execute_unary(request=request, **self._call(method, timeout, headers))
            return got
        except ConnectError as error:
            raise errors.from_code(error.code.value, error.message) from error

    async def _client_stream(
        self,
        method: Method,
        requests: AsyncIterator[Message[Any]],
        answer: type[M],
        timeout: float | None,
        headers: Mapping[str, str] | None,
    ) -> M:
        try:
            got: M = await self._client.execute_client_stream(request=requests, **self._call(method, timeout, headers))
            return got
        except ConnectError as error:
            raise errors.from_code(error.code.value, error.message) from error

    async def _server_stream(
        self,
        method: Method,
        request: Message[Any],
        answer: type[M],
        timeout: float | None,
        headers: Mapping[str, str] | None,
    ) -> AsyncIterator[M]:
        try:
            async for item in self._client.execute_server_stream(
                request=request, **self._call(method, timeout, headers)
            ):
                yield item
        except ConnectError as error:
            raise errors.from_code(error.code.value, error.message) from error

    async def _bidi_stream(
        self,
        method: Method,
        requests: AsyncIterator[Message[Any]],
        answer: type[M],
        timeout: float | None,
        headers: Mapping[str, str] | None,
    ) -> AsyncIterator[M]:
        try:
            async for item in self._client.execute_bidi_stream(
                request=requests, **self._call(method, timeout, headers)
            ):
                yield item
        except ConnectError as error:
            raise errors.from_code(error.code.value, error.message) from error

    def _call(self, method: Method, timeout: float | None, headers: Mapping[str, str] | None) -> dict[str, Any]:
        limit = method.policy.deadline if timeout is None else min(timeout, method.policy.deadline)
        return {
            "method": self._methods[method.name],
            "timeout_ms": max(1, round(limit * 1000)),
            "headers": {**self._headers, **(headers or {})},
        }


def _info(spec: ServiceSpec, method: Method) -> MethodInfo[Any, Any]:
    return MethodInfo(
        name=method.name,
        service_name=spec.name,
        input=method.input,
        output=method.output,
        idempotency_level=_LEVELS.get(method.policy.idempotency, IdempotencyLevel.UNKNOWN),
        stream_type=_STREAMS[method.kind],
    )
