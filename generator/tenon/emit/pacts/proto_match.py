"""Matchers for the proto JSON of a message, as Python expressions. https://protobuf.dev/programming-guides/json/"""

from __future__ import annotations

from tenon.lang.python import literal
from tenon.model.proto import EnumType, Field, FieldKind, Protobuf

_INTEGER = "match.int(1)"
_LONG = 'match.regex("1", regex="^-?[0-9]+$")'
_SCALARS = {
    "string": 'match.str("text")', "bool": "match.bool(True)",
    "double": "match.number(1.5)", "float": "match.number(1.5)",
    "bytes": 'match.regex("dGV4dA==", regex="^[A-Za-z0-9+/_-]*=*$")',
    **dict.fromkeys(["int32", "uint32", "sint32", "fixed32", "sfixed32"], _INTEGER),
    **dict.fromkeys(["int64", "uint64", "sint64", "fixed64", "sfixed64"], _LONG),
}  # fmt: skip
_WELL_KNOWN = {
    "Timestamp": r'match.regex("2026-01-02T03:04:05Z", regex=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")',
    "Duration": r'match.regex("1.500s", regex=r"^-?\d+(\.\d+)?s$")',
    "FieldMask": 'match.str("a")',
    "Struct": 'match.type({"a": 1})',
    "ListValue": "match.type([1])",
    "Empty": "{}",
    "StringValue": _SCALARS["string"],
    "BytesValue": _SCALARS["bytes"],
    "BoolValue": _SCALARS["bool"],
    "DoubleValue": _SCALARS["double"],
    "FloatValue": _SCALARS["float"],
    **dict.fromkeys(["Int32Value", "UInt32Value"], _INTEGER),
    **dict.fromkeys(["Int64Value", "UInt64Value"], _LONG),
}
_PREFIX = "google.protobuf."
_MAX_DEPTH, _MAX_FIELDS = 12, 1000
"""Of one message with all that is inside: messages that hold each other many times over grow without bound."""
_ANYTHING = frozenset({"google.protobuf.Any", "google.protobuf.Value"})


class ProtoMatchers:
    """What every message of a type has in its JSON.

    That is each field but those that may be absent: optional scalars, alternatives of a oneof, and a message inside
    itself. A field whose content nobody declares (Any, Value) is left out, and so are messages beyond the bounds above.
    """

    def __init__(self, protobuf: Protobuf) -> None:
        self._messages = {message.name: message for message in protobuf.messages}
        self._enums = {enum.name: enum for enum in protobuf.enums}
        self._left = 0

    def message(self, name: str) -> str:
        """The matcher of a message, as a Python expression."""
        self._left = _MAX_FIELDS
        return self._message(name, ())

    def _message(self, name: str, inside: tuple[str, ...]) -> str:
        message = self._messages[name]
        self._left -= len(message.fields)
        items = []
        for field in message.fields:
            matcher = self._field(field, (*inside, name))
            if matcher is not None:
                items.append(f"{literal(field.json_name)}: {matcher}")
        return "{" + ", ".join(items) + "}"

    def _field(self, field: Field, inside: tuple[str, ...]) -> str | None:
        absent = field.oneof is not None or (field.presence and field.type.kind is not FieldKind.MESSAGE)
        if absent and not field.repeated and field.map_key is None:
            return None
        value = self._value(field, inside)
        if value is None:
            return None
        if field.map_key is not None:
            return "match.type({})"
        return f"match.type([{value}], min=0)" if field.repeated else value

    def _value(self, field: Field, inside: tuple[str, ...]) -> str | None:
        name = field.type.name
        match field.type.kind:
            case FieldKind.SCALAR:
                return _SCALARS[name]
            case FieldKind.ENUM:
                return _enum(self._enums[name])
        if name in _ANYTHING or name in inside or name not in self._messages:
            return None
        if name.startswith(_PREFIX) and (known := _WELL_KNOWN.get(name.removeprefix(_PREFIX))) is not None:
            return known
        return self._message(name, inside) if len(inside) < _MAX_DEPTH and self._left > 0 else None


def _enum(enum: EnumType) -> str:
    names = [name for name, _ in enum.values]
    return f"match.regex({literal(names[-1])}, regex={literal('^(' + '|'.join(names) + ')$')})"
