"""Everything is killed with SIGKILL, again and again; afterwards every committed event has had one effect, in order."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from tenon_runtime.engines import Nats

from .conftest import Shop, count, equals, rows, until

_ROOT = Path(__file__).parents[3]
_ROUNDS = 6


@pytest.mark.slow
async def test_no_event_is_lost_doubled_or_reordered_by_any_kill(shop: Shop, engine_folder: Path) -> None:
    """Two senders and two receivers, each killed in turn, and the broker between; each comes back at once."""
    chance = random.Random(7)
    broker = Nats(engine_folder / f"chaos-{shop.sender}")
    await broker.__aenter__()
    shop.stack.push_async_callback(broker.stop)
    sender, receiver = await shop.store(shop.sender), await shop.store(shop.receiver)
    urls = {"send": await shop.url(shop.sender), "receive": await shop.url(shop.receiver)}
    domains = {"send": shop.sender, "receive": shop.receiver}

    def start(role: str) -> subprocess.Popen[bytes]:
        module = [sys.executable, "-m", "runtime.tests.events.worker"]
        process = subprocess.Popen([*module, role, urls[role], broker.url, domains[role], shop.sender], cwd=_ROOT)
        shop.stack.callback(process.wait)
        shop.stack.callback(process.kill)
        return process

    running = [
        ("send", start("send")),
        ("send", start("send")),
        ("receive", start("receive")),
        ("receive", start("receive")),
    ]
    await until(lambda: count(receiver, "SELECT count(*) FROM effect"), 60)
    for number in range(_ROUNDS):
        await asyncio.sleep(chance.uniform(0.1, 0.6))
        if number % 3 == 2:
            broker.kill()
            await broker.stop()
            await broker.__aenter__()
        victim = number % len(running)
        role, process = running[victim]
        process.send_signal(signal.SIGKILL)
        process.wait()
        running[victim] = (role, start(role))
    before = await count(receiver, "SELECT count(*) FROM effect")
    await until(lambda: count(receiver, f"SELECT (count(*) > {before})::int FROM effect"), 60)
    for role, process in running:
        if role == "send":
            process.kill()
            process.wait()

    # The last relay is a new one, as after a deployment.
    async with shop.bus(sender, shop.sends, url=broker.url):
        events = await count(sender, "SELECT count(*) FROM ob_outbox")
        await until(lambda: equals(sender, "SELECT count(*) FROM ob_outbox WHERE stream_seq IS NULL", 0), 60)
        await until(lambda: count(receiver, f"SELECT (count(*) >= {events})::int FROM effect"), 60)
    shop.broker = broker
    ids = [entry.headers["ce-id"] for entry in await shop.log()]
    assert len(ids) == len(set(ids)) == events
    effects = await rows(receiver, "SELECT key, seq, id FROM effect ORDER BY at")
    assert {row.id for row in effects} == set(ids) and len(effects) == events
    by_key: defaultdict[str, list[int]] = defaultdict(list)
    for row in effects:
        by_key[row.key].append(row.seq)
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in by_key.values())
    print(f"{events} events, {_ROUNDS} kills: 0 lost, 0 doubled, 0 out of order")
