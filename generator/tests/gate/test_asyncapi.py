"""AsyncAPI in the gate: documents that were written to do harm, and the two versions side by side."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tenon.gate.context import Context
from tenon.gate.engine import compare
from tenon.gate.policy import Policy
from tenon.gate.snapshot import Snapshot
from tenon.gate.verdict import Change, Verdict


def events(payload: Any, **more: Any) -> dict[str, Any]:
    channel = {"address": "a.b", "messages": {"paid": {"payload": payload}}}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "T", "version": "1.0.0"},
        "channels": {"paid": channel},
        "operations": {"tell": {"action": "send", "channel": {"$ref": "#/channels/paid"}}},
        **more,
    }


def gate(folder: Path, old: Any, new: Any) -> tuple[list[Change], Context]:
    sides = []
    for side, value in (("old", old), ("new", new)):
        (folder / side).mkdir(parents=True)
        (folder / side / "events.json").write_text(json.dumps(value), "utf-8")
        sides.append(Snapshot(side, folder / side, "events.json"))
    context = Context(sides[0], sides[1], Policy(), date(2026, 1, 1))
    return list(compare(context)), context


HOSTILE: dict[str, Any] = {
    "channels of texts": {"asyncapi": "3.0.0", "channels": {"a": "x", "b": 7}, "operations": {"c": "y"}},
    "operations without a channel": {"asyncapi": "3.0.0", "operations": {"c": {"action": "send"}}},
    "a channel that is itself": events({}, channels={"paid": {"$ref": "#/channels/paid"}}),
    "messages of numbers": events({}, channels={"paid": {"address": 7, "messages": [1, 2]}}),
    "traits of texts": {
        "asyncapi": "2.6.0",
        "channels": {"a": {"publish": {"traits": "x", "message": {"traits": [7]}}}},
    },
    "a message in a circle": {
        "asyncapi": "2.6.0",
        "channels": {"a": {"publish": {"message": {"oneOf": [{"$ref": "#/channels/a/publish/message"}]}}}},
    },
    "a payload of a host": events({"$ref": "https://attacker.invalid/x.json"}),
    "a payload that is a number": events(7),
    "bindings of texts": events({}, channels={"paid": {"address": "a.b", "bindings": {"kafka": "x"}}}),
    "an unknown version": {"asyncapi": "9.0.0"},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_never_raise(name: str, tmp_path: Path) -> None:
    good = events({"type": "object", "properties": {"a": {"type": "string"}}})
    bad = HOSTILE[name]
    for number, (old, new) in enumerate(((good, bad), (bad, good), (bad, {**bad, "x-more": 1}))):
        changes, _ = gate(tmp_path / str(number), old, new)
        for each in changes:
            assert each.verdict is not Verdict.BREAKING or each.witness is not None


def test_what_is_sent_is_asked_in_both_directions_and_what_is_received_in_one(tmp_path: Path) -> None:
    """Narrower than promised is fine for who listens today, and refuses what is still in the stream."""
    old, new = ({"type": "integer"}, {"type": "integer", "maximum": 9})
    sent, _ = gate(tmp_path / "sent", events(old), events(new))
    found = {each.direction.value: each for each in sent if each.verdict is Verdict.BREAKING}
    assert list(found) == ["stored"]
    assert found["stored"].witness is not None and found["stored"].witness.value == 10
    receive = {"operations": {"take": {"action": "receive", "channel": {"$ref": "#/channels/paid"}}}}
    received, _ = gate(tmp_path / "received", events(old, **receive), events(new, **receive))
    assert [(each.direction.value, each.role.value) for each in received] == [("event", "sender")]
