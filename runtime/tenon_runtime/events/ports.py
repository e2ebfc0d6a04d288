"""What the bus needs from the service it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from tenon_runtime.call.ports import UnitOfWork
from tenon_runtime.context import EventInfo
from tenon_runtime.spec import Subscription


class Dispatch(Protocol):
    """Calls the service's handler for one event."""

    async def __call__(
        self,
        subscription: Subscription,
        payload: Any,
        info: EventInfo,
        unit: UnitOfWork,
        headers: Mapping[str, str],
    ) -> None:
        """
        :param payload: a protobuf message, or a JSON value where the event has no message type.
        :param unit: the transaction that already has the event recorded as handled; the bus commits it.
        :param headers: of the message, ``traceparent`` among them.

        Whatever it raises rolls the transaction back and has the event delivered again.
        """
