"""The only way to complain: every reader, check and gate returns findings, and only `cli` prints them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import Any

from tenon.source import Location


class Severity(IntEnum):
    """How much a finding stops."""

    ERROR = 0
    """Nothing is written; exit 1."""
    UNSUPPORTED = 1
    """That part is left out and named here; exit 1, or 0 with ``--allow-unsupported``."""
    WARNING = 2
    """Printed only."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One complaint: where, which rule, what is wrong, and what to do about it."""

    at: Location
    rule: str
    """Kebab-case and stable: ``openapi-ref-outside``."""
    message: str
    remedy: str
    severity: Severity = Severity.ERROR
    also: Location | None = None
    """The other place, where two places disagree or collide."""

    def as_json(self) -> dict[str, Any]:
        """The finding as a JSON value; `from_json` gives it back."""
        return {**asdict(self), "severity": self.severity.name.lower()}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Finding:
        also = value["also"]
        return cls(
            Location(**value["at"]),
            value["rule"],
            value["message"],
            value["remedy"],
            Severity[value["severity"].upper()],
            Location(**also) if also else None,
        )
