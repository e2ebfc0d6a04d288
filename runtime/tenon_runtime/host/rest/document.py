"""The bundled OpenAPI document: JSON pointers, local references, and what a schema lets a value be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

MAX_HOPS = 32
"""References followed from one place; more is a circle."""

_ALL = frozenset({"string", "number", "integer", "boolean", "null", "array", "object"})


class Document:
    """A JSON document whose references are all local (``#/components/schemas/X``)."""

    def __init__(self, path: Path) -> None:
        text = path.read_bytes()
        self.size = len(text)
        self.root: Any = json.loads(text)

    def at(self, pointer: str) -> Any:
        """The value at a JSON pointer, references on the way not followed. Raises KeyError."""
        value = self.root
        for part in pointer.split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            value = value[int(key)] if isinstance(value, list) else value[key]
        return value

    def follow(self, pointer: str) -> tuple[str, Any]:
        """What is at `pointer` after all references, and its own pointer."""
        for _ in range(MAX_HOPS):
            value = self.at(pointer)
            if not isinstance(value, dict) or not isinstance(value.get("$ref"), str):
                return pointer, value
            pointer = value["$ref"].removeprefix("#")
        raise KeyError(f"{pointer}: references go in a circle")

    def types(self, pointer: str) -> frozenset[str]:
        """The JSON types that a schema may allow. A hint for reading text, not a verdict."""
        return self._types(pointer, 0)

    def _types(self, pointer: str, depth: int) -> frozenset[str]:
        pointer, schema = self.follow(pointer)
        if not isinstance(schema, dict) or depth > MAX_HOPS:
            return _ALL
        named = schema.get("type")
        allowed = _ALL if named is None else frozenset([named] if isinstance(named, str) else named)
        values = [schema["const"]] if "const" in schema else schema.get("enum")
        if values is not None:
            allowed &= frozenset(map(_type_of, values)) | {"number"}
        for index in range(len(schema.get("allOf", ()))):
            allowed &= self._types(f"{pointer}/allOf/{index}", depth + 1)
        for keyword in ("anyOf", "oneOf"):
            if schema.get(keyword):
                some = (self._types(f"{pointer}/{keyword}/{i}", depth + 1) for i in range(len(schema[keyword])))
                allowed &= frozenset().union(*some)
        return allowed

    def child(self, pointer: str, keyword: str, name: str | None = None) -> str | None:
        """Pointer to ``items``, or to one of ``properties`` by name, wherever in the schema it is said."""
        return self._child(pointer, keyword, name, 0)

    def _child(self, pointer: str, keyword: str, name: str | None, depth: int) -> str | None:
        pointer, schema = self.follow(pointer)
        if not isinstance(schema, dict) or depth > MAX_HOPS:
            return None
        if keyword in schema and (name is None or name in schema[keyword]):
            return f"{pointer}/{keyword}" + ("" if name is None else "/" + escape(name))
        for combiner in ("allOf", "anyOf", "oneOf"):
            for index in range(len(schema.get(combiner, ()))):
                found = self._child(f"{pointer}/{combiner}/{index}", keyword, name, depth + 1)
                if found is not None:
                    return found
        return None

    def properties(self, pointer: str) -> dict[str, str]:
        """Pointers of an object schema's properties by name."""
        return self._properties(pointer, 0)

    def _properties(self, pointer: str, depth: int) -> dict[str, str]:
        pointer, schema = self.follow(pointer)
        if not isinstance(schema, dict) or depth > MAX_HOPS:
            return {}
        found = {name: f"{pointer}/properties/{escape(name)}" for name in schema.get("properties", ())}
        for combiner in ("allOf", "anyOf", "oneOf"):
            for index in range(len(schema.get(combiner, ()))):
                found = {**self._properties(f"{pointer}/{combiner}/{index}", depth + 1), **found}
        return found

    def required(self, pointer: str) -> frozenset[str]:
        """The properties that an object must have, as far as ``required`` and ``allOf`` say."""
        return self._required(pointer, 0)

    def _required(self, pointer: str, depth: int) -> frozenset[str]:
        pointer, schema = self.follow(pointer)
        if not isinstance(schema, dict) or depth > MAX_HOPS:
            return frozenset()
        parts = (self._required(f"{pointer}/allOf/{i}", depth + 1) for i in range(len(schema.get("allOf", ()))))
        return frozenset(schema.get("required", ())).union(*parts)


def escape(name: str) -> str:
    """A name as one token of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def _type_of(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
    return "object"
