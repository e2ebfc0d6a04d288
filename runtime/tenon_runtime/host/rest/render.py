"""Answers: values of handlers as the JSON, text or bytes that the contract promises, checked against it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec
from protobuf import (
    DescEnum,
    DescField,
    DescFieldValueEnum,
    DescFieldValueList,
    DescFieldValueMap,
    DescFieldValueMessage,
    DescFieldValueScalar,
    DescMessage,
    Message,
    Registry,
    ScalarType,
    message_to_json_value,
)

from tenon_runtime.host.rest.document import Document

_IMPLICIT = 2
"""google.protobuf.FeatureSet.FieldPresence.IMPLICIT"""
_WIDE = frozenset({ScalarType.INT64, ScalarType.UINT64, ScalarType.FIXED64, ScalarType.SFIXED64, ScalarType.SINT64})


@dataclass(slots=True)
class _Shape:
    """What an object needs before it fits its schema: zero values for required properties, and the same inside."""

    zeros: list[tuple[str, Any]] = field(default_factory=list)
    inner: list[tuple[str, bool, _Shape]] = field(default_factory=list)

    def fill(self, value: Any) -> None:
        if not isinstance(value, dict):
            return
        for name, zero in self.zeros:
            if name not in value:
                value[name] = [] if zero == [] else {} if zero == {} else zero
        for name, many, shape in self.inner:
            inner = value.get(name)
            if inner is None:
                continue
            for part in inner if many else (inner,):
                shape.fill(part)


class MessageRenderer:
    """A protobuf message as JSON in protobuf's mapping.

    That mapping leaves out fields at their zero value. A REST schema may require some of them: those are written.
    """

    def __init__(
        self,
        document: Document,
        message: type[Message[Any]],
        schema: str | None,
        registry: Registry,
        only: str | None = None,
    ) -> None:
        """`schema` is the pointer of the schema that the JSON has to fit; None: nothing is required. `only` names the
        field that is rendered instead of the message."""
        self._registry = registry
        self._only: str | None = None
        self._zero: Any = None
        self._shape = _Shape()
        if only is None:
            if schema is not None:
                self._shape = _shape(document, message.desc(), schema, {})
            return
        entry = next(f for f in message.desc().fields if only in (f.json_name, f.name))
        self._only, self._zero = entry.json_name, _zero(entry)
        if schema is not None:
            _nest(document, self._shape, entry, schema, {})

    def __call__(self, message: Message[Any]) -> Any:
        value = message_to_json_value(message, registry=self._registry)
        self._shape.fill(value)
        return value if self._only is None else cast(dict[str, Any], value).get(self._only, self._zero)


def render_value(value: Any) -> Any:
    """What a direct handler returned as a JSON value; bytes stay bytes."""
    return msgspec.to_builtins(value, builtin_types=(bytes,), str_keys=True)


def encoder_for(kind: str) -> Callable[[Any], bytes]:
    """How a value becomes a body of this kind (see `body.kind_of`)."""
    if kind == "json":
        return msgspec.json.encode
    return lambda value: value if isinstance(value, bytes) else str(value).encode()


def _shape(document: Document, desc: DescMessage, schema: str, known: dict[tuple[str, str], _Shape]) -> _Shape:
    at, _ = document.follow(schema)
    key = (desc.type_name, at)
    if key in known:
        return known[key]
    shape = known[key] = _Shape()
    if desc.type_name.startswith("google.protobuf."):
        return shape  # their JSON is no object of their fields
    required = document.required(at)
    properties = document.properties(at)
    for entry in desc.fields:
        name = entry.json_name
        if name in required and (zero := _zero(entry)) is not None:
            shape.zeros.append((name, zero))
        if name in properties:
            _nest(document, shape, entry, properties[name], known)
    return shape


def _nest(
    document: Document, outer: _Shape, entry: DescField, schema: str, known: dict[tuple[str, str], _Shape]
) -> None:
    """Let `outer` fill the messages in one of its fields, whose JSON has to fit `schema`."""
    inner = _inner(entry)
    many = isinstance(entry.value, DescFieldValueList)
    place = document.child(schema, "items") if many else schema
    if inner is not None and place is not None:
        outer.inner.append((entry.json_name, many, _shape(document, inner, place, known)))


def _inner(entry: DescField) -> DescMessage | None:
    match entry.value:
        case DescFieldValueMessage(message=inner) | DescFieldValueList(element=DescMessage() as inner):
            return inner
    return None


def _zero(entry: DescField) -> Any:
    """The JSON of a field at its zero value, None for one that knows whether it was set."""
    match entry.value:
        case DescFieldValueList():
            return []
        case DescFieldValueMap():
            return {}
        case DescFieldValueMessage():
            return None
        case DescFieldValueScalar(oneof=oneof) | DescFieldValueEnum(oneof=oneof) if (
            oneof is not None or int(entry.presence) != _IMPLICIT
        ):
            return None
        case DescFieldValueEnum(enum=DescEnum(values=values)):
            return values[0].name
        case DescFieldValueScalar(scalar=kind):
            match kind:
                case ScalarType.STRING | ScalarType.BYTES:
                    return ""
                case ScalarType.BOOL:
                    return False
                case _:
                    return "0" if kind in _WIDE else 0
