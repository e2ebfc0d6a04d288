"""One schema in another draft's words, as far as that draft has words for it: each peer reads one draft only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Rewrite = Callable[[dict[str, Any]], dict[str, Any]]

_MAPS = ("properties", "patternProperties", "definitions", "$defs", "dependentSchemas", "schemas", "components")
_VALUES = ("enum", "const", "required", "default", "examples", "type", "$ref", "dependentRequired")


def in_2020(schema: Any) -> Any:
    """In the words of draft 2020-12."""
    return _everywhere(schema, _newer)


def in_draft4(schema: Any) -> Any:
    """In the words of draft 4; what it cannot say is left as it is."""
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    return _everywhere(schema, _older, booleans=True)


def _everywhere(schema: Any, rewrite: Rewrite, *, booleans: bool = False) -> Any:
    def below(word: str, inner: Any) -> Any:
        if word in _VALUES:
            return inner
        if isinstance(inner, bool) and booleans and word in _SCHEMAS:
            return {} if inner else {"not": {}}
        if isinstance(inner, list):
            return [below("items", one) for one in inner]
        if not isinstance(inner, dict):
            return inner
        if word in (*_MAPS, "dependencies"):
            return {key: below("items", one) if not _names(one) else one for key, one in inner.items()}
        return _everywhere(inner, rewrite, booleans=booleans)

    if not isinstance(schema, dict):
        return schema
    return rewrite({word: below(word, inner) for word, inner in schema.items()})


_SCHEMAS = (
    "items",
    "additionalItems",
    "not",
    "contains",
    "propertyNames",
    "if",
    "then",
    "else",
    "unevaluatedProperties",
)


def _names(inner: Any) -> bool:
    return isinstance(inner, list) and all(isinstance(one, str) for one in inner)


def _newer(schema: dict[str, Any]) -> dict[str, Any]:
    rest = schema.pop("additionalItems", None)
    if isinstance(schema.get("items"), list):
        schema["prefixItems"] = schema.pop("items")
        if rest is not None:
            schema["items"] = rest
    for word, inner in schema.pop("dependencies", {}).items():
        target = "dependentRequired" if _names(inner) else "dependentSchemas"
        schema[target] = {**schema.get(target, {}), word: inner}
    for bound, flag in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(schema.get(flag), bool) and schema.pop(flag) and bound in schema:
            schema[flag] = schema.pop(bound)
    return schema


def _older(schema: dict[str, Any]) -> dict[str, Any]:
    if "const" in schema and "enum" not in schema:
        schema["enum"] = [schema.pop("const")]
    for bound, flag in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        number = schema.get(flag)
        if isinstance(number, int | float) and not isinstance(number, bool) and bound not in schema:
            schema[bound], schema[flag] = number, True
    if "prefixItems" in schema:
        rest = schema.pop("items", None)
        schema["items"] = schema.pop("prefixItems")
        if rest is not None:
            schema["additionalItems"] = rest
    return schema
