"""A service's events, both ways, over one connection to the broker."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import defaultdict

import nats.errors
from nats.aio.client import Client
from prometheus_client import CollectorRegistry

from tenon_runtime import tasks
from tenon_runtime.spec import Api, Subscription
from tenon_runtime.store import PostgresStore

from .log import Log, Place
from .metrics import EventMetrics
from .ports import Dispatch
from .receiver import Receiver
from .relay import Relay

__all__ = ["Dispatch", "EventBus"]

_log = logging.getLogger(__name__)


class EventBus:
    """Publishes what `api` sends from the store's outbox, and hands what it receives to `dispatch`.

    The broker may be away, at the start or later: events wait in the database.
    """

    def __init__(
        self,
        store: PostgresStore,
        url: str,
        api: Api,
        dispatch: Dispatch,
        *,
        registry: CollectorRegistry | None = None,
        replicas: int = 1,
        max_deliver: int = 10,
        retry_seconds: float = 0.2,
        ack_wait: float = 30.0,
    ) -> None:
        """
        :param url: ``nats://host:port``, several separated by commas.
        :param registry: where the metrics go.
        :param replicas: of the stream.
        :param max_deliver: failures before an event is parked.
        :param retry_seconds: the pause after the first failure; it doubles, up to 30 s.
        :param ack_wait: seconds until the broker delivers again what a dead process had taken; more than a handler may
            take (`tenon_runtime.events.receiver.HANDLE_SECONDS`).
        :raises ValueError: the API's events do not belong to one stream, or have no slot in their subject.
        """
        self._url = url
        self._client = Client()
        self._connecting: asyncio.Task[None] | None = None
        self._running: list[asyncio.Task[None]] = []
        self._stopping = False
        metrics = EventMetrics(registry)
        self._relay = self._make_relay(store, api, metrics, replicas)
        subscriptions = api.event_handlers.subscriptions if api.event_handlers else ()
        by_place: defaultdict[Place, list[Subscription]] = defaultdict(list)
        for subscription in subscriptions:
            by_place[Place.of(subscription.event)].append(subscription)
        self._receivers = [
            Receiver(
                store,
                self._client,
                api.domain,
                place,
                wanted,
                dispatch,
                metrics,
                max_deliver=max_deliver,
                retry_seconds=retry_seconds,
                ack_wait=ack_wait,
            )
            for place, wanted in by_place.items()
        ]
        if self._relay:
            store.on_events(self._relay.wake)

    @property
    def connected(self) -> bool:
        """Whether the broker is there now. Not a condition for serving calls."""
        return bool(self._client.is_connected)

    async def start(self) -> None:
        """Begin; returns at once, whether the broker is there or not."""
        self._connecting = asyncio.create_task(self._run(), name="events")

    async def stop(self) -> None:
        """Finish what is being handled no further: what is unfinished is rolled back and delivered again."""
        self._stopping = True
        await tasks.end(self._connecting)
        await tasks.end(*self._running)
        self._running.clear()
        if not self._client.is_closed:
            with contextlib.suppress(OSError):  # the broker may have gone first
                await self._client.close()

    async def retry_parked(self) -> int:
        """Handle what is parked once more, after its cause was mended; how many were handled."""
        return sum([await receiver.retry_parked() for receiver in self._receivers])

    def _make_relay(self, store: PostgresStore, api: Api, metrics: EventMetrics, replicas: int) -> Relay | None:
        places = {Place.of(event) for event in api.sends}
        if len(places) > 1:
            raise ValueError(f"{api.name} sends into more than one stream: {sorted(p.stream for p in places)}")
        for place in places:
            return Relay(store, Log(self._client, place, replicas), place.stream, metrics)
        return None

    async def _run(self) -> None:
        """Connect, then begin. What it begins catches every failure and goes on until it is cancelled."""
        await self._connect()
        parts: list[Relay | Receiver] = [*self._receivers, *([self._relay] if self._relay else [])]
        self._running = [asyncio.create_task(part.run(), name=type(part).__name__.lower()) for part in parts]

    async def _connect(self) -> None:
        async def lost() -> None:
            if not self._stopping:
                _log.warning("the connection to the broker is lost; events wait")

        async def back() -> None:
            _log.info("the broker is back")
            if self._relay:
                self._relay.doubt()
            for receiver in self._receivers:
                receiver.reconnected()

        async def failed(error: Exception) -> None:
            _log.debug("broker: %s", error)

        pause = 0.05
        while True:
            try:
                await self._client.connect(
                    self._url.split(","),
                    allow_reconnect=True,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=0.2,  # type: ignore[arg-type]  # any number of seconds
                    connect_timeout=2,
                    disconnected_cb=lost,
                    reconnected_cb=back,
                    error_cb=failed,
                )
                return
            except (nats.errors.Error, OSError, TimeoutError) as error:
                _log.info("the broker is not reachable yet: %s", error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 1.0)
