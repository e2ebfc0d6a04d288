"""What one call costs above the server: ``python -m runtime.tests.host.cost`` prints CPU microseconds by protocol.

The applications are called as an ASGI server calls them, without sockets, so that the figure is the call path's own.
"""

from __future__ import annotations

import asyncio
import logging
import struct
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from types import FrameType
from typing import Any

import uvloop
from tenon_runtime.testing import Running

from runtime.tests.fixtures.probe import probe_pb as pb
from runtime.tests.fixtures.probe.api import API
from runtime.tests.fixtures.probe.service import HANDLERS

CALLS = 1000
ROUNDS = 5

_MESSAGE = pb.EchoRequest(text="hello", number=3, tags=["a"]).to_binary()
_RPC = "/probe.v1.ProbeService/Echo"
_COMMON = [(b"host", b"probe"), (b"user-agent", b"cost"), (b"accept", b"*/*")]
REQUESTS: Mapping[str, tuple[str, bytes, list[tuple[bytes, bytes]]]] = {
    "rest": ("/v1/echo/hello?limit=3", b'{"tags":["a"],"shade":"COLOR_RED"}', [(b"content-type", b"application/json")]),
    "connect": (_RPC, _MESSAGE, [(b"content-type", b"application/proto")]),
    "grpc": (
        _RPC,
        b"\0" + struct.pack(">I", len(_MESSAGE)) + _MESSAGE,
        [(b"content-type", b"application/grpc"), (b"te", b"trailers"), (b"grpc-timeout", b"1S")],
    ),
}


def caller(service: Running, protocol: str) -> Callable[[], Awaitable[int]]:
    """A function that makes one call and gives the HTTP status."""
    target, body, headers = REQUESTS[protocol]
    path, _, query = target.partition("?")
    app = service.application

    async def call() -> int:
        sent: list[Any] = []
        received = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Any:
            if received:
                return received.pop()
            return await asyncio.Event().wait()

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": _COMMON + headers,
            "extensions": {"http.response.trailers": {}},
            "client": ("127.0.0.1", 1),
        }
        await app(scope, receive, send)
        status: int = sent[0]["status"]
        return status

    return call


async def steps(call: Callable[[], Awaitable[int]], module: str) -> Counter[str]:
    """How often one call enters each Python function of a package, comprehensions and generators left out."""
    seen: Counter[str] = Counter()

    def enter(frame: FrameType, event: str, argument: Any) -> None:
        name = frame.f_code.co_qualname if sys.version_info >= (3, 11) else frame.f_code.co_name
        if event == "call" and f"/{module}/" in frame.f_code.co_filename and not name.endswith(">"):
            seen[f"{frame.f_code.co_filename.rpartition(f'/{module}/')[2]}:{name}"] += 1

    for _ in range(3):
        assert await call() == 200
    sys.setprofile(enter)
    try:
        await call()
    finally:
        sys.setprofile(None)
    return seen


async def main() -> None:
    logging.getLogger().setLevel(logging.WARNING)
    async with Running(API, *HANDLERS) as service:
        for protocol in REQUESTS:
            call = caller(service, protocol)
            best = float("inf")
            for _ in range(ROUNDS):
                began = time.process_time()
                for _ in range(CALLS):
                    await call()
                best = min(best, time.process_time() - began)
            ours = (await steps(call, "tenon_runtime")).total()
            print(f"{protocol:8} {best / CALLS * 1e6:6.1f} µs of CPU, {ours} functions of ours")


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
