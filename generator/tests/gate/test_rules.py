"""Every rule of the gate with the cases beside it: old contract, new contract, and exactly what the rule has to say."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from tenon.gate import engine
from tenon.gate.context import Context, Database
from tenon.gate.policy import Policy
from tenon.gate.report import words
from tenon.gate.snapshot import Snapshot
from tenon.gate.verdict import Change, Stability, Verdict

TODAY = date(2026, 1, 1)


@dataclass(frozen=True)
class Case:
    rule: str
    name: str
    said: dict[str, Any]


def _cases() -> list[Case]:
    found = []
    for rule in engine.rules():
        path = Path(str(rule.__file__)).with_name("cases.yaml")  # type: ignore[attr-defined]
        for said in yaml.safe_load(path.read_text("utf-8")) if path.is_file() else []:
            found.append(Case(engine.rule_name(rule), said["name"], said))
    return found


CASES = _cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{case.name}")
def test_case(case: Case, tmp_path: Path, database: Database) -> None:
    changes = _run(case.said, tmp_path, database)
    own = [change for change in changes if change.rule == case.rule]
    wanted = list(case.said["expect"])
    for change in own:
        match = next((each for each in wanted if not _differences(change, each)), None)
        assert match is not None, f"unexpected: {_shown(change)}\nwanted: {wanted}"
        wanted.remove(match)
    assert not wanted, f"missing: {wanted}\nsaid: {[_shown(change) for change in own]}"
    if case.said.get("only_this_rule"):
        others = [c for c in changes if c.rule != case.rule and c.verdict is not Verdict.SAFE]
        assert not others, [_shown(change) for change in others]
    for change in changes:
        _well_said(change)


@pytest.mark.parametrize("rule", engine.rules(), ids=engine.rule_name)
def test_rule_is_documented_and_tried(rule: engine.Rule) -> None:
    """A page, a case where it fires, and a near miss where it is silent."""
    page = (rule.__doc__ or "").strip()
    assert len(page) > 200, "the docstring is the page that --explain prints"
    assert page.splitlines()[0].endswith("."), "the first line is its summary"
    mine = [case for case in CASES if case.rule == engine.rule_name(rule)]
    assert any(case.said["expect"] for case in mine), "no case where it fires"
    assert any(all(each["verdict"] == "safe" for each in case.said["expect"]) for case in mine), (
        "no near miss that stays silent or safe"
    )


def _run(said: dict[str, Any], root: Path, database: Database) -> tuple[Change, ...]:
    sides = {}
    for side in ("old", "new"):
        (root / side).mkdir()
        for name, texts in said["files"].items():
            if side in texts:
                path = root / side / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(texts[side], "utf-8")
        sides[side] = Snapshot(side, root / side)
    known = {field.name for field in fields(Policy)}
    policy = {key: value for key, value in said.get("policy", {}).items() if key in known}
    if "require" in policy:
        policy["require"] = frozenset(policy["require"])
    if "stability" in policy:
        policy["stability"] = {key: Stability(value) for key, value in policy["stability"].items()}
    context = Context(sides["old"], sides["new"], Policy(**policy), TODAY, database=database)
    changes = engine.compare(context)
    assert context.problems == said.get("problems", []), context.problems
    return changes


def _differences(change: Change, wanted: dict[str, Any]) -> list[str]:
    found = []
    for key, value in wanted.items():
        if key == "message_has":
            same = value in change.message
        elif key == "affects":
            same = sorted(change.affects) == sorted(value)
        else:
            got = getattr(change, key)
            same = (got.value if hasattr(got, "value") and key != "witness" else got) == value
        if not same:
            found.append(key)
    return found


def _well_said(change: Change) -> None:
    """What holds for every change, whoever made it."""
    assert change.rule and change.subject and change.message, _shown(change)
    assert "\n" not in change.message and not change.message.endswith("."), _shown(change)
    assert change.remedy or change.verdict is Verdict.SAFE, _shown(change)
    if change.verdict is Verdict.BREAKING:
        assert change.witness is not None, _shown(change)
        assert change.witness.kind in words.KINDS, _shown(change)
        assert change.witness.before and change.witness.after, _shown(change)
        assert change.witness.before != change.witness.after, _shown(change)
    assert (change.old or change.new) is not None, _shown(change)


def _shown(change: Change) -> str:
    return (
        f"{change.rule}: {change.verdict.value} {change.direction.value} {change.subject!r}"
        f" [{change.detail}]: {change.message}"
    )
