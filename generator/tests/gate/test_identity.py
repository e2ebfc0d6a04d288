"""What says the same is the same: documents that are only written another way give no change at all."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from tenon.gate.context import Context
from tenon.gate.engine import compare
from tenon.gate.policy import Policy
from tenon.gate.snapshot import Snapshot
from tenon.gate.verdict import Change

Value = Any

OPENAPI: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1.0.0"},
    "servers": [{"url": "https://shop.tenon.test/v1"}],
    "security": [{"token": ["read"]}],
    "paths": {
        "/orders": {
            "parameters": [{"$ref": "#/components/parameters/Trace"}],
            "get": {
                "operationId": "listOrders",
                "parameters": [{"name": "state", "in": "query", "schema": {"$ref": "#/components/schemas/State"}}],
                "responses": {
                    "200": {"$ref": "#/components/responses/Orders"},
                    "default": {"description": "error", "content": {"application/problem+json": {"schema": {}}}},
                },
            },
            "post": {
                "operationId": "order",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
                },
                "responses": {"201": {"description": "done", "headers": {"Location": {"schema": {"type": "string"}}}}},
                "callbacks": {
                    "paid": {
                        "{$request.body#/hook}": {
                            "post": {
                                "requestBody": {
                                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}
                                },
                                "responses": {"204": {"description": "done"}},
                            }
                        }
                    }
                },
            },
        }
    },
    "components": {
        "parameters": {"Trace": {"name": "X-Trace", "in": "header", "schema": {"type": "string", "maxLength": 9}}},
        "responses": {
            "Orders": {
                "description": "all",
                "content": {
                    "application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Order"}}}
                },
            }
        },
        "schemas": {
            "State": {"enum": ["open", "paid"]},
            "Order": {
                "type": "object",
                "required": ["id", "lines"],
                "properties": {
                    "id": {"type": "string", "readOnly": True},
                    "state": {"$ref": "#/components/schemas/State"},
                    "lines": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Line"}},
                    "pay": {"oneOf": [{"$ref": "#/components/schemas/Card"}, {"$ref": "#/components/schemas/Cash"}]},
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Order"}},
                },
            },
            "Line": {
                "allOf": [
                    {"$ref": "#/components/schemas/Named"},
                    {"type": "object", "required": ["amount"], "properties": {"amount": {"type": "integer"}}},
                ]
            },
            "Named": {"type": "object", "properties": {"name": {"type": "string", "pattern": "^[a-z]+$"}}},
            "Card": {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "card"}}},
            "Cash": {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "cash"}}},
        },
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
    },
}

ASYNCAPI: dict[str, Any] = {
    "asyncapi": "3.0.0",
    "info": {"title": "Shop events", "version": "1.0.0"},
    "defaultContentType": "application/json",
    "channels": {
        "ordered": {
            "address": "evt.shop.{slot}.ordered.v1",
            "parameters": {"slot": {"description": "shard"}},
            "messages": {"ordered": {"$ref": "#/components/messages/ordered"}},
        }
    },
    "operations": {"tell": {"action": "send", "channel": {"$ref": "#/channels/ordered"}}},
    "components": {
        "messages": {
            "ordered": {
                "name": "shop.ordered",
                "headers": {"type": "object", "properties": {"tenant": {"type": "string"}}},
                "payload": {"$ref": "#/components/schemas/Ordered"},
            }
        },
        "schemas": {
            "Ordered": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"type": "string"}, "parent": {"$ref": "#/components/schemas/Ordered"}},
            }
        },
    },
}


def _map(value: Value, change: Callable[[Value], Value]) -> Value:
    if isinstance(value, dict):
        value = {key: _map(each, change) for key, each in value.items()}
    elif isinstance(value, list):
        value = [_map(each, change) for each in value]
    return change(value)


def rename_components(document: Value) -> Value:
    renamed = copy.deepcopy(document)
    for kind in document["components"]:
        if kind != "securitySchemes":
            renamed["components"][kind] = {f"{name}Renamed": each for name, each in renamed["components"][kind].items()}

    def refer(value: Value) -> Value:
        if isinstance(value, dict) and str(value.get("$ref", "")).startswith("#/components/"):
            return {**value, "$ref": value["$ref"] + "Renamed"}
        return value

    return _map(renamed, refer)


def inline_references(document: Value) -> Value:
    """Each reference by what it names, but for those that would never end."""

    def inline(value: Value, seen: tuple[str, ...]) -> Value:
        if isinstance(value, dict):
            target = value.get("$ref")
            if isinstance(target, str) and target.startswith("#/components/") and target not in seen:
                kind, name = target.split("/")[2:]
                return inline(document["components"][kind][name], (*seen, target))
            return {key: inline(each, seen) for key, each in value.items()}
        return [inline(each, seen) for each in value] if isinstance(value, list) else value

    return {key: each if key == "components" else inline(each, ()) for key, each in document.items()}


def reorder(document: Value) -> Value:
    dice = random.Random(7)

    def shuffle(value: Value) -> Value:
        if isinstance(value, dict):
            pairs = list(value.items())
            dice.shuffle(pairs)
            return dict(pairs)
        if isinstance(value, list) and all(isinstance(each, dict) for each in value):
            return dice.sample(value, len(value))
        return value

    return _map(document, shuffle)


def reorder_sets(document: Value) -> Value:
    def turn(value: Value) -> Value:
        if isinstance(value, dict):
            return {
                key: each[::-1] if key in ("enum", "required") and isinstance(each, list) else each
                for key, each in value.items()
            }
        return value

    return _map(document, turn)


def describe(document: Value) -> Value:
    def add(value: Value) -> Value:
        if isinstance(value, dict) and ("type" in value or "responses" in value or "address" in value):
            return {
                **value,
                "description": "More words.",
                **({"title": "T", "examples": []} if "type" in value else {}),
            }
        return value

    return _map(document, add)


def wrap_in_all_of(document: Value) -> Value:
    def wrap(value: Value) -> Value:
        if isinstance(value, dict) and str(value.get("$ref", "")).startswith("#/components/schemas/"):
            return {"allOf": [value]}
        return value

    return _map(document, wrap)


def unused_component(document: Value) -> Value:
    more = copy.deepcopy(document)
    more["components"]["schemas"]["Unused"] = {"type": "object", "required": ["a"]}
    return more


REWRITES: list[Callable[[Value], Value]] = [
    rename_components,
    inline_references,
    reorder,
    reorder_sets,
    describe,
    wrap_in_all_of,
    unused_component,
    lambda document: inline_references(rename_components(document)),
    lambda document: reorder(wrap_in_all_of(rename_components(document))),
]
NAMES = [*(each.__name__ for each in REWRITES[:7]), "rename_and_inline", "rename_wrap_reorder"]


def gate(folder: Path, old: dict[str, str], new: dict[str, str]) -> list[Change]:
    for side, files in (("old", old), ("new", new)):
        for name, text in files.items():
            path = folder / side / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    context = Context(Snapshot("old", folder / "old"), Snapshot("new", folder / "new"), Policy(), date(2026, 1, 1))
    changes = list(compare(context))
    assert context.problems == []
    return changes


def said(changes: list[Change]) -> list[str]:
    return [f"{each.verdict.value} {each.rule} {each.subject}: {each.message}" for each in changes]


@pytest.mark.parametrize("document", [OPENAPI, ASYNCAPI], ids=["openapi", "asyncapi"])
@pytest.mark.parametrize("rewrite", REWRITES, ids=NAMES)
def test_rewritten(rewrite: Callable[[Value], Value], document: Value, tmp_path: Path) -> None:
    before, after = yaml.safe_dump(document), yaml.safe_dump(rewrite(document), sort_keys=False)
    assert said(gate(tmp_path, {"a.yaml": before}, {"a.yaml": after})) == []
    assert said(gate(tmp_path / "back", {"a.yaml": after}, {"a.yaml": before})) == []


@pytest.mark.parametrize("document", [OPENAPI, ASYNCAPI], ids=["openapi", "asyncapi"])
def test_yaml_as_json_in_another_folder(document: Value, tmp_path: Path) -> None:
    old = {"shop/v1/shop.yaml": "# a comment\n" + yaml.safe_dump(document)}
    assert said(gate(tmp_path, old, {"api/shop.json": json.dumps(document, indent=2)})) == []


def test_components_in_a_file_of_their_own(tmp_path: Path) -> None:
    apart = _map(
        OPENAPI,
        lambda value: (
            {**value, "$ref": value["$ref"].replace("#/components/schemas/", "./parts/schemas.yaml#/")}
            if isinstance(value, dict) and str(value.get("$ref", "")).startswith("#/components/schemas/")
            else value
        ),
    )
    schemas = _map(
        apart["components"]["schemas"],
        lambda value: (
            {**value, "$ref": value["$ref"].replace("./parts/schemas.yaml#/", "#/")}
            if isinstance(value, dict) and "$ref" in value
            else value
        ),
    )
    apart = {**apart, "components": {key: each for key, each in apart["components"].items() if key != "schemas"}}
    new = {"a.yaml": yaml.safe_dump(apart), "parts/schemas.yaml": yaml.safe_dump(schemas)}
    assert said(gate(tmp_path, {"a.yaml": yaml.safe_dump(OPENAPI)}, new)) == []


def test_a_break_is_found_through_every_rewriting(tmp_path: Path) -> None:
    """The same cause is found whether its schema is named, inlined, wrapped or elsewhere."""
    tight = copy.deepcopy(OPENAPI)
    tight["components"]["schemas"]["Named"]["properties"]["name"]["maxLength"] = 3
    for index, rewrite in enumerate(REWRITES):
        changes = gate(
            tmp_path / str(index), {"a.yaml": yaml.safe_dump(OPENAPI)}, {"a.yaml": yaml.safe_dump(rewrite(tight))}
        )
        broken = [each for each in changes if each.verdict.value == "breaking"]
        assert broken, NAMES[index]
        assert all("name maxLength" in each.detail for each in broken), said(broken)
        assert {each.verdict.value for each in changes} <= {"breaking", "safe"}, said(changes)
