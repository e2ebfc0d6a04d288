"""The catalog as its callers see it: over REST and gRPC, against PostgreSQL."""

from __future__ import annotations

import itertools
import json
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from protobuf.wkt import Timestamp
from tenon_runtime import errors
from tenon_runtime.auth.keys import StaticKeys
from tenon_runtime.engines import Postgres
from tenon_runtime.testing import Running

from api.catalog.v1 import (
    API,
    CatalogServiceClient,
    CheckTitlesRequest,
    ImportVideosRequest,
    VideoDetails,
)
from api.catalog.v1.events import CreatorRegistered, CreatorVerified
from impl.catalog.events import CatalogReceiver
from impl.catalog.rules import judge_title
from impl.catalog.service import Catalog

_numbers = itertools.count(1)
_SIGNER = Ed25519PrivateKey.generate()
_JWK = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(_SIGNER.public_key())) | {"kid": "test", "alg": "EdDSA"}
KEYS = StaticKeys({"test": jwt.PyJWK(_JWK)})


def bearer(subject: str, *scopes: str) -> dict[str, str]:
    claims = {"sub": subject, "scope": " ".join(scopes), "exp": time.time() + 600}
    return {"authorization": "Bearer " + jwt.encode(claims, _SIGNER, algorithm="EdDSA", headers={"kid": "test"})}


@dataclass
class Caller:
    """An API consumer with a token."""

    http: httpx.AsyncClient
    id: str
    headers: dict[str, str]

    async def __call__(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return await self.http.request(method, path, json=body, headers=self.headers)

    @property
    def videos(self) -> str:
        return f"/v1/creators/{self.id}/videos"

    async def draft(self, title: str, **details: Any) -> str:
        answer = await self("POST", self.videos, {"title": title, **details})
        assert answer.status_code == 201, answer.text
        assert answer.json()["state"] == "VIDEO_STATE_DRAFT"
        return f"{self.videos}/{answer.json()['videoId']}"


@pytest.fixture
async def service(postgres: Postgres) -> AsyncIterator[Running]:
    url = await postgres.url(f"catalog_{next(_numbers)}")
    async with Running(API, Catalog, CatalogReceiver, keys=KEYS, database_url=url) as service:
        yield service


@pytest.fixture
async def http(service: Running) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=service.http_url) as client:
        yield client


async def tell(service: Running, event: CreatorRegistered | CreatorVerified) -> None:
    await service.receive(event, key=event.creator_id)


async def creator(service: Running, http: httpx.AsyncClient, handle: str, *, verified: bool = True) -> Caller:
    id, now = str(uuid.uuid4()), Timestamp.from_datetime(datetime.now(UTC))
    await tell(service, CreatorRegistered(creator_id=id, handle=handle, registered_at=now))
    if verified:
        await tell(service, CreatorVerified(creator_id=id, verified_at=now))
    return Caller(http, id, bearer(id, "videos:read", "videos:write"))


@pytest.fixture
async def ada(service: Running, http: httpx.AsyncClient) -> Caller:
    return await creator(service, http, "ada")


@pytest.fixture
async def moderator(http: httpx.AsyncClient) -> Caller:
    id = str(uuid.uuid4())
    return Caller(http, id, bearer(id, "videos:moderate", "videos:read", "videos:write"))


async def published(ada: Caller, moderator: Caller, title: str, **details: Any) -> str:
    path = await ada.draft(title, **details)
    assert (await ada("PUT", f"{path}/publication")).json()["state"] == "VIDEO_STATE_IN_REVIEW"
    answer = await moderator("POST", f"{path}/moderation", {"decision": "MODERATION_DECISION_APPROVE"})
    assert answer.json()["state"] == "VIDEO_STATE_PUBLISHED", answer.text
    return path


async def events(service: Running) -> list[str]:
    async with service.store.connection() as connection:
        rows = await connection.execute("SELECT subject FROM ob_outbox ORDER BY dist_key, ord_key, key_seq")
        return [subject.split(".")[3] for (subject,) in await rows.fetchall()]


