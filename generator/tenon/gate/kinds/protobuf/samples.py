"""Messages to try an encoding with: the values at which types differ, the plainest first."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from tenon.gate.kinds.protobuf.side import Side

MAX_VALUES = 200
"""Enum values that are tried one by one."""
_MAX_NESTED, _DEPTH = 40, 4
"""Messages tried for one field, and how deep they nest."""
MESSAGES = (FieldDescriptor.TYPE_MESSAGE, FieldDescriptor.TYPE_GROUP)
_F = FieldDescriptor
SIGNED_32 = (_F.TYPE_INT32, _F.TYPE_SINT32, _F.TYPE_SFIXED32)
SIGNED_64 = (_F.TYPE_INT64, _F.TYPE_SINT64, _F.TYPE_SFIXED64)
UNSIGNED_32 = (_F.TYPE_UINT32, _F.TYPE_FIXED32)
UNSIGNED_64 = (_F.TYPE_UINT64, _F.TYPE_FIXED64)
INTEGERS = (*SIGNED_32, *SIGNED_64, *UNSIGNED_32, *UNSIGNED_64)
_EDGES = (5, 3_000_000_000, -1, 1, 2**31 - 1, -(2**31), 2**32 - 1, 2**53 + 1, 2**63 - 1, -(2**63), 2**64 - 1)


def bounds(kind: int) -> tuple[int, int]:
    """The least and the greatest value of an integer type."""
    if kind in SIGNED_32:
        return -(2**31), 2**31 - 1
    if kind in SIGNED_64:
        return -(2**63), 2**63 - 1
    return 0, 2**32 - 1 if kind in UNSIGNED_32 else 2**64 - 1


def entry(field: Any) -> Any:
    """The message of a map's entries, or None where the field is no map."""
    inner = field.message_type
    return inner if inner is not None and inner.GetOptions().map_entry else None


def scalars(field: Any) -> list[Any]:
    """Values of a field's type, messages apart: typical ones first, then its edges. None of them is the zero value."""
    kind = field.type
    if kind in INTEGERS:
        low, high = bounds(kind)
        return [value for value in _EDGES if low <= value <= high]
    if kind == _F.TYPE_ENUM:
        numbers = dict.fromkeys(value.number for value in field.enum_type.values)
        return [number for number in numbers if number != 0][:MAX_VALUES] or [0]
    if kind == _F.TYPE_BOOL:
        return [True]
    if kind == _F.TYPE_FLOAT:
        return [1.5, -2.25]
    if kind == _F.TYPE_DOUBLE:
        return [1.5, 0.1, 1e300]
    return ["text", "é"] if kind == _F.TYPE_STRING else [b"text", b"\xff"]


def filled(side: Side, field: Any, peer: Any | None, depth: int = 0) -> Iterator[Any]:
    """Messages of the field's message with only this field set.

    `peer` is the field on the other side: a message type of the same name is not entered, for it has its own verdict.
    """
    cls = side.cls(field.containing_type)
    pairs = entry(field)
    if pairs is not None:
        for key, value in _entries(side, pairs, peer, depth):
            message = cls()
            target = getattr(message, field.name)
            if pairs.fields_by_number[2].type in MESSAGES:
                target[key].CopyFrom(value)
            else:
                target[key] = value
            yield message
        return
    values = list(_values(side, field, peer, depth))
    if field.is_repeated:
        several = values[:2] if len(values) > 1 else values * 2
        for items in (*([value] for value in values), several, [values[0]] * 2):
            message = cls()
            getattr(message, field.name).extend(items)
            yield message
        return
    for value in values:
        message = cls()
        put(message, field, value)
        yield message


def put(message: Any, field: Any, value: Any) -> None:
    """Set a singular field."""
    if field.type in MESSAGES:
        getattr(message, field.name).SetInParent()
        getattr(message, field.name).CopyFrom(value)
    else:
        setattr(message, field.name, value)


def plain(side: Side, field: Any) -> Any:
    """The plainest message with this field set."""
    return next(filled(side, field, field))


def _values(side: Side, field: Any, peer: Any | None, depth: int) -> Iterator[Any]:
    if field.type not in MESSAGES:
        yield from scalars(field)
        return
    inner = field.message_type
    other = peer.message_type if peer is not None else None
    yield side.cls(inner)()
    if depth < _DEPTH and (other is None or other.full_name != inner.full_name):
        deeper = (
            message
            for each in inner.fields
            for message in filled(side, each, other and other.fields_by_number.get(each.number), depth + 1)
        )
        yield from itertools.islice(deeper, _MAX_NESTED)


def _entries(side: Side, pairs: Any, peer: Any | None, depth: int) -> Iterator[tuple[Any, Any]]:
    key, value = pairs.fields_by_number[1], pairs.fields_by_number[2]
    other = entry(peer) if peer is not None else None
    values = list(_values(side, value, other and other.fields_by_number[2], depth))
    for each in scalars(key):
        yield each, values[0]
    for each in values[1:]:
        yield scalars(key)[0], each
