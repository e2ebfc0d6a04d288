"""The writing half of the outbox: events become rows of the transaction that they tell of."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg

from tenon_runtime import errors, native
from tenon_runtime.spec import Event

_LARGEST = 900_000  # bytes; the broker takes 1 MB, headers included
_CHUNK = 1000  # rows in one statement


@dataclass(frozen=True, slots=True)
class Pending:
    """One event, ready to be written."""

    dist_key: str
    ord_key: str
    ordered: bool
    event_id: str
    slot: int
    subject: str
    headers: Mapping[str, str]
    payload: bytes


def encode(domain: str, spec: Event, payload: Any, headers: Mapping[str, str]) -> Pending:
    """The row of an event, its CloudEvents attributes as NATS headers (binary content mode).

    :raises errors.Internal: it has no ordering key though the contract names one, or is too large for the broker.
    """
    event_id = str(uuid.uuid4())
    if spec.message is None:
        body, content_type = msgspec.json.encode(payload), "application/json"
    else:
        body, content_type = payload.to_binary(), "application/protobuf"
    if len(body) > _LARGEST:
        raise errors.Internal(f"event {spec.name} has {len(body)} bytes; at most {_LARGEST} can be sent")
    key = event_id if spec.key is None else _key(spec, payload)
    slot = native.slot_of(key)
    attributes = {
        "ce-specversion": "1.0",
        "ce-id": event_id,
        "ce-source": f"/{domain}",
        "ce-type": spec.name,
        "ce-time": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "content-type": content_type,
    }
    if spec.key is not None:
        attributes["ce-subject"] = native.escape_subject(key)
    return Pending(
        dist_key=key,
        ord_key=key,
        ordered=spec.key is not None,
        event_id=event_id,
        slot=slot,
        subject=spec.subject.replace("{slot}", str(slot)),
        headers={**headers, **attributes},
        payload=body,
    )


def _key(spec: Event, payload: Any) -> str:
    assert spec.key is not None
    value = payload.get(spec.key) if isinstance(payload, Mapping) else getattr(payload, spec.key, None)
    if value is None or value == "":
        raise errors.Internal(f"event {spec.name} has no {spec.key!r}, which orders it")
    return str(value)


async def write(connection: psycopg.AsyncConnection[Any], events: Sequence[Pending]) -> None:
    """Number the events of each key without a gap and insert them; the last statements before the commit.

    The heads are locked in sorted order, so that two transactions with the same keys cannot deadlock.
    """
    counts = Counter((event.dist_key, event.ord_key) for event in events if event.ordered)
    following = await _reserve(connection, counts)
    rows: list[tuple[Any, ...]] = []
    for event in events:
        key = (event.dist_key, event.ord_key)
        seq = 1
        if event.ordered:
            seq = following[key]
            following[key] += 1
        headers = json.dumps(dict(event.headers))
        rows.append((*key, seq, event.event_id, event.slot, event.subject, headers, event.payload))
    for start in range(0, len(rows), _CHUNK):
        chunk = rows[start : start + _CHUNK]
        await connection.execute(
            "INSERT INTO ob_outbox (dist_key, ord_key, key_seq, event_id, slot, subject, headers, payload) VALUES "
            + ", ".join(["(%s, %s, %s, %s, %s, %s, %s, %b)"] * len(chunk)),
            [value for row in chunk for value in row],
        )


async def _reserve(
    connection: psycopg.AsyncConnection[Any], counts: Mapping[tuple[str, str], int]
) -> dict[tuple[str, str], int]:
    """The first free number of each key; as many as are needed are taken."""
    first: dict[tuple[str, str], int] = {}
    keys = sorted(counts)
    for start in range(0, len(keys), _CHUNK):
        chunk = keys[start : start + _CHUNK]
        result = await connection.execute(
            "INSERT INTO ob_head (dist_key, ord_key, seq) VALUES "
            + ", ".join(["(%s, %s, %s)"] * len(chunk))
            + " ON CONFLICT (dist_key, ord_key) DO UPDATE SET seq = ob_head.seq + excluded.seq"
            " RETURNING dist_key, ord_key, seq",
            [value for key in chunk for value in (*key, counts[key])],
        )
        for dist_key, ord_key, seq in await result.fetchall():
            first[dist_key, ord_key] = seq - counts[dist_key, ord_key] + 1
    return first
