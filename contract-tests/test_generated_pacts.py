"""Every generated pact, verified on the services as they run: what the contracts say each consumer needs is there.

Provider states are made by hand, here: a verified creator with a published video. `test_pact.py` has the two needs that
the consumers' own code was recorded with.
"""

from __future__ import annotations

import asyncio
import importlib
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from pact import Pact, Verifier
from tenon_runtime.engines import Postgres
from tenon_runtime.testing import Running

from api.catalog.v1 import API as CATALOG
from api.identity.v1 import API as IDENTITY
from api.identity.v1 import CreatorRegistered, CreatorVerified
from impl.catalog.events import CatalogReceiver
from impl.catalog.service import Catalog
from impl.identity.service import Identity
from impl.identity.signing import KeyRing

PACTS = Path(__file__).parents[1] / "generated" / "tests" / "pacts"
BOOTSTRAP = "bootstrap-key-of-these-tests"
EVENTS: dict[str, Any] = {
    "identity.creator_registered": CreatorRegistered,
    "identity.creator_verified": CreatorVerified,
}


def modules() -> list[ModuleType]:
    return [importlib.import_module(f"generated.tests.pacts.{path.stem}") for path in sorted(PACTS.glob("test_*.py"))]


async def test_providers_keep_what_their_consumers_need(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IDENTITY_BOOTSTRAP_KEY", BOOTSTRAP)
    monkeypatch.setenv("PACT_DO_NOT_TRACK", "true")
    with tempfile.TemporaryDirectory(prefix="tenon-pact-") as folder:
        Path(folder).chmod(0o755)
        async with (
            Postgres(Path(folder, "pg")) as postgres,
            Running(IDENTITY, Identity, keys=KeyRing, database_url=await postgres.url("identity")) as identity,
            Running(
                CATALOG,
                Catalog,
                CatalogReceiver,
                jwks=f"{identity.http_url}/.well-known/jwks.json",
                database_url=await postgres.url("catalog"),
            ) as catalog,
        ):
            sent = await _creator_with_a_video(identity, catalog)
            providers = {"identity": identity, "catalog": catalog}
            verified = [await asyncio.to_thread(_verify, module, providers, sent, tmp_path) for module in modules()]
    assert [pair for pair, kept in verified if not kept] == []
    assert {pair for pair, _ in verified} == {
        "catalog-identity", "api-consumer-catalog", "api-consumer-identity",
    }  # fmt: skip


def _verify(module: ModuleType, providers: dict[str, Running], sent: dict[str, str], folder: Path) -> tuple[str, bool]:
    """Record the pact of `module` and verify it on its provider."""
    pair = f"{module.CONSUMER}-{module.PROVIDER}"
    pact = Pact(module.CONSUMER, module.PROVIDER).with_specification("V4")
    for record in module.INTERACTIONS:
        record(pact)
    pact.write_file(folder / pair)
    answers: dict[str, Any] = {
        name: {"contents": text.encode(), "content_type": "application/json", "metadata": None}
        for name, text in sent.items()
    }
    verifier = (
        Verifier(module.PROVIDER, host="127.0.0.1")
        .add_transport(url=providers[module.PROVIDER].http_url)
        .message_handler(answers)
        .add_source(folder / pair)
    )
    verifier.verify()
    return pair, verifier.results["result"] is True


async def _creator_with_a_video(identity: Running, catalog: Running) -> dict[str, str]:
    """Fill the feed; the events that identity sent meanwhile, in protobuf's JSON."""
    async with (
        httpx.AsyncClient(base_url=identity.http_url) as people,
        httpx.AsyncClient(base_url=catalog.http_url) as videos,
    ):
        body = {"handle": "ada", "displayName": "Ada", "contactEmail": "ada@example.com"}
        registered = await _ok(people.post("/v1/creators", json=body))
        creator = registered["creator"]["creatorId"]
        hers = await _token(people, registered["apiKey"])
        operator = await _token(people, BOOTSTRAP)
        evidence = {"evidence": "a passport"}
        await _ok(people.put(f"/v1/creators/{creator}/verification", json=evidence, headers=operator))
        sent = await _sent(identity, creator)
        for name, text in sent.items():
            await catalog.receive(EVENTS[name].from_json(text), creator)
        own = f"/v1/creators/{creator}/videos"
        video = await _ok(videos.post(own, json={"title": "A first video"}, headers=hers))
        place = f"{own}/{video['videoId']}"
        await _ok(videos.put(f"{place}/publication", headers=hers))
        decision = {"decision": "MODERATION_DECISION_APPROVE"}
        await _ok(videos.post(f"{place}/moderation", json=decision, headers=operator))
        assert len((await _ok(videos.get("/v1/feed")))["items"]) == 1
    return sent


async def _sent(identity: Running, creator: str) -> dict[str, str]:
    """What identity put into its outbox, by the event's name."""
    async with identity.store.connection() as connection:
        rows = await (await connection.execute("SELECT subject, payload FROM ob_outbox ORDER BY key_seq")).fetchall()
    sent = {}
    for row in rows:
        _, domain, _, event, _ = row.subject.split(".")
        sent[f"{domain}.{event}"] = EVENTS[f"{domain}.{event}"].from_binary(bytes(row.payload)).to_json()
    assert set(sent) == set(EVENTS)
    return sent


async def _token(http: httpx.AsyncClient, key: str) -> dict[str, str]:
    issued = await _ok(http.post("/v1/tokens", json={"apiKey": key}))
    return {"authorization": f"Bearer {issued['accessToken']}"}


async def _ok(call: Any) -> Any:
    answer: httpx.Response = await call
    assert answer.is_success, answer.text
    return answer.json()
