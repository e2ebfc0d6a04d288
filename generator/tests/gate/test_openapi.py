"""OpenAPI in the gate: causes, witnesses and places; and documents that were written to do harm."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from jsonschema import Draft202012Validator
from tenon.gate.context import Context
from tenon.gate.engine import compare
from tenon.gate.policy import Policy
from tenon.gate.snapshot import Snapshot
from tenon.gate.verdict import Change, Verdict


def document(schema: Any, **more: Any) -> dict[str, Any]:
    body = {"content": {"application/json": {"schema": schema}}}
    answers = {"200": {"description": "done", **body}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "T", "version": "1.0.0"},
        "paths": {"/things": {"post": {"requestBody": body, "responses": answers}}},
        **more,
    }


def gate(folder: Path, old: str, new: str, policy: Policy | None = None) -> tuple[list[Change], Context]:
    for side, text in (("old", old), ("new", new)):
        (folder / side).mkdir(parents=True)
        (folder / side / "api.yaml").write_text(text, "utf-8")
    context = Context(
        Snapshot("old", folder / "old", "api.yaml"),
        Snapshot("new", folder / "new", "api.yaml"),
        policy or Policy(),
        date(2026, 1, 1),
    )
    return list(compare(context)), context


def of_schemas(folder: Path, old: Any, new: Any, **more: Any) -> list[Change]:
    changes, context = gate(folder, yaml.safe_dump(document(old, **more)), yaml.safe_dump(document(new, **more)))
    assert context.problems == []
    return changes


PAIRS: list[tuple[Any, Any]] = [
    ({"type": "integer"}, {"type": "number"}),
    (
        {"type": "object", "properties": {"a": {"type": "string"}}},
        {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}},
    ),
    ({"enum": ["a", "b"]}, {"enum": ["b", "c"]}),
    (
        {"type": "array", "items": {"type": "string"}},
        {"type": "array", "items": {"type": "string", "maxLength": 3}, "maxItems": 2},
    ),
    (
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}},
    ),
    (
        {"type": "object", "patternProperties": {"^x-": {"type": "string"}}},
        {"type": "object", "patternProperties": {"^x-": {"type": "integer"}}},
    ),
    ({"type": ["string", "null"]}, {"type": "string"}),
    ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, {"oneOf": [{"type": "string"}, {"type": "boolean"}]}),
    (
        {
            "type": "object",
            "properties": {
                "a": {
                    "type": "object",
                    "properties": {
                        "b": {"type": "array", "items": {"type": "object", "properties": {"c": {"type": "string"}}}}
                    },
                }
            },
        },
        {
            "type": "object",
            "properties": {
                "a": {
                    "type": "object",
                    "properties": {
                        "b": {
                            "type": "array",
                            "items": {"type": "object", "properties": {"c": {"type": "string", "pattern": "^z"}}},
                        }
                    },
                }
            },
        },
    ),
    (
        {
            "allOf": [
                {"type": "object", "properties": {"a": {"type": "integer"}}},
                {"properties": {"b": {"type": "integer"}}},
            ]
        },
        {
            "allOf": [
                {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
                {"properties": {"b": {"type": "integer", "maximum": 9}}},
            ]
        },
    ),
    (
        {"type": "object", "properties": {"a": {}}, "dependentRequired": {"a": []}},
        {"type": "object", "properties": {"a": {}, "b": {}}, "dependentRequired": {"a": ["b"]}},
    ),
]


@pytest.mark.parametrize(("one", "two"), PAIRS, ids=range(len(PAIRS)))
@pytest.mark.parametrize("turned", [False, True], ids=["there", "back"])
def test_every_break_replays(one: Any, two: Any, turned: bool, tmp_path: Path) -> None:
    """What was sent is good by the sender's schema as it is written, and refused by the receiver's, in two judges."""
    old, new = (two, one) if turned else (one, two)
    changes = of_schemas(tmp_path, old, new)
    breaks = [each for each in changes if each.verdict is Verdict.BREAKING]
    assert breaks
    assert not [each for each in changes if each.verdict is Verdict.UNPROVEN]
    for each in breaks:
        sent, taken = (old, new) if each.direction.value == "request" else (new, old)
        assert each.witness is not None
        value = each.witness.value
        assert Draft202012Validator(sent).is_valid(value)
        assert jsonschema_rs.Draft202012Validator(sent).is_valid(value)
        assert not Draft202012Validator(taken).is_valid(value)
        assert not jsonschema_rs.Draft202012Validator(taken).is_valid(value)
        assert each.witness.replayed == ("jsonschema", "jsonschema-rs")


def test_one_cause_is_one_change_with_all_that_it_reaches(tmp_path: Path) -> None:
    def of(limit: dict[str, Any]) -> str:
        paths = {
            f"/things{number}": {
                "post": {
                    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}},
                    "responses": {"204": {"description": "done"}},
                }
            }
            for number in range(200)
        }
        schemas = {
            "A": {"type": "object", "properties": {"b": {"$ref": "#/components/schemas/B"}}},
            "B": {
                "type": "object",
                "properties": {"n": {"type": "integer", **limit}, "a": {"$ref": "#/components/schemas/A"}},
            },
        }
        info = {"title": "T", "version": "1"}
        return yaml.safe_dump({"openapi": "3.1.0", "info": info, "paths": paths, "components": {"schemas": schemas}})

    changes, _ = gate(tmp_path, of({}), of({"maximum": 9}))
    assert [(each.verdict.value, each.subject, each.detail) for each in changes] == [
        ("breaking", "schema B", "/n maximum")
    ]
    assert len(changes[0].affects) == 200
    assert changes[0].witness is not None and changes[0].witness.value == {"b": {"n": 10}}
    assert changes[0].new is not None and changes[0].new.line > 0


def test_moving_to_version_3_1_changes_nothing_by_itself(tmp_path: Path) -> None:
    old = document(
        {
            "type": "object",
            "properties": {
                "a": {"type": "string", "nullable": True},
                "n": {"type": "number", "minimum": 0, "exclusiveMinimum": True},
            },
        }
    )
    new = document(
        {
            "type": "object",
            "properties": {"a": {"type": ["string", "null"]}, "n": {"type": "number", "exclusiveMinimum": 0}},
        }
    )
    changes, context = gate(tmp_path, yaml.safe_dump({**old, "openapi": "3.0.3"}), yaml.safe_dump(new))
    assert [each for each in changes if each.verdict is not Verdict.SAFE] == []
    assert any("translated" in note for note in context.notes)


def test_a_property_that_is_only_read_is_no_part_of_requests(tmp_path: Path) -> None:
    changes = of_schemas(
        tmp_path,
        {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "readOnly": True}}},
        {"type": "object", "properties": {"id": {"type": "string", "readOnly": True}}},
    )
    assert [(each.verdict.value, each.direction.value) for each in changes if each.verdict is not Verdict.SAFE] == [
        ("breaking", "response")
    ]


NESTED: Any = {}
for _ in range(3000):
    NESTED = {"type": "array", "items": NESTED}

HOSTILE: dict[str, Any] = {
    "a list as document": [1, 2],
    "no mapping of paths": {"openapi": "3.1.0", "paths": [1]},
    "paths of texts": {"openapi": "3.1.0", "paths": {"/a": "x", "b": None}},
    "operations of texts": {
        "openapi": "3.1.0",
        "paths": {"/a": {"get": "x", "post": {"responses": 7, "parameters": 9}}},
    },
    "a reference to itself": document(
        {"$ref": "#/components/schemas/A"}, components={"schemas": {"A": {"$ref": "#/components/schemas/A"}}}
    ),
    "a reference in a circle": document(
        {"$ref": "#/components/schemas/A"},
        components={"schemas": {"A": {"allOf": [{"$ref": "#/components/schemas/A"}, {"type": "string"}]}}},
    ),
    "a reference to nothing": document({"$ref": "#/components/schemas/None"}),
    "a reference to a host": document({"$ref": "https://attacker.invalid/schema.json"}),
    "a reference out of the folder": document({"$ref": "../../../../etc/passwd"}),
    "keywords of wrong shapes": document(
        {"type": 7, "properties": [1], "required": "a", "enum": 3, "allOf": {}, "items": "x", "minimum": "y"}
    ),
    "a schema that is a text": document("object"),
    "an expression that explodes": document({"type": "string", "pattern": "^(a|a)*(a|aa)*b{1,3000}$"}),
    "security of texts": document({}, security="all", components={"securitySchemes": 7}),
    "servers of numbers": document(
        {}, servers=[1, {"url": 7}, {"url": "{a}{b}", "variables": {"a": {"enum": list("abcdefgh") * 9}}}]
    ),
    "deep nesting": document(
        {
            "type": "object",
            "properties": {
                "a": {"type": "object", "properties": {"b": {"allOf": [{"not": {"not": {"type": "string"}}}]}}}
            },
        }
    ),
    "webhooks of texts": {"openapi": "3.1.0", "webhooks": {"a": {"post": {"requestBody": {"content": 7}}}}},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_never_raise(name: str, tmp_path: Path) -> None:
    good = yaml.safe_dump(document({"type": "object", "properties": {"a": {"type": "string"}}}))
    bad = json.dumps(HOSTILE[name])
    for number, (old, new) in enumerate(((good, bad), (bad, good), (bad, bad.replace("}", " }")))):
        changes, _ = gate(tmp_path / str(number), old, new)
        for each in changes:
            assert each.verdict is not Verdict.BREAKING or each.witness is not None


def test_nesting_without_end_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    text = '{"openapi":"3.1.0","paths":' + '{"/a":' * 50_000 + "1" + "}" * 50_000 + "}"
    _, context = gate(tmp_path, text, text.replace("1}", "2}", 1))
    assert context.problems


def test_swagger_2_is_named(tmp_path: Path) -> None:
    _, context = gate(tmp_path, "swagger: '2.0'\npaths: {}\n", "swagger: '2.0'\npaths: {/a: {}}\n")
    assert context.problems and all("Swagger 2.0" in problem for problem in context.problems)
