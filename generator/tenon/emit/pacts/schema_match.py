"""Matchers for what a JSON Schema describes, as Python expressions: by type, required properties only."""

from __future__ import annotations

import re
from typing import Any

from tenon.lang.python import literal

_DEPTH = 20
_PROPERTIES = 1000
"""Of one value with all that is inside: objects that hold each other many times over grow without bound."""
_FORMATS = {
    "uuid": 'match.uuid("0190b4a6-5a4e-7cc1-9b1c-1f2d3c4b5a69")',
    "date-time": 'match.regex("2026-01-02T03:04:05Z", '
    r'regex=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")',
    "date": r'match.regex("2026-01-02", regex=r"^\d{4}-\d\d-\d\d$")',
}
_TYPES = {
    "string": 'match.str("text")',
    "integer": "match.int(1)",
    "number": "match.number(1.5)",
    "boolean": "match.bool(True)",
}
_OBJECT = "match.type({})"


def schema_matcher(schema: Any, document: Any) -> str | None:
    """The matcher of a value that fits `schema`, whose references are local to `document`; None where Pact has none:
    for what may be null or of several types, and for a schema inside itself."""
    return _matcher(schema, document, (), [_PROPERTIES])


def _matcher(schema: Any, document: Any, inside: tuple[str, ...], left: list[int]) -> str | None:
    if isinstance(schema, dict) and isinstance(reference := schema.get("$ref"), str):
        if reference in inside or len(inside) > _DEPTH:
            return None
        return _matcher(_find(document, reference), document, (*inside, reference), left)
    if not isinstance(schema, dict):
        return None
    if isinstance(values := schema.get("enum"), list) and values and all(isinstance(value, str) for value in values):
        # Pact's expressions are Rust's; what stands for itself in Python's does so there too.
        return f"match.regex({literal(values[0])}, regex={literal('^(' + '|'.join(map(re.escape, values)) + ')$')})"
    kind = schema.get("type")
    if kind == "array":
        items = _matcher(schema.get("items"), document, inside, left)
        return f"match.type([{items}], min=0)" if items else "match.type([], min=0)"
    if kind == "object":
        return _object(schema, document, inside, left)
    if kind == "string" and schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    return _TYPES.get(kind) if isinstance(kind, str) else None


def _object(schema: dict[str, Any], document: Any, inside: tuple[str, ...], left: list[int]) -> str:
    properties, required = schema.get("properties"), schema.get("required")
    if not isinstance(properties, dict) or not isinstance(required, list):
        return _OBJECT
    wanted = [name for name in properties if name in required]
    left[0] -= len(wanted)
    if left[0] < 0:
        return _OBJECT
    matchers = {name: _matcher(properties[name], document, inside, left) for name in wanted}
    items = ", ".join(f"{literal(name)}: {matcher}" for name, matcher in matchers.items() if matcher)
    return f"{{{items}}}" if items else _OBJECT


def _find(document: Any, reference: str) -> Any:
    """What a local reference refers to."""
    for part in reference.removeprefix("#").split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        document = document.get(key) if isinstance(document, dict) else None
    return document
