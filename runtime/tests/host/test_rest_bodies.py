"""Bodies of every kind; what breaks the contract is answered with the place and the rule, and reaches no handler."""

from __future__ import annotations

import gzip
import json
from typing import Any

import httpx
import pytest

from runtime.tests.fixtures.probe.service import reached

JSON = {"content-type": "application/json"}
GOOD = {"tags": ["a"]}


@pytest.mark.parametrize(
    ("body", "pointer", "rule"),
    [
        ({}, "", "required"),
        ({"tags": "a"}, "/tags", "type"),
        ({"tags": ["a", "a"]}, "/tags", "uniqueItems"),
        ({"tags": ["a", "b", "c", "d"]}, "/tags", "maxItems"),
        ({"tags": ["A"]}, "/tags/0", "pattern"),
        ({"tags": ["a\n"]}, "/tags/0", "pattern"),
        ({"tags": ["a", "b" * 9]}, "/tags/1", "maxLength"),
        ({"tags": [], "shade": "COLOR_BLUE"}, "/shade", "enum"),
        ({"tags": [], "counts": {"a/b": -1}}, "/counts/a~1b", "minimum"),
        ({"tags": [], "contact": "nobody"}, "/contact", "format"),
        ({"tags": [], "either": "x"}, "/either", "oneOf"),
        ({"tags": [], "unknown": 1}, "", "additionalProperties"),
        ([], "", "type"),
        (None, "", "type"),
    ],
)
async def test_a_body_that_breaks_the_schema_is_a_422(
    http: httpx.AsyncClient, body: Any, pointer: str, rule: str
) -> None:
    answer = await http.post("/v1/echo/hello", content=json.dumps(body), headers=JSON)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == "urn:tenon:problem:schema-violation"
    assert (pointer, rule) in {(error["pointer"], error["rule"]) for error in problem["errors"]}
    assert reached == []


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"tags":[],"tags":["a"]}',
        b'{"tags":[],"delay":NaN}',
        b'{"tags":[],"delay":1e999}',
        b'{"tags":["\\ud800"]}',
        b'{"tags":["\xff"]}',
        b"[" * 65 + b"]" * 65,
        b"[" * 100_000,
        b'{"tags":[],"delay":' + b"9" * 5000 + b"}",
        b"",
    ],
)
async def test_a_body_that_cannot_be_read_is_a_400(http: httpx.AsyncClient, body: bytes) -> None:
    answer = await http.post("/v1/echo/hello", content=body, headers=JSON)
    assert answer.status_code == 400
    assert len(answer.json()["errors"]) == 1
    assert reached == []


async def test_64_levels_are_fine(http: httpx.AsyncClient) -> None:
    answer = await http.post("/keyed", content=b"[" * 64 + b"]" * 64, headers={**JSON, "idempotency-key": "k"})
    # Read and accepted: what is missing is a database for the key.
    assert answer.status_code == 500


async def test_a_good_request_is_bound_to_the_rpc(http: httpx.AsyncClient) -> None:
    answer = await http.post(
        "/v1/echo/a%2Fb?limit=5&innerName=x",
        json={"tags": ["a"], "shade": "COLOR_RED", "counts": {"k": 1}, "contact": "a@b.cd"},
    )
    assert answer.status_code == 200
    assert answer.json() == {
        "text": "a/b",
        "number": "5",
        "tags": ["a"],
        "color": "COLOR_RED",
        "counts": {"k": 1},
        "inner": {"name": "x", "children": []},
    }
    assert answer.headers["x-probe"] == "rest"
    assert answer.headers["x-request-id"]


