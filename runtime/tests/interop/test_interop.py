"""The same service, called by grpcio, grpclib with betterproto2, and connectrpc over Connect (binary and JSON), gRPC
and gRPC-Web: equal answers, errors, deadlines and cancellation in all four streaming kinds."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import pytest
from tenon_runtime import errors
from tenon_runtime.testing import Running

from runtime.tests.fixtures.probe.api import API, OPEN, ProbeService
from runtime.tests.fixtures.probe.service import Probe, ProbeReceiver, ProbeRest, ended, reached
from runtime.tests.fixtures.until import until
from runtime.tests.interop.conftest import CONNECTRPC, connect
from runtime.tests.interop.peers import Outcome, Peer, outcome

EVERYTHING: dict[str, Any] = {
    "text": "grüße 😀",
    "number": "-9223372036854775808",
    "tags": ["a", ""],
    "counts": {"x": 1, "y": -1},
    "color": "COLOR_GREEN",
    "flag": False,
    "data": "AP8=",
    "ratio": 0.1,
    "at": "2026-11-22T10:00:00.000001Z",
    "inner": {"name": "root", "size": "1", "children": [{"name": "leaf"}, {"children": [{}]}]},
}
CODES = sorted({kind.wire.code for kind in errors.TABLE})


async def test_unary_gives_back_every_kind_of_field(peer: Peer) -> None:
    assert await outcome(peer, "Echo", EVERYTHING) == Outcome([EVERYTHING])
    assert await outcome(peer, "Echo", {}) == Outcome([{}])


async def test_server_stream(peer: Peer) -> None:
    assert await outcome(peer, "Count", {"to": 3}) == Outcome([{"number": 1}, {"number": 2}, {"number": 3}])
    assert await outcome(peer, "Count", {}) == Outcome([])


async def test_client_stream(peer: Peer) -> None:
    assert await outcome(peer, "Sum", {"number": 1}, {"number": 2}, {"number": 39}) == Outcome([{"total": 42}])
    assert await outcome(peer, "Sum") == Outcome([{}])


async def test_bidirectional_stream(peer: Peer) -> None:
    assert await outcome(peer, "Talk", {"text": "a"}, {"text": "b"}) == Outcome([{"text": "A"}, {"text": "B"}])
    assert await outcome(peer, "Talk") == Outcome([])


@pytest.mark.parametrize("code", CODES)
async def test_every_code_arrives(peer: Peer, code: str) -> None:
    assert await outcome(peer, "Echo", {"fail": code}) == Outcome([], code)


async def test_an_error_after_answers(peer: Peer) -> None:
    assert await outcome(peer, "Count", {"to": 2, "fail": "data_loss"}) == Outcome(
        [{"number": 1}, {"number": 2}], "data_loss"
    )
    # Nothing is sent after the bad number: grpcio calls a write to an ended call an internal error, whoever serves.
    assert await outcome(peer, "Sum", {"number": 1}, {"number": -1}) == Outcome([], "out_of_range")
    assert await outcome(peer, "Talk", {"text": "a"}, {"text": "fail"}) == Outcome([{"text": "A"}], "aborted")


async def test_a_bug_is_an_internal_error(peer: Peer) -> None:
    assert await outcome(peer, "Echo", {"fail": "bug"}) == Outcome([], "internal")
    assert await outcome(peer, "Count", {"to": 1, "fail": "bug"}) == Outcome([{"number": 1}], "internal")


async def test_the_callers_deadline(peer: Peer) -> None:
    assert await outcome(peer, "Echo", {"delay": 60.0}, timeout=0.5) == Outcome([], "deadline_exceeded")
    assert await outcome(peer, "Count", {"to": 9, "delay": 60.0}, timeout=0.5) == Outcome([], "deadline_exceeded")
    # On a slow machine the time may be over before a handler begins; whoever began was cancelled.
    await until(lambda: ended == [f"{name} cancelled" for name in reached])


@pytest.mark.parametrize("name", ["grpcio", "grpclib", *CONNECTRPC])
async def test_the_contracts_deadline_caps_the_callers(name: str, betterproto2: str) -> None:
    policy = dataclasses.replace(OPEN, deadline=0.5)
    spec = ProbeService.spec
    short = dataclasses.replace(spec, methods=tuple(dataclasses.replace(m, policy=policy) for m in spec.methods))
    hasty = type("HastyService", (ProbeService,), {"spec": short})
    handler = type("HastyProbe", (Probe, hasty), {})
    api = dataclasses.replace(API, services=(hasty,))
    reached.clear()
    ended.clear()
    async with Running(api, handler, ProbeRest, ProbeReceiver) as service:
        peer = await connect(name, service, betterproto2)
        for timeout in (None, 60.0):
            assert await outcome(peer, "Echo", {"delay": 60.0}, timeout=timeout) == Outcome([], "deadline_exceeded")
        assert await outcome(peer, "Count", {"to": 9, "delay": 60.0}) == Outcome([], "deadline_exceeded")
        await until(lambda: ended == [f"{name} cancelled" for name in reached])
        await peer.close()


async def test_a_caller_who_cancels_ends_the_handler(peer: Peer) -> None:
    unary = asyncio.create_task(outcome(peer, "Echo", {"delay": 60.0}, timeout=60.0))
    await until(lambda: reached == ["echo"])
    unary.cancel()
    await asyncio.gather(unary, return_exceptions=True)
    await until(lambda: ended == ["echo cancelled"])

    async def first_answers() -> None:
        async for _ in peer.call("Count", [{"to": 1000, "delay": 0.05}], 60.0):
            reached.append("answer")

    stream = asyncio.create_task(first_answers())
    await until(lambda: reached.count("answer") >= 2)
    stream.cancel()
    await asyncio.gather(stream, return_exceptions=True)
    await until(lambda: ended == ["echo cancelled", "count cancelled"])


async def test_many_calls_share_a_connection(peer: Peer) -> None:
    answers = await asyncio.gather(*(outcome(peer, "Echo", {"number": str(n)}) for n in range(1, 201)))
    assert answers == [Outcome([{"number": str(n)}]) for n in range(1, 201)]
