"""``grpc.health.v1`` over a descriptor of our own: Check and Watch.

Source: https://github.com/grpc/grpc/blob/master/doc/health-checking.md. Connect and gRPC-Web callers get it too.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

from connectrpc.code import Code
from connectrpc.errors import ConnectError
from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from connectrpc.request import RequestContext
from connectrpc.server import Endpoint
from protobuf import DescFile
from protobuf._codegen import file_desc
from protobuf.wkt.google.protobuf.descriptor_pb import (
    DescriptorProto,
    EnumDescriptorProto,
    EnumValueDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    MethodDescriptorProto,
    ServiceDescriptorProto,
)

from tenon_runtime.host.readiness import Readiness

NAME = "grpc.health.v1.Health"
_SERVING, _NOT_SERVING, _SERVICE_UNKNOWN = 1, 2, 3
POLL_SECONDS = 0.5
"""How late a watcher may learn that a dependency came or went; draining is told at once."""

_Field = FieldDescriptorProto


def _descriptor() -> DescFile:
    package = ".grpc.health.v1"
    status = EnumDescriptorProto(
        name="ServingStatus",
        value=[
            EnumValueDescriptorProto(name=name, number=number)
            for number, name in enumerate(("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"))
        ],
    )
    request = _Field(
        name="service", number=1, type=_Field.Type.STRING, label=_Field.Label.OPTIONAL, json_name="service"
    )
    answer = _Field(
        name="status",
        number=1,
        type=_Field.Type.ENUM,
        type_name=f"{package}.HealthCheckResponse.ServingStatus",
        label=_Field.Label.OPTIONAL,
        json_name="status",
    )
    takes, gives = f"{package}.HealthCheckRequest", f"{package}.HealthCheckResponse"
    file = FileDescriptorProto(
        name="grpc/health/v1/health.proto",
        package="grpc.health.v1",
        syntax="proto3",
        message_type=[
            DescriptorProto(name="HealthCheckRequest", field=[request]),
            DescriptorProto(name="HealthCheckResponse", field=[answer], enum_type=[status]),
        ],
        service=[
            ServiceDescriptorProto(
                name="Health",
                method=[
                    MethodDescriptorProto(name="Check", input_type=takes, output_type=gives),
                    MethodDescriptorProto(name="Watch", input_type=takes, output_type=gives, server_streaming=True),
                ],
            )
        ],
    )
    return file_desc(file.to_binary(), [], {})


FILE = _descriptor()
_REQUEST, _RESPONSE = (message.type for message in FILE.messages)


def endpoints(readiness: Readiness, services: Iterable[str]) -> Mapping[str, Any]:
    """connectrpc's endpoints by path. The empty name stands for the whole server."""
    known = {"", NAME, *services}

    def status(name: str) -> int:
        if name not in known:
            return _SERVICE_UNKNOWN
        return _SERVING if readiness.ready else _NOT_SERVING

    async def check(request: Any, ctx: RequestContext[Any, Any]) -> Any:
        if request.service not in known:
            raise ConnectError(Code.NOT_FOUND, "no such service")
        return _RESPONSE(status=status(request.service))

    async def watch(request: Any, ctx: RequestContext[Any, Any]) -> AsyncIterator[Any]:
        told = None
        while True:
            now = status(request.service)
            if now != told:
                told = now
                yield _RESPONSE(status=now)
            if readiness.draining.is_set():
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(readiness.draining.wait(), POLL_SECONDS)

    def info(name: str, kind: StreamType) -> MethodInfo[Any, Any]:
        return MethodInfo(
            name=name,
            service_name=NAME,
            input=_REQUEST,
            output=_RESPONSE,
            idempotency_level=IdempotencyLevel.NO_SIDE_EFFECTS,
            stream_type=kind,
        )

    return {
        f"/{NAME}/Check": Endpoint.unary(method=info("Check", StreamType.UNARY), function=check),
        f"/{NAME}/Watch": Endpoint.server_stream(method=info("Watch", StreamType.SERVER_STREAM), function=watch),
    }
