"""Every schema as draft 2020-12: OpenAPI 3.0's own keywords and older drafts' are lifted, what is invalid is left out.

The judge at run time refuses a schema with one bad keyword as a whole, and public descriptions have such keywords;
each one left out is a warning.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import jsonschema_rs

Complain = Callable[[str, str], None]
"""Takes the keyword and what is wrong with it."""

TYPES = ("null", "boolean", "object", "array", "number", "integer", "string")
_DROPPED = ("$id", "$schema", "$vocabulary", "$comment", "$anchor", "$dynamicAnchor", "$recursiveAnchor")
_NUMBERS = ("maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum", "multipleOf")
_SIZES = (
    "maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minProperties", "maxContains", "minContains",
)  # fmt: skip
_TEXTS = ("format", "title", "description", "contentEncoding", "contentMediaType")
_FLAGS = ("uniqueItems", "deprecated", "readOnly", "writeOnly")
_ABOUT = ("title", "description", "deprecated", "readOnly", "writeOnly")
_REPEAT = re.compile(r"\{([0-9]{1,6})(?:,([0-9]{0,6}))?\}")
_CLASS_RANGE = re.compile(r"(\\[wWdDsS])-(?=[^\]])")


class Patterns:
    """Regular expressions that the judge at run time can take, as far as one document's budget goes.

    Compiling one costs what its repetitions multiply to, and a Unicode class many times that of a letter.
    """

    def __init__(self) -> None:
        self._known: dict[str, str | None] = {}
        self._room = 5_000_000

    def mended(self, pattern: str) -> str | None:
        """`pattern`, or the same for the judge's engine, or None. ECMA-262 takes ``[\\w-.]``, the engine does not."""
        if pattern not in self._known:
            self._known[pattern] = None
            for candidate in dict.fromkeys((pattern, _CLASS_RANGE.sub(r"\1\\-", pattern))):
                if self._compiles(candidate):
                    self._known[pattern] = candidate
                    break
        return self._known[pattern]

    def _compiles(self, pattern: str) -> bool:
        cost = len(pattern) * (200 if "\\p" in pattern or "\\P" in pattern else 1)
        for low, high in _REPEAT.findall(pattern):
            cost *= max(1, int(high or low))
        self._room -= min(cost, 200_000)
        if cost > 2_000_000 or self._room < 0:
            return False
        try:
            jsonschema_rs.Draft202012Validator({"pattern": pattern})
        except ValueError:
            return False
        return True


def lift(schema: dict[str, Any], v30: bool, patterns: Patterns, complain: Complain) -> dict[str, Any]:
    """`schema`, whose subschemas are lifted already, as draft 2020-12. `v30`: it is OpenAPI 3.0's dialect."""
    out = {key: value for key, value in schema.items() if key not in _DROPPED}
    nullable = out.pop("nullable", None) is True
    _types(out, complain)
    _bounds(out)
    _keywords(out, patterns, complain)
    _arrays(out)
    if v30:
        _one_way(out)
    if "example" in out:
        example = out.pop("example")
        out.setdefault("examples", [example])
    if "examples" in out and not isinstance(out["examples"], list):
        values = out.pop("examples")
        out["examples"] = list(values.values()) if isinstance(values, dict) else [values]
    match out.get("format"):
        case "byte" if v30:
            out.setdefault("contentEncoding", "base64")
        case "binary" if v30:
            out.setdefault("contentMediaType", "application/octet-stream")
    return _nullable(out) if nullable else out


def _types(out: dict[str, Any], complain: Complain) -> None:
    if "type" not in out:
        return
    given = out["type"]
    if given == "file":
        out["type"], out["format"] = "string", "binary"
        return
    names = [("null" if name is None else name) for name in (given if isinstance(given, list) else [given])]
    known = list(dict.fromkeys(name for name in names if isinstance(name, str) and name in TYPES))
    if len(known) < len(names):
        complain("type", "names a type that JSON Schema does not have")
    if known and len(known) == len(set(map(str, names))):
        out["type"] = known if isinstance(given, list) and len(known) > 1 else known[0]
    else:
        del out["type"]


def _bounds(out: dict[str, Any]) -> None:
    """Draft 4's and OpenAPI 3.0's ``exclusiveMinimum: true`` beside ``minimum``."""
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(out.get(exclusive), bool) and out.pop(exclusive) and bound in out:
            out[exclusive] = out.pop(bound)


