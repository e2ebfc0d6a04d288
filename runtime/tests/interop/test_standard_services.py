"""What every gRPC tool expects of a server: health and reflection."""

from __future__ import annotations

import asyncio

import grpc
import grpc.aio
import pytest
from connectrpc_grpcreflect._gen.grpc.reflection.v1 import reflection_pb as v1
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2 as v1alpha
from protobuf import Oneof
from tenon_runtime.testing import Running

SERVICES = [
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
    "probe.v1.ProbeService",
]


async def test_health_is_known_by_service(service: Running) -> None:
    async with grpc.aio.insecure_channel(service.grpc_target) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        for name in ("", "probe.v1.ProbeService"):
            answer = await stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=60)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await stub.Check(health_pb2.HealthCheckRequest(service="nobody"), timeout=60)
        assert raised.value.code() is grpc.StatusCode.NOT_FOUND


async def test_watchers_are_told_of_draining(service: Running) -> None:
    async with grpc.aio.insecure_channel(service.grpc_target) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        seen = []
        async for answer in stub.Watch(health_pb2.HealthCheckRequest(), timeout=60):
            seen.append(answer.status)
            if len(seen) == 1:
                draining = asyncio.create_task(service.drain())
        assert seen == [health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING]
        assert await draining


async def test_an_open_connection_is_refused_politely_while_draining(service: Running) -> None:
    async with grpc.aio.insecure_channel(service.grpc_target) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        await stub.Check(health_pb2.HealthCheckRequest(), timeout=60)
        assert await service.drain()
        echo = channel.unary_unary("/probe.v1.ProbeService/Echo")
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await echo(b"", timeout=60)
        assert raised.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_method_that_is_not_there(service: Running) -> None:
    async with grpc.aio.insecure_channel(service.grpc_target) as channel:
        for path in ("/probe.v1.ProbeService/Nope", "/nobody.v1.Service/Nope"):
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await channel.unary_unary(path)(b"", timeout=60)
            assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_both_versions_of_reflection_list_the_services(service: Running) -> None:
    async with grpc.aio.insecure_channel(service.grpc_target) as channel:
        old = channel.stream_stream(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            request_serializer=v1alpha.ServerReflectionRequest.SerializeToString,
            response_deserializer=v1alpha.ServerReflectionResponse.FromString,
        )
        async for answer in old(iter([v1alpha.ServerReflectionRequest(list_services="*")]), timeout=60):
            assert [each.name for each in answer.list_services_response.service] == SERVICES
        new = channel.stream_stream(
            "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            request_serializer=v1.ServerReflectionRequest.to_binary,
            response_deserializer=v1.ServerReflectionResponse.from_binary,
        )
        asked = v1.ServerReflectionRequest(message_request=Oneof("list_services", "*"))
        async for answer in new(iter([asked]), timeout=60):
            assert [each.name for each in answer.message_response.value.service] == SERVICES
