"""What the gate says of a change: one value for every contract kind, and every report is made from it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from tenon.source import Location


class Verdict(Enum):
    """How sure the gate is, and of what."""

    BREAKING = "breaking"
    """Proved: `Change.witness` was good before and is refused, or read differently, now."""
    POLICY = "policy"
    """Against a rule that the repository declares; whether somebody breaks is not the question."""
    UNPROVEN = "unproven"
    """Neither proved safe nor refuted; `Change.message` names what could not be decided."""
    SAFE = "safe"
    """Proved: everything that was good stays good and means the same."""


class Direction(Enum):
    """Which way the data travels that the change concerns."""

    REQUEST = "request"
    RESPONSE = "response"
    EVENT = "event"
    STORED = "stored"
    """What was written before and is read later: retained events, rows, the other release's queries."""
    SOURCE = "source"
    """Code that is compiled against what is generated."""
    NONE = "none"


class Role(Enum):
    """Who is hurt."""

    CLIENT = "client"
    RECEIVER = "receiver"
    SENDER = "sender"
    SERVICE = "service"
    """The other release of the same service, running at the same time."""
    OPERATOR = "operator"
    NOBODY = "nobody"


class Bump(Enum):
    """The semver part that has to move at least, in rising order."""

    NONE = "none"
    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"


class Stability(Enum):
    """What a contract promises. Draft and alpha promise nothing; beta does not have to be proved."""

    DRAFT = "draft"
    ALPHA = "alpha"
    BETA = "beta"
    STABLE = "stable"


@dataclass(frozen=True, slots=True)
class Witness:
    """One concrete thing that shows the break, replayed before it is shown."""

    kind: str
    """``json`` (a body or payload), ``request`` (a whole one), ``wire`` (bytes as hex), ``query`` (SQL) or
    ``source`` (code)."""
    value: Any
    """The thing as a JSON value."""
    before: str
    """What the old contract makes of it: ``accepted``, ``amount = 3000000000``."""
    after: str
    """What the new one makes of it: ``refused: /age: 0 is less than the minimum of 1``."""
    replayed: tuple[str, ...] = ()
    """Who confirmed both: ``jsonschema``, ``jsonschema-rs``, ``protobuf``, ``postgresql``."""


@dataclass(frozen=True, slots=True)
class Example:
    """A migration shown: the same thing written for the old and for the new contract."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Waiver:
    """An approved break. Unused or expired, it is an error itself."""

    fingerprint: str
    owner: str
    reason: str
    expires: str
    """``YYYY-MM-DD``; the last day on which it holds."""
    at: Location


@dataclass(frozen=True, slots=True)
class Change:
    """One verdict. Rules make it; the engine fills `rule`, `stability`, `since`, `consumers` and `waiver`."""

    verdict: Verdict
    subject: str
    """What changed, by its stable name: ``POST /v1/creators request body``, ``payments.v1.Tip.amount``."""
    message: str
    """What is different and what it does to whom, in one sentence."""
    remedy: str
    """What to do instead, in one sentence: the migration note."""
    direction: Direction = Direction.NONE
    role: Role = Role.NOBODY
    old: Location | None = None
    new: Location | None = None
    bump: Bump = Bump.NONE
    witness: Witness | None = None
    example: Example | None = None
    detail: str = ""
    """What tells this change from another of the same rule at the same subject: ``minLength``, ``/address/city``."""
    affects: tuple[str, ...] = ()
    """Every operation, RPC or event that this one cause reaches; the subject's own may be among them."""
    rule: str = ""
    stability: Stability = Stability.STABLE
    since: str = ""
    """The first release that it breaks."""
    consumers: tuple[str, ...] = ()
    waiver: Waiver | None = None

    @property
    def fingerprint(self) -> str:
        """Names the change whatever lines move: the same break has the same one in every run and on every machine."""
        parts = (self.rule, self.verdict.value, self.subject, self.direction.value, self.detail)
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]

    @property
    def stops(self) -> bool:
        """Whether it makes the gate red."""
        if self.waiver is not None or self.stability in (Stability.DRAFT, Stability.ALPHA):
            return False
        return self.verdict in (Verdict.BREAKING, Verdict.POLICY)

    @property
    def at(self) -> Location:
        """Where to look first: the new place, or the old one of something that is gone."""
        return self.new or self.old or Location("")


def breaking(subject: str, message: str, remedy: str, **more: Any) -> Change:
    """A proved break. `more`: the other fields of `Change`; its bump is a major one."""
    return Change(Verdict.BREAKING, subject, message, remedy, **{"bump": Bump.MAJOR, **more})


def policy(subject: str, message: str, remedy: str, **more: Any) -> Change:
    """Against a declared rule of the repository."""
    return Change(Verdict.POLICY, subject, message, remedy, **more)


def unproven(subject: str, message: str, remedy: str, **more: Any) -> Change:
    """Not decided. Its bump is a major one, for nobody knows better."""
    return Change(Verdict.UNPROVEN, subject, message, remedy, **{"bump": Bump.MAJOR, **more})


def safe(subject: str, message: str, **more: Any) -> Change:
    """A change that hurts nobody, for the changelog. Its bump is a minor one unless said otherwise."""
    return Change(Verdict.SAFE, subject, message, "", **{"bump": Bump.MINOR, **more})


@dataclass(frozen=True, slots=True)
class Report:
    """All verdicts of one run."""

    baselines: tuple[str, ...]
    """What was compared against, oldest first; empty: nothing is released yet."""
    changes: tuple[Change, ...] = ()
    bad_waivers: tuple[tuple[Waiver, str], ...] = ()
    """Waivers that are unused or expired, and which of the two."""
    problems: tuple[str, ...] = ()
    """What could not be compared at all, and why; each is an unproven part of the contracts."""
    notes: tuple[str, ...] = ()
    """What the reader must know: a document was translated from OpenAPI 3.0, there is no baseline."""
    counts: dict[str, int] = field(default_factory=dict)
    """How much was compared: ``operations``, ``messages``, ``schemas proved``."""

    @property
    def exit_code(self) -> int:
        """0 safe, 1 breaking, policy or a bad waiver, 3 only unproven on a stable contract."""
        if self.bad_waivers or any(change.stops for change in self.changes):
            return 1
        unsure = any(
            change.verdict is Verdict.UNPROVEN and change.stability is Stability.STABLE and change.waiver is None
            for change in self.changes
        )
        return 3 if unsure or self.problems else 0

    @property
    def verdict(self) -> Verdict:
        """The worst verdict that is not waived."""
        found = [change.verdict for change in self.changes if change.waiver is None]
        return next((verdict for verdict in Verdict if verdict in found), Verdict.SAFE)

    @property
    def bump(self) -> Bump:
        """The semver part that the next release has to move."""
        return max((change.bump for change in self.changes), key=list(Bump).index, default=Bump.NONE)

    def with_changes(self, changes: tuple[Change, ...]) -> Report:
        return replace(self, changes=changes)
