"""openapi-core, the validator of record, reads identity's contract and judges what the service really said.

It is not ours, and runs in an environment of its own; our validators have to agree with it, on both sides of the line.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from tenon_runtime.engines import Postgres
from tenon_runtime.testing import Running

from api.identity.v1 import API
from impl.identity.service import Identity
from impl.identity.signing import KeyRing

ROOT = Path(__file__).parents[2]
CONTRACT = ROOT / "contracts" / "identity" / "v1" / "identity.openapi.yaml"
DISPUTED = {"trailing newline"}
"""JSON Schema's patterns are ECMA-262, where `$` is the end; in Python's `re`, which the judge uses, it also matches
before a last newline. The specification is on our side here."""
SENT = ("content-type", "authorization", "idempotency-key", "accept")


@pytest.fixture(scope="module")
def judge() -> str:
    """The interpreter that has openapi-core."""
    made = subprocess.run(
        [sys.executable, str(ROOT / "requirements" / "judges.py")], capture_output=True, text=True, check=False
    )
    if made.returncode:
        pytest.skip(f"openapi-core cannot be installed here: {made.stderr.strip().splitlines()[-1]}")
    return made.stdout.strip()


@dataclass
class Recorder:
    """Keeps every exchange of a client as a JSON value, with a name."""

    http: httpx.AsyncClient
    exchanges: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def __call__(self, name: str, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        sent = {key.replace("_", "-"): value for key, value in headers.items()}
        answer = await self.http.request(method, path, json=body, headers=sent)
        self.exchanges[name] = {
            "method": method,
            "path": answer.request.url.path,
            "query": list(answer.request.url.params.multi_items()),
            "headers": {key: value for key, value in answer.request.headers.items() if key in SENT},
            "body": answer.request.content.decode(),
            "status": answer.status_code,
            "answer": answer.text,
            "answer_headers": dict(answer.headers),
        }
        return answer

    def verdicts(self, judge: str) -> dict[str, dict[str, list[str]]]:
        """What openapi-core says, by name."""
        lines = "\n".join(map(json.dumps, self.exchanges.values()))
        done = subprocess.run(
            [judge, str(Path(__file__).with_name("openapi_core_judge.py")), str(CONTRACT)],
            input=lines, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return dict(zip(self.exchanges, map(json.loads, done.stdout.splitlines()), strict=True))


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tenon-judge-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


async def test_the_validator_of_record_agrees(judge: str, folder: Path) -> None:
    async with (
        Postgres(folder / "pg") as postgres,
        Running(API, Identity, keys=KeyRing, database_url=await postgres.url("identity")) as service,
        httpx.AsyncClient(base_url=service.http_url) as http,
    ):
        send = Recorder(http)
        await _good(send)
        good = set(send.exchanges)
        await _bad(send)
        bad = set(send.exchanges) - good
    verdicts = send.verdicts(judge)
    refused = {name for name, exchange in send.exchanges.items() if exchange["status"] in (400, 401, 422)}
    assert refused == bad, "the service refuses exactly the bad requests"
    assert {name: v["request"] for name, v in verdicts.items() if v["request"]}.keys() == bad - DISPUTED
    assert {name: v["answer"] for name, v in verdicts.items() if v["answer"]} == {}
    assert len(good) >= 8
    assert len(bad) >= 8


async def _good(send: Recorder) -> None:
    body = {"handle": "ada", "displayName": "Ada", "contactEmail": "ada@example.com", "bio": "engines"}
    made = await send("register", "POST", "/v1/creators", body, idempotency_key="first-try")
    assert made.status_code == 201, made.text
    await send("register again", "POST", "/v1/creators", body, idempotency_key="first-try")
    await send("taken", "POST", "/v1/creators", body | {"contactEmail": "other@example.com"})
    issued = await send("token", "POST", "/v1/tokens", {"apiKey": made.json()["apiKey"]})
    token = f"Bearer {issued.json()['accessToken']}"
    path = f"/v1/creators/{made.json()['creator']['creatorId']}"
    await send("read", "GET", path, authorization=token)
    await send("change", "PATCH", path, {"bio": "more engines"}, authorization=token)
    await send("keys", "GET", f"{path}/api-keys?pageSize=5", authorization=token)
    await send(
        "make key", "POST", f"{path}/api-keys", {"label": "ci", "scopes": ["creators:read"]}, authorization=token
    )
    await send("not allowed", "GET", "/v1/creators", authorization=token)
    await send("key set", "GET", "/.well-known/jwks.json")


async def _bad(send: Recorder) -> None:
    body = {"handle": "bob", "displayName": "Bob", "contactEmail": "bob@example.com"}
    token = send.exchanges["read"]["headers"]["authorization"]
    path = send.exchanges["read"]["path"]
    await send("no body", "POST", "/v1/creators")
    await send("no handle", "POST", "/v1/creators", {k: v for k, v in body.items() if k != "handle"})
    await send("bad pattern", "POST", "/v1/creators", body | {"handle": "Not A Handle"})
    await send("trailing newline", "POST", "/v1/creators", body | {"handle": "bob\n"})
    await send("wrong type", "POST", "/v1/creators", body | {"displayName": 7})
    await send("too long", "POST", "/v1/creators", body | {"bio": "x" * 1001})
    await send("unknown field", "POST", "/v1/creators", body | {"admin": True})
    await send("not in range", "GET", f"{path}/api-keys?pageSize=1000", authorization=token)
    await send("not a number", "GET", f"{path}/api-keys?pageSize=many", authorization=token)
    await send("nobody", "GET", path)
