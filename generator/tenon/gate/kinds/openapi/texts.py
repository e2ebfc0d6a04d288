"""Values as the texts that they are on the wire: a parameter `7` is the same text, be it declared integer or string."""

from __future__ import annotations

import json
from typing import Any

from tenon.gate.json.judge import Judge

_SCALARS = frozenset({"string", "integer", "number", "boolean"})
_OF_STRINGS = ("minLength", "maxLength", "pattern", "format")
_OF_NUMBERS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
_TEXTS: dict[str, dict[str, Any]] = {
    "boolean": {"enum": ["true", "false"]},
    "integer": {"pattern": "^-?[0-9]+$"},
    "number": {"pattern": r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$"},
}


def accepts(judge: Judge, sent: dict[str, Any], taken: dict[str, Any]) -> bool:
    """Whether every text that the one schema (flattened) writes is read by the other. False where that is not sure."""
    read = _text(taken, exact=True)
    if read is None and taken.get("type") == "array" and not _minimum(taken):
        items = taken.get("items", {})
        read = _text(items, exact=True) if isinstance(items, dict) else None  # a list of one is written as its item
    written = _text(sent, exact=False)
    if written is None or read is None:
        return False
    return judge.ask({"type": "string", **written}, {"type": "string", **read}).proved


def _minimum(schema: dict[str, Any]) -> bool:
    return schema.get("minItems", 0) not in (0, 1)


def _text(schema: dict[str, Any], *, exact: bool) -> dict[str, Any] | None:
    """A schema of texts. Not `exact`: it may hold more of them than are written."""
    members = [schema["const"]] if "const" in schema else schema.get("enum")
    if isinstance(members, list) and all(isinstance(each, str | int | float | bool) for each in members):
        return {"enum": [each if isinstance(each, str) else json.dumps(each) for each in members]}
    kinds = schema.get("type", "string" if any(key in schema for key in _OF_STRINGS) else None)
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if not isinstance(kinds, list) or not kinds or not set(kinds) <= _SCALARS | {"null"}:
        return None
    if any(key in schema for key in ("anyOf", "oneOf", "not", "if", "$ref")):
        return None
    found: list[dict[str, Any]] = []
    for kind in kinds:
        if kind == "string":
            found.append({key: schema[key] for key in _OF_STRINGS if key in schema})
        elif kind != "null":
            if exact and kind != "boolean" and not _OF_NUMBERS.isdisjoint(schema):
                return None
            found.append(_TEXTS[kind])
    return found[0] if len(found) == 1 else {"anyOf": found} if found else None
