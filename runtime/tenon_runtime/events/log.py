"""A domain's log: one JetStream stream, cut into slots, written only at a position that the writer has read."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import nats.errors
from nats.aio.client import Client
from nats.js import api
from nats.js.client import JetStreamContext
from nats.js.errors import APIError, NotFoundError

from tenon_runtime.spec import Event

CONTROL = "Tenon-Control"
"""Header of entries that are no events: receivers pass over them."""
BATCH = 1000
"""Messages in one atomic batch, the server's limit."""
_TIMEOUT = 5.0  # seconds for one answer of the broker
_WRONG_LAST_SEQUENCE = 10071
_DEDUPE_SECONDS = 600.0


class Doubt(Exception):
    """What the writer believes of the log may be wrong: read it again before writing."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One message to append."""

    slot: int
    subject: str
    headers: Mapping[str, str]
    payload: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """Where a domain's events are in the broker."""

    prefix: str
    """``evt.identity``"""
    stream: str
    """``EVT_IDENTITY``"""

    @property
    def domain(self) -> str:
        return self.prefix.partition(".")[2]

    @classmethod
    def of(cls, event: Event) -> Place:
        """
        :raises ValueError: the subject has no slot.
        """
        prefix, slot, _ = event.subject.partition(".{slot}.")
        if not slot:
            raise ValueError(f"{event.ref}: the subject {event.subject!r} has no {{slot}} between its domain and event")
        return cls(prefix, event.stream)


class Log:
    """The stream of one domain, as its owner sees it."""

    def __init__(self, client: Client, place: Place, replicas: int = 1) -> None:
        self._client = client
        self._js: JetStreamContext = client.jetstream(timeout=_TIMEOUT)
        self._place = place
        self._replicas = replicas
        self._atomic = False

    async def ensure(self) -> None:
        """Create the stream, or bring its settings to what they have to be.

        :raises nats.errors.Error: the broker is away or refuses.
        """
        wanted = api.StreamConfig(
            name=self._place.stream,
            subjects=[f"{self._place.prefix}.>"],
            storage=api.StorageType.FILE,
            retention=api.RetentionPolicy.LIMITS,
            discard=api.DiscardPolicy.NEW,
            duplicate_window=_DEDUPE_SECONDS,
            num_replicas=self._replicas,
            deny_delete=True,
            deny_purge=True,
            allow_atomic=True,
        )
        try:
            found = (await self._js.stream_info(self._place.stream)).config
        except NotFoundError:
            found = (await self._js.add_stream(wanted)).config
        ours = ("subjects", "discard", "duplicate_window", "allow_atomic")
        if any(getattr(found, name) != getattr(wanted, name) for name in ours):
            found = (await self._js.update_stream(found, **{name: getattr(wanted, name) for name in ours})).config
        # A server before 2.12 knows no batches and drops the setting.
        self._atomic = bool(found.allow_atomic)

    def _slot(self, slot: int) -> str:
        return f"{self._place.prefix}.{slot}.>"

    async def last(self, slot: int) -> int:
        """The sequence of the slot's last entry, read from the stream's leader; 0: there is none."""
        try:
            return (await self._js.get_msg(self._place.stream, subject=self._slot(slot))).seq or 0
        except NotFoundError:
            return 0

    async def entries(self, slot: int, after: int, to: int) -> AsyncIterator[tuple[int, str | None]]:
        """(sequence, event id) of each entry of the slot in (after, to]; id None: not an event."""
        while after < to:
            try:
                found = await self._js.get_msg(self._place.stream, seq=after + 1, subject=self._slot(slot), next=True)
            except NotFoundError:
                return
            after = found.seq or to
            if after <= to:
                yield after, (found.headers or {}).get("ce-id")

    async def append(self, entries: Sequence[Entry], tails: Mapping[int, int]) -> list[int]:
        """Append at most `BATCH` entries, all or (without batches in the server) a prefix; their sequences.

        :param tails: the last sequence of each slot concerned, as the writer knows it.
        :raises Doubt: the log is not where the writer believes, or it is unknown what arrived.
        """
        try:
            if self._atomic and len(entries) > 1:
                return await self._append_batch(entries, tails)
            return await self._append_singly(entries, tails)
        except (nats.errors.Error, APIError, TimeoutError) as error:
            raise Doubt(f"the log did not take a batch of {len(entries)}: {error}") from error

    async def append_control(self, slot: int, tail: int) -> None:
        """Append an entry that says nothing, to prove that `tail` is the slot's end.

        :raises Doubt: it is not.
        """
        entry = Entry(slot, f"{self._place.prefix}.{slot}.control.v1", {CONTROL: "resync"}, b"")
        await self.append([entry], {slot: tail})

    def _guard(self, slot: int, tail: int) -> dict[str, str]:
        # Without the second header only the message's own subject is compared, and a stale writer succeeds.
        return {
            "Nats-Expected-Last-Subject-Sequence": str(tail),
            "Nats-Expected-Last-Subject-Sequence-Subject": self._slot(slot),
        }

    async def _append_batch(self, entries: Sequence[Entry], tails: Mapping[int, int]) -> list[int]:
        batch = uuid.uuid4().hex
        guarded: set[int] = set()
        for number, entry in enumerate(entries, 1):
            headers = {**entry.headers, "Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}
            if entry.slot not in guarded:
                guarded.add(entry.slot)
                headers |= self._guard(entry.slot, tails[entry.slot])
            if number < len(entries):
                await self._client.publish(entry.subject, entry.payload, headers=headers)
            else:
                headers["Nats-Batch-Commit"] = "1"
                last = await self._acknowledged(entry, headers)
        return list(range(last - len(entries) + 1, last + 1))

    async def _append_singly(self, entries: Sequence[Entry], tails: Mapping[int, int]) -> list[int]:
        ends = dict(tails)
        sequences: list[int] = []
        for entry in entries:
            headers = {**entry.headers, **self._guard(entry.slot, ends[entry.slot])}
            ends[entry.slot] = await self._acknowledged(entry, headers)
            sequences.append(ends[entry.slot])
        return sequences

    async def _acknowledged(self, entry: Entry, headers: dict[str, str]) -> int:
        answer = await self._client.request(entry.subject, entry.payload, timeout=_TIMEOUT, headers=headers)
        result: dict[str, Any] = json.loads(answer.data)
        if "error" in result:
            raise Doubt(f"the log refused: {result['error'].get('description')}")
        return int(result["seq"])


async def gather_last(log: Log, slots: Sequence[int]) -> dict[int, int]:
    """`Log.last` of many slots at once."""
    return dict(zip(slots, await asyncio.gather(*(log.last(slot) for slot in slots)), strict=True))
