"""What a comparison of two sides knows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from tenon.gate.documents import Documents
from tenon.gate.policy import Policy
from tenon.gate.snapshot import Snapshot
from tenon.gate.verdict import Stability


@dataclass
class Context:
    """What a comparison of two sides knows; kinds and rules get it."""

    old: Snapshot
    new: Snapshot
    policy: Policy
    today: date
    notes: list[str] = field(default_factory=list)
    """For the reader: what was translated or left out."""
    problems: list[str] = field(default_factory=list)
    """What could not be compared: ``file:line: reason``."""
    counts: Counter[str] = field(default_factory=Counter)

    @cached_property
    def old_documents(self) -> Documents:
        return Documents(self.old, label="" if self.old.only else f"{self.old.name}:")

    @cached_property
    def new_documents(self) -> Documents:
        return Documents(self.new)

    def stability(self, file: str) -> Stability:
        """What the repository declares for the folder that `file` stands in; the nearest folder decides."""
        parts = file.split("/")
        for end in range(len(parts), 0, -1):
            declared = self.policy.stability.get("/".join(parts[:end]))
            if declared is not None:
                return declared
        return Stability.STABLE
