"""The platform's real story, told over REST, gRPC and JetStream by a client that trusts nothing.

A creator registers and is verified while the catalog is dead; the catalog comes back and has lost nothing; a video is
published, reviewed, and shown in the feed. `run` is what `make demo` and the end-to-end test both run.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, AsyncExitStack
from functools import partial
from typing import Any, Protocol, TypeVar

import httpx
import nats
from nats.aio.msg import Msg
from nats.js.errors import NotFoundError

from api.catalog.v1 import (
    CheckTitlesRequest,
    CheckTitlesResponse,
    ImportVideosRequest,
    ImportVideosResponse,
    VideoDetails,
)
from api.identity.v1 import VerifyCreatorRequest, VerifyCreatorResponse, WatchCreatorRequest, WatchCreatorResponse

# Read at import. Without it grpcio tells on stderr of every process that the platform starts meanwhile.
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
import grpc

T = TypeVar("T")

OPERATOR_KEY = f"story_{secrets.token_urlsafe(32)}"
ENVIRONMENT = {"IDENTITY_BOOTSTRAP_KEY": OPERATOR_KEY}
"""What the services have to be started with: the operator's first API key."""

PATIENCE = 60.0
"""Seconds until something that has to happen is taken as lost. Above the time after which a broker delivers again."""


class Report(Protocol):
    """Where the story is told to."""

    def step(self, title: str) -> AbstractContextManager[Callable[[str], None]]:
        """One step, timed from its begin to its end; what it gives takes details, a line each."""


class Service(Protocol):
    """One running service."""

    @property
    def http_url(self) -> str: ...
    @property
    def grpc_target(self) -> str: ...
    @property
    def pid(self) -> int | None: ...
    def kill(self) -> None:
        """SIGKILL."""

    async def stop(self) -> None:
        """Nobody starts it again."""

    async def start(self) -> None: ...
    async def ready(self, patience: float) -> None: ...


class Broker(Protocol):
    """The NATS server."""

    @property
    def url(self) -> str: ...


class Platform(Protocol):
    """What the story is played on: `tenon.platform.Platform`, ready."""

    @property
    def services(self) -> Any:
        """`Service` by name."""

    @property
    def nats(self) -> Broker: ...


class StoryError(AssertionError):
    """The platform did not do what it promises."""


async def run(platform: Platform, report: Report) -> None:
    """Play it once. Raises StoryError at the first thing that is not as promised."""
    async with AsyncExitStack() as stack:
        story = Story(platform, report)
        await story.open(stack)
        for chapter in (
            story.sign_in,
            story.register,
            story.draft,
            story.refuse,
            story.verify_while_the_catalog_is_dead,
            story.recover,
            story.publish,
            story.moderate,
            story.show,
            story.stream,
            story.account,
        ):
            await chapter()


