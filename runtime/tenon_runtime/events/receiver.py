"""Deliveries of one domain's events to one service: a durable pull consumer, and a worker per key that is busy."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import api
from nats.js.errors import APIError, NotFoundError

from tenon_runtime import errors, native, tasks
from tenon_runtime.context import EventInfo
from tenon_runtime.spec import Subscription
from tenon_runtime.store import PostgresStore

from .inbox import Inbox, Received, Turn
from .log import CONTROL, Place
from .metrics import EventMetrics
from .ports import Dispatch

HANDLE_SECONDS = 20.0
"""How long one handler may take."""
_PULL = 256  # deliveries asked for at once
_PULL_SECONDS = 5.0
_WORKERS = 8  # keys handled at once
_EARLY_SECONDS = (0.05, 2.0)  # the pause before an early event is looked at again: at first, at most
_ALARM_AFTER = 20  # early deliveries of one event, about half a minute

_log = logging.getLogger(__name__)


class Receiver:
    """Handles the events of one domain, in the order of each key, each with one effect.

    It reads the whole log of the domain when a subscription is ordered: the numbers of a key run over all its
    events, and those that nobody here wants move the head and nothing else.
    """

    def __init__(
        self,
        store: PostgresStore,
        client: Client,
        consumer: str,
        place: Place,
        subscriptions: Sequence[Subscription],
        dispatch: Dispatch,
        metrics: EventMetrics,
        *,
        max_deliver: int,
        retry_seconds: float,
        ack_wait: float,
    ) -> None:
        self._store = store
        self._client = client
        self._consumer = consumer
        self._place = place
        self._dispatch = dispatch
        self._metrics = metrics
        self._max_deliver = max_deliver
        self._retry_seconds = retry_seconds
        self._ack_wait = ack_wait
        self._inbox = Inbox(consumer, place.domain)
        self._by_subject = {s.event.subject.replace("{slot}", "*"): s for s in subscriptions}
        self._filters = [f"{place.prefix}.>"] if any(s.event.key for s in subscriptions) else sorted(self._by_subject)
        self._queues: dict[str, deque[Msg]] = {}
        self._workers = asyncio.Semaphore(_WORKERS)
        self._room = asyncio.Semaphore(2 * _PULL)
        self._tasks: set[asyncio.Task[None]] = set()
        self._generation = 0

    def reconnected(self) -> None:
        """The connection was lost and is back: what was asked for before will not come."""
        self._generation += 1

    async def run(self) -> None:
        """Handle events until cancelled; whatever fails is tried again."""
        waiting = False
        try:
            while True:
                try:
                    await self._consume()
                except NotFoundError:
                    # Only its owner makes the stream; it will.
                    if not waiting:
                        _log.info("waiting for the stream %s", self._place.stream)
                    waiting = True
                except (nats.errors.Error, APIError, TimeoutError, OSError) as error:
                    _log.warning("receiving %s pauses: %s: %s", self._place.stream, type(error).__name__, error)
                except Exception:
                    _log.exception("receiving %s pauses", self._place.stream)
                await asyncio.sleep(random.uniform(0.1, 0.5))
        finally:
            await tasks.end(*self._tasks)

    async def _consume(self) -> None:
        js = self._client.jetstream(timeout=5.0)
        durable = self._consumer.replace(".", "_")
        await js.add_consumer(
            self._place.stream,
            api.ConsumerConfig(
                durable_name=durable,
                filter_subjects=self._filters,
                deliver_policy=api.DeliverPolicy.ALL,
                ack_policy=api.AckPolicy.EXPLICIT,
                ack_wait=self._ack_wait,
                # Failures are counted in the database: a delivery that came too early is none.
                max_deliver=-1,
                max_ack_pending=10_000,
            ),
        )
        generation = self._generation
        inbox = self._client.new_inbox()
        subscription = await self._client.subscribe(inbox)
        try:
            while True:
                await self._client.publish(
                    f"$JS.API.CONSUMER.MSG.NEXT.{self._place.stream}.{durable}",
                    json.dumps({"batch": _PULL, "expires": int(_PULL_SECONDS * 1e9)}).encode(),
                    reply=inbox,
                )
                left = _PULL
                asked = asyncio.get_running_loop().time()
                while left > 0:
                    try:
                        message = await subscription.next_msg(timeout=0.5)
                    except (nats.errors.TimeoutError, TimeoutError):
                        if self._generation != generation:
                            return
                        if asyncio.get_running_loop().time() - asked > _PULL_SECONDS + 1:
                            break
                        continue
                    status = (message.headers or {}).get("Status")
                    if status in ("404", "408"):  # nothing came in time: ask again
                        break
                    if status is not None:
                        if status == "409" and "onsumer" not in (message.headers or {}).get("Description", ""):
                            await asyncio.sleep(0.1)
                            break
                        raise NotFoundError(code=int(status), description=str(message.headers))
                    left -= 1
                    await self._room.acquire()
                    self._take(message)
        finally:
            if not self._client.is_closed:
                await subscription.unsubscribe()

    def _take(self, message: Msg) -> None:
        """Queue it behind the others of its key."""
        key = (message.headers or {}).get("ce-subject") or f"\0{message.metadata.sequence.stream}"
        queue = self._queues.get(key)
        if queue is not None:
            queue.append(message)
            return
        self._queues[key] = deque([message])
        task = asyncio.create_task(self._work(key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, key: str) -> None:
        queue = self._queues[key]
        try:
            while queue:
                async with self._workers:
                    message = queue.popleft()
                    try:
                        await self._handle(message)
                    finally:
                        self._room.release()
        finally:
            del self._queues[key]

    async def _handle(self, message: Msg) -> None:
        """One delivery: its transaction, then its acknowledgement."""
        try:
            if message.metadata.num_delivered > 1:
                self._metrics.redelivered.labels(self._place.domain).inc()
            outcome, delay = await self.deliver(
                message.subject, message.headers or {}, message.data, message.metadata.num_delivered
            )
            self._metrics.handled.labels(self._place.domain, outcome).inc()
        except errors.Error as error:  # the database is away: nothing is known, nothing counts
            _log.warning("event %s waits: %s", message.subject, error)
            delay = random.uniform(0.2, 1.0)
        except Exception:
            _log.exception("event %s waits", message.subject)
            delay = random.uniform(1.0, 5.0)
        try:
            if delay is None:
                await message.ack()
            else:
                await message.nak(delay=delay)
        except nats.errors.Error as error:
            _log.info("no acknowledgement, it will be delivered again: %s", error)

    async def deliver(
        self, subject: str, headers: Mapping[str, str], payload: bytes, deliveries: int
    ) -> tuple[str, float | None]:
        """Handle one delivery in one transaction; what became of it, and None to acknowledge or seconds to wait.

        :raises errors.Error: the database cannot be used.
        """
        if CONTROL in headers or "ce-id" not in headers:
            return "skipped", None
        received = _received(subject, headers, payload)
        try:
            async with self._store.begin(read_only=False, timeout=HANDLE_SECONDS) as work:
                turn = await self._inbox.enter(work.db, received)
                if turn is Turn.NOW:
                    if deliveries > 1:
                        await self._inbox.forgive(work.db, received)
                    outcome = await self._effect(received, deliveries, work)
                elif turn is Turn.EARLY and await self._inbox.parked(work.db, received):
                    await self._inbox.failed(work.db, received, "an earlier event of its key is parked")
                    await self._inbox.park(work.db, received)
                    outcome = "parked"
                else:
                    outcome = turn.value
        except _HandlerFailed as failure:
            return await self._failed(received, failure)
        if outcome == Turn.EARLY.value:
            if deliveries % _ALARM_AFTER == 0:
                _log.error(
                    "event %s of %s (number %d) still waits for an earlier one that did not come",
                    received.event_id,
                    received.key,
                    received.key_seq,
                )
            shortest, longest = _EARLY_SECONDS
            return outcome, random.uniform(shortest, min(longest, shortest * 2 ** min(deliveries, 10)))
        return outcome, None

    async def retry_parked(self) -> int:
        """Handle what is parked, each key in its order up to the first that fails; how many were handled."""
        async with self._store.begin(read_only=True, timeout=5.0) as work:
            waiting = await self._inbox.all_parked(work.db)
        stuck: set[str] = set()
        handled = 0
        for received in waiting:
            if received.key in stuck:
                continue
            try:
                async with self._store.begin(read_only=False, timeout=HANDLE_SECONDS) as work:
                    turn = await self._inbox.enter(work.db, received)
                    if turn is Turn.EARLY:
                        stuck.add(received.key)
                        continue
                    await self._inbox.forgive(work.db, received)
                    if turn is Turn.NOW:
                        await self._effect(received, self._max_deliver + 1, work)
                        handled += 1
            except _HandlerFailed as failure:
                _log.warning("event %s of %s fails again: %s", received.event_id, received.key, failure)
                stuck.add(received.key)
        return handled

    async def _effect(self, received: Received, deliveries: int, work: Any) -> str:
        tokens = received.subject[len(self._place.prefix) + 1 :].partition(".")
        subscription = self._by_subject.get(f"{self._place.prefix}.*.{tokens[2]}")
        if subscription is None:
            return "skipped"
        headers = received.headers
        info = EventInfo(
            id=received.event_id,
            source=headers.get("ce-source", ""),
            type=headers.get("ce-type", ""),
            key=received.key if received.ordered else "",
            key_seq=received.key_seq if received.ordered else 0,
            time=headers.get("ce-time", ""),
            deliveries=deliveries,
        )
        try:
            async with asyncio.timeout(HANDLE_SECONDS):
                payload = _decoder(subscription)(received.payload)
                await self._dispatch(subscription, payload, info, work, headers)
        except Exception as error:
            raise _HandlerFailed(error) from error
        return "done"

    async def _failed(self, received: Received, failure: _HandlerFailed) -> tuple[str, float | None]:
        async with self._store.begin(read_only=False, timeout=5.0) as work:
            failures = await self._inbox.failed(work.db, received, str(failure))
            if failures >= self._max_deliver:
                await self._inbox.park(work.db, received)
        if failures >= self._max_deliver:
            _log.error(
                "event %s of %s is parked after %d failures: %s", received.event_id, received.key, failures, failure
            )
            return "parked", None
        _log.warning("event %s of %s failed (%d): %s", received.event_id, received.key, failures, failure)
        return "failed", random.uniform(0.5, 1.0) * min(30.0, self._retry_seconds * 2 ** (failures - 1))


class _HandlerFailed(Exception):
    """The service's handler raised; the text is for whoever looks at what is parked."""

    def __init__(self, error: Exception) -> None:
        cause = error.__cause__ if isinstance(error, errors.Internal) and error.__cause__ else error
        super().__init__(f"{type(cause).__name__}: {cause}")


def _received(subject: str, headers: Mapping[str, str], payload: bytes) -> Received:
    event_id = headers["ce-id"]
    key = headers.get("ce-subject")
    if key is None:
        return Received(event_id, event_id, 1, False, subject, headers, payload)
    return Received(event_id, native.key_of_subject(key), int(headers["ce-sequence"]), True, subject, headers, payload)


def _decoder(subscription: Subscription) -> Callable[[bytes], Any]:
    message = subscription.event.message
    return msgspec.json.decode if message is None else message.from_binary
