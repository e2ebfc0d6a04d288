"""The transaction, events and idempotency keys around a handler, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from tenon_runtime import EventInfo
from tenon_runtime.testing import Running

from runtime.tests.fixtures.probe import probe_pb as pb
from runtime.tests.fixtures.probe.api import API, ProbeEvents
from runtime.tests.fixtures.probe.service import HANDLERS, reached


@pytest.fixture
async def service(database_url: str) -> AsyncIterator[Running]:
    reached.clear()
    async with Running(API, *HANDLERS, database_url=database_url) as running:
        yield running


@pytest.fixture
async def http(service: Running) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=service.http_url) as client:
        yield client


async def rows(service: Running, sql: str) -> int:
    async with service.store.begin(read_only=True, timeout=5.0) as unit:
        number: int = await unit.db.fetch_value(sql)
        return number


async def test_what_a_handler_did_and_said_is_committed_together(service: Running, http: httpx.AsyncClient) -> None:
    made = await http.post("/v1/things", json={"name": "a"})
    assert (made.status_code, made.json()) == (201, {"effects": 1})
    assert await rows(service, "SELECT count(*) FROM things") == 1
    assert await rows(service, "SELECT count(*) FROM ob_outbox") == 1


async def test_an_error_takes_everything_back(service: Running, http: httpx.AsyncClient) -> None:
    await http.post("/v1/things", json={"name": "a"})
    assert (await http.post("/v1/things", json={"name": "rolled back"})).status_code == 400
    assert await rows(service, "SELECT count(*) FROM things") == 1
    assert await rows(service, "SELECT count(*) FROM ob_outbox") == 1


async def test_a_repeated_key_answers_as_before_over_any_protocol(service: Running, http: httpx.AsyncClient) -> None:
    key = {"idempotency-key": "key-0001"}
    for _ in range(2):
        answer = await http.post("/v1/things", json={"name": "a"}, headers=key)
        assert (answer.status_code, answer.json()) == (201, {"effects": 1})
    over_rpc = await http.post("/probe.v1.ProbeService/Create", json={"name": "a"}, headers=key)
    assert over_rpc.json() == {"effects": 1}
    assert await rows(service, "SELECT count(*) FROM things") == 1
    assert reached == ["create"]


async def test_a_key_with_another_body_is_refused(http: httpx.AsyncClient) -> None:
    key = {"idempotency-key": "key-0001"}
    await http.post("/v1/things", json={"name": "a"}, headers=key)
    answer = await http.post("/v1/things", json={"name": "b"}, headers=key)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:tenon:problem:idempotency-key-reused")


async def test_an_error_is_not_remembered(http: httpx.AsyncClient) -> None:
    key = {"idempotency-key": "key-0001"}
    await http.post("/v1/things", json={"name": "setup"})
    for _ in range(2):
        assert (await http.post("/v1/things", json={"name": "rolled back"}, headers=key)).status_code == 400
    assert reached == ["create"] * 3


async def test_a_direct_operation_remembers_its_answer_too(http: httpx.AsyncClient) -> None:
    key = {"idempotency-key": "key-0001"}
    answers = [(await http.post("/keyed", json={"a": [1]}, headers=key)).json() for _ in range(2)]
    assert answers == [{"value": None, "body": {"a": [1]}}] * 2
    assert reached == ["give"]


async def test_the_same_key_many_times_at_once_has_one_effect(service: Running, http: httpx.AsyncClient) -> None:
    await http.post("/v1/things", json={"name": "setup"})
    key = {"idempotency-key": "key-0001"}
    answers = await asyncio.gather(*(http.post("/v1/things", json={"name": "a"}, headers=key) for _ in range(50)))
    assert {(answer.status_code, answer.text) for answer in answers} == {(201, '{"effects":2}')}
    assert await rows(service, "SELECT count(*) FROM things WHERE name = 'a'") == 1


async def test_an_event_is_handled_in_the_unit_of_work_it_came_with(service: Running) -> None:
    subscription = ProbeEvents.subscriptions[0]
    info = EventInfo("id-1", "probe", "probe.happened", "a", 1, "2026-11-22T10:00:00Z", 1)
    trace = "0af7651916cd43dd8448eb211c80319c"
    async with service.store.begin(read_only=False, timeout=5.0) as unit:
        await service.dispatch(
            subscription, pb.Happened(name="a"), info, unit, {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
        )
    assert reached == [f"happened a id-1 {trace}"]


async def test_without_a_database_the_handler_is_told_what_is_missing() -> None:
    async with Running(API, *HANDLERS) as service, httpx.AsyncClient(base_url=service.http_url) as http:
        assert (await http.post("/v1/things", json={"name": "a"})).status_code == 500
