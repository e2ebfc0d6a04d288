"""A retried call runs once and gets the first one's answer, byte for byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from tenon_runtime import errors
from tenon_runtime.call.ports import StoredAnswer
from tenon_runtime.store import PostgresStore


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[PostgresStore]:
    store = PostgresStore(database_url, domain="shop", migrations=None, connections=10)
    await store.start()
    async with store.begin(read_only=False, timeout=5) as work:
        await work.db.execute("CREATE TABLE effect (id serial)")
    yield store
    await store.stop()


async def call(
    store: PostgresStore, *, body: bytes = b"body", hold: float = 0, fails: bool = False, timeout: float = 20
) -> bytes:
    """A keyed operation: one row of effect, and an answer that differs at every execution."""
    where = {"principal": "user:1", "operation": "shop.v1/Pay", "key": "k1"}
    async with store.begin(read_only=False, timeout=timeout) as work:
        stored = await store.idempotency.claim(work, **where, request_hash=body)
        if stored:
            return stored.response
        number = await work.db.fetch_value("INSERT INTO effect DEFAULT VALUES RETURNING id")
        await asyncio.sleep(hold)
        if fails:
            raise errors.FailedPrecondition("no")
        answer = StoredAnswer(200, f"\x00answer {number}".encode())
        await store.idempotency.save(work, **where, answer=answer)
        return answer.response


async def effects(store: PostgresStore) -> int:
    async with store.begin(read_only=True, timeout=5) as work:
        return int(await work.db.fetch_value("SELECT count(*) FROM effect"))


async def test_the_same_key_100_times_at_once_is_one_effect_and_100_equal_answers(store: PostgresStore) -> None:
    answers = await asyncio.gather(*(call(store) for _ in range(100)))
    assert len(answers) == 100 and len(set(answers)) == 1
    assert await effects(store) == 1


async def test_the_same_key_with_another_request_is_refused(store: PostgresStore) -> None:
    await call(store)
    with pytest.raises(errors.IdempotencyKeyReused):
        await call(store, body=b"another")
    assert await effects(store) == 1


async def test_a_call_that_cannot_wait_for_the_first_hears_that_it_still_runs(store: PostgresStore) -> None:
    first = asyncio.create_task(call(store, hold=1))
    await asyncio.sleep(0.1)
    with pytest.raises(errors.IdempotencyKeyInUse):
        await call(store, timeout=0.3)
    assert await first == await call(store)


async def test_a_call_that_failed_does_not_use_the_key_up(store: PostgresStore) -> None:
    with pytest.raises(errors.FailedPrecondition):
        await call(store, fails=True)
    assert await call(store) == await call(store)
    assert await effects(store) == 1