async def test_a_default_is_filled_in_and_required_zeros_are_written(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/echo/hello", json={"tags": []})
    assert answer.json() == {"text": "hello", "number": "7", "tags": []}


async def test_a_body_can_be_one_field_and_so_can_an_answer(http: httpx.AsyncClient) -> None:
    inner = {"name": "a", "size": "3", "children": [{"name": "b", "children": []}]}
    assert (await http.put("/v1/inner", json=inner)).json() == inner
    assert (await http.get("/v1/tags?tags=a&tags=b")).json() == ["a", "b"]
    assert (await http.get("/v1/tags")).json() == []


async def test_a_value_that_the_message_cannot_hold_is_a_422(http: httpx.AsyncClient) -> None:
    answer = await http.put("/v1/inner", json={"name": "a", "size": "many", "children": []})
    assert (answer.status_code, answer.json()["errors"][0]["rule"]) == (422, "protobuf")
    assert reached == []


async def test_multipart(http: httpx.AsyncClient) -> None:
    binary = bytes(range(256)) + b"\r\n--not the boundary\r\n"
    answer = await http.post(
        "/upload",
        data={"title": "Ada", "count": "3", "meta": '{"R":1}', "tags": ["x", "y"]},
        files={"file": ("a.bin", binary, "application/octet-stream")},
    )
    assert answer.json()["body"] == {
        "title": "Ada",
        "count": 3,
        "meta": {"R": 1},
        "tags": ["x", "y"],
        "file": binary.decode("latin-1"),
    }


async def test_a_form(http: httpx.AsyncClient) -> None:
    answer = await http.post("/submit", data={"name": "Ada & Co", "age": "36", "tags": ["x", "y"]})
    assert answer.json()["body"] == {"name": "Ada & Co", "age": 36, "tags": ["x", "y"]}


@pytest.mark.parametrize(
    ("path", "content", "media", "status", "rule"),
    [
        ("/upload", b"--x\r\n\r\n", "multipart/form-data; boundary=x", 400, "multipart"),
        ("/upload", b"--x--", "multipart/form-data", 400, "multipart"),
        ("/upload", b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\nA\r\n--x--', "multipart/form-data; boundary=x", 422, "minLength"),  # noqa: E501
        ("/submit", b"name=a&name=b", "application/x-www-form-urlencoded", 400, "form"),
        ("/submit", b"name=a&age=-1", "application/x-www-form-urlencoded", 422, "minimum"),
        ("/submit", b"age=1", "application/x-www-form-urlencoded", 422, "required"),
        ("/text", b"\xff", "text/plain", 400, "text"),
        ("/text", b"far too long a text", "text/plain", 422, "maxLength"),
    ],
)  # fmt: skip
async def test_forms_and_texts_are_judged_too(
    http: httpx.AsyncClient, path: str, content: bytes, media: str, status: int, rule: str
) -> None:
    answer = await http.post(path, content=content, headers={"content-type": media})
    assert answer.status_code == status
    assert rule in {error["rule"] for error in answer.json()["errors"]}
    assert reached == []


async def test_text_and_bytes_go_through_unchanged(http: httpx.AsyncClient) -> None:
    text = await http.post("/text", content="grüße", headers={"content-type": "text/plain; charset=utf-8"})
    assert (text.text, text.headers["content-type"]) == ("grüße", "text/plain")
    raw = await http.post("/raw", content=b"\x00\xff", headers={"content-type": "image/png"})
    assert (raw.content, raw.headers["content-type"]) == (b"\x00\xff", "application/octet-stream")


async def test_a_body_that_may_be_left_out(http: httpx.AsyncClient) -> None:
    assert (await http.post("/optional")).json()["body"] is None
    assert (await http.post("/optional", json={"a": 1})).json()["body"] == {"a": 1}


async def test_a_compressed_body(http: httpx.AsyncClient) -> None:
    good = gzip.compress(json.dumps({"tags": ["a"]}).encode())
    encoded = {**JSON, "content-encoding": "gzip"}
    assert (await http.post("/v1/echo/a", content=good, headers=encoded)).status_code == 200
    assert (await http.post("/v1/echo/a", content=good[:-4], headers=encoded)).status_code == 400
    bomb = gzip.compress(b" " * 500_000)
    assert (await http.post("/v1/echo/a", content=bomb, headers=encoded)).status_code == 413
    assert (await http.post("/v1/echo/a", content=good, headers={**JSON, "content-encoding": "br"})).status_code == 415


async def test_an_answer_that_breaks_the_schema_is_a_fault_in_tests(http: httpx.AsyncClient) -> None:
    assert (await http.post("/promised", json={"id": 1})).status_code == 200
    broken = await http.post("/promised", json={})
    assert broken.status_code == 500
    assert [(e["pointer"], e["rule"]) for e in broken.json()["errors"]] == [("/body", "required")]
