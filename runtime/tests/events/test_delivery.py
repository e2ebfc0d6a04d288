"""From a committed transaction to one effect in another service."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from tenon_runtime.call.ports import UnitOfWork
from tenon_runtime.context import EventInfo
from tenon_runtime.engines import Nats
from tenon_runtime.events import EventBus
from tenon_runtime.native import slot_of

from .conftest import Shop, count, equals, rows, until
from .contracts import api, event


async def test_an_event_arrives_with_its_envelope(shop: Shop) -> None:
    infos: list[EventInfo] = []

    async def handler(payload: Any, info: EventInfo, unit: UnitOfWork) -> None:
        infos.append(info)

    sender, receiver = await shop.store(shop.sender), await shop.store(shop.receiver)
    await shop.publish(sender, shop.paid, {"order": "o1", "cents": 5})
    async with (
        shop.bus(receiver, api(shop.receiver, receives=(shop.paid,)), handler),
        shop.bus(sender, shop.sends),
    ):
        await until(lambda: count(receiver, "SELECT count(*) FROM effect"))
    [info] = infos
    assert shop.handled == [("o1", 1, {"order": "o1", "cents": 5})]
    assert (info.source, info.type, info.key, info.deliveries) == (f"/{shop.sender}", f"{shop.sender}.paid", "o1", 1)
    [entry] = await shop.log()
    assert entry.subject == f"evt.{shop.sender}.{slot_of('o1')}.paid.v1"
    assert entry.headers["Nats-Msg-Id"] == entry.headers["ce-id"] == info.id
    assert entry.headers["ce-specversion"] == "1.0"
    assert int(entry.headers["ce-sequence"]) == 1
    assert entry.headers["traceparent"].startswith("00-aaaa")
    assert (await rows(sender, "SELECT stream_seq FROM ob_outbox"))[0].stream_seq == 1


async def test_effects_follow_the_order_of_the_key_over_all_its_events(shop: Shop) -> None:
    """300 events of two types over 7 keys; the receiver wants only one type of each two."""
    sender, receiver = await shop.store(shop.sender), await shop.store(shop.receiver)
    for number in range(100):
        order = {"order": f"o{number % 7}", "n": number}
        async with sender.begin(read_only=False, timeout=5) as work:
            work.add_event(shop.paid, order, {})
            work.add_event(shop.visited, order, {})
            work.add_event(shop.shipped, order, {})
    async with (
        shop.bus(receiver, api(shop.receiver, receives=(shop.shipped,))),
        shop.bus(sender, shop.sends),
    ):
        await until(lambda: equals(receiver, "SELECT count(*) FROM effect", 100))
        await until(lambda: equals(receiver, "SELECT sum(key_seq) FROM ib_head", 200))
    by_key: dict[str, list[int]] = {}
    for key, _, payload in shop.handled:
        by_key.setdefault(key, []).append(payload["n"])
    assert len(shop.handled) == 100
    assert all(numbers == sorted(numbers) for numbers in by_key.values())


async def test_the_broker_and_the_stream_may_come_after_the_services(shop: Shop, engine_folder: Path) -> None:
    """And the broker may go away in between."""
    sender, receiver = await shop.store(shop.sender), await shop.store(shop.receiver)
    engine = Nats(engine_folder / "late")
    async with engine:
        url = engine.url
    async with (
        shop.bus(receiver, api(shop.receiver, receives=(shop.paid,)), url=url),
        shop.bus(sender, shop.sends, url=url) as bus,
    ):
        await shop.publish(sender, shop.paid, {"order": "o1"})
        await asyncio.sleep(0.1)
        assert not bus.connected and shop.handled == []
        async with Nats(engine_folder / "late") as broker:
            assert broker.url == url
            await until(lambda: equals(receiver, "SELECT count(*) FROM effect", 1))
            broker.kill()
            await broker.wait()
        await shop.publish(sender, shop.paid, {"order": "o1"}, {"order": "o2"})
        async with Nats(engine_folder / "late"):
            await until(lambda: equals(receiver, "SELECT count(*) FROM effect", 3))
    assert sorted((key, seq) for key, seq, _ in shop.handled) == [("o1", 1), ("o1", 2), ("o2", 1)]


async def test_a_receiver_that_dies_between_commit_and_acknowledgement_has_one_effect(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first acknowledgement of every message is lost, as by a SIGKILL at the worst moment."""
    from nats.aio.msg import Msg

    lost: set[int] = set()
    real = Msg.ack

    async def ack(self: Msg) -> None:
        if self.metadata.num_delivered == 1:
            lost.add(self.metadata.sequence.stream)
            await self.nak()
        else:
            await real(self)

    monkeypatch.setattr(Msg, "ack", ack)
    sender, receiver = await shop.store(shop.sender), await shop.store(shop.receiver)
    for number in range(20):
        await shop.publish(sender, shop.paid, {"order": f"o{number % 3}"})
        await shop.publish(sender, shop.visited, {})
    registry = CollectorRegistry()
    async with (
        shop.bus(receiver, api(shop.receiver, receives=(shop.paid, shop.visited)), registry=registry),
        shop.bus(sender, shop.sends),
    ):

        async def repeated() -> bool:
            labels = {"source": shop.sender, "outcome": "repeated"}
            return registry.get_sample_value("tenon_events_handled_total", labels) == 40

        await until(repeated)
    assert len(lost) == 40
    assert await count(receiver, "SELECT count(*) FROM effect") == 40
    assert len({(key, seq) for key, seq, _ in shop.handled if key}) == 20
    assert registry.get_sample_value("tenon_events_redelivered_total", {"source": shop.sender}) == 40


