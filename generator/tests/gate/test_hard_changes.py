"""Changes that are hard to judge, with their true verdicts; docs/reference/hard-changes.md is the table as a page."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from tenon.gate import engine
from tenon.gate.context import Database
from tenon.gate.policy import Policy
from tenon.gate.snapshot import Snapshot
from tenon.gate.verdict import Change, Direction, Verdict
from tenon.lang.markdown import code, inline

HARD: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("hard_changes.yaml").read_text("utf-8"))
PAGE = Path(__file__).parents[3] / "docs/reference/hard-changes.md"
_PROTO = (
    'syntax = "proto3"; package x.v1;\n'
    "service Things {{ rpc Put(Thing) returns (Thing); }}\n"
    "message Thing {{ {fields} }}\n"
)
_SERVICE = 'async def call(ctx, value):\n    await ctx.db.execute("{query}", [value])\n'


@pytest.mark.parametrize("hard", HARD, ids=lambda hard: str(hard["id"]))
def test_verdict(hard: dict[str, Any], tmp_path: Path, database: Database) -> None:
    changes = _changes(hard, tmp_path, database)
    found = next((verdict for verdict in Verdict if any(c.verdict is verdict for c in changes)), Verdict.SAFE)
    assert found.value == hard["verdict"], [(c.rule, c.verdict.value, c.subject, c.message) for c in changes]
    for change in changes:
        if change.verdict is Verdict.BREAKING and change.direction is not Direction.SOURCE:
            assert change.witness is not None and (change.witness.replayed or change.witness.kind == "request")


def test_there_are_enough_of_every_kind() -> None:
    kinds = {hard["kind"] for hard in HARD}
    assert len(HARD) >= 60
    assert kinds == {"request", "response", "event", "proto", "migration", "files"}
    assert len({hard["id"] for hard in HARD}) == len(HARD)


def test_page() -> None:
    page = _page()
    if os.environ.get("UPDATE"):
        PAGE.write_text(page, "utf-8")
    assert PAGE.read_text("utf-8") == page, "run: UPDATE=1 pytest generator/tests/gate/test_hard_changes.py"


def _changes(hard: dict[str, Any], root: Path, database: Database) -> list[Change]:
    sides = []
    for side in ("old", "new"):
        folder = root / side
        for name, text in _files(hard, side).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        sides.append(Snapshot(side, folder))
    context = engine.Context(*sides, Policy(**hard.get("policy", {})), date(2026, 1, 1), database=database)
    changes = engine.compare(context)
    assert not context.problems, context.problems
    kept = hard.get("encodings")
    return [c for c in changes if kept is None or c.direction is not Direction.SOURCE]


def _files(hard: dict[str, Any], side: str) -> dict[str, str]:
    given = hard[side]
    version = str(hard.get("versions", ["3.1.0", "3.1.0"])[side == "new"])
    content = {"content": {"application/json": {"schema": given}}}
    components = {"schemas": hard.get("components", {}).get(side, {})}
    match hard["kind"]:
        case "proto":
            return {"x/v1/x.proto": _PROTO.format(fields=given)}
        case "files":
            return {
                name: json.dumps(text) if name.endswith(".json") else yaml.safe_dump(text)
                for name, text in given.items()
            }
        case "migration":
            sql = {f"impl/things/migrations/{name}": text for name, text in given["migrations"].items()}
            return {**sql, "impl/things/service.py": _SERVICE.format(query=given["query"])}
        case "event":
            channel = {"address": "evt.things", "messages": {"made": {"payload": given}}}
            sent = {"action": "send", "channel": {"$ref": "#/channels/things"}}
            document = {"asyncapi": "3.0.0", "info": {"title": "t", "version": "1"}, "channels": {"things": channel}}
            return {"api.yaml": yaml.safe_dump({**document, "operations": {"sendMade": sent}})}
        case "request":
            operation = {"requestBody": {"required": True, **content}, "responses": {"204": {"description": "done"}}}
        case _:
            operation = {"responses": {"200": {"description": "done", **content}}}
    document = {"openapi": version, "info": {"title": "t", "version": "1"}, "components": components}
    return {
        "api.yaml": yaml.safe_dump({**document, "paths": {"/things": {"post": {"operationId": "put", **operation}}}})
    }


def _page() -> str:
    lines = [
        "# Hard changes, and their verdicts",
        "",
        "Changes that are easy to judge wrongly, with the true verdict and its reason. The gate is held to each by",
        "`pytest generator/tests/gate/test_hard_changes.py`; the contracts themselves stand in",
        "`generator/tests/gate/hard_changes.yaml`.",
        "",
        "| Change | Where | Old | New | Verdict | Why |",
        "|---|---|---|---|---|---|",
    ]
    for hard in HARD:
        old, new = (_short(hard[side]) for side in ("old", "new"))
        where = hard["kind"] + "".join(f", {key}: {value}" for key, value in hard.get("policy", {}).items())
        lines.append(f"| {hard['id']} | {where} | {old} | {new} | **{hard['verdict']}** | {inline(hard['why'])} |")
    return "\n".join(lines) + "\n"


def _short(given: Any) -> str:
    text = given if isinstance(given, str) else json.dumps(given)
    return code(text if len(text) <= 160 else text[:157] + "...")
