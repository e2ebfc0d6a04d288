"""The gate against pairs of schemas whose containment is known by construction, as bodies of requests and of answers.

A pair that is contained must never be called breaking, one that is not must never be passed over.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest
from tenon.gate import engine
from tenon.gate.policy import Policy
from tenon.gate.snapshot import Snapshot
from tenon.gate.verdict import Verdict

from bench.schema_pairs import Pair, pairs

SEED = int(os.environ.get("TENON_SEED", "7"))
NUMBER = 160
OPEN = Policy(content_model="open")
"""Senders may send what no schema names: then a body is its schema's set, and nothing else."""


def test_verdicts_of_request_bodies(tmp_path: Path) -> None:
    _hold(tmp_path, SEED, NUMBER, request=True)


def test_verdicts_of_answers(tmp_path: Path) -> None:
    _hold(tmp_path, SEED + 1, NUMBER, request=False)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 120))
def test_many_verdicts(tmp_path: Path, seed: int) -> None:
    _hold(tmp_path, seed, 1000, request=bool(seed % 2))


def _hold(root: Path, seed: int, number: int, *, request: bool) -> None:
    wrong = []
    for index, pair in enumerate(pairs(seed, number, ("draft2020-12", "openapi3.0"))):
        folder = root / str(index)
        verdict, said = _verdict(folder, pair, request)
        expected = (Verdict.SAFE, Verdict.UNPROVEN) if pair.contained else (Verdict.BREAKING, Verdict.UNPROVEN)
        if verdict not in expected:
            wrong.append((index, verdict.value, pair, said))
    assert not wrong, wrong[:3]


def _verdict(root: Path, pair: Pair, request: bool) -> tuple[Verdict, list[Any]]:
    sent, taken = pair.left, pair.right
    old, new = (sent, taken) if request else (taken, sent)
    sides = []
    for name, schema in (("old", old), ("new", new)):
        (root / name).mkdir(parents=True)
        (root / name / "api.json").write_bytes(orjson.dumps(_document(schema, pair.dialect, request)))
        sides.append(Snapshot(name, root / name))
    context = engine.Context(*sides, OPEN, date(2026, 1, 1))
    changes = engine.compare(context)
    assert not context.problems, (pair, context.problems)
    found = [verdict for verdict in Verdict if any(change.verdict is verdict for change in changes)]
    return (found or [Verdict.SAFE])[0], [(c.rule, c.verdict.value, c.message) for c in changes]


def _document(schema: Any, dialect: str, request: bool) -> dict[str, Any]:
    """One operation with the schema as a body; the schema's own definitions stand where its references look."""
    above: dict[str, Any] = {}
    if isinstance(schema, dict):
        above = {key: schema[key] for key in ("$defs", "components") if key in schema}
        schema = {key: value for key, value in schema.items() if key not in above and key != "$schema"}
    content = {"application/json": {"schema": schema}}
    operation: dict[str, Any] = {"responses": {"200": {"description": "done"}}}
    if request:
        operation["requestBody"] = {"required": True, "content": content}
    else:
        operation["responses"]["200"]["content"] = content
    version = "3.0.3" if dialect == "openapi3.0" else "3.1.0"
    document = {"openapi": version, "info": {"title": "t", "version": "1"}, "paths": {"/x": {"post": operation}}}
    return {**document, **above}