def _keywords(out: dict[str, Any], patterns: Patterns, complain: Complain) -> None:
    for key in _NUMBERS:
        if key in out and (number := _number(out[key])) != out[key]:
            _replace(out, key, number, complain, "has to be a number")
    if "multipleOf" in out and not out["multipleOf"] > 0:
        _replace(out, "multipleOf", None, complain, "has to be more than 0")
    for key in _SIZES:
        if key in out:
            size = _number(out[key])
            if size is None or size < 0 or size != int(size) or size != out[key]:
                good = size is not None and size >= 0 and size == int(size)
                _replace(out, key, int(size) if size is not None and good else None, complain, "has to be a size")
    for keys, kind, words in ((_TEXTS, str, "has to be a text"), (_FLAGS, bool, "has to be true or false")):
        for key in keys:
            if key in out and not isinstance(out[key], kind):
                _replace(out, key, None, complain, words)
    if "required" in out:
        required = out["required"]
        names = [name for name in required if isinstance(name, str)] if isinstance(required, list) else None
        if names is None or len(names) < len(required):
            _replace(out, "required", names or None, complain, "has to be a list of names")
        else:
            out["required"] = list(dict.fromkeys(names))
    if "enum" in out and not (isinstance(out["enum"], list) and out["enum"]):
        _replace(out, "enum", None, complain, "has to be a list of values")
    if "pattern" in out:
        pattern = out["pattern"]
        mended = patterns.mended(pattern) if isinstance(pattern, str) else None
        if mended is None:
            _replace(out, "pattern", None, complain, "is no regular expression that can be checked")
        else:
            out["pattern"] = mended
    if isinstance(out.get("patternProperties"), dict):
        for pattern in [p for p in out["patternProperties"] if patterns.mended(p) != p]:
            del out["patternProperties"][pattern]
            complain("patternProperties", "has a name that is no regular expression that can be checked")
    if "discriminator" in out and not _is_discriminator(out["discriminator"]):
        _replace(out, "discriminator", None, complain, "has to be an object with propertyName")


def _replace(out: dict[str, Any], key: str, value: Any, complain: Complain, words: str) -> None:
    complain(key, words)
    if value is None:
        del out[key]
    else:
        out[key] = value


def _number(value: Any) -> int | float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,30}(\.[0-9]{1,30})?", value):
        return float(value) if "." in value else int(value)
    return None


def _is_discriminator(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("propertyName"), str)


def _arrays(out: dict[str, Any]) -> None:
    """A list of `items` (draft 4 to 2019-09) is `prefixItems` now, and `additionalItems` what `items` was."""
    if isinstance(out.get("items"), list):
        items = out.pop("items")
        if items:
            out["prefixItems"] = items
        if "additionalItems" in out:
            out["items"] = out.pop("additionalItems")
    out.pop("additionalItems", None)
    for key in ("prefixItems", "allOf", "anyOf", "oneOf"):
        if out.get(key) == []:
            del out[key]


def _one_way(out: dict[str, Any]) -> None:
    """OpenAPI 3.0.3: a required `readOnly` property is required in answers only, a `writeOnly` one in requests only.

    One schema serves both here, so neither is required; 3.1 has no such rule.
    """
    properties = out.get("properties")
    if "required" in out and isinstance(properties, dict):
        one_way = {
            name
            for name, schema in properties.items()
            if isinstance(schema, dict) and (schema.get("readOnly") is True or schema.get("writeOnly") is True)
        }
        out["required"] = [name for name in out["required"] if name not in one_way]


def _nullable(out: dict[str, Any]) -> dict[str, Any]:
    """OpenAPI 3.0.3: `nullable` adds null to the `type` beside it, and an `enum` must name null itself.

    Without a type the letter of 3.0.3 is that it says nothing; everybody who writes it beside allOf, oneOf or anyOf
    means that null is one more alternative, so that is what it becomes.
    """
    given = out.get("type")
    if given is not None:
        names = given if isinstance(given, list) else [given]
        out["type"] = [*names, *(["null"] if "null" not in names else [])]
        return out
    composed = [key for key in ("allOf", "oneOf", "anyOf", "$ref") if key in out]
    if not composed:
        return out
    about: dict[str, Any] = {key: out.pop(key) for key in _ABOUT if key in out}
    if composed == ["anyOf"] and len(out) == 1:
        return {**about, "anyOf": [*out["anyOf"], {"type": "null"}]}
    if composed == ["allOf"] and len(out) == 1 and len(out["allOf"]) == 1:
        return {**about, "anyOf": [out["allOf"][0], {"type": "null"}]}
    return {**about, "anyOf": [out, {"type": "null"}]}
