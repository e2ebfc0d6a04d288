"""A service's process for `test_chaos`: ``-m runtime.tests.events.worker send|receive DATABASE NATS DOMAIN SOURCE``."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Mapping
from typing import Any

from tenon_runtime import errors
from tenon_runtime.call.ports import UnitOfWork
from tenon_runtime.context import EventInfo
from tenon_runtime.events import EventBus
from tenon_runtime.spec import Subscription
from tenon_runtime.store import PostgresStore

from .contracts import api, event


async def main(role: str, database_url: str, nats_url: str, domain: str, source: str) -> None:
    async def dispatch(
        subscription: Subscription, payload: Any, info: EventInfo, unit: UnitOfWork, headers: Mapping[str, str]
    ) -> None:
        await unit.db.execute("INSERT INTO effect VALUES (%s, %s, %s)", [info.key, info.key_seq, info.id])

    paid, shipped = event(source, "paid"), event(source, "shipped")
    store = PostgresStore(database_url, domain=domain, migrations=None)
    await store.start()
    spec = api(domain, sends=(paid, shipped)) if role == "send" else api(domain, receives=(paid, shipped))
    bus = EventBus(store, nats_url, spec, dispatch, retry_seconds=0.01, ack_wait=2.0)
    await bus.start()
    while role == "send":
        try:
            async with store.begin(read_only=False, timeout=5) as work:
                for _ in range(random.randint(1, 20)):
                    work.add_event(random.choice((paid, shipped)), {"order": f"o{random.randrange(20)}"}, {})
        except errors.Error:
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.002)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
