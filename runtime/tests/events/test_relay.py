"""In the log once, in key order, without a gap, whatever happens to relays and broker."""

from __future__ import annotations

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import nats
import pytest
from tenon_runtime import tasks
from tenon_runtime.engines import Nats
from tenon_runtime.events.log import Doubt, Entry, Log, Place
from tenon_runtime.events.metrics import EventMetrics
from tenon_runtime.events.relay import Relay
from tenon_runtime.store import PostgresStore

from .conftest import Shop, count, rows


async def fill(shop: Shop, store: PostgresStore, events: int, start: int = 0) -> None:
    async with store.begin(read_only=False, timeout=5) as work:
        for number in range(start, start + events):
            work.add_event(shop.paid, {"order": f"o{number % 10}", "n": number}, {})


async def relay(shop: Shop, store: PostgresStore, *, shared: bool = False, url: str | None = None) -> Relay:
    """A relay that is driven step by step. `shared`: it takes every slot, as one whose lease is over and that does not
    know it."""
    client = await nats.connect(url or shop.broker.url)
    shop.stack.push_async_callback(client.close)
    place = Place.of(shop.paid)
    return Relay(store, Log(client, place), place.stream, EventMetrics(), lease_seconds=-1 if shared else 3)


async def drain(relay: Relay, store: PostgresStore) -> None:
    """Step until nothing is left to send."""
    while await count(store, "SELECT count(*) FROM ob_outbox WHERE stream_seq IS NULL"):
        try:
            await relay.step()
        except Doubt:
            relay.doubt()


def check(entries: Sequence[Any], events: int) -> None:
    """None lost, none twice, each key in its order without a gap."""
    ids = [entry.headers["ce-id"] for entry in entries if "ce-id" in entry.headers]
    assert (len(ids), len(set(ids))) == (events, events)
    by_key: defaultdict[str, list[int]] = defaultdict(list)
    for entry in entries:
        if "ce-id" in entry.headers:
            by_key[entry.headers["ce-subject"]].append(int(entry.headers["ce-sequence"]))
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in by_key.values())


async def test_a_backlog_goes_out_in_batches(shop: Shop) -> None:
    store = await shop.store(shop.sender)
    await fill(shop, store, 2500)
    sender = await relay(shop, store)
    assert [await sender.step() for _ in range(4)] == [1000, 1000, 500, 0]
    check(await shop.log(), 2500)
    marked = await rows(store, "SELECT stream_seq FROM ob_outbox ORDER BY stream_seq")
    assert [row.stream_seq for row in marked] == list(range(1, 2501))


async def test_a_relay_that_dies_between_publish_and_mark_loses_and_doubles_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await shop.store(shop.sender)
    await fill(shop, store, 50)
    first = await relay(shop, store, shared=True)

    async def die(*_: Any) -> None:
        raise ConnectionResetError("killed")

    monkeypatch.setattr(first, "_mark", die)
    with pytest.raises(ConnectionResetError):
        await first.step()
    assert await count(store, "SELECT count(*) FROM ob_outbox WHERE stream_seq IS NOT NULL") == 0
    await fill(shop, store, 50, start=50)
    await drain(await relay(shop, store, shared=True), store)
    check(await shop.log(), 100)


async def test_a_relay_that_slept_through_its_lease_is_refused_and_reads_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It wakes between reading the rows and publishing them, when another has long published the same rows, and the
    broker has forgotten their ids."""
    store = await shop.store(shop.sender)
    await fill(shop, store, 20)
    sleepy, other = await relay(shop, store, shared=True), await relay(shop, store, shared=True)
    asleep, awake = asyncio.Event(), asyncio.Event()
    append = sleepy._log.append

    async def sleep_then_append(entries: Sequence[Entry], tails: dict[int, int]) -> list[int]:
        asleep.set()
        await awake.wait()
        forgotten = [replace(entry, headers={**entry.headers, "Nats-Msg-Id": uuid.uuid4().hex}) for entry in entries]
        return await append(forgotten, tails)

    monkeypatch.setattr(sleepy._log, "append", sleep_then_append)
    step = asyncio.create_task(sleepy.step())
    await asleep.wait()
    await drain(other, store)
    await fill(shop, store, 20, start=20)
    awake.set()
    with pytest.raises(Doubt, match="wrong last sequence"):
        await step
    monkeypatch.setattr(sleepy._log, "append", append)
    sleepy.doubt()
    await drain(sleepy, store)
    check(await shop.log(), 40)


async def test_relays_that_fight_for_every_slot_lose_double_and_reorder_nothing(shop: Shop) -> None:
    store = await shop.store(shop.sender)
    relays = [await relay(shop, store, shared=True) for _ in range(3)]
    filling = asyncio.gather(*(fill(shop, store, 50, start=50 * n) for n in range(10)))
    running = [asyncio.create_task(each.run()) for each in relays]
    await filling
    async with asyncio.timeout(20):
        while await count(store, "SELECT count(*) FROM ob_outbox WHERE stream_seq IS NULL"):
            await asyncio.sleep(0.02)
    await tasks.end(*running)
    check(await shop.log(), 500)


async def test_a_second_relay_waits_for_the_lease_and_takes_over_when_it_is_given_up(shop: Shop) -> None:
    store = await shop.store(shop.sender)
    first, second = await relay(shop, store), await relay(shop, store)
    await fill(shop, store, 1)
    assert await first.step() == 1
    await fill(shop, store, 1)
    assert await second.step() == 0
    await first._release()
    second._leased_at = float("-inf")
    assert await second.step() == 1


async def test_a_broker_that_lost_everything_is_healed_from_the_database(shop: Shop, engine_folder: Path) -> None:
    """The broker comes back with an empty disk; the database sends all of it again, in order."""
    store = await shop.store(shop.sender)
    await fill(shop, store, 30)
    async with Nats(engine_folder / "lost") as broker:
        await drain(await relay(shop, store, url=broker.url, shared=True), store)
    async with Nats(engine_folder / "empty") as broker:
        await fill(shop, store, 30, start=30)
        await drain(await relay(shop, store, url=broker.url, shared=True), store)
        shop.broker = broker
        check(await shop.log(), 60)
    assert (await rows(store, "SELECT max(epoch) AS epoch FROM ob_slot"))[0].epoch == 1


async def test_a_server_without_batches_gets_them_one_by_one(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    store = await shop.store(shop.sender)
    await fill(shop, store, 30)
    sender = await relay(shop, store)
    await sender._log.ensure()
    monkeypatch.setattr(sender._log, "_atomic", False)
    sender._ensured = True
    assert await sender.step() == 30
    check(await shop.log(), 30)


async def test_large_events_go_in_batches_that_the_broker_can_hold(shop: Shop) -> None:
    store = await shop.store(shop.sender)
    async with store.begin(read_only=False, timeout=5) as work:
        for number in range(12):
            work.add_event(shop.paid, {"order": f"o{number}", "text": "x" * 800_000}, {})
    sender = await relay(shop, store)
    assert [await sender.step() for _ in range(4)] == [5, 5, 2, 0]
