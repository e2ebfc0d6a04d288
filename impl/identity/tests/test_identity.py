"""Identity as its callers see it: over REST, against PostgreSQL."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio
import httpx
import jwt
import pytest
from protovalidate import ViolationsPb
from tenon_runtime.engines import Postgres
from tenon_runtime.testing import Running

from api.identity.v1 import API, IdentityServiceClient, RegisterCreatorRequest, WatchCreatorRequest
from impl.identity.api_keys import CREATOR_SCOPES, OPERATOR, OPERATOR_SCOPES
from impl.identity.service import Identity
from impl.identity.signing import KeyRing

BOOTSTRAP = "bootstrap-key-of-these-tests"
_numbers = itertools.count(1)


@dataclass
class Caller:
    """An API consumer with a token."""

    http: httpx.AsyncClient
    id: str
    key: str
    token: str

    async def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        sent = {"authorization": f"Bearer {self.token}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        return await self.http.request(method, path, json=body, headers=sent)


@pytest.fixture
async def service(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Running]:
    monkeypatch.setenv("IDENTITY_BOOTSTRAP_KEY", BOOTSTRAP)
    url = await postgres.url(f"identity_{next(_numbers)}")
    async with Running(API, Identity, keys=KeyRing, database_url=url) as service:
        yield service


@pytest.fixture
async def http(service: Running) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=service.http_url) as client:
        yield client


async def token(http: httpx.AsyncClient, key: str, scopes: list[str] | None = None) -> httpx.Response:
    return await http.post("/v1/tokens", json={"apiKey": key} | ({"scopes": scopes} if scopes else {}))


async def register(http: httpx.AsyncClient, handle: str) -> Caller:
    body = {"handle": handle, "displayName": handle.title(), "contactEmail": f"{handle}@example.com"}
    answer = await http.post("/v1/creators", json=body)
    assert answer.status_code == 201, answer.text
    key = answer.json()["apiKey"]
    issued = await token(http, key)
    assert issued.status_code == 200, issued.text
    return Caller(http, answer.json()["creator"]["creatorId"], key, issued.json()["accessToken"])


@pytest.fixture
async def ada(http: httpx.AsyncClient) -> Caller:
    return await register(http, "ada")


@pytest.fixture
async def operator(http: httpx.AsyncClient) -> Caller:
    issued = await token(http, BOOTSTRAP)
    return Caller(http, OPERATOR, BOOTSTRAP, issued.json()["accessToken"])


GOOD: dict[str, Any] = {"handle": "eve", "displayName": "Eve", "contactEmail": "eve@example.com"}


@pytest.mark.parametrize(
    ("wrong", "field", "rule"),
    [
        ({"handle": "_x"}, "handle", "string.pattern"),
        ({"displayName": ""}, "display_name", "string.min_len"),
        ({"displayName": " \t "}, "display_name", "string.pattern"),
        ({"displayName": "x" * 81}, "display_name", "string.max_len"),
        ({"contactEmail": "nobody"}, "contact_email", "string.pattern"),
        ({"bio": "null\0byte"}, "bio", "string.pattern"),
    ],
)
async def test_the_contracts_rules_hold_on_every_protocol(
    service: Running, http: httpx.AsyncClient, wrong: dict[str, Any], field: str, rule: str
) -> None:
    """gRPC and Connect give the field and its rule; REST says 422 as it does for its own schema."""
    body = GOOD | wrong
    async with grpc.aio.insecure_channel(service.grpc_target) as channel:
        call = channel.unary_unary(
            "/identity.v1.IdentityService/RegisterCreator", request_serializer=RegisterCreatorRequest.to_binary
        )
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await call(RegisterCreatorRequest.from_json(json.dumps(body)), timeout=60)
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    details = dict(raised.value.trailing_metadata() or ())["grpc-status-details-bin"]
    assert isinstance(details, bytes) and field.encode() in details and rule.encode() in details

    refused = await http.post("/identity.v1.IdentityService/RegisterCreator", json=body)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_argument")
    violations = ViolationsPb.from_binary(base64.b64decode(refused.json()["details"][0]["value"] + "=="))
    assert (field, rule) in [(v.field.elements[0].field_name, v.rule_id) for v in violations.violations if v.field]

    assert (await http.post("/v1/creators", json=body)).status_code == 422
    assert (await http.post("/v1/creators", json=GOOD)).status_code == 201  # nothing of it was done


async def test_a_creator_registers_and_is_verified_once(ada: Caller, operator: Caller) -> None:
    path = f"/v1/creators/{ada.id}"
    before = (await ada("GET", path)).json()
    assert (before["status"], before["contactEmail"]) == ("CREATOR_STATUS_PENDING", "ada@example.com")

    verified = [await operator("PUT", f"{path}/verification", {"evidence": "passport"}) for _ in range(2)]
    assert [v.status_code for v in verified] == [200, 200]
    assert verified[0].json() == verified[1].json()
    assert (verified[0].json()["status"], verified[0].json()["version"]) == ("CREATOR_STATUS_VERIFIED", "2")


async def test_events_are_written_with_the_effect(
    service: Running, ada: Caller, operator: Caller, http: httpx.AsyncClient
) -> None:
    for _ in range(2):
        await operator("PUT", f"/v1/creators/{ada.id}/verification", {"evidence": "passport"})
    await http.post("/v1/creators", json={"handle": "ada", "displayName": "Other", "contactEmail": "o@example.com"})
    async with service.store.connection() as connection:
        rows = await (await connection.execute("SELECT subject, dist_key, key_seq FROM ob_outbox")).fetchall()
    subjects = sorted((subject.split(".")[3], key, seq) for subject, key, seq in rows)
    assert subjects == [("creator_registered", ada.id, 1), ("creator_verified", ada.id, 2)]


async def test_the_same_registration_twice_is_one(http: httpx.AsyncClient) -> None:
    body = {"handle": "twin", "displayName": "Twin", "contactEmail": "twin@example.com"}
    answers = await asyncio.gather(
        *(http.post("/v1/creators", json=body, headers={"idempotency-key": "one-and-only"}) for _ in range(10))
    )
    assert {a.status_code for a in answers} == {201}
    assert len({a.text for a in answers}) == 1
    other = await http.post(
        "/v1/creators", json={**body, "displayName": "Other"}, headers={"idempotency-key": "one-and-only"}
    )
    assert other.status_code == 422
    taken = await http.post("/v1/creators", json=body)
    assert (taken.status_code, taken.json()["type"]) == (409, "urn:tenon:problem:handle-taken")


@pytest.mark.parametrize(
    ("body", "pointer", "rule"),
    [
        ({"handle": "No Spaces"}, "/handle", "pattern"),
        ({"handle": "xx"}, "/handle", "minLength"),
        ({"handle": "ok_handle\n"}, "/handle", "pattern"),
        ({"displayName": " "}, "/displayName", "pattern"),
        ({"displayName": 5}, "/displayName", "type"),
        ({"contactEmail": "nobody"}, "/contactEmail", None),
        ({"bio": "x" * 1001}, "/bio", "maxLength"),
        ({"admin": True}, None, "additionalProperties"),
        ({"handle": "admin"}, "/handle", "reserved"),
    ],
)
async def test_bad_registrations_are_refused(
    http: httpx.AsyncClient, body: dict[str, Any], pointer: str | None, rule: str | None
) -> None:
    good = {"handle": "fine", "displayName": "Fine", "contactEmail": "fine@example.com"}
    answer = await http.post("/v1/creators", json={**good, **body})
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found = [(e["pointer"], e["rule"]) for e in answer.json()["errors"]]
    assert any((pointer is None or p == pointer) and (rule is None or r == rule) for p, r in found), found


async def test_profiles_change_field_by_field(ada: Caller, http: httpx.AsyncClient) -> None:
    path = f"/v1/creators/{ada.id}"
    changed = await ada("PATCH", path, {"bio": "Notes on the engine", "expectedVersion": "1"})
    assert (changed.json()["bio"], changed.json()["displayName"], changed.json()["version"]) == (
        "Notes on the engine", "Ada", "2",
    )  # fmt: skip
    assert (await ada("PATCH", path, {"bio": "late", "expectedVersion": "1"})).status_code == 409
    assert "bio" not in (await ada("PATCH", path, {"bio": ""})).json() or (await ada("GET", path)).json()["bio"] == ""
    assert (await ada("PATCH", path, {})).status_code == 422

    bob = await register(http, "bob")
    assert (await bob("PATCH", path, {"bio": "mine"})).status_code == 403
    assert not (await bob("GET", path)).json().get("contactEmail")
    assert (await bob("GET", "/v1/creators/0190b4a6-5a4e-7cc1-9b1c-1f2d3c4b5a69")).status_code == 404


async def test_listing_is_for_administrators_and_complete(
    ada: Caller, operator: Caller, http: httpx.AsyncClient
) -> None:
    for i in range(6):
        await register(http, f"creator_{i}")
    assert (await ada("GET", "/v1/creators")).status_code == 403
    handles: list[str] = []
    query = ""
    while True:
        page = (await operator("GET", f"/v1/creators?pageSize=3{query}")).json()
        handles += [c["handle"] for c in page["creators"]]
        if not page.get("nextPageToken"):
            break
        query = f"&pageToken={page['nextPageToken']}"
    assert handles == [*(f"creator_{i}" for i in reversed(range(6))), "ada"]
    await operator("PUT", f"/v1/creators/{ada.id}/verification", {"evidence": "passport"})
    verified = (await operator("GET", "/v1/creators?status=CREATOR_STATUS_VERIFIED")).json()
    assert [c["handle"] for c in verified["creators"]] == ["ada"]
    assert (await operator("GET", "/v1/creators?pageToken=nonsense")).status_code == 400


async def test_api_keys_give_no_more_than_their_maker_has(ada: Caller, http: httpx.AsyncClient) -> None:
    path = f"/v1/creators/{ada.id}/api-keys"
    made = await ada("POST", path, {"label": "Uploads", "scopes": ["videos:write"]})
    assert made.status_code == 201, made.text
    key = made.json()["secret"]
    issued = (await token(http, key)).json()
    assert issued["scopes"] == ["videos:write"]
    narrow = Caller(http, ada.id, key, issued["accessToken"])
    assert (await narrow("POST", path, {"label": "More", "scopes": ["videos:write"]})).status_code == 403
    beyond = await ada("POST", path, {"label": "Admin", "scopes": ["creators:admin"]})
    assert (beyond.status_code, beyond.json()["type"]) == (403, "urn:tenon:problem:scope-not-held")
    assert (await token(http, key, ["creators:write"])).status_code == 403

    listed = (await ada("GET", path)).json()["apiKeys"]
    assert [k["label"] for k in listed] == ["Uploads", "First key"]
    assert key not in json.dumps(listed)

    gone = f"{path}/{made.json()['apiKey']['apiKeyId']}"
    assert [(await ada("DELETE", gone)).status_code for _ in range(2)] == [204, 204]
    assert (await token(http, key)).status_code == 401
    bob = await register(http, "bob")
    assert (await bob("GET", path)).status_code == 403
    assert (await bob("DELETE", gone)).status_code == 403


@pytest.mark.parametrize("key", ["tk_" + "A" * 86, "x" * 40, "tk_nonsense-nonsense-nonsense", BOOTSTRAP + "x"])
async def test_wrong_keys_get_no_token(http: httpx.AsyncClient, key: str) -> None:
    answer = await token(http, key)
    assert (answer.status_code, answer.json()["detail"]) == (401, "this API key is not accepted")


async def test_tokens_are_verified_offline_and_survive_a_rotation(
    ada: Caller, operator: Caller, http: httpx.AsyncClient
) -> None:
    async def verify(encoded: str) -> dict[str, Any]:
        answer = await http.get("/.well-known/jwks.json")
        assert answer.headers["cache-control"] == "public, max-age=300"
        keys = {k["kid"]: jwt.PyJWK(k) for k in answer.json()["keys"]}
        claims: dict[str, Any] = jwt.decode(
            encoded, keys[jwt.get_unverified_header(encoded)["kid"]], algorithms=["EdDSA"]
        )
        return claims

    claims = await verify(ada.token)
    assert (claims["sub"], claims["scope"].split()) == (ada.id, sorted(CREATOR_SCOPES))
    assert claims["exp"] - claims["iat"] == 900

    rotated = await operator("POST", "/v1/signing-keys", {})
    assert rotated.status_code == 201, rotated.text
    fresh = (await token(http, ada.key)).json()["accessToken"]
    assert jwt.get_unverified_header(fresh)["kid"] == rotated.json()["key"]["kid"]
    assert jwt.get_unverified_header(ada.token)["kid"] != rotated.json()["key"]["kid"]
    for encoded in (ada.token, fresh):
        assert (await verify(encoded))["sub"] == ada.id
        answer = await http.get(f"/v1/creators/{ada.id}", headers={"authorization": f"Bearer {encoded}"})
        assert answer.status_code == 200

    later = await operator("POST", "/v1/signing-keys", {"activateAfterSeconds": 3600})
    kid = later.json()["key"]["kid"]
    assert jwt.get_unverified_header((await token(http, ada.key)).json()["accessToken"])["kid"] != kid
    assert kid in {k["kid"] for k in (await http.get("/.well-known/jwks.json")).json()["keys"]}
    assert (await ada("POST", "/v1/signing-keys", {})).status_code == 403


async def test_the_operator_makes_keys_for_staff(operator: Caller, http: httpx.AsyncClient) -> None:
    made = await operator("POST", f"/v1/creators/{OPERATOR}/api-keys", {"label": "Moderator", "scopes": ["videos:moderate"]})  # fmt: skip # noqa: E501
    claims = jwt.decode(
        (await token(http, made.json()["secret"])).json()["accessToken"], options={"verify_signature": False}
    )
    assert (claims["sub"], claims["scope"]) == (OPERATOR, "videos:moderate")
    assert set(CREATOR_SCOPES) < set(OPERATOR_SCOPES)


async def test_watching_shows_each_state(service: Running, ada: Caller, operator: Caller) -> None:
    client = IdentityServiceClient(service.grpc_url)
    seen = []
    async for state in client.watch_creator(
        WatchCreatorRequest(creator_id=ada.id), headers={"authorization": f"Bearer {ada.token}"}, timeout=5.0
    ):
        assert state.creator is not None
        seen.append((state.creator.version, state.creator.status.name))
        if len(seen) == 1:
            await operator("PUT", f"/v1/creators/{ada.id}/verification", {"evidence": "passport"})
        else:
            break
    assert seen == [(1, "PENDING"), (2, "VERIFIED")]
