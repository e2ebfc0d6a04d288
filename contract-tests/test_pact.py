"""What catalog needs of identity, as pacts: recorded with the consumer's real code, verified against the real provider.

Two needs cross the border: the key set that tokens are verified with (HTTP) and who registered (an event). The event
travels as protobuf; its pact is written in protobuf's JSON, because Pact's protobuf plugin cannot be installed offline.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from pact import Pact, Verifier, match
from tenon_runtime.auth.keys import FetchedKeys
from tenon_runtime.engines import Postgres
from tenon_runtime.testing import Running

from api.catalog.v1 import API as CATALOG
from api.identity.v1 import API as IDENTITY
from api.identity.v1 import CreatorRegistered
from impl.catalog.events import CatalogReceiver
from impl.catalog.service import Catalog
from impl.identity.service import Identity
from impl.identity.signing import KeyRing

T = TypeVar("T")
CREATOR = "0190b4a6-5a4e-7cc1-9b1c-1f2d3c4b5a69"
EVENT = "identity.creator_registered"
KID = "a-key"
HAS_TOKEN = "somebody holds a token"


@pytest.fixture
async def postgres() -> AsyncIterator[Postgres]:
    with tempfile.TemporaryDirectory(prefix="tenon-pact-") as folder:
        Path(folder).chmod(0o755)
        async with Postgres(Path(folder, "pg")) as engine:
            yield engine


async def test_identity_gives_what_catalog_needs(postgres: Postgres, tmp_path: Path) -> None:
    await _record_keys(tmp_path)
    async with Running(CATALOG, Catalog, CatalogReceiver, database_url=await postgres.url("catalog")) as catalog:
        await _record_event(catalog, tmp_path)
    async with (
        Running(IDENTITY, Identity, keys=KeyRing, database_url=await postgres.url("identity")) as identity,
        httpx.AsyncClient(base_url=identity.http_url) as http,
    ):
        body = {"handle": "ada", "displayName": "Ada", "contactEmail": "ada@example.com"}
        registered = await http.post("/v1/creators", json=body)
        assert registered.status_code == 201, registered.text
        sent = CreatorRegistered.from_binary(await _payload(identity)).to_json()
        verifier = (
            Verifier("identity", host="127.0.0.1")
            .add_transport(url=identity.http_url)
            .message_handler({EVENT: {"contents": sent.encode(), "content_type": "application/json", "metadata": None}})
            .state_handler({HAS_TOKEN: lambda: _sign_in(identity.http_url, registered.json()["apiKey"])})
            .add_source(tmp_path)
        )
        await asyncio.to_thread(verifier.verify)
        assert len(verifier.results["output"]) > 0
        assert verifier.results["result"] is True


def _sign_in(url: str, key: str) -> None:
    """Before its first token, identity has no key to publish."""
    assert httpx.post(f"{url}/v1/tokens", json={"apiKey": key}).status_code == 200


async def _record_keys(folder: Path) -> None:
    """The consumer is the runtime's own reader of key sets, as catalog uses it."""
    key = {"kty": "OKP", "crv": "Ed25519", "x": match.regex("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
           regex="^[A-Za-z0-9_-]{43}$"), "kid": match.str(KID), "alg": "EdDSA", "use": "sig"}  # fmt: skip
    pact = Pact("catalog", "identity").with_specification("V4")
    (
        pact.upon_receiving("a read of the key set")
        .given(HAS_TOKEN)
        .with_request("GET", "/.well-known/jwks.json")
        .will_respond_with(200)
        .with_body({"keys": match.each_like(key, min=1)}, "application/json")
    )
    with pact.serve() as server:
        found = await FetchedKeys(f"{server.url}/.well-known/jwks.json").find(KID)
        assert found is not None
        assert found.algorithm_name == "EdDSA"
    pact.write_file(folder)


async def _record_event(catalog: Running, folder: Path) -> None:
    """The consumer is catalog's event handler, on its own database."""
    loop = asyncio.get_running_loop()

    def wait(work: Awaitable[T]) -> T:
        async def run() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(run(), loop).result(20)

    def handle(body: str | bytes | None, metadata: dict[str, object]) -> None:
        assert body is not None
        text = body if isinstance(body, str) else body.decode()
        wait(catalog.receive(CreatorRegistered.from_json(text), CREATOR))

    pact = Pact("catalog", "identity").with_specification("V4")
    contents = {"creatorId": match.uuid(CREATOR), "handle": match.str("ada"),
                "registeredAt": match.regex("2026-01-02T03:04:05Z", regex=r"^\d{4}-\d\d-\d\dT[\d:.]+Z$")}  # fmt: skip
    pact.upon_receiving(EVENT, "Async").with_body(contents, "application/json")
    await asyncio.to_thread(pact.verify, handle, "Async")
    async with catalog.store.connection() as connection:
        rows = await (await connection.execute("SELECT creator_id, handle FROM creators")).fetchall()
    assert [tuple(row) for row in rows] == [(CREATOR, "ada")]
    pact.write_file(folder)


async def _payload(identity: Running) -> bytes:
    """The event that the registration put into the outbox."""
    async with identity.store.connection() as connection:
        row: Any = await (await connection.execute("SELECT payload FROM ob_outbox")).fetchone()
    return bytes(row.payload)
