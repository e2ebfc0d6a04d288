"""Every parameter style of OpenAPI 3.1, read as the types of its schema and judged by it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from runtime.tests.fixtures.probe.service import reached

RGB = {"R": 100, "G": 200}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/simple/1,2,3", [1, 2, 3]),
        ("/simple/7", [7]),
        ("/simple-object/R=100,G=200", RGB),
        ("/simple-object/R=1,name=a%2Cb", {"R": 1, "name": "a,b"}),
        ("/label/.1.2", [1, 2]),
        ("/matrix/;R=100;G=200", RGB),
        ("/form?value=1&value=2", [1, 2]),
        ("/form-flat?value=a,b%2Cc", ["a", "b,c"]),
        ("/form-object?R=100&G=200&other=1", RGB),
        ("/space?value=1%202+3", [1, 2, 3]),
        ("/pipe?value=1|2%7C3", [1, 2, 3]),
        ("/deep?value[state]=on&value[limit]=3", {"state": "on", "limit": 3}),
        ("/deep?value[ids]=1&value[ids]=2&value[ids][]=3", {"ids": [1, 2, 3]}),
        ("/deep?value%5Bstate%5D=off", {"state": "off"}),
        ("/json-parameter?value=%7B%22R%22%3A100%2C%22G%22%3A200%7D", RGB),
    ],
)
async def test_a_parameter_arrives_as_its_schema_types_it(http: httpx.AsyncClient, path: str, value: Any) -> None:
    answer = await http.get(path)
    assert answer.json() == {"value": value, "body": None}


async def test_headers_and_cookies_are_parameters_too(http: httpx.AsyncClient) -> None:
    assert (await http.get("/header", headers={"value": "1, 2"})).json()["value"] == [1, 2]
    assert (await http.get("/cookie", headers={"cookie": "other=x; value=5"})).json()["value"] == 5


@pytest.mark.parametrize(
    ("path", "headers", "pointer", "rule"),
    [
        ("/simple/1,x", {}, "#/path/value/1", "type"),
        ("/simple/1,2,3,4,5", {}, "#/path/value", "maxItems"),
        ("/simple-object/G=1", {}, "#/path/value", "required"),
        ("/form", {}, "#/query/value", "required"),
        ("/form?value=1.5", {}, "#/query/value/0", "type"),
        ("/form?value=" + "9" * 400, {}, "#/query/value/0", "type"),
        ("/deep?value[state]=up", {}, "#/query/value/state", "enum"),
        ("/deep?value[state]=on&value[state]=off", {}, "#/query/value", "json"),
        ("/json-parameter?value=%7B", {}, "#/query/value", "json"),
        ("/json-parameter?value=%7B%22R%22%3A1%2C%22R%22%3A2%7D", {}, "#/query/value", "json"),
        ("/json-parameter?value=%7B%22R%22%3A%22x%22%7D", {}, "#/query/value/R", "type"),
        ("/header", {"value": "a"}, "#/header/value/0", "type"),
        ("/cookie", {"cookie": "value=0"}, "#/cookie/value", "minimum"),
        ("/form?" + "&".join(["a=1"] * 1001), {}, "#/query", "query"),
    ],
)
async def test_a_parameter_that_breaks_its_schema_is_named(
    http: httpx.AsyncClient, path: str, headers: dict[str, str], pointer: str, rule: str
) -> None:
    answer = await http.get(path, headers=headers)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert (pointer, rule) in {(error["pointer"], error["rule"]) for error in answer.json()["errors"]}
    assert reached == []


async def test_all_parameters_are_judged_at_once(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/echo/far-too-long-a-text?limit=101", json={"tags": []})
    assert [(e["pointer"], e["rule"]) for e in answer.json()["errors"]] == [
        ("#/path/text", "maxLength"),
        ("#/query/limit", "maximum"),
    ]
