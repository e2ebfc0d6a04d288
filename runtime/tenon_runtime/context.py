"""What a handler is given beside its request: one object, the same for RPC, REST and events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

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
