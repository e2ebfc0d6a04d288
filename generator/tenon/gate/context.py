"""What a comparison of two sides knows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from tenon.gate.documents import Documents
from tenon.gate.policy import Policy
from tenon.gate.snapshot import Snapshot
from tenon.gate.verdict import Stability

_UNSTABLE = re.compile(r"v[0-9]+p?[0-9]*(alpha|beta)[0-9]*")
"""Version folders as protobuf packages name them: ``v1alpha1``, ``v2beta``, ``v1p1beta1``."""


Database = Callable[[], AbstractContextManager[str]]
"""Gives the URL of a scratch PostgreSQL, of a superuser there. Entering raises `RuntimeError` where none can be had."""


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
    _differ: dict[tuple[str, ...], bool] = field(default_factory=dict, repr=False)
    database: Database | None = None

    @cached_property
    def old_documents(self) -> Documents:
        return Documents(self.old, label="" if self.old.only else f"{self.old.name}:")

    @cached_property
    def new_documents(self) -> Documents:
        return Documents(self.new)

    def differ(self, suffixes: tuple[str, ...]) -> bool:
        """Whether a file with one of these suffixes is not the same on both sides. A single contract may refer to
        others, so two of them always count as different."""
        only = (self.old.only, self.new.only)
        if only != (None, None):
            return any(name is not None and name.endswith(suffixes) for name in only)
        if suffixes not in self._differ:
            named = [{name: path for name, path in side.files.items() if name.endswith(suffixes)}
                     for side in (self.old, self.new)]  # fmt: skip
            self._differ[suffixes] = named[0].keys() != named[1].keys() or any(
                path.read_bytes() != named[1][name].read_bytes() for name, path in named[0].items()
            )
        return self._differ[suffixes]

    def stability(self, file: str) -> Stability:
        """What the repository declares for the folder that `file` stands in, the nearest one first; else what a folder
        such as ``v1beta1`` says."""
        parts = file.removeprefix(f"{self.old.name}:").split("/")
        for end in range(len(parts), 0, -1):
            declared = self.policy.stability.get("/".join(parts[:end]))
            if declared is not None:
                return declared
        unstable = (match for part in reversed(parts[:-1]) if (match := _UNSTABLE.fullmatch(part)))
        return next((Stability(match[1]) for match in unstable), Stability.STABLE)
