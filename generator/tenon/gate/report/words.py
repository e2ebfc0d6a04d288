"""The words that every format shares."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tenon.gate.verdict import Change, Direction, Report, Role, Verdict
from tenon.source import Location

TITLES = {
    Verdict.BREAKING: "Breaking",
    Verdict.POLICY: "Against policy",
    Verdict.UNPROVEN: "Unproven",
    Verdict.SAFE: "Safe",
}
_ROLES = {
    Role.CLIENT: "clients",
    Role.RECEIVER: "receivers of the event",
    Role.SENDER: "senders of the message",
    Role.SERVICE: "the other release of the service",
    Role.OPERATOR: "who operates it",
    Role.NOBODY: "",
}
_DIRECTIONS = {
    Direction.REQUEST: "in requests",
    Direction.RESPONSE: "in answers",
    Direction.EVENT: "in events",
    Direction.STORED: "with what is stored already",
    Direction.SOURCE: "in code made from the contract",
    Direction.NONE: "",
}
KINDS = {
    "json": "a JSON value",
    "request": "a request",
    "wire": "a message on the wire",
    "query": "a query",
    "source": "code that names it",
}
"""What the proof is, by `Witness.kind`."""
_COMMAND = re.compile(r"^(\s*)([:#])\2")
SHOWN = 2000
"""Characters of a witness that a person is shown; JSON has all of it."""


def printable(text: str) -> str:
    """Without control characters, on one line: a contract's names must not steer a terminal or break a line."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def who(change: Change) -> str:
    """``clients, in requests · first broken: v1.2.0 · consumers: search``."""
    hit = ", ".join(filter(None, (_ROLES[change.role], _DIRECTIONS[change.direction])))
    parts = [hit]
    if change.verdict in (Verdict.BREAKING, Verdict.UNPROVEN) and change.since:
        parts.append(f"first against {change.since}")
    if change.consumers:
        parts.append("consumers: " + ", ".join(change.consumers))
    if change.stability.value != "stable":
        parts.append(f"stability: {change.stability.value}")
    return printable(" · ".join(filter(None, parts)))


def places(change: Change) -> list[tuple[str, Location]]:
    """Where it stands: old, new."""
    found = [("old", change.old), ("new", change.new)]
    return [(name, at) for name, at in found if at is not None]


def shown(value: Any) -> str:
    """A witness as a person reads it. No line of it begins as a command of a CI server does (``::``, ``##``)."""
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    text = "\n".join(_COMMAND.sub(r"\1\2 \2", printable(line)) for line in text.splitlines())
    return text if len(text) <= SHOWN else text[:SHOWN] + " …"


def others(change: Change) -> list[str]:
    """What else the same cause reaches."""
    return [printable(each) for each in change.affects if each != change.subject]


def summary(report: Report) -> str:
    """``2 breaking, 1 unproven, 14 safe``."""
    counted: list[str] = []
    waived = sum(change.waiver is not None for change in report.changes)
    for verdict in Verdict:
        number = sum(change.verdict is verdict and change.waiver is None for change in report.changes)
        if number:
            counted.append(f"{number} {verdict.value}")
    if waived:
        counted.append(f"{waived} waived")
    return ", ".join(counted) or "no change"


def outcome(report: Report) -> str:
    """The verdict in one sentence."""
    match report.exit_code:
        case 1 if report.bad_waivers and not any(change.stops for change in report.changes):
            return "Refused: a waiver does not hold any more."
        case 1:
            return "Refused: somebody who relies on the released contracts would break."
        case 3:
            return "Not proved: nothing is known to break, but not everything could be decided."
        case _:
            return "Safe: everything that was good stays good."


def ordered(report: Report) -> Iterator[tuple[Verdict, list[Change]]]:
    """Changes by verdict, worst first; waived ones stand with their own verdict."""
    for verdict in Verdict:
        found = [change for change in report.changes if change.verdict is verdict]
        if found:
            yield verdict, found
