"""What a handler is given beside its request: one object, the same for RPC, REST and events."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from tenon_runtime import errors

if TYPE_CHECKING:
    from tenon_runtime.call.ports import Flags, UnitOfWork
    from tenon_runtime.observe.log import Log
    from tenon_runtime.observe.trace import Span
    from tenon_runtime.spec import Event

E_contra = TypeVar("E_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls. Anonymous callers have an empty subject."""

    subject: str
    scopes: frozenset[str]
    claims: Mapping[str, Any]

    @property
    def anonymous(self) -> bool:
        return not self.subject


ANONYMOUS = Principal("", frozenset(), {})


@dataclass(frozen=True, slots=True)
class EventInfo:
    """The envelope of the event being handled (CloudEvents attributes)."""

    id: str
    source: str
    type: str
    key: str
    key_seq: int
    time: str
    deliveries: int


class Transaction(Protocol):
    """One database transaction. Parameters are psycopg's: ``%s`` or ``%(name)s``."""

    async def execute(self, sql: str, params: Any = None) -> int:
        """Run a statement; the number of rows touched."""

    async def fetch_one(self, sql: str, params: Any = None) -> Any | None:
        """The first row (attributes by column name) or None."""

    async def fetch_all(self, sql: str, params: Any = None) -> list[Any]:
        """Every row (attributes by column name)."""

    async def fetch_value(self, sql: str, params: Any = None) -> Any:
        """The first column of the first row, or None."""


class Context(Generic[E_contra]):
    """One call: who asks, how long it may take, the transaction, and what it may publish.

    `E_contra` is the union of the events that the service may send. The runtime makes contexts; services read them.
    """

    __slots__ = (
        "_events",
        "_log",
        "_unit",
        "deadline",
        "event",
        "flags",
        "headers",
        "idempotency_key",
        "operation",
        "principal",
        "protocol",
        "request_id",
        "response_headers",
        "span",
    )

    def __init__(
        self,
        *,
        operation: str,
        protocol: str,
        headers: Mapping[str, str],
        request_id: str,
        span: Span,
        deadline: float,
        events: Mapping[type[Any], Event],
        flags: Flags,
        event: EventInfo | None = None,
        unit: UnitOfWork | None = None,
    ) -> None:
        self.operation = operation
        """``identity.v1.IdentityService/RegisterCreator``, ``identity.v1#getKeys``, or the subscription's event."""
        self.protocol = protocol
        """``grpc``, ``grpc-web``, ``connect``, ``rest`` or ``event``."""
        self.headers = headers
        """The caller's headers, names in lower case."""
        self.request_id = request_id
        self.span = span
        self.deadline = deadline
        """On the clock of `time.monotonic`, in seconds."""
        self.principal = ANONYMOUS
        self.idempotency_key: str | None = headers.get("idempotency-key")
        self.event = event
        """The envelope, when the call handles an event."""
        self.flags = flags
        self.response_headers: dict[str, str] = {}
        """Headers to be sent with the answer."""
        self._events = events
        self._unit = unit
        self._log: Log | None = None

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits (W3C trace context)."""
        return self.span.trace_id

    def remaining(self) -> float:
        """Seconds until the deadline, 0 when it has passed."""
        return max(0.0, self.deadline - time.monotonic())

    @property
    def db(self) -> Transaction:
        """The call's transaction: committed when the handler returns, rolled back when it raises.

        Raises `errors.Internal` when the service has no database.
        """
        return self._work().db

    async def commit(self) -> None:
        """End the transaction before the handler does and give its connection back; `db` then begins another.

        For streams, which would hold a connection while nothing happens. Effects so far stay whatever comes after.
        """
        await self._work().commit()

    def publish(self, event: E_contra) -> None:
        """Send an event, if and when the transaction commits: it is written beside the data it tells of."""
        spec = self._events.get(type(event))
        if spec is None:
            raise errors.Internal(f"{type(event).__qualname__} is the payload of no event, or of several: use emit")
        self.emit(spec, event)

    def emit(self, spec: Event, payload: Any) -> None:
        """As `publish`, for an event whose payload's type does not say which event it is."""
        self._work().add_event(spec, payload, {"traceparent": self.span.traceparent})

    @property
    def log(self) -> Log:
        """A logger that writes the trace, request and operation with every line."""
        if self._log is None:
            from tenon_runtime.observe.log import Log

            self._log = Log(
                {"operation": self.operation, "request_id": self.request_id, "trace_id": self.span.trace_id}
            )
        return self._log

    def _work(self) -> UnitOfWork:
        if self._unit is None:
            raise errors.Internal("no database is configured: set TENON_DATABASE_URL")
        return self._unit
