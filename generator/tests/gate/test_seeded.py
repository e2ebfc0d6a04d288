"""One break of each kind, seeded in a copy of this repository: the gate is red, and says which kind it was."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from tenon.gate import engine, policy
from tenon.gate.context import Database
from tenon.gate.report import render
from tenon.gate.snapshot import Snapshot
from tenon.gate.verdict import Change

ROOT = Path(__file__).parents[3]
OPENAPI = "contracts/catalog/v1/catalog.openapi.yaml"
PROTO = "contracts/catalog/v1/catalog.proto"


@pytest.fixture
def released(tmp_path: Path) -> Path:
    return _copy(tmp_path / "released")


def _copy(to: Path) -> Path:
    for name in ("contracts", "impl"):
        shutil.copytree(ROOT / name, to / name, ignore=shutil.ignore_patterns("__pycache__", ".released"))
    shutil.copy(ROOT / "tenon.toml", to)
    return to


def edit(file: str, old: str, new: str) -> Callable[[Path], None]:
    def apply(root: Path) -> None:
        text = (root / file).read_text("utf-8")
        assert old in text, f"{file} does not have {old!r} any more"
        (root / file).write_text(text.replace(old, new, 1), "utf-8")

    return apply


def add(file: str, text: str) -> Callable[[Path], None]:
    def apply(root: Path) -> None:
        (root / file).write_text(text, "utf-8")

    return apply


SEEDS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "a longer title is refused": ("openapi-request-body", edit(OPENAPI, "maxLength: 100\n", "maxLength: 50\n")),
    "an event moves": (
        "asyncapi-channel",
        edit("contracts/identity/v1/identity.asyncapi.yaml", "creator_verified.v1", "creator_proven.v1"),
    ),
    "a field gets another number": ("protobuf-field-number", edit(PROTO, "string title = 1;", "string title = 91;")),
    "a scope is asked for": ("option-scopes", edit(PROTO, 'scopes: "videos:read"', 'scopes: "videos:own"')),
    "a column goes": (
        "migration-queries",
        add("impl/catalog/migrations/0002_gone.sql", "ALTER TABLE videos DROP COLUMN language;\n"),
    ),
    "history is rewritten": (
        "migration-history",
        edit("impl/catalog/migrations/0001_videos.sql", "handle text NOT NULL", "handle text"),
    ),
    "a service knows another": (
        "architecture-imports",
        edit("impl/catalog/service.py", "\nimport ", "\nimport impl.identity.rules\nimport "),
    ),
}


def test_without_a_change_there_is_nothing_to_say(released: Path, tmp_path: Path, database: Database) -> None:
    assert _gate(released, _copy(tmp_path / "now"), database) == ()


@pytest.mark.parametrize("what", SEEDS)
def test_a_break_of_each_kind_is_red(what: str, released: Path, tmp_path: Path, database: Database) -> None:
    rule, seed = SEEDS[what]
    now = _copy(tmp_path / "now")
    seed(now)
    stopping = [change for change in _gate(released, now, database) if change.stops]
    assert rule in {change.rule for change in stopping}, [(c.rule, c.verdict.value, c.message) for c in stopping]
    for change in stopping:
        assert change.message and change.remedy and change.at.file


def _gate(old: Path, new: Path, database: Database) -> tuple[Change, ...]:
    declared, findings = policy.load(new)
    assert not findings
    report = engine.gate([Snapshot("v1", old)], Snapshot(".", new), declared, date(2026, 1, 1), database)
    assert not report.problems
    assert report.exit_code == int(any(change.stops for change in report.changes))
    assert render(report, "text")
    return report.changes