class Story:
    """The chapters in their order, and what one leaves for the next."""

    def __init__(self, platform: Platform, report: Report) -> None:
        self._platform = platform
        self._report = report
        self._trace = secrets.token_hex(16)
        self._handle = f"ada_{secrets.token_hex(4)}"
        self._seen: list[Msg] = []
        self._operator = self._creator = self._id = self._video = ""

    async def open(self, stack: AsyncExitStack) -> None:
        """Connect to everything."""
        with self._report.step("Connect: REST, gRPC, JetStream") as say:
            self._identity_rest, self._catalog_rest = [
                await stack.enter_async_context(httpx.AsyncClient(base_url=self._platform.services[name].http_url))
                for name in ("identity", "catalog")
            ]
            self._identity_rpc, self._catalog_rpc = [
                await stack.enter_async_context(grpc.aio.insecure_channel(self._platform.services[name].grpc_target))
                for name in ("identity", "catalog")
            ]
            bus = await nats.connect(self._platform.nats.url)
            stack.push_async_callback(bus.close)
            self._jetstream = bus.jetstream()
            for stream in ("EVT_IDENTITY", "EVT_CATALOG"):
                await _until(f"the stream {stream}", partial(self._has_stream, stream))
                await self._jetstream.subscribe(
                    f"evt.{stream.removeprefix('EVT_').lower()}.>", stream=stream, cb=self._heard, ordered_consumer=True
                )
            say(f"every call below belongs to trace {self._trace}")

    async def sign_in(self) -> None:
        """The operator exchanges the first API key for a token."""
        with self._report.step("REST      POST /v1/tokens: the operator signs in") as say:
            token = await self._rest(self._identity_rest, "POST", "/v1/tokens", 200, body={"apiKey": OPERATOR_KEY})
            self._operator = token["accessToken"]
            keys = await self._rest(self._identity_rest, "GET", "/.well-known/jwks.json", 200)
            lifetime, scopes = token["expiresIn"], len(token["scopes"])
            say(f"a token of {lifetime} s for {scopes} scopes; {len(keys['keys'])} public key(s)")

    async def register(self) -> None:
        """Registering twice with one idempotency key is registering once."""
        body = {"handle": self._handle, "displayName": "Ada Lovelace", "contactEmail": "ada@example.com"}
        with self._report.step("REST      POST /v1/creators: twice with one Idempotency-Key") as say:
            key = {"idempotency-key": secrets.token_hex(16)}
            first, second = [
                await self._rest(self._identity_rest, "POST", "/v1/creators", 201, body=body, headers=key)
                for _ in range(2)
            ]
            _expect(first == second, "the second answer is another than the first")
            self._id = first["creator"]["creatorId"]
            token = await self._rest(self._identity_rest, "POST", "/v1/tokens", 200, body={"apiKey": first["apiKey"]})
            self._creator = token["accessToken"]
            say(f"one creator: @{self._handle} {self._id}")
        with self._report.step("REST      POST /v1/creators: a body that breaks the contract") as say:
            problem = await self._rest(self._identity_rest, "POST", "/v1/creators", 422, body=body | {"handle": "No!"})
            say(f"422 {problem['errors'][0]['pointer']}: {problem['errors'][0]['rule']}")
        with self._report.step("JetStream identity.creator_registered") as say:
            message = await self._event("identity.creator_registered")
            say(f"{message.subject}, stream position {message.metadata.sequence.stream}")
            await self._caught_up()
            say("the catalog has taken it into its projection")

    async def draft(self) -> None:
        """A draft is its creator's own."""
        with self._report.step("REST      POST /v1/creators/{id}/videos: a draft") as say:
            details = {"title": "Analytical engines for beginners", "tags": ["history", "computing"], "language": "en"}
            path = f"/v1/creators/{self._id}/videos"
            video = await self._rest(self._catalog_rest, "POST", path, 201, self._creator, details)
            self._video = f"{path}/{video['videoId']}"
            await self._rest(self._catalog_rest, "GET", self._video, 404)
            say(f"{video['videoId']} {video['state']}; a stranger gets 404")

    async def refuse(self) -> None:
        """Only verified creators publish."""
        with self._report.step("REST      PUT …/publication: not verified yet") as say:
            problem = await self._rest(self._catalog_rest, "PUT", f"{self._video}/publication", 400, self._creator)
            _expect(problem["type"].endswith(":creator-not-verified"), f"refused for another reason: {problem}")
            say(f"400 {problem['type']}")

    async def verify_while_the_catalog_is_dead(self) -> None:
        """SIGKILL the catalog; the verification goes to the log without it."""
        states: list[str] = []
        watching = asyncio.create_task(self._watch(states))
        catalog = self._platform.services["catalog"]
        try:
            with self._report.step("gRPC      IdentityService/WatchCreator: the server streams") as say:
                await _until("the profile's first state", lambda: asyncio.sleep(0, bool(states) or watching.done()))
                say(f"now: {', '.join(states)}")
            with self._report.step("SIGKILL   catalog") as say:
                self._killed = catalog.pid
                catalog.kill()
                await catalog.stop()
                _expect(catalog.pid is None, "the catalog is still there")
                say(f"process {self._killed} is dead, and stays so for now")
            with self._report.step("gRPC      IdentityService/VerifyCreator") as say:
                verify = self._identity_rpc.unary_unary(
                    "/identity.v1.IdentityService/VerifyCreator",
                    request_serializer=VerifyCreatorRequest.to_binary,
                    response_deserializer=VerifyCreatorResponse.from_binary,
                )
                request = VerifyCreatorRequest(creator_id=self._id, evidence="passport seen")
                answer = await verify(
                    request, timeout=PATIENCE, wait_for_ready=True, metadata=self._metadata(self._operator)
                )
                say(f"{answer.creator.status.name}, version {answer.creator.version}")
            with self._report.step("JetStream identity.creator_verified") as say:
                message = await self._event("identity.creator_verified")
                waiting = await self._waiting()
                _expect(bool(waiting), "the dead catalog is said to have handled it")
                say(f"at stream position {message.metadata.sequence.stream}; {waiting} waiting for the catalog")
            with self._report.step("gRPC      IdentityService/WatchCreator: what the stream shows") as say:
                await asyncio.wait_for(watching, PATIENCE)
                _expect(states == ["PENDING", "VERIFIED"], f"the stream showed {states}")
                say(" → ".join(states))
        finally:
            watching.cancel()

    async def recover(self) -> None:
        """The catalog is started again and catches up from the log."""
        with self._report.step("Restart   catalog") as say:
            catalog = self._platform.services["catalog"]
            await catalog.start()
            await catalog.ready(PATIENCE)
            say(f"process {catalog.pid} serves")
            await self._caught_up()
            say("nothing is left in the log that it has not handled")

    async def publish(self) -> None:
        """The verification was not lost: publishing is allowed now."""
        with self._report.step("REST      PUT …/publication: verified") as say:
            video = await self._rest(self._catalog_rest, "PUT", f"{self._video}/publication", 200, self._creator)
            say(f"{video['state']}, version {video['version']}")

    async def moderate(self) -> None:
        """The operator looks through the queue and approves."""
        with self._report.step("REST      GET /v1/moderation/queue, POST …/moderation") as say:
            token = ""
            queued: list[str] = []
            while True:
                path = f"/v1/moderation/queue?pageSize=100&pageToken={token}"
                page = await self._rest(self._catalog_rest, "GET", path, 200, self._operator)
                queued += [video["videoId"] for video in page.get("videos", [])]
                token = page.get("nextPageToken", "")
                if not token:
                    break
            _expect(self._video.rpartition("/")[2] in queued, "the video is not in the queue")
            decision = {"decision": "MODERATION_DECISION_APPROVE"}
            video = await self._rest(
                self._catalog_rest, "POST", f"{self._video}/moderation", 200, self._operator, decision
            )
            say(f"{len(queued)} waiting; {video['state']}")
        with self._report.step("JetStream catalog.video_published") as say:
            message = await self._event("catalog.video_published")
            say(f"{message.subject}, number {_sequence(message)} of this creator")

    async def show(self) -> None:
        """Everybody sees it."""
        with self._report.step("REST      GET /v1/feed: without a token") as say:
            feed = await self._rest(self._catalog_rest, "GET", "/v1/feed", 200)
            item = feed["items"][0]
            _expect(item["videoId"] == self._video.rpartition("/")[2], "the video is not on top of the feed")
            _expect(item["creatorHandle"] == self._handle, "the feed names another creator")
            say(f"@{item['creatorHandle']}: {item['title']}")

    async def stream(self) -> None:
        """The other two kinds of RPC: the client streams, and both do."""
        with self._report.step("gRPC      CatalogService/CheckTitles: both sides stream") as say:
            check = self._catalog_rpc.stream_stream(
                "/catalog.v1.CatalogService/CheckTitles",
                request_serializer=CheckTitlesRequest.to_binary,
                response_deserializer=CheckTitlesResponse.from_binary,
            )(timeout=PATIENCE, wait_for_ready=True, metadata=self._metadata(self._creator))
            for title, expected in (("Notes on the engine", "OK"), ("WATCH THIS NOW", "SHOUTING"), ("x", "TOO_SHORT")):
                await check.write(CheckTitlesRequest(title=title))
                answer = await check.read()
                _expect(answer.verdict.name == expected, f"{title!r} was judged {answer.verdict.name}")
                say(f"{title!r}: {answer.verdict.name}")
            await check.done_writing()
            _expect(await check.read() is grpc.aio.EOF, "the stream did not end")
        with self._report.step("gRPC      CatalogService/ImportVideos: the client streams") as say:
            imported = self._catalog_rpc.stream_unary(
                "/catalog.v1.CatalogService/ImportVideos",
                request_serializer=ImportVideosRequest.to_binary,
                response_deserializer=ImportVideosResponse.from_binary,
            )
            titles = ["Lecture one", "Lecture two", "x", "Lecture three"]
            answer = await imported(
                self._videos(titles), timeout=PATIENCE, wait_for_ready=True, metadata=self._metadata(self._creator)
            )
            _expect((answer.created, len(answer.failures)) == (3, 1), f"imported {answer}")
            say(f"{answer.created} drafts; left out number {answer.failures[0].index}: {answer.failures[0].reason}")

    async def account(self) -> None:
        """Every event once, in order, without a gap, and of one trace."""
        with self._report.step("JetStream every event of this creator") as say:
            expected = {"identity": 2, "catalog": 5}

            async def all_there() -> bool:
                return len(self._events()) >= sum(expected.values())

            await _until("all events", all_there)
            numbers: defaultdict[str, list[int]] = defaultdict(list)
            for message in self._events():
                numbers[_header(message, "ce-source").strip("/")].append(_sequence(message))
            for domain, count in expected.items():
                _expect(numbers[domain] == list(range(1, count + 1)), f"{domain} sent {numbers[domain]}")
                say(f"{domain}: {count} events, numbered 1 to {count}: none lost, doubled or out of order")
            traces = {_header(message, "traceparent").split("-")[1] for message in self._events()}
            _expect(traces == {self._trace}, f"the events belong to the traces {traces}")
            say(f"all of trace {self._trace}")

    async def _rest(
        self,
        client: httpx.AsyncClient,
        method: str,
        path: str,
        status: int,
        token: str = "",
        body: Any = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        """What the call answers. Sent again when the answer says that this may help: every call here may be repeated,
        because it reads, is idempotent, or has an idempotency key (a token more does no harm)."""
        sent = {"idempotency-key": secrets.token_hex(16)} | dict(self._metadata(token)) | (headers or {})
        for pause in (0.2, 0.5, 1.0, 0.0):
            answer = await client.request(method, path, json=body, headers=sent, timeout=PATIENCE)
            if answer.status_code < 500 or not answer.json().get("retryable"):
                break
            await asyncio.sleep(pause)
        _expect(answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()

    def _metadata(self, token: str) -> tuple[tuple[str, str], ...]:
        trace = ("traceparent", f"00-{self._trace}-{secrets.token_hex(8)}-01")
        return (trace, ("authorization", f"Bearer {token}")) if token else (trace,)

    async def _watch(self, states: list[str]) -> None:
        """Add each state of the creator's profile, until it is verified."""
        watch = self._identity_rpc.unary_stream(
            "/identity.v1.IdentityService/WatchCreator",
            request_serializer=WatchCreatorRequest.to_binary,
            response_deserializer=WatchCreatorResponse.from_binary,
        )
        request = WatchCreatorRequest(creator_id=self._id)
        async for state in watch(request, timeout=PATIENCE, metadata=self._metadata(self._creator)):
            states.append(state.creator.status.name)
            if states[-1] == "VERIFIED":
                break

    async def _videos(self, titles: list[str]) -> AsyncIterator[ImportVideosRequest]:
        for title in titles:
            yield ImportVideosRequest(creator_id=self._id, details=VideoDetails(title=title))

    async def _heard(self, message: Msg) -> None:
        self._seen.append(message)

    def _events(self) -> list[Msg]:
        """The events of our creator: others may use the platform too."""
        return [message for message in self._seen if _header(message, "ce-subject") == self._id]

    async def _event(self, type: str) -> Msg:
        """The first event of this type, as soon as it is in the log."""

        async def found() -> Msg | None:
            return next((m for m in self._events() if _header(m, "ce-type") == type), None)

        return await _until(type, found)

    async def _has_stream(self, stream: str) -> bool:
        try:
            return bool(await self._jetstream.stream_info(stream))
        except NotFoundError:
            return False

    async def _waiting(self) -> int | None:
        """How many of identity's events the catalog has not handled; None before it has asked for any."""
        try:
            info = await self._jetstream.consumer_info("EVT_IDENTITY", "catalog")
        except NotFoundError:
            return None
        return (info.num_pending or 0) + (info.num_ack_pending or 0)

    async def _caught_up(self) -> None:
        async def nothing_waits() -> bool:
            return await self._waiting() == 0

        await _until("the catalog's handling of identity's events", nothing_waits)


def _header(message: Msg, name: str) -> str:
    return (message.headers or {}).get(name, "")


def _sequence(message: Msg) -> int:
    """The event's number among those of its key."""
    return int(_header(message, "ce-sequence"))


async def _until(what: str, found: Callable[[], Awaitable[T | None]]) -> T:
    """What `found` gives as soon as it is true. Raises StoryError when that takes too long."""
    until = time.monotonic() + PATIENCE
    while not (value := await found()):
        if time.monotonic() > until:
            raise StoryError(f"waited {PATIENCE:.0f} s in vain for {what}")
        await asyncio.sleep(0.01)
    return value


def _expect(fine: bool, otherwise: str) -> None:
    if not fine:
        raise StoryError(otherwise)
