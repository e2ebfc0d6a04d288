"""Five ways to call the probe, each with a stack of its own, behind one small interface.

Messages cross the interface as protobuf JSON, so that answers can be compared; an error is its Connect code.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol

import grpc
import grpc.aio
from connectrpc.client import ConnectClient
from connectrpc.codec import proto_binary_codec, proto_json_codec
from connectrpc.errors import ConnectError
from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from connectrpc.protocol import ProtocolType
from google.protobuf import descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpclib.client import Channel
from grpclib.exceptions import GRPCError
from protobuf import message_from_json_value, message_to_json_value
from pyqwest import Client, HTTPTransport, HTTPVersion
from tenon_runtime.testing import Running

from runtime.tests.fixtures.probe import probe_pb as pb

SERVICE = "probe.v1.ProbeService"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """All answers, and how it ended."""

    answers: list[Json]
    code: str = "ok"


class Peer(Protocol):
    """Calls a method with any number of requests; answers arrive one by one."""

    def call(self, method: str, requests: Iterable[Json], timeout: float | None = None) -> AsyncIterator[Json]:
        """Raises `Failed`."""

    async def close(self) -> None: ...


class Failed(Exception):
    """The call's error."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


async def outcome(peer: Peer, method: str, *requests: Json, timeout: float | None = 10.0) -> Outcome:
    """Everything that a call gives."""
    answers: list[Json] = []
    try:
        async for answer in peer.call(method, requests, timeout):
            answers.append(answer)
    except Failed as error:
        return Outcome(answers, error.code)
    return Outcome(answers)


KINDS = {"Echo": "unary_unary", "Count": "unary_stream", "Sum": "stream_unary", "Talk": "stream_stream"}
SHAPES = {
    "Echo": (pb.EchoRequest, pb.EchoResponse, StreamType.UNARY),
    "Count": (pb.CountRequest, pb.CountResponse, StreamType.SERVER_STREAM),
    "Sum": (pb.SumRequest, pb.SumResponse, StreamType.CLIENT_STREAM),
    "Talk": (pb.TalkRequest, pb.TalkResponse, StreamType.BIDI_STREAM),
}


async def _each(requests: Iterable[Any]) -> AsyncIterator[Any]:
    for request in requests:
        yield request
        await asyncio.sleep(0)


class Grpcio:
    """grpcio.aio with Google's messages, their types learnt from reflection and from nowhere else."""

    def __init__(self, target: str, pool: descriptor_pool.DescriptorPool) -> None:
        self._channel = grpc.aio.insecure_channel(target)
        self._service = pool.FindServiceByName(SERVICE)

    @classmethod
    async def connect(cls, service: Running) -> Grpcio:
        def learn() -> descriptor_pool.DescriptorPool:
            with grpc.insecure_channel(service.grpc_target) as channel:
                pool = descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
                pool.FindServiceByName(SERVICE)
                return pool

        return cls(service.grpc_target, await asyncio.to_thread(learn))

    async def call(self, method: str, requests: Iterable[Json], timeout: float | None = None) -> AsyncIterator[Json]:
        types = self._service.methods_by_name[method]
        request_type = message_factory.GetMessageClass(types.input_type)
        answer_type = message_factory.GetMessageClass(types.output_type)
        kind = KINDS[method]
        stub = getattr(self._channel, kind)(
            f"/{SERVICE}/{method}",
            request_serializer=request_type.SerializeToString,
            response_deserializer=answer_type.FromString,
        )
        messages = [json_format.ParseDict(request, request_type()) for request in requests]
        running = stub(messages[0] if kind.startswith("unary") else _each(messages), timeout=timeout)
        try:
            if kind.endswith("unary"):
                yield json_format.MessageToDict(await running)
            else:
                async for answer in running:
                    yield json_format.MessageToDict(answer)
        except grpc.aio.AioRpcError as error:
            raise Failed(error.code().name.lower().replace("cancelled", "canceled")) from error
        finally:
            running.cancel()

    async def close(self) -> None:
        await self._channel.close()


class Grpclib:
    """grpclib with betterproto2's messages and stub, compiled from the same contract."""

    def __init__(self, service: Running, module: ModuleType) -> None:
        host, _, port = service.grpc_target.partition(":")
        self._channel = Channel(host, int(port))
        self._module = module

    @classmethod
    async def connect(cls, service: Running, package: str) -> Grpclib:
        return cls(service, importlib.import_module(f"{package}.probe.v1"))

    async def call(self, method: str, requests: Iterable[Json], timeout: float | None = None) -> AsyncIterator[Json]:
        function: Callable[..., Any] = getattr(self._module.ProbeServiceStub(self._channel), method.lower())
        messages = [getattr(self._module, f"{method}Request").from_dict(request) for request in requests]
        kind = KINDS[method]
        running = function(messages[0] if kind.startswith("unary") else _each(messages), timeout=timeout)
        try:
            if kind.endswith("unary"):
                yield (await running).to_dict()
            else:
                async for answer in running:
                    yield answer.to_dict()
        except GRPCError as error:
            raise Failed(error.status.name.lower().replace("cancelled", "canceled")) from error
        except TimeoutError as error:
            raise Failed("deadline_exceeded") from error
        finally:
            if kind.endswith("stream"):
                await running.aclose()

    async def close(self) -> None:
        self._channel.close()


class Connectrpc:
    """connectrpc's client over any of its three protocols, binary or JSON."""

    def __init__(self, service: Running, protocol: ProtocolType, json: bool) -> None:
        # Both directions at once need HTTP/2, whatever the protocol.
        transport = HTTPTransport(http_version=HTTPVersion.HTTP2)
        self._client = ConnectClient(
            service.grpc_url,
            protocol=protocol,
            codec=proto_json_codec() if json else proto_binary_codec(),
            http_client=Client(transport),
        )

    async def call(self, method: str, requests: Iterable[Json], timeout: float | None = None) -> AsyncIterator[Json]:
        request_type, answer_type, kind = SHAPES[method]
        info: MethodInfo[Any, Any] = MethodInfo(
            name=method,
            service_name=SERVICE,
            input=request_type,
            output=answer_type,
            idempotency_level=IdempotencyLevel.UNKNOWN,
            stream_type=kind,
        )
        messages: list[Any] = [message_from_json_value(request_type, request) for request in requests]
        options: Any = {"method": info, "timeout_ms": None if timeout is None else round(timeout * 1000)}
        try:
            match kind:
                case StreamType.UNARY:
                    yield _json(await self._client.execute_unary(request=messages[0], **options))
                case StreamType.CLIENT_STREAM:
                    yield _json(await self._client.execute_client_stream(request=_each(messages), **options))
                case StreamType.SERVER_STREAM:
                    async for answer in self._client.execute_server_stream(request=messages[0], **options):
                        yield _json(answer)
                case StreamType.BIDI_STREAM:
                    async for answer in self._client.execute_bidi_stream(request=_each(messages), **options):
                        yield _json(answer)
        except ConnectError as error:
            raise Failed(error.code.value) from error

    async def close(self) -> None:
        await self._client.close()


def _json(message: Any) -> Json:
    value = message_to_json_value(message)
    assert isinstance(value, dict)
    return value
