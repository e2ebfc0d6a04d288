"""Does a JSON Schema spell a protobuf type as its canonical JSON mapping does?

Source of the mapping: the protobuf language guide, "ProtoJSON format". A schema that leaves the type open agrees.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from tenon.model.proto import EnumType, Field, FieldKind, Message

_SCALARS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("string", "bytes"), ("string",)),
    "bool": ("boolean",),
    **dict.fromkeys(("int32", "uint32", "sint32", "fixed32", "sfixed32"), ("integer",)),
    **dict.fromkeys(("double", "float"), ("number",)),
    **dict.fromkeys(("int64", "uint64", "sint64", "fixed64", "sfixed64"), ("string",)),
}
_INTEGRAL = ("int32", "uint32", "sint32", "fixed32", "sfixed32")
_WIDE = ("int64", "uint64", "sint64", "fixed64", "sfixed64")
_WELL_KNOWN: dict[str, tuple[str, ...]] = {
    **{f"google.protobuf.{name}": ("string",) for name in ("Timestamp", "Duration", "FieldMask")},
    **{f"google.protobuf.{name}Value": ("string", "null") for name in ("String", "Bytes", "Int64", "UInt64")},
    **{f"google.protobuf.{name}": ("integer", "null") for name in ("Int32Value", "UInt32Value")},
    **{f"google.protobuf.{name}": ("number", "null") for name in ("DoubleValue", "FloatValue")},
    "google.protobuf.BoolValue": ("boolean", "null"),
    **{f"google.protobuf.{name}": ("object",) for name in ("Struct", "Any", "Empty")},
    "google.protobuf.ListValue": ("array",),
}  # fmt: skip
_MAX_DEPTH = 40
_PLACE = 300
"""Characters of the way to a difference that are told."""


class Agreement:
    """Compares schemas of one bundled document with messages; answers say in words what differs, or are None."""

    def __init__(self, document: Any, messages: dict[str, Message], enums: dict[str, EnumType]) -> None:
        self._document, self._messages, self._enums = document, messages, enums
        self._done: set[tuple[int, str, bool]] = set()
        self._waiting: list[tuple[Any, Message, str]] = []

    def follow(self, schema: Any) -> Any:
        """`schema` with its `$ref`s followed."""
        for _ in range(_MAX_DEPTH):
            reference = schema.get("$ref") if isinstance(schema, dict) else None
            if not isinstance(reference, str) or not reference.startswith("#/"):
                return schema
            target: Any = self._document
            for part in reference[2:].split("/"):
                name = unquote(part).replace("~1", "/").replace("~0", "~")
                target = target.get(name) if isinstance(target, dict) else None
            schema = target
        return schema

    def properties(self, schema: Any) -> dict[str, Any]:
        """The properties that an object schema names, those of `allOf` included."""
        layers: list[dict[str, Any]] = []
        seen: set[int] = set()
        waiting = [schema]
        while waiting:
            part = self.follow(waiting.pop())
            if isinstance(part, dict) and id(part) not in seen:
                seen.add(id(part))
                layers.append(part)
                parts = part.get("allOf")
                waiting += parts if isinstance(parts, list) else ()
        found: dict[str, Any] = {}
        for part in reversed(layers):  # what stands outside wins
            properties = part.get("properties")
            found |= properties if isinstance(properties, dict) else {}
        return found

    def field(self, schema: Any, field: Field, *, request: bool) -> str | None:
        """What differs between `schema` and the JSON of `field`."""
        return self._field(schema, field, "", request) or self._rest(request)

    def message(self, schema: Any, message: Message, *, request: bool) -> str | None:
        """What differs between `schema` and the JSON of `message`."""
        return self._message(schema, message, "", request) or self._rest(request)

    def _rest(self, request: bool) -> str | None:
        """What differs in messages inside; a list of them, for they may be nested as deep as they like."""
        words = None
        while self._waiting and words is None:
            schema, message, place = self._waiting.pop()
            words = self._message(schema, message, place, request)
        self._waiting.clear()
        return words

    def _field(self, schema: Any, field: Field, place: str, request: bool) -> str | None:
        schema = self.follow(schema)
        if not isinstance(schema, dict):
            return None
        if field.map_key is not None:
            inner = schema.get("additionalProperties")
            return self._kind(schema, ("object",), place) or self._value(inner, field, place, request)
        if field.repeated:
            inner = schema.get("items")
            return self._kind(schema, ("array",), place) or self._value(inner, field, place, request)
        return self._value(schema, field, place, request)

    def _message(self, schema: Any, message: Message, place: str, request: bool) -> str | None:
        schema = self.follow(schema)
        if not isinstance(schema, dict):
            return None
        mark = (id(schema), message.name, request)
        if mark in self._done:
            return None
        self._done.add(mark)
        if words := self._kind(schema, ("object",), place):
            return words
        for name, value in self.properties(schema).items():
            field = message.field(name)
            if field is None:
                return f"{place}{message.name} has no field {name!a}"
            if words := self._field(value, field, f"{place}{name!a}: "[-_PLACE:], request):
                return words
        return None

    def _value(self, schema: Any, field: Field, place: str, request: bool) -> str | None:
        schema = self.follow(schema)
        if not isinstance(schema, dict):
            return None
        name = field.type.name
        match field.type.kind:
            case FieldKind.SCALAR:
                allowed = _SCALARS[name]
                if name in ("double", "float") or (request and name in _WIDE):
                    allowed = (*allowed, "integer")
                return self._kind(schema, allowed, place)
            case FieldKind.ENUM:
                return self._kind(schema, ("string",), place) or self._members(schema, name, place, request)
        if name in _WELL_KNOWN:
            return self._kind(schema, _WELL_KNOWN[name], place)
        if name == "google.protobuf.Value" or name not in self._messages:
            return None
        self._waiting.append((schema, self._messages[name], place))
        return None

    def _members(self, schema: dict[str, Any], name: str, place: str, request: bool) -> str | None:
        listed = schema.get("enum")
        if not isinstance(listed, list) or name not in self._enums:
            return None
        known = [value for value, _ in self._enums[name].values]
        for value in listed:
            if value not in known and value is not None:
                return f"{place}{value!a} is not a value of {name}"
        missing = [value for value, number in self._enums[name].values if value not in listed and number != 0]
        if missing and not request:
            return f"{place}{missing[0]} of {name} is missing from the enum"
        return None

    def _kind(self, schema: dict[str, Any], allowed: tuple[str, ...], place: str) -> str | None:
        declared = schema.get("type")
        kinds = [declared] if isinstance(declared, str) else declared if isinstance(declared, list) else []
        wrong = [kind for kind in kinds if kind not in allowed and kind != "null"]
        if not wrong or ("number" in allowed and wrong == ["integer"]):
            return None
        return f"{place}the schema says {wrong[0]!a}, protobuf's JSON is {' or '.join(allowed)}"
