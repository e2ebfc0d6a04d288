"""One server a process: ours through the whole middleware, and each peer as its own documentation starts it.

`python -m bench.servers NAME` prints one JSON line with its port and serves until it is killed.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Any

SAMPLE: dict[str, Any] = {
    "name": "ada",
    "text": "The engine weaves algebraic patterns just as the loom weaves flowers and leaves. " * 2,
    "count": 41,
    "tags": ["engine", "loom", "notes"],
}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _announce(port: int, sample: bytes) -> None:
    print(json.dumps({"port": port, "sample": sample.hex()}), flush=True)


def tenon_grpc() -> None:
    """Ours over gRPC: tracing, metrics, deadline, authentication, limits, validation."""
    asyncio.run(_ours("grpc"))


def tenon_rest() -> None:
    """Ours over REST: the same and JSON Schema on request and response."""
    asyncio.run(_ours("rest"))


async def _ours(protocol: str) -> None:
    from api.echo.v1 import API, Context, EchoRequest, EchoResponse, EchoService
    from tenon_runtime.testing import Running

    class Echo(EchoService):
        """Says it back."""

        async def echo(self, request: EchoRequest, ctx: Context) -> EchoResponse:
            return EchoResponse(name=request.name, text=request.text, count=request.count + 1, tags=request.tags)

    import uvloop

    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    token, jwks = _token()
    async with Running(API, Echo, jwks=jwks, log="error") as service:
        port = int((service.grpc_target if protocol == "grpc" else service.http_url).rsplit(":", 1)[1])
        print(json.dumps({"port": port, "sample": EchoRequest(**SAMPLE).to_binary().hex(), "token": token}), flush=True)
        await asyncio.Event().wait()


def _token() -> tuple[str, str]:
    """A token that the service accepts, and the key set that it verifies with."""
    import time

    import jwt
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    public = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key()))
    jwks = json.dumps({"keys": [{**public, "kid": "bench", "alg": "EdDSA", "use": "sig"}]})
    claims = {"sub": "bench", "scope": "", "exp": int(time.time()) + 3600}
    return jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": "bench"}), jwks


def connectrpc() -> None:
    """Bare connectrpc on hypercorn, HTTP/2."""
    from api.echo.v1 import EchoRequest, EchoResponse
    from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
    from connectrpc.server import ConnectASGIApplication, Endpoint
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    async def echo(request: EchoRequest, ctx: Any) -> EchoResponse:
        return EchoResponse(name=request.name, text=request.text, count=request.count + 1, tags=request.tags)

    def endpoints(service: object) -> Mapping[str, Any]:
        info = MethodInfo(
            name="Echo", service_name="echo.v1.EchoService", input=EchoRequest, output=EchoResponse,
            idempotency_level=IdempotencyLevel.UNKNOWN, stream_type=StreamType.UNARY,
        )  # fmt: skip
        return {"/echo.v1.EchoService/Echo": Endpoint.unary(method=info, function=echo)}

    class App(ConnectASGIApplication[object]):
        """The one endpoint."""

        path = "/echo.v1.EchoService"

    app: Any = App(service=object(), endpoints=endpoints)
    port = _free_port()
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.loglevel = "ERROR"
    config.keep_alive_max_requests = 1_000_000_000
    _announce(port, EchoRequest(**SAMPLE).to_binary())
    import uvloop

    uvloop.run(serve(app, config))


def grpcio() -> None:
    """grpc.aio with Google's protobuf."""
    import grpc
    from api.echo.v1 import EchoRequest
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto.FromString(EchoRequest.desc().file.proto.to_binary())
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    request_class = message_factory.GetMessageClass(pool.FindMessageTypeByName("echo.v1.EchoRequest"))
    response_class = message_factory.GetMessageClass(pool.FindMessageTypeByName("echo.v1.EchoResponse"))

    async def echo(request: Any, context: Any) -> Any:
        return response_class(name=request.name, text=request.text, count=request.count + 1, tags=request.tags)

    async def main() -> None:
        server = grpc.aio.server()
        handler = grpc.unary_unary_rpc_method_handler(
            echo, request_deserializer=request_class.FromString, response_serializer=response_class.SerializeToString
        )
        server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler("echo.v1.EchoService", {"Echo": handler})]
        )
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        _announce(port, EchoRequest(**SAMPLE).to_binary())
        await server.wait_for_termination()

    asyncio.run(main())


def fastapi() -> None:
    """FastAPI on uvicorn with the same constraints in pydantic."""
    import fastapi as framework
    import uvicorn
    from pydantic import BaseModel, ConfigDict, Field

    class Echo(BaseModel):
        """The same body."""

        model_config = ConfigDict(extra="forbid")
        name: str = Field(min_length=1, max_length=64)
        text: str = Field(max_length=500)
        count: int = Field(ge=0, le=1_000_000)
        tags: list[str] = Field(default=[], max_length=10)

    app = framework.FastAPI()

    async def echo(body: Echo) -> Echo:
        return Echo(name=body.name, text=body.text, count=body.count + 1, tags=body.tags)

    echo.__annotations__ = {"body": Echo, "return": Echo}  # a local class: FastAPI could not find it by its name
    app.post("/v1/echo")(echo)

    port = _free_port()
    _announce(port, b"")
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", loop="uvloop")


SERVERS: dict[str, Callable[[], None]] = {
    "tenon grpc": tenon_grpc,
    "connectrpc": connectrpc,
    "grpcio.aio": grpcio,
    "tenon rest": tenon_rest,
    "fastapi": fastapi,
}

if __name__ == "__main__":
    SERVERS[sys.argv[1]]()
