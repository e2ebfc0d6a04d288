"""Parameters from path, query, header and cookie, in every style of OpenAPI 3.1, made at start-up into small readers.

A reader finds a parameter's raw text, splits it by its style, reads the parts as the types that its schema allows, and
lets the schema judge. Faults are named by source, name and the place inside: ``#/query/filter/state``.
Source: https://spec.openapis.org/oas/v3.1.0#style-values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, unquote_plus

from tenon_runtime.errors import Violation
from tenon_runtime.host.rest import strict_json
from tenon_runtime.host.rest.document import Document, escape
from tenon_runtime.host.rest.schema import Schema, Schemas

MAX_PAIRS = 1000
"""Parameters in one query or form."""
MAX_KEYS = 16
"""Levels of a deepObject."""

MISSING: Any = object()

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,299})", re.ASCII)
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?", re.ASCII)
_BRACKETS = re.compile(r"([^\[\]]*)((?:\[[^\[\]]*\])+)")
_DEFAULT_STYLE = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}
_SEPARATORS = {"spaceDelimited": re.compile(r"%20|\+| "), "pipeDelimited": re.compile(r"\||%7[Cc]")}
_COMMA = re.compile(",")
_TEXT = frozenset({"string"})

Pairs = list[tuple[str, str]]
"""Names, decoded, with their texts, as sent."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where parameters are, in one request."""

    path: Mapping[str, str]
    query: Pairs
    headers: Mapping[str, str]
    cookies: Pairs


@dataclass(frozen=True, slots=True)
class Shape:
    """How text becomes a value: the types a schema allows, and those of its parts."""

    types: frozenset[str]
    items: frozenset[str]
    properties: Mapping[str, frozenset[str]]
    lists: Mapping[str, frozenset[str]]
    """Of the properties that are arrays, the types of their items: forms and deepObject repeat these."""

    @classmethod
    def of(cls, document: Document, pointer: str) -> Shape:
        pointers = document.properties(pointer)
        properties = {name: document.types(at) for name, at in pointers.items()}
        lists = {name for name, types in properties.items() if "array" in types and "string" not in types}
        return cls(
            document.types(pointer),
            _item_types(document, pointer),
            properties,
            {name: _item_types(document, pointers[name]) for name in lists},
        )


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of one operation."""

    source: str
    name: str
    required: bool
    style: str
    explode: bool
    json: bool
    """The text is JSON (``content: application/json``)."""
    shape: Shape
    default: Any
    schema: Schema
    pointer: str
    """What its violations are named by: ``#/query/limit``."""

    def read(self, sources: Sources, faults: list[Violation]) -> Any:
        """The value, or MISSING; what is wrong is added to `faults`."""
        try:
            value = self._json(sources) if self.json else self._styled(sources)
        except strict_json.NotJson as error:
            faults.append(Violation(self.pointer, "json", str(error)))
            return MISSING
        if value is MISSING:
            if self.required:
                faults.append(
                    Violation(self.pointer, "required", f"the {self.source} parameter {self.name} is missing")
                )
            return self.default
        faults += self.schema.check(value, self.pointer)
        return value

    def _json(self, sources: Sources) -> Any:
        text = self._one(sources)
        if text is MISSING:
            return MISSING
        return strict_json.parse((text if self.source == "header" else unquote_plus(text)).encode())

    def _one(self, sources: Sources) -> Any:
        match self.source:
            case "path":
                return sources.path.get(self.name, MISSING)
            case "header":
                return sources.headers.get(self.name.lower(), MISSING)
        for name, text in sources.query if self.source == "query" else sources.cookies:
            if name == self.name:
                return text
        return MISSING

    def _styled(self, sources: Sources) -> Any:
        wants_object = "object" in self.shape.types and "string" not in self.shape.types
        wants_array = "array" in self.shape.types and "string" not in self.shape.types
        if self.source in ("query", "cookie"):
            pairs = sources.query if self.source == "query" else sources.cookies
            if self.style == "deepObject":
                return self._deep(pairs)
            if wants_array and self.explode and self.style == "form":
                texts = [text for name, text in pairs if name == self.name]
                return [scalar(decode(text), self.shape.items) for text in texts] if texts else MISSING
            if wants_object and self.explode and self.style == "form":
                found = {n: t for n, t in pairs if n in self.shape.properties}
                return self._object(list(found.items())) if found else MISSING
        text = self._one(sources)
        if text is MISSING:
            return MISSING
        if wants_object:
            return self._object(self._members(text))
        if wants_array:
            return [scalar(self._decode(part), self.shape.items) for part in self._parts(text)]
        if self.style == "label":
            text = text.removeprefix(".")
        elif self.style == "matrix":
            text = text.removeprefix(f";{self.name}").removeprefix("=")
        return scalar(self._decode(text), self.shape.types)

    def _decode(self, text: str) -> str:
        match self.source:
            case "header":
                return text.strip()
            case "path":
                return unquote(text)
        return decode(text)

    def _parts(self, text: str) -> list[str]:
        """An array's texts."""
        match self.style:
            case "label":
                text = text.removeprefix(".")
                return text.split("." if self.explode else ",") if text else []
            case "matrix":
                head = f";{self.name}="
                if self.explode:
                    return [part.partition("=")[2] for part in text.split(";") if part]
                return text.removeprefix(head).split(",") if text.startswith(head) else []
        return _SEPARATORS.get(self.style, _COMMA).split(text) if text else []

    def _members(self, text: str) -> Pairs:
        """An object's names and texts."""
        if self.explode and self.style in ("simple", "label", "matrix"):
            separator = {"simple": ",", "label": ".", "matrix": ";"}[self.style]
            parts = [part.partition("=") for part in text.split(separator) if part]
            return [(self._decode(name), value) for name, _, value in parts]
        if self.style == "label":
            text = text.removeprefix(".")
        elif self.style == "matrix":
            text = text.removeprefix(f";{self.name}=")
        flat = _SEPARATORS.get(self.style, _COMMA).split(text)
        return [(self._decode(name), value) for name, value in zip(flat[::2], flat[1::2], strict=False)]

    def _object(self, members: Pairs) -> dict[str, Any]:
        return {name: scalar(self._decode(text), self.shape.properties.get(name, _TEXT)) for name, text in members}

    def _deep(self, pairs: Pairs) -> Any:
        found: dict[str, Any] = {}
        for name, text in pairs:
            match = _BRACKETS.fullmatch(name)
            if match is None or match[1] != self.name:
                continue
            keys = match[2][1:-1].split("][")
            if len(keys) > MAX_KEYS:
                raise strict_json.NotJson(f"nested deeper than {MAX_KEYS}")
            many = self.shape.lists.get(keys[0])
            value = scalar(decode(text), many or self.shape.properties.get(keys[0], _TEXT))
            _put(found, keys, value, many is not None)
        return found or MISSING


