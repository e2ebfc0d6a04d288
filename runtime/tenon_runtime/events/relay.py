"""The sending half: outbox rows become log entries, each once, in the order of their keys.

*Lossless*: a committed row is to do until its id was read from the log or acknowledged by it. *Once*: only relays write
a slot's subjects, and every write is conditional on the slot's end that the writer has read, with the rows read after
that end was marked; no window of time occurs in the argument, and the lease is for liveness only. *Ordered*: any
snapshot of the outbox shows a prefix of every key, and a batch appends prefixes.

A broker that lost entries (its end lies before our checkpoint) is healed from the database: a control entry at the end
proves the loss, then the rows above are to do again. The epoch tells other relays that positions mean
something else now.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import nats.errors
from nats.js.errors import APIError

from tenon_runtime import errors
from tenon_runtime.native import SLOTS
from tenon_runtime.store import PostgresStore

from .log import BATCH, Doubt, Entry, Log, gather_last
from .metrics import EventMetrics

LEASE_SECONDS = 3.0
_RENEW_SECONDS = 1.0
_POLL_SECONDS = (0.01, 0.2)  # the shortest and longest pause between looks at the outbox while nothing happens
_BATCH_BYTES = 4_000_000

_log = logging.getLogger(__name__)

_UNSENT = """
SELECT dist_key, ord_key, key_seq, event_id, slot, subject, headers, payload FROM (
    SELECT *, sum(octet_length(payload)) OVER (ORDER BY slot, dist_key, ord_key, key_seq) AS bytes FROM (
        SELECT dist_key, ord_key, key_seq, event_id, slot, subject, headers, payload FROM ob_outbox
        WHERE stream_seq IS NULL AND slot = ANY(%(slots)s) AND slot >= %(start)s
        ORDER BY slot, dist_key, ord_key, key_seq LIMIT %(limit)s
    ) AS first
) AS sized WHERE bytes - octet_length(payload) < %(bytes)s ORDER BY slot, dist_key, ord_key, key_seq
"""
_ADVANCE = """
UPDATE ob_slot SET checkpoint = greatest(ob_slot.checkpoint, done.seq)
FROM unnest(%(slots)s::smallint[], %(seqs)s::bigint[], %(epochs)s::bigint[]) AS done (slot, seq, epoch)
WHERE ob_slot.slot = done.slot AND ob_slot.epoch = done.epoch
"""
_MARK = """
UPDATE ob_outbox SET stream_seq = done.seq, sent_at = now()
FROM unnest(%(dist)s::text[], %(ord)s::text[], %(num)s::bigint[], %(seqs)s::bigint[]) AS done (dist, ord, num, seq)
WHERE dist_key = done.dist AND ord_key = done.ord AND key_seq = done.num
"""
_MARK_BY_ID = """
UPDATE ob_outbox SET stream_seq = found.seq, sent_at = now()
FROM unnest(%(ids)s::text[], %(seqs)s::bigint[]) AS found (id, seq)
WHERE slot = %(slot)s AND stream_seq IS NULL AND event_id = found.id
"""
_LEASE = """
UPDATE ob_slot SET owner = %(me)s, lease_until = now() + %(seconds)s * interval '1 second'
WHERE owner = %(me)s OR lease_until IS NULL OR lease_until < now() RETURNING slot
"""


@dataclass(frozen=True, slots=True)
class _Tail:
    """The end of a slot's log: everything up to `last` is marked in the database, as of `epoch`."""

    last: int
    epoch: int


