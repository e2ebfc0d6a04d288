"""A sending and a receiving service on the real engines, without anything else around the bus."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import nats
import pytest
from tenon_runtime.call.ports import UnitOfWork
from tenon_runtime.context import EventInfo
from tenon_runtime.engines import Nats
from tenon_runtime.events import EventBus
from tenon_runtime.spec import Api, Event, Subscription
from tenon_runtime.store import PostgresStore

from .contracts import api, event

_numbers = itertools.count(1)

Handler = Callable[[Any, EventInfo, UnitOfWork], Awaitable[None]]


@dataclass
class Shop:
    """Domain names of one test, so that tests share the engines and nothing else; and its two databases."""

    database: Callable[[], Awaitable[str]]
    broker: Nats
    sender: str
    receiver: str
    stack: AsyncExitStack
    handled: list[tuple[str, int, Any]] = field(default_factory=list)
    """(key, key_seq, payload) of every call of the handler, in their order."""
    _urls: dict[str, str] = field(default_factory=dict)

    @property
    def paid(self) -> Event:
        return event(self.sender, "paid")

    @property
    def shipped(self) -> Event:
        return event(self.sender, "shipped")

    @property
    def visited(self) -> Event:
        return event(self.sender, "visited", key=None)

    @property
    def sends(self) -> Api:
        return api(self.sender, sends=(self.paid, self.shipped, self.visited))

    async def url(self, domain: str) -> str:
        """The database of a domain."""
        if domain not in self._urls:
            self._urls[domain] = await self.database()
        return self._urls[domain]

    async def store(self, domain: str) -> PostgresStore:
        store = PostgresStore(await self.url(domain), domain=domain, migrations=None)
        await store.start()
        self.stack.push_async_callback(store.stop)
        async with store.begin(read_only=False, timeout=5) as work:
            await work.db.execute("CREATE TABLE IF NOT EXISTS effect (key text, seq bigint, id text, at bigserial)")
        return store

    async def publish(self, store: PostgresStore, spec: Event, *payloads: Mapping[str, Any]) -> None:
        """Each in a transaction of its own."""
        for payload in payloads:
            async with store.begin(read_only=False, timeout=5) as work:
                work.add_event(spec, payload, {"traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"})

    @asynccontextmanager
    async def bus(
        self, store: PostgresStore, spec: Api, handler: Handler | None = None, **options: Any
    ) -> AsyncIterator[EventBus]:
        async def dispatch(
            subscription: Subscription, payload: Any, info: EventInfo, unit: UnitOfWork, headers: Mapping[str, str]
        ) -> None:
            self.handled.append((info.key, info.key_seq, payload))
            await unit.db.execute("INSERT INTO effect VALUES (%s, %s, %s)", [info.key, info.key_seq, info.id])
            if handler:
                await handler(payload, info, unit)

        options = {"retry_seconds": 0.01, **options}
        bus = EventBus(store, options.pop("url", self.broker.url), spec, dispatch, **options)
        await bus.start()
        try:
            yield bus
        finally:
            await bus.stop()

    async def log(self) -> list[Any]:
        """Every entry of the sender's log, in order (subject, headers, data)."""
        client = await nats.connect(self.broker.url)
        try:
            js = client.jetstream()
            state = (await js.stream_info(f"EVT_{self.sender.upper()}")).state
            return [await js.get_msg(f"EVT_{self.sender.upper()}", seq=n) for n in range(1, state.messages + 1)]
        finally:
            await client.close()


@pytest.fixture
async def shop(database: Callable[[], Awaitable[str]], broker: Nats) -> AsyncIterator[Shop]:
    async with AsyncExitStack() as stack:
        number = next(_numbers)
        yield Shop(database, broker, f"shop{number}", f"desk{number}", stack)


async def rows(store: PostgresStore, sql: str) -> list[Any]:
    async with store.begin(read_only=True, timeout=5) as work:
        return await work.db.fetch_all(sql)


async def until(condition: Callable[[], Awaitable[Any]], seconds: float = 20) -> Any:
    """Wait for a condition; what it gave."""
    async with asyncio.timeout(seconds):
        while not (value := await condition()):
            await asyncio.sleep(0.02)
    return value


async def count(store: PostgresStore, sql: str) -> int:
    return cast(int, (await rows(store, sql))[0][0])


async def equals(store: PostgresStore, sql: str, wanted: int) -> bool:
    return (await count(store, sql)) == wanted
