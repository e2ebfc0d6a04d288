"""Who uses what, from the pacts that consumers have stored: ``contract-tests/pacts/*.json`` (Pact V2 to V4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from tenon.gate.verdict import Change, Verdict

FOLDER = "contract-tests/pacts"
_OPERATION = re.compile(r"\A(GET|PUT|POST|DELETE|OPTIONS|HEAD|PATCH|TRACE|QUERY) (/\S*)")
_EVENT = re.compile(r"\Aevent (\S+)")


@dataclass(frozen=True)
class Consumers:
    """What each consumer's pact uses: requests as (method, path), and names of events."""

    requests: Mapping[str, frozenset[tuple[str, str]]]
    events: Mapping[str, frozenset[str]]

    def named(self, change: Change) -> Change:
        """The change with the consumers whom it reaches."""
        if change.verdict is Verdict.SAFE or not (self.requests or self.events):
            return change
        hit: set[str] = set()
        for subject in (change.subject, *change.affects):
            if operation := _OPERATION.match(subject):
                path = re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(operation[2])))
                hit |= {
                    name
                    for name, used in self.requests.items()
                    if any(method == operation[1] and path.fullmatch(at) for method, at in used)
                }
            elif event := _EVENT.match(subject):
                hit |= {name for name, used in self.events.items() if event[1] in used}
        return replace(change, consumers=tuple(sorted(hit))) if hit else change


def load(root: Path) -> tuple[Consumers, list[str]]:
    """The stored pacts of the repository at `root`, and what is wrong with them."""
    requests: dict[str, set[tuple[str, str]]] = {}
    events: dict[str, set[str]] = {}
    problems = []
    for path in sorted((root / FOLDER).glob("*.json")):
        try:
            name, used, received = _read(orjson.loads(path.read_bytes()))
        except (OSError, orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            problems.append(f"{FOLDER}/{path.name}: this is no pact; remove it or store it again")
            continue
        requests.setdefault(name, set()).update(used)
        events.setdefault(name, set()).update(received)
    kept = {name: frozenset(used) for name, used in requests.items() if used}
    return Consumers(kept, {name: frozenset(used) for name, used in events.items() if used}), problems


def _read(pact: Any) -> tuple[str, set[tuple[str, str]], set[str]]:
    requests, events = set(), set()
    for interaction in (*pact.get("interactions", ()), *pact.get("messages", ())):
        if "request" in interaction:
            requests.add((str(interaction["request"]["method"]).upper(), str(interaction["request"]["path"])))
        else:
            metadata = interaction.get("metadata") or interaction.get("metaData") or {}
            events.add(str(metadata.get("event") or interaction["description"]))
    return str(pact["consumer"]["name"]), requests, events