async def test_a_video_from_draft_to_deletion(
    service: Running, ada: Caller, moderator: Caller, http: httpx.AsyncClient
) -> None:
    path = await published(ada, moderator, "Analytical engines", tags=["history"], language="en")
    assert [i["creatorHandle"] for i in (await http.get("/v1/feed")).json()["items"]] == ["ada"]
    assert (await http.get(path)).status_code == 200

    changed = await ada("PUT", path, {"title": "Analytical engines, second edition"})
    assert (changed.json()["state"], changed.json()["version"]) == ("VIDEO_STATE_PUBLISHED", "4")
    assert [(await ada("DELETE", path)).status_code for _ in range(2)] == [204, 204]
    assert (await ada("GET", path)).status_code == 404
    assert not (await http.get("/v1/feed")).json().get("items")
    assert await events(service) == ["video_created", "video_published", "video_published", "video_deleted"]


async def test_only_verified_creators_publish(service: Running, http: httpx.AsyncClient) -> None:
    bob = await creator(service, http, "bob", verified=False)
    path = await bob.draft("My first video")
    answer = await bob("PUT", f"{path}/publication")
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:tenon:problem:creator-not-verified")
    await tell(service, CreatorVerified(creator_id=bob.id, verified_at=Timestamp.now()))
    assert (await bob("PUT", f"{path}/publication")).status_code == 200


async def test_a_verification_of_a_stranger_is_not_swallowed(service: Running) -> None:
    with pytest.raises(errors.FailedPrecondition):
        await tell(service, CreatorVerified(creator_id=str(uuid.uuid4()), verified_at=Timestamp.now()))


async def test_a_rejected_video_is_changed_before_it_is_published(ada: Caller, moderator: Caller) -> None:
    path = await ada.draft("Questionable content")
    await ada("PUT", f"{path}/publication")
    queue = (await moderator("GET", "/v1/moderation/queue")).json()["videos"]
    assert [v["title"] for v in queue] == ["Questionable content"]
    reject = {"decision": "MODERATION_DECISION_REJECT"}
    assert (await moderator("POST", f"{path}/moderation", reject)).status_code == 422
    answer = await moderator("POST", f"{path}/moderation", {**reject, "reason": "say what it is about"})
    assert (answer.json()["state"], answer.json()["rejectionReason"]) == (
        "VIDEO_STATE_REJECTED",
        "say what it is about",
    )
    again = await moderator("POST", f"{path}/moderation", {"decision": "MODERATION_DECISION_APPROVE"})
    assert again.json()["type"] == "urn:tenon:problem:not-in-review"

    assert (await ada("PUT", f"{path}/publication")).json()["type"] == "urn:tenon:problem:video-rejected"
    changed = await ada("PUT", path, {"title": "A history of questions"})
    assert changed.json()["state"] == "VIDEO_STATE_DRAFT"
    assert (await ada("PUT", f"{path}/publication")).json()["state"] == "VIDEO_STATE_IN_REVIEW"


async def test_drafts_are_nobody_elses(
    service: Running, ada: Caller, moderator: Caller, http: httpx.AsyncClient
) -> None:
    path = await ada.draft("A secret")
    bob = await creator(service, http, "bob")
    assert (await http.get(path)).status_code == (await bob("GET", path)).status_code == 404
    assert (await ada("GET", path)).status_code == (await moderator("GET", path)).status_code == 200
    refused = [
        await bob("PUT", path, {"title": "Mine now"}),
        await bob("DELETE", path),
        await bob("PUT", f"{path}/publication"),
        await bob("POST", ada.videos, {"title": "Not mine"}),
        await bob("GET", ada.videos),
        await ada("GET", "/v1/moderation/queue"),
        await ada("POST", f"{path}/moderation", {"decision": "MODERATION_DECISION_APPROVE"}),
    ]
    assert [r.status_code for r in refused] == [403] * 7
    assert (await http.post(ada.videos, json={"title": "No token"})).status_code == 401