class Relay:
    """Publishes one domain's outbox. Any number may run; each slot is served by one at a time, safely by several."""

    def __init__(
        self,
        store: PostgresStore,
        log: Log,
        stream: str,
        metrics: EventMetrics,
        *,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._store = store
        self._log = log
        self._stream = stream
        self._metrics = metrics
        self._lease_seconds = lease_seconds
        self._me = uuid.uuid4().hex
        self._owned: list[int] = []
        self._tails: dict[int, _Tail] = {}
        self._start = 0
        self._leased_at = float("-inf")
        self._ensured = False
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """There may be something to publish."""
        self._wake.set()

    def doubt(self) -> None:
        """The connection was lost: what is known of the log may be wrong."""
        self._ensured = False
        self._tails.clear()
        self._wake.set()

    async def run(self) -> None:
        """Publish until cancelled; whatever fails is tried again."""
        pause, failures = _POLL_SECONDS[0], 0
        try:
            while True:
                self._wake.clear()
                try:
                    moved = await self.step()
                    failures = 0
                except Doubt as doubt:
                    _log.info("reading the log again: %s", doubt)
                    self.doubt()
                    moved, failures = 0, failures + 1
                except (errors.Error, nats.errors.Error, APIError, OSError, TimeoutError) as error:
                    _log.warning("events wait: %s: %s", type(error).__name__, error)
                    self.doubt()
                    moved, failures = 0, failures + 1
                except Exception:
                    _log.exception("events wait")
                    self.doubt()
                    moved, failures = 0, failures + 1
                if failures:
                    await asyncio.sleep(random.uniform(0.01, min(2.0, 0.05 * 2**failures)))
                elif moved:
                    pause = _POLL_SECONDS[0]
                else:
                    pause = min(pause * 2, _POLL_SECONDS[1])
                    await self._sleep(pause)
        finally:
            await self._release()

    async def step(self) -> int:
        """Publish one batch; how many events it had.

        :raises Doubt: the log is not where it was believed to be; nothing is lost, `doubt` and step again.
        """
        if not self._ensured:
            await self._log.ensure()
            self._ensured = True
        await self._keep_lease()
        while unknown := [slot for slot in self._owned if slot not in self._tails]:
            await self._resync(unknown)
        rows, epochs = await self._unsent()
        if not rows:
            return 0
        slots = {row.slot for row in rows}
        tails = {slot: self._tails[slot] for slot in slots}
        if any(epochs[slot] != tail.epoch for slot, tail in tails.items()):
            raise Doubt("another relay found that the log has lost entries")
        entries = [Entry(row.slot, row.subject, _headers(row), bytes(row.payload)) for row in rows]
        sequences = await self._log.append(entries, {slot: tail.last for slot, tail in tails.items()})
        await self._mark(rows[: len(sequences)], sequences, tails)
        self._metrics.published.labels(self._stream).inc(len(sequences))
        return len(sequences)

    async def _keep_lease(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._leased_at < _RENEW_SECONDS:
            return
        async with self._store.connection() as connection:
            leased = await connection.execute(_LEASE, {"me": self._me, "seconds": self._lease_seconds})
            owned = sorted(row.slot for row in await leased.fetchall())
            waiting = await connection.execute(
                "SELECT count(*) FROM (SELECT 1 FROM ob_outbox WHERE stream_seq IS NULL LIMIT 10000) AS unsent"
            )
            row = await waiting.fetchone()
            self._metrics.lag.set(row[0] if row else 0)
        self._leased_at = now
        self._owned = owned
        self._tails = {slot: tail for slot, tail in self._tails.items() if slot in owned}

    async def _release(self) -> None:
        """Let another relay begin at once."""
        with contextlib.suppress(errors.Error, TimeoutError):  # else it runs out
            async with asyncio.timeout(1), self._store.connection() as connection:
                await connection.execute("UPDATE ob_slot SET lease_until = NULL WHERE owner = %s", [self._me])

    async def _unsent(self) -> tuple[list[Any], dict[int, int]]:
        """Rows to publish, and the epochs read after them. Slots take turns when there are more than fit a batch."""
        async with self._store.connection() as connection:
            rows: list[Any] = []
            for start in {self._start: None, 0: None}:
                found = await connection.execute(
                    _UNSENT, {"slots": self._owned, "start": start, "limit": BATCH, "bytes": _BATCH_BYTES}
                )
                rows = await found.fetchall()
                if rows:
                    break
            if not rows:
                return [], {}
            last = rows[-1].slot
            self._start = (last + 1 if rows[0].slot == last else last) % SLOTS
            read = await connection.execute(
                "SELECT slot, epoch FROM ob_slot WHERE slot = ANY(%s)", [sorted({row.slot for row in rows})]
            )
            return rows, {row.slot: row.epoch for row in await read.fetchall()}

    async def _mark(self, rows: Sequence[Any], sequences: Sequence[int], tails: dict[int, _Tail]) -> None:
        ends = {row.slot: seq for row, seq in zip(rows, sequences, strict=True)}
        slots = sorted(ends)
        advance = {
            "slots": slots,
            "seqs": [ends[slot] for slot in slots],
            "epochs": [tails[slot].epoch for slot in slots],
        }
        async with self._store.connection() as connection, connection.transaction():
            # First the guard: were the epoch another, these positions would mark what the broker has lost.
            if (await connection.execute(_ADVANCE, advance)).rowcount != len(slots):
                raise Doubt("another relay found that the log has lost entries")
            await connection.execute(
                _MARK,
                {
                    "dist": [row.dist_key for row in rows],
                    "ord": [row.ord_key for row in rows],
                    "num": [row.key_seq for row in rows],
                    "seqs": list(sequences),
                },
            )
        for slot, end in ends.items():
            self._tails[slot] = _Tail(end, tails[slot].epoch)

    async def _resync(self, slots: Sequence[int]) -> None:
        """Bring the database's marks to the log's end, or the log to them where it has lost its end."""
        async with self._store.connection() as connection:
            read = await connection.execute(
                "SELECT slot, checkpoint, epoch FROM ob_slot WHERE slot = ANY(%s)", [list(slots)]
            )
            states = await read.fetchall()
        lasts = await gather_last(self._log, [state.slot for state in states])
        for state in states:
            last = lasts[state.slot]
            if last < state.checkpoint:
                await self._heal(state.slot, last, state.epoch)
                raise Doubt(
                    f"slot {state.slot} of {self._stream} ended at {last}, not {state.checkpoint}; sending again"
                )
            if last > state.checkpoint:
                await self._catch_up(state.slot, state.checkpoint, last, state.epoch)
            self._tails[state.slot] = _Tail(last, state.epoch)

    async def _catch_up(self, slot: int, checkpoint: int, last: int, epoch: int) -> None:
        found = [(seq, event) async for seq, event in self._log.entries(slot, checkpoint, last)]
        events = [(event, seq) for seq, event in found if event is not None]
        async with self._store.connection() as connection, connection.transaction():
            advanced = await connection.execute(_ADVANCE, {"slots": [slot], "seqs": [last], "epochs": [epoch]})
            if advanced.rowcount != 1:
                raise Doubt("another relay found that the log has lost entries")
            await connection.execute(
                _MARK_BY_ID,
                {"slot": slot, "ids": [event for event, _ in events], "seqs": [seq for _, seq in events]},
            )

    async def _heal(self, slot: int, last: int, epoch: int) -> None:
        await self._log.append_control(slot, last)
        async with self._store.connection() as connection, connection.transaction():
            guarded = await connection.execute(
                "UPDATE ob_slot SET checkpoint = %s, epoch = epoch + 1 WHERE slot = %s AND epoch = %s",
                [last, slot, epoch],
            )
            if guarded.rowcount == 1:
                again = await connection.execute(
                    "UPDATE ob_outbox SET stream_seq = NULL, sent_at = NULL WHERE slot = %s AND stream_seq > %s",
                    [slot, last],
                )
                _log.error("the log lost %d events of slot %d; they are sent again", again.rowcount, slot)

    async def _sleep(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()


def _headers(row: Any) -> dict[str, str]:
    headers = {**row.headers, "Nats-Msg-Id": row.event_id}
    if "ce-subject" in headers:
        # CloudEvents' sequence extension: ordered as text.
        headers["ce-sequence"] = f"{row.key_seq:020d}"
    return headers