async def test_a_poison_event_parks_its_key_and_others_flow(shop: Shop) -> None:
    mended = asyncio.Event()

    async def handler(payload: Any, info: EventInfo, unit: UnitOfWork) -> None:
        if payload["order"] == "bad" and payload["n"] == 1 and not mended.is_set():
            raise ValueError("cannot digest 1")

    sender, receiver = await shop.store(shop.sender), await shop.store(shop.receiver)
    for number in range(3):
        await shop.publish(sender, shop.paid, {"order": "bad", "n": number}, {"order": "good", "n": number})
    async with (
        shop.bus(receiver, api(shop.receiver, receives=(shop.paid,)), handler, max_deliver=3) as bus,
        shop.bus(sender, shop.sends),
    ):
        parked = "SELECT key_seq, failures, reason FROM ib_failed WHERE parked_at IS NOT NULL ORDER BY key_seq"
        await until(lambda: equals(receiver, f"SELECT count(*) FROM ({parked}) AS p", 2))
        effects = await rows(receiver, "SELECT key, seq FROM effect ORDER BY key, seq")
        assert effects == [("bad", 1), ("good", 1), ("good", 2), ("good", 3)]
        first, behind = await rows(receiver, parked)
        assert (first.key_seq, first.failures, first.reason) == (2, 3, "ValueError: cannot digest 1")
        assert (behind.key_seq, behind.reason) == (3, "an earlier event of its key is parked")
        assert [payload["n"] for key, _, payload in shop.handled if key == "bad"] == [0, 1, 1, 1]

        mended.set()
        assert await bus.retry_parked() == 2
        await shop.publish(sender, shop.paid, {"order": "bad", "n": 3})
        await until(lambda: equals(receiver, "SELECT count(*) FROM effect WHERE key = 'bad'", 4))
    assert await rows(receiver, "SELECT * FROM ib_failed") == []


async def test_a_failure_that_passes_is_tried_again_with_nothing_left_of_it(shop: Shop) -> None:
    async def handler(payload: Any, info: EventInfo, unit: UnitOfWork) -> None:
        if info.deliveries < 3:
            raise OSError("a neighbour is away")

    sender, receiver = await shop.store(shop.sender), await shop.store(shop.receiver)
    await shop.publish(sender, shop.paid, {"order": "o1"})
    await shop.publish(sender, shop.visited, {})
    async with (
        shop.bus(receiver, api(shop.receiver, receives=(shop.paid, shop.visited)), handler),
        shop.bus(sender, shop.sends),
    ):
        await until(lambda: equals(receiver, "SELECT count(*) FROM effect", 2))
    assert await rows(receiver, "SELECT * FROM ib_failed") == []


async def test_a_handlers_own_events_are_part_of_its_effect(shop: Shop) -> None:
    reply = event(shop.receiver, "thanked")

    async def handler(payload: Any, info: EventInfo, unit: UnitOfWork) -> None:
        unit.add_event(reply, payload, {})

    sender, receiver = await shop.store(shop.sender), await shop.store(shop.receiver)
    await shop.publish(sender, shop.paid, {"order": "o1"})
    async with (
        shop.bus(receiver, api(shop.receiver, sends=(reply,), receives=(shop.paid,)), handler),
        shop.bus(sender, shop.sends),
    ):
        await until(lambda: count(receiver, "SELECT count(*) FROM ob_outbox WHERE stream_seq IS NOT NULL"))


async def test_a_bus_that_never_found_its_broker_stops_at_once(shop: Shop) -> None:
    sender = await shop.store(shop.sender)
    async with asyncio.timeout(5), shop.bus(sender, shop.sends, url="nats://127.0.0.1:1"):
        await asyncio.sleep(0.1)


def test_events_that_cannot_be_relayed_are_refused_at_once(shop: Shop) -> None:
    async def dispatch(*_: Any) -> None: ...

    with pytest.raises(ValueError, match="more than one stream"):
        EventBus(None, "", api("a", sends=(event("a", "x"), event("b", "x"))), dispatch)  # type: ignore[arg-type]