async def test_concurrent_changes_are_told(ada: Caller) -> None:
    path = await ada.draft("Draft one")
    assert (await ada("PUT", f"{path}?expectedVersion=1", {"title": "Draft two"})).status_code == 200
    assert (await ada("PUT", f"{path}?expectedVersion=1", {"title": "Draft 2b"})).status_code == 409


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/title"),
        ({"title": "ab"}, "/title"),
        ({"title": "   "}, "/title"),
        ({"title": "WATCH THIS NOW"}, "/title"),
        ({"title": "right\u202eleft"}, "/title"),
        ({"title": "Fine", "tags": ["a"] * 2}, "/tags"),
        ({"title": "Fine", "tags": ["Not A Tag"]}, "/tags/0"),
        ({"title": "Fine", "language": "english"}, "/language"),
        ({"title": "Fine", "state": "VIDEO_STATE_PUBLISHED"}, "/state"),
    ],
)
async def test_what_breaks_the_rules_is_named(ada: Caller, body: dict[str, Any], pointer: str) -> None:
    answer = await ada("POST", ada.videos, body)
    assert answer.status_code == 422, answer.text
    places = {e["pointer"] for e in answer.json()["errors"]}
    assert pointer in places or (pointer in ("/title", "/state") and "" in places), places


async def test_the_feed_pages_from_new_to_old(
    service: Running, ada: Caller, moderator: Caller, http: httpx.AsyncClient
) -> None:
    bob = await creator(service, http, "bob")
    titles = []
    for i in range(7):
        who = bob if i % 3 == 0 else ada
        titles.append(f"Video {i}")
        await published(who, moderator, titles[-1], tags=["odd"] if i % 2 else ["even"])
    await ada.draft("Only a draft")

    async def feed(query: str) -> list[str]:
        found: list[str] = []
        token = ""
        while True:
            answer = await http.get(f"/v1/feed?pageSize=2{query}" + (f"&pageToken={token}" if token else ""))
            found += [item["title"] for item in answer.json().get("items", [])]
            token = answer.json().get("nextPageToken", "")
            if not token:
                return found

    assert await feed("") == titles[::-1]
    assert await feed(f"&creatorId={bob.id}") == ["Video 6", "Video 3", "Video 0"]
    assert await feed("&tag=odd") == ["Video 5", "Video 3", "Video 1"]
    assert await feed("&tag=none") == []
    own = (await ada("GET", f"{ada.videos}?state=VIDEO_STATE_DRAFT")).json()["videos"]
    assert [v["title"] for v in own] == ["Only a draft"]


async def test_an_import_keeps_what_is_good(service: Running, ada: Caller) -> None:
    async def videos() -> AsyncIterator[ImportVideosRequest]:
        for title in ("Lecture one", "x", "Lecture two", "SHOUTING TITLE"):
            yield ImportVideosRequest(creator_id=ada.id, details=VideoDetails(title=title))
        yield ImportVideosRequest(creator_id=ada.id, details=VideoDetails(title="Lecture three", tags=["Not A Tag"]))
        yield ImportVideosRequest(creator_id=ada.id)

    client = CatalogServiceClient(service.grpc_url)
    answer = await client.import_videos(videos(), headers=ada.headers)
    assert (answer.created, [f.index for f in answer.failures]) == (2, [1, 3, 4, 5])
    assert answer.failures[2].reason.startswith("/tags/0: ")
    listed = (await ada("GET", ada.videos)).json()["videos"]
    assert {v["title"] for v in listed} == {"Lecture one", "Lecture two"}


async def test_titles_are_judged_while_typed(service: Running, ada: Caller) -> None:
    titles = ["ok", "Quite fine", "READ THIS", " spaced ", "x" * 101]

    async def typed() -> AsyncIterator[CheckTitlesRequest]:
        for title in titles:
            yield CheckTitlesRequest(title=title)

    client = CatalogServiceClient(service.grpc_url)
    verdicts = [answer async for answer in client.check_titles(typed(), headers=ada.headers)]
    assert [v.verdict.name for v in verdicts] == ["TOO_SHORT", "OK", "SHOUTING", "OK", "TOO_LONG"]
    assert verdicts[3].title == "spaced"


@pytest.mark.parametrize(
    ("title", "verdict"),
    [
        ("Family 👨‍👩‍👧 holiday", "OK"),
        ("日本語の題名", "OK"),
        ("NASA", "OK"),
        ("Wow!!", "SHOUTING"),
        ("zero\u200bwidth", "UNPRINTABLE"),
        ("null\0byte", "UNPRINTABLE"),
        ("\U0001f3f4\U000e0067\U000e0062\U000e007f flags", "OK"),
    ],
)
def test_title_rules(title: str, verdict: str) -> None:
    assert judge_title(title)[0].name == verdict