def _item_types(document: Document, pointer: str) -> frozenset[str]:
    items = document.child(pointer, "items")
    return document.types(items) if items else _TEXT


def _put(target: dict[str, Any], keys: list[str], value: Any, many: bool) -> None:
    for key in keys[:-1]:
        inner = target.setdefault(key, [] if many and key == keys[-2] and not keys[-1] else {})
        if isinstance(inner, list):
            inner.append(value)
            return
        if not isinstance(inner, dict):
            raise strict_json.NotJson(f"{key} is both a value and an object")
        target = inner
    last = keys[-1]
    if many and len(keys) == 1:
        target.setdefault(last, []).append(value)
    elif last in target:
        raise strict_json.NotJson(f"{last} is there twice")
    else:
        target[last] = value


def decode(text: str) -> str:
    """Text of a query, a cookie or a form."""
    return unquote_plus(text) if "%" in text or "+" in text else text


def scalar(text: str, types: frozenset[str]) -> Any:
    """Text as the first of null, boolean, integer and number that is allowed and fits; otherwise the text."""
    if "boolean" in types and text in ("true", "false"):
        return text == "true"
    if ("integer" in types or "number" in types) and _INTEGER.fullmatch(text):
        return int(text)
    if "number" in types and _NUMBER.fullmatch(text):
        return float(text)
    if "null" in types and text in ("", "null"):
        return None
    return text


def pairs_of(query: str, separator: str = "&") -> Pairs:
    """Names, decoded, and raw texts. Raises NotJson when there are too many."""
    if not query:
        return []
    parts = query.split(separator)
    if len(parts) > MAX_PAIRS:
        raise strict_json.NotJson(f"more than {MAX_PAIRS} parameters")
    split = (part.partition("=") for part in parts if part)
    return [(decode(name), text) for name, _, text in split]


def cookies_of(header: str) -> Pairs:
    return [(name.strip(), text) for name, _, text in (part.partition("=") for part in header.split(";")) if name]


def compile_parameters(document: Document, schemas: Schemas, pointer: str) -> tuple[Parameter, ...]:
    """The parameters of the operation at `pointer`, its path item's included. Raises ValueError."""
    found: dict[tuple[str, str], Parameter] = {}
    for holder in (pointer.rpartition("/")[0], pointer):
        for index in range(len(document.at(holder).get("parameters", ()))):
            at, value = document.follow(f"{holder}/parameters/{index}")
            source, name = value["in"], value["name"]
            if source == "header" and name.lower() in ("accept", "content-type", "authorization"):
                continue  # OpenAPI has them said elsewhere
            found[source, name] = _compile(document, schemas, at, value)
    return tuple(found.values())


def _compile(document: Document, schemas: Schemas, at: str, value: dict[str, Any]) -> Parameter:
    source = value["in"]
    style = value.get("style", _DEFAULT_STYLE[source])
    content = next(iter(value.get("content", ())), None)
    schema = f"{at}/schema" if content is None else f"{at}/content/{escape(content)}/schema"
    try:
        _, resolved = document.follow(schema)
    except KeyError:
        raise ValueError(f"{at}: the parameter has no schema") from None
    default = resolved.get("default", MISSING) if isinstance(resolved, dict) else MISSING
    return Parameter(
        source,
        value["name"],
        bool(value.get("required", source == "path")),
        style,
        bool(value.get("explode", style == "form")),
        content is not None and "json" in content,
        Shape.of(document, schema),
        default,
        schemas.at(schema),
        f"#/{source}/{escape(value['name'])}",
    )
