"""HTTP around the operations: what exists, who may, how errors look, what operators ask."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from tenon_runtime import errors
from tenon_runtime.testing import Running

from runtime.tests.fixtures.probe.api import API
from runtime.tests.fixtures.probe.service import HANDLERS, ended, reached
from runtime.tests.fixtures.until import until


async def test_what_is_not_there(http: httpx.AsyncClient) -> None:
    missing = await http.get("/v1/nothing")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    wrong = await http.put("/v1/things", json={})
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "OPTIONS, POST")
    assert (await http.options("/v1/things")).headers["allow"] == "OPTIONS, POST"
    assert (await http.head("/v1/tags")).status_code == 200
    assert reached == ["echo"]


async def test_media_types_are_negotiated(http: httpx.AsyncClient) -> None:
    xml = {"content-type": "application/xml"}
    refused = await http.post("/v1/echo/a", content=b"<a/>", headers=xml)
    assert (refused.status_code, refused.headers["accept-post"]) == (415, "application/json")
    assert (await http.get("/v1/tags", headers={"accept": "text/html"})).status_code == 406
    assert (await http.get("/v1/tags", headers={"accept": "text/html, application/*;q=0.5"})).status_code == 200


async def test_a_body_over_the_limit_is_refused(http: httpx.AsyncClient) -> None:
    large = b'{"tags":["' + b"a" * (1 << 20) + b'"]}'
    answer = await http.post("/v1/echo/a", content=large, headers={"content-type": "application/json"})
    assert (answer.status_code, reached) == (413, [])


@pytest.mark.parametrize(
    ("kind", "status"),
    sorted({(kind, kind.wire.http) for kind in errors.TABLE if kind.__base__ is errors.Error}, key=str),
)
async def test_every_error_is_a_problem(http: httpx.AsyncClient, kind: type[errors.Error], status: int) -> None:
    code = kind.wire.code
    answer = await http.post("/v1/echo/a", json={"tags": [], "fail": code})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["code"], problem["title"]) == (status, code, kind.title)
    assert problem["retryable"] == kind.wire.retryable
    assert problem["instance"] == "urn:tenon:request:" + answer.headers["x-request-id"]


async def test_a_bug_tells_the_caller_nothing(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/echo/a", json={"tags": [], "fail": "bug"})
    assert answer.status_code == 500
    assert "secret" not in answer.text and "Traceback" not in answer.text


async def test_whoever_has_no_token_learns_nothing_of_the_body(http: httpx.AsyncClient) -> None:
    answer = await http.post("/hidden", content=b"{", headers={"content-type": "application/json"})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


async def test_a_required_idempotency_key(http: httpx.AsyncClient) -> None:
    answer = await http.post("/keyed", json={})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "#/header/Idempotency-Key"


async def test_the_deadline_of_the_contract_ends_a_call(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/echo/a", json={"tags": [], "delay": 60}, timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (504, "deadline_exceeded")
    assert ended == ["echo cancelled"]


async def test_a_caller_who_leaves_cancels_the_handler(http: httpx.AsyncClient) -> None:
    with pytest.raises(httpx.ReadTimeout):
        await http.post("/v1/echo/a", json={"tags": [], "delay": 60}, timeout=1.0)
    await until(lambda: ended == ["echo cancelled"])


async def test_a_trace_goes_on_and_a_request_keeps_its_id(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/tags", headers={"x-request-id": "mine"})
    assert answer.headers["x-request-id"] == "mine"


async def test_operators_see_health_and_metrics(service: Running, http: httpx.AsyncClient) -> None:
    assert (await http.get("/healthz")).status_code == 200
    assert (await http.get("/readyz")).status_code == 200
    await http.get("/v1/tags")
    await http.post("/v1/echo/a", json={"tags": [], "fail": "not_found"})
    page = (await http.get("/metrics")).text
    for line in (
        'tenon_requests_total{code="ok",operation="probe.v1.ProbeService/Echo",protocol="rest"} 1.0',
        'tenon_requests_total{code="not_found",operation="probe.v1.ProbeService/Echo",protocol="rest"} 1.0',
        'tenon_request_seconds_count{operation="probe.v1.ProbeService/Echo",protocol="rest"} 2.0',
        "tenon_requests_in_flight 0.0",
    ):
        assert line in page


async def test_in_production_a_broken_answer_is_counted_and_sent() -> None:
    async with Running(API, *HANDLERS, response_check="count") as service:
        async with httpx.AsyncClient(base_url=service.http_url) as http:
            assert (await http.post("/promised", json={})).status_code == 200
            page = (await http.get("/metrics")).text
        assert 'tenon_response_violations_total{operation="probe.v1#promised"} 1.0' in page


async def test_above_the_limit_callers_are_told_to_come_back() -> None:
    async with (
        Running(API, *HANDLERS, concurrency=2) as service,
        httpx.AsyncClient(base_url=service.http_url) as http,
    ):
        body = {"tags": [], "delay": 1.5}
        answers = await asyncio.gather(*(http.post("/v1/echo/a", json=body) for _ in range(5)))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == 3
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}


async def test_draining_finishes_what_runs_and_takes_nothing_new() -> None:
    reached.clear()
    async with (
        Running(API, *HANDLERS, drain_seconds=60.0) as service,
        httpx.AsyncClient(base_url=service.http_url) as busy,
        httpx.AsyncClient(base_url=service.http_url) as open_before,
        httpx.AsyncClient(base_url=service.http_url) as late,
    ):
        await open_before.get("/readyz")
        running = asyncio.create_task(busy.post("/v1/echo/a", json={"tags": [], "delay": 1.0}))
        await until(lambda: reached == ["echo"])
        drained = asyncio.create_task(service.drain())
        await asyncio.sleep(0.05)
        assert (await open_before.get("/readyz")).status_code == 503
        assert (await open_before.get("/v1/tags")).status_code == 503
        with pytest.raises(httpx.ConnectError):
            await late.get("/readyz")
        assert (await running).status_code == 200
        assert await drained


async def test_grpc_on_the_http_1_port_is_told_where_to_go(http: httpx.AsyncClient) -> None:
    answer = await http.post("/probe.v1.ProbeService/Echo", headers={"content-type": "application/grpc"})
    assert (answer.status_code, answer.text) == (426, "gRPC needs HTTP/2: use the gRPC port\n")
