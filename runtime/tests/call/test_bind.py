"""What is checked before anything starts."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator

from tenon_runtime.call.bind import bind

from runtime.tests.fixtures.probe import probe_pb as pb
from runtime.tests.fixtures.probe.api import API, Ctx, ProbeService
from runtime.tests.fixtures.probe.service import HANDLERS, Probe


class Unfinished(Probe):
    """`Probe` with two methods abstract again, as after a new RPC in the contract."""

    secret = ProbeService.secret
    count = ProbeService.count


def test_a_whole_implementation_is_instantiated() -> None:
    handlers, faults = bind(API, HANDLERS)
    assert faults == []
    assert [type(handler) for handler in handlers.values()] == list(HANDLERS)


def test_each_missing_method_comes_with_its_stub() -> None:
    _, faults = bind(API, (Unfinished, *HANDLERS[1:]))
    assert [str(fault).splitlines() for fault in faults] == [
        [
            f"{__name__}.Unfinished lacks count (probe.proto#Count)",
            "    async def count(self, request: pb.CountRequest, ctx: Ctx) -> AsyncIterator[pb.CountResponse]:",
            "        raise NotImplementedError",
            "        yield  # an answer",
        ],
        [
            f"{__name__}.Unfinished lacks secret (probe.proto#Secret)",
            "    async def secret(self, request: pb.SecretRequest, ctx: Ctx) -> pb.SecretResponse:",
            "        raise NotImplementedError",
        ],
    ]


def test_two_implementations_or_a_stranger_are_faults() -> None:
    class Second(Probe):
        async def talk(self, request: AsyncIterator[pb.TalkRequest], ctx: Ctx) -> AsyncIterator[pb.TalkResponse]:
            yield pb.TalkResponse()

    _, faults = bind(API, (*HANDLERS, Second, int))
    assert [fault.message.partition(":")[0] for fault in faults] == [
        "ProbeService has more than one implementation",
        "int implements nothing of probe.v1",
    ]


def test_another_format_of_generated_code_is_refused() -> None:
    _, faults = bind(dataclasses.replace(API, contracts="0"), HANDLERS)
    assert [fault.message for fault in faults] == ["probe.v1 was generated for format 0; this runtime speaks 1"]
