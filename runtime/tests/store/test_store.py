"""One call is one transaction, and its events are rows of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
from tenon_runtime import errors
from tenon_runtime.engines import Postgres
from tenon_runtime.native import slot_of
from tenon_runtime.spec import Event
from tenon_runtime.store import PostgresStore

PAID = Event(
    name="shop.paid",
    subject="evt.shop.{slot}.paid.v1",
    stream="EVT_SHOP",
    message=None,
    schema="#/components/schemas/Paid",
    key="order",
    ref="shop.asyncapi.yaml#paid",
)
VISITED = Event(
    name="shop.visited",
    subject="evt.shop.{slot}.visited.v1",
    stream="EVT_SHOP",
    message=None,
    schema="#/components/schemas/Visited",
    key=None,
    ref="shop.asyncapi.yaml#visited",
)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[PostgresStore]:
    store = PostgresStore(database_url, domain="shop", migrations=None, connections=8)
    await store.start()
    async with store.begin(read_only=False, timeout=5) as work:
        await work.db.execute("CREATE TABLE item (id int PRIMARY KEY, note text)")
    yield store
    await store.stop()


async def query(store: PostgresStore, sql: str) -> list[Any]:
    async with store.begin(read_only=True, timeout=5) as work:
        return await work.db.fetch_all(sql)


async def test_rows_are_read_by_attribute(store: PostgresStore) -> None:
    async with store.begin(read_only=False, timeout=5) as work:
        assert await work.db.execute("INSERT INTO item VALUES (1, 'a'), (2, 'b')") == 2
        row = await work.db.fetch_one("SELECT * FROM item WHERE id = %(id)s", {"id": 2})
        assert row is not None and (row.id, row.note) == (2, "b")
        assert await work.db.fetch_one("SELECT * FROM item WHERE id = %s", [3]) is None
        assert await work.db.fetch_value("SELECT count(*) FROM item") == 2
        assert [row.note for row in await work.db.fetch_all("SELECT note FROM item ORDER BY id")] == ["a", "b"]


async def test_an_exception_rolls_everything_back(store: PostgresStore) -> None:
    with pytest.raises(RuntimeError, match="changed my mind"):
        async with store.begin(read_only=False, timeout=5) as work:
            await work.db.execute("INSERT INTO item VALUES (1)")
            work.add_event(PAID, {"order": "o1"}, {})
            raise RuntimeError("changed my mind")
    assert await query(store, "SELECT 1 FROM item UNION ALL SELECT 1 FROM ob_outbox") == []


async def test_a_cancelled_call_rolls_back_and_its_connection_serves_again(store: PostgresStore) -> None:
    async def call() -> None:
        async with store.begin(read_only=False, timeout=5) as work:
            await work.db.execute("INSERT INTO item VALUES (1)")
            await work.db.execute("SELECT pg_sleep(5)")

    for _ in range(20):  # more often than there are connections
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(call(), 0.02)
    assert await query(store, "SELECT * FROM item") == []


async def test_no_connection_is_taken_before_the_first_statement(store: PostgresStore) -> None:
    works = [store.begin(read_only=False, timeout=5) for _ in range(100)]
    for work in works:
        await work.__aenter__()
    for work in works:
        await work.__aexit__(None, None, None)


async def test_a_failed_statement_that_the_handler_ignores_is_not_a_commit(store: PostgresStore) -> None:
    with pytest.raises(errors.Internal):
        async with store.begin(read_only=False, timeout=5) as work:
            await work.db.execute("INSERT INTO item VALUES (1)")
            with pytest.raises(psycopg.errors.UniqueViolation):
                await work.db.execute("INSERT INTO item VALUES (1)")
    assert await query(store, "SELECT * FROM item") == []


async def test_read_only_work_can_neither_write_nor_publish(store: PostgresStore) -> None:
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        async with store.begin(read_only=True, timeout=5) as work:
            await work.db.execute("INSERT INTO item VALUES (1)")
    with pytest.raises(errors.Internal, match="no side effects"):
        async with store.begin(read_only=True, timeout=5) as work:
            work.add_event(PAID, {"order": "o1"}, {})


async def test_a_statement_past_the_deadline_is_deadline_exceeded(store: PostgresStore) -> None:
    with pytest.raises(errors.DeadlineExceeded):
        async with store.begin(read_only=True, timeout=0.05) as work:
            await work.db.fetch_one("SELECT pg_sleep(5)")


async def test_a_lost_race_is_aborted_and_may_be_tried_again(store: PostgresStore) -> None:
    async with store.begin(read_only=False, timeout=5) as first:
        await first.db.execute("INSERT INTO item VALUES (1), (2)")

    async def lock(one: int, other: int) -> str:
        try:
            async with store.begin(read_only=False, timeout=5) as work:
                await work.db.execute("SELECT 1 FROM item WHERE id = %s FOR UPDATE", [one])
                await asyncio.sleep(0.05)
                await work.db.execute("SELECT 1 FROM item WHERE id = %s FOR UPDATE", [other])
        except errors.Aborted as error:
            return error.wire.code
        return "ok"

    assert sorted(await asyncio.gather(lock(1, 2), lock(2, 1))) == ["aborted", "ok"]


async def test_a_migration_under_load_makes_calls_repeat_and_no_call_fail(
    store: PostgresStore, database_url: str
) -> None:
    """Each connection that had planned the statement notices once, with an error that may be retried."""

    async def call() -> str:
        try:
            async with store.begin(read_only=True, timeout=5) as work:
                await work.db.fetch_one("SELECT * FROM item WHERE id = %s", [1])
        except errors.Error as error:
            return error.wire.code
        return "ok"

    for _ in range(10):
        await asyncio.gather(*(call() for _ in range(8)))
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as migration:
        await migration.execute("ALTER TABLE item ADD COLUMN colour text")
    results = [await call() for _ in range(30)]
    assert set(results) <= {"ok", "aborted"} and results[-1] == "ok"


async def test_events_of_a_key_are_numbered_without_a_gap_in_commit_order(store: PostgresStore) -> None:
    """200 concurrent transactions over 5 keys, one in five rolls back."""

    async def call(number: int) -> None:
        try:
            async with store.begin(read_only=False, timeout=5) as work:
                work.add_event(PAID, {"order": f"o{number % 5}", "n": number}, {"traceparent": "00-1-2-01"})
                work.add_event(PAID, {"order": f"o{(number + 1) % 5}", "n": number}, {})
                if number % 5 == 0:
                    await work.db.execute("SELECT 1 / 0")
        except psycopg.errors.DivisionByZero:
            pass

    await asyncio.gather(*(call(number) for number in range(200)))
    rows = await query(store, "SELECT ord_key, array_agg(key_seq ORDER BY key_seq) AS seqs FROM ob_outbox GROUP BY 1")
    assert sum(len(row.seqs) for row in rows) == 320
    assert all(row.seqs == list(range(1, len(row.seqs) + 1)) for row in rows)
    heads = await query(store, "SELECT ord_key, seq FROM ob_head")
    assert {(row.ord_key, row.seq) for row in heads} == {(row.ord_key, len(row.seqs)) for row in rows}


async def test_an_outbox_row_carries_the_envelope(store: PostgresStore) -> None:
    async with store.begin(read_only=False, timeout=5) as work:
        work.add_event(PAID, {"order": "o1"}, {"traceparent": "00-1-2-01"})
        work.add_event(VISITED, {"page": "/"}, {})
    paid, visited = await query(store, "SELECT * FROM ob_outbox ORDER BY subject")
    assert (paid.dist_key, paid.ord_key, paid.key_seq, paid.slot) == ("o1", "o1", 1, slot_of("o1"))
    assert paid.subject == f"evt.shop.{slot_of('o1')}.paid.v1"
    assert paid.headers["ce-id"] == paid.event_id
    assert (paid.headers["ce-source"], paid.headers["ce-type"], paid.headers["ce-subject"]) == (
        "/shop",
        "shop.paid",
        "o1",
    )
    assert paid.headers["traceparent"] == "00-1-2-01"
    assert bytes(paid.payload) == b'{"order":"o1"}'
    assert (visited.ord_key, visited.key_seq) == (visited.event_id, 1)
    assert "ce-subject" not in visited.headers
    assert (await query(store, "SELECT count(*) AS n FROM ob_head"))[0].n == 1, "unordered events share nothing"


def test_the_slot_of_a_key_is_the_same_in_every_language() -> None:
    assert [slot_of(key) for key in ("", "a", "creator-1", "ü")] == [20, 10, 16, 36]


async def test_an_event_without_its_key_or_too_large_is_refused_at_once(store: PostgresStore) -> None:
    work = store.begin(read_only=False, timeout=5)
    for payload in ({"order": ""}, {"n": 1}, {"order": "o1", "text": "x" * 1_000_000}):
        with pytest.raises(errors.Internal):
            work.add_event(PAID, payload, {})


async def test_a_listener_hears_of_committed_events_only(store: PostgresStore) -> None:
    heard: list[str] = []
    store.on_events(lambda: heard.append("events"))
    async with store.begin(read_only=False, timeout=5) as work:
        await work.db.execute("INSERT INTO item VALUES (1)")
    assert heard == []
    async with store.begin(read_only=False, timeout=5) as work:
        work.add_event(PAID, {"order": "o1"}, {})
    assert heard == ["events"]


async def test_a_database_that_is_away_is_unavailable_and_comes_back(engine_folder: Any) -> None:
    data = engine_folder / "away"
    async with Postgres(data) as pg:
        url = await pg.url("shop")
        store = PostgresStore(url, domain="shop", migrations=None)
        await store.start()
        assert store.ready()
    with pytest.raises(errors.Unavailable):
        async with store.begin(read_only=True, timeout=0.5) as work:
            await work.db.fetch_value("SELECT 1")
    async with asyncio.timeout(10):
        while store.ready():
            await asyncio.sleep(0.05)
    async with Postgres(data), asyncio.timeout(20):
        while not store.ready():
            await asyncio.sleep(0.05)
        async with store.begin(read_only=True, timeout=5) as work:
            assert await work.db.fetch_value("SELECT 1") == 1
        await store.stop()


async def test_a_store_that_cannot_start_says_why() -> None:
    store = PostgresStore("postgresql://127.0.0.1:1/x", domain="shop", migrations=None, patience=0.1)
    with pytest.raises(errors.Unavailable, match="not reachable"):
        await store.start()
