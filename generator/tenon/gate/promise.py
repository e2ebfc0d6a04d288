"""What an operation promises beyond its messages: the same for RPCs and for OpenAPI operations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tenon.gate.verdict import Role

DEFAULT_DEADLINE = 30.0
"""Seconds, where our own contract names none."""
UNKNOWN, NO_SIDE_EFFECTS, IDEMPOTENT, KEYED, KEY_REQUIRED = (
    "UNKNOWN", "NO_SIDE_EFFECTS", "IDEMPOTENT", "KEYED", "KEY_REQUIRED",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Slo:
    """The share of calls that succeed, and the seconds that a share of them stays under."""

    availability: float
    latency: float
    share: float


@dataclass(frozen=True, slots=True)
class Promise:
    """What one side declares, defaults filled in."""

    deadline: float | None = None
    idempotency: str = UNKNOWN
    scopes: frozenset[str] = frozenset()
    public: bool = False
    slo: Slo | None = None


@dataclass(frozen=True, slots=True)
class Promises:
    """Both sides of one operation."""

    subject: str
    """``identity.v1.IdentityService.GetCreator``, ``GET /v1/creators``."""
    old: Promise
    new: Promise
    request: dict[str, Any]
    """A request to it: its method and path."""
    common: dict[str, Any] = field(default_factory=dict)
    """The fields that every change of it has: places, role, `affects`."""
    role: Role = Role.CLIENT
    inherited: frozenset[str] = frozenset()
    """What both sides take from `holder`: ``deadline``, ``slo``. A change there is one change, whatever it reaches."""
    holder: str = ""

    def subject_of(self, aspect: str) -> str:
        """What a change of one aspect is about: the operation, or what it takes that from."""
        return self.holder if aspect in self.inherited else self.subject


def seconds(value: float) -> str:
    """A duration as contracts write it: ``5s``, ``300ms``."""
    return f"{value:g}s" if value >= 1 else f"{value * 1000:g}ms"
