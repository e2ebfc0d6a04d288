"""The receiving half's state: what was handled, beside its effect, and what failed.

An ordered event has its effect when its number is the next of its key, and the key's head moves in the same
transaction; below it has been handled, above it is early. An event without order is handled when its id is new.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tenon_runtime.context import Transaction


class Turn(Enum):
    """What is to be done with a delivery."""

    NOW = "now"
    """It is this event's turn: its effect belongs into the open transaction, which has it recorded as handled."""
    REPEATED = "repeated"
    """It was handled before."""
    EARLY = "early"
    """An earlier event of its key was not handled yet."""


@dataclass(frozen=True, slots=True)
class Received:
    """One delivery's identity and content."""

    event_id: str
    key: str
    """The ordering key; the event's id when it has none."""
    key_seq: int
    ordered: bool
    subject: str
    headers: Mapping[str, str]
    payload: bytes


class Inbox:
    """What one service has handled of one domain's events."""

    def __init__(self, consumer: str, source: str) -> None:
        self._consumer = consumer
        self._source = source

    def _at(self, received: Received) -> dict[str, Any]:
        return {
            "key": received.key,
            "consumer": self._consumer,
            "source": self._source,
            "seq": received.key_seq,
            "id": received.event_id,
        }

    async def enter(self, db: Transaction, received: Received) -> Turn:
        """Whose turn it is; NOW is recorded at once, in the open transaction."""
        at = self._at(received)
        if not received.ordered:
            new = await db.execute(
                "INSERT INTO ib_seen (dist_key, consumer, event_id) VALUES (%(key)s, %(consumer)s, %(id)s)"
                " ON CONFLICT DO NOTHING",
                at,
            )
            return Turn.NOW if new else Turn.REPEATED
        if received.key_seq == 1:
            new = await db.execute(
                "INSERT INTO ib_head (dist_key, consumer, source, ord_key, key_seq)"
                " VALUES (%(key)s, %(consumer)s, %(source)s, %(key)s, 1) ON CONFLICT DO NOTHING",
                at,
            )
            return Turn.NOW if new else Turn.REPEATED
        where = "dist_key = %(key)s AND consumer = %(consumer)s AND source = %(source)s AND ord_key = %(key)s"
        if await db.execute(f"UPDATE ib_head SET key_seq = %(seq)s WHERE {where} AND key_seq = %(seq)s - 1", at):
            return Turn.NOW
        head = await db.fetch_value(f"SELECT key_seq FROM ib_head WHERE {where}", at)
        return Turn.REPEATED if head is not None and head >= received.key_seq else Turn.EARLY

    async def failed(self, db: Transaction, received: Received, reason: str) -> int:
        """Count a failure; how many there were."""
        row = self._at(received) | {
            "reason": reason[:2000],
            "subject": received.subject,
            "headers": json.dumps(dict(received.headers)),
            "payload": received.payload,
        }
        return int(
            await db.fetch_value(
                "INSERT INTO ib_failed (dist_key, consumer, source, ord_key, key_seq, event_id, failures, reason,"
                " subject, headers, payload) VALUES (%(key)s, %(consumer)s, %(source)s, %(key)s, %(seq)s, %(id)s, 1,"
                " %(reason)s, %(subject)s, %(headers)s, %(payload)b)"
                " ON CONFLICT (dist_key, consumer, source, ord_key, key_seq)"
                " DO UPDATE SET failures = ib_failed.failures + 1, reason = excluded.reason RETURNING failures",
                row,
            )
        )

    async def park(self, db: Transaction, received: Received) -> None:
        """No more attempts: what `failed` counted waits for somebody's decision."""
        await db.execute(
            "UPDATE ib_failed SET parked_at = now() WHERE dist_key = %(key)s AND consumer = %(consumer)s"
            " AND source = %(source)s AND ord_key = %(key)s AND key_seq = %(seq)s",
            self._at(received),
        )

    async def parked(self, db: Transaction, received: Received) -> bool:
        """Whether an event of this one's key is parked."""
        return bool(
            await db.fetch_value(
                "SELECT EXISTS (SELECT 1 FROM ib_failed WHERE dist_key = %(key)s AND consumer = %(consumer)s"
                " AND source = %(source)s AND ord_key = %(key)s AND parked_at IS NOT NULL)",
                self._at(received),
            )
        )

    async def forgive(self, db: Transaction, received: Received) -> None:
        """It was handled after all."""
        await db.execute(
            "DELETE FROM ib_failed WHERE dist_key = %(key)s AND consumer = %(consumer)s AND source = %(source)s"
            " AND ord_key = %(key)s AND key_seq = %(seq)s",
            self._at(received),
        )

    async def all_parked(self, db: Transaction) -> list[Received]:
        """What is parked, each key in its order."""
        rows = await db.fetch_all(
            "SELECT * FROM ib_failed WHERE consumer = %s AND source = %s AND parked_at IS NOT NULL"
            " ORDER BY dist_key, ord_key, key_seq",
            [self._consumer, self._source],
        )
        return [
            Received(
                row.event_id,
                row.ord_key,
                row.key_seq,
                "ce-subject" in row.headers,
                row.subject,
                row.headers,
                bytes(row.payload),
            )
            for row in rows
        ]
