"""What the call path needs from a database and from feature flags, and nothing more.

`tenon_runtime.store` and `tenon_runtime.flags` implement these; a service without a database runs without them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

from tenon_runtime.context import Transaction
from tenon_runtime.spec import Event


class UnitOfWork(Protocol):
    """What one call does to the database: one transaction, begun when it is first needed.

    Leaving it cleanly writes the collected events as outbox rows and commits; leaving it with an exception
    (`asyncio.CancelledError` included) rolls back. Without use of `db` or `add_event` no connection is taken.

    Raises on leaving: `errors.Aborted` where the database asks for the transaction to be repeated,
    `errors.Unavailable` where it cannot be reached, `errors.DeadlineExceeded` where a statement took too long.
    """

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None: ...

    @property
    def db(self) -> Transaction:
        """The transaction. Begins with the first statement."""

    async def commit(self) -> None:
        """End the transaction, events included; the next statement begins another. Raises as leaving does."""

    def add_event(self, spec: Event, payload: Any, headers: Mapping[str, str]) -> None:
        """Collect an event; `payload` is a protobuf message or, where `spec.message` is None, a JSON value.

        `headers` go with it to its receivers (``traceparent``). In a read-only unit of work: `errors.Internal`.
        """


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The answer that an idempotency key already got."""

    status: int
    """The HTTP status it had; 200 for an RPC."""
    response: bytes
    """The message in protobuf's binary form, or the JSON of a direct REST operation."""


class IdempotencyStore(Protocol):
    """Remembers answers by (principal, operation, key) in the same transaction as the effect (table ``idem_key``)."""

    async def claim(
        self, uow: UnitOfWork, *, principal: str, operation: str, key: str, request_hash: bytes
    ) -> StoredAnswer | None:
        """Take the key for this call (None), or give the answer it already got.

        Waits for a call that holds the key, as long as the unit of work's time allows.

        Raises `errors.IdempotencyKeyReused` when the key was used with another request, and
        `errors.IdempotencyKeyInUse` when the other call is still running after the wait.
        """

    async def save(self, uow: UnitOfWork, *, principal: str, operation: str, key: str, answer: StoredAnswer) -> None:
        """Keep the answer; it becomes visible when the unit of work commits."""


class Store(Protocol):
    """A database."""

    @property
    def idempotency(self) -> IdempotencyStore: ...

    async def start(self) -> None:
        """Connect and apply migrations."""

    async def stop(self) -> None:
        """Give every connection back."""

    def ready(self) -> bool:
        """Whether calls can be served now. Cheap: asked by every readiness probe."""

    def begin(self, *, read_only: bool, timeout: float) -> UnitOfWork:
        """A unit of work that may take `timeout` seconds. Takes no connection yet."""


class Flags(Protocol):
    """Feature flags. Never raises and never waits: an unknown or broken flag is its default."""

    def boolean(self, name: str, default: bool, context: Mapping[str, Any] | None = None) -> bool: ...

    def string(self, name: str, default: str, context: Mapping[str, Any] | None = None) -> str: ...

    def integer(self, name: str, default: int, context: Mapping[str, Any] | None = None) -> int: ...

    def float(self, name: str, default: float, context: Mapping[str, Any] | None = None) -> float: ...

    def object(self, name: str, default: dict[str, Any], context: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A JSON object."""
