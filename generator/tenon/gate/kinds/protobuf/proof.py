"""When a reader provably understands every value of a writer: by the value sets of types, without trying any."""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor import FieldDescriptor as _F

from tenon.gate.kinds.protobuf import samples
from tenon.gate.kinds.protobuf.reading import JSON, WIRE

Assumed = frozenset[tuple[str, str]]
_WIRE = {
    _F.TYPE_BOOL: (_F.TYPE_INT32, _F.TYPE_INT64, _F.TYPE_UINT32, _F.TYPE_UINT64),
    _F.TYPE_INT32: (_F.TYPE_INT64,),
    _F.TYPE_UINT32: (_F.TYPE_INT64, _F.TYPE_UINT64),
    _F.TYPE_SINT32: (_F.TYPE_SINT64,),
    _F.TYPE_ENUM: (_F.TYPE_INT32, _F.TYPE_INT64),
    _F.TYPE_STRING: (_F.TYPE_BYTES,),
    _F.TYPE_MESSAGE: (_F.TYPE_BYTES,),
}
"""Readers that decode every value of a writer to the same value. Source: the encoding of protobuf.dev."""


def understood(encoding: str, writer: Any, reader: Any, exact: bool = False, assumed: Assumed = frozenset()) -> bool:
    """Whether field `reader` reads every value of field `writer` as it was meant, presence of a zero apart.

    `exact`: JSON keeps its form as well, for readers without descriptors. Message types of one name are taken for
    equal: they have a verdict of their own.
    """
    if (samples.entry(writer) is None) != (samples.entry(reader) is None):
        return False
    if samples.entry(writer) is not None:
        ours, theirs = samples.entry(writer), samples.entry(reader)
        return all(
            understood(encoding, ours.fields_by_number[n], theirs.fields_by_number[n], exact, assumed) for n in (1, 2)
        )
    if writer.is_repeated and not reader.is_repeated:
        return False
    if writer.is_repeated != reader.is_repeated and encoding == JSON:
        return False
    if writer.type in samples.MESSAGES and reader.type == writer.type:
        return included(encoding, writer.message_type, reader.message_type, exact, assumed)
    if writer.type == reader.type == _F.TYPE_ENUM:
        return _enum_included(encoding, writer.enum_type, reader.enum_type)
    if writer.type == reader.type:
        return True
    if encoding == WIRE:
        return reader.type in _WIRE.get(writer.type, ())
    return _json_included(writer.type, reader.type, exact)


def included(encoding: str, writer: Any, reader: Any, exact: bool = False, assumed: Assumed = frozenset()) -> bool:
    """Whether message `reader` understands every message `writer`: coinductive, through fields only."""
    pair = (writer.full_name, reader.full_name)
    if writer.full_name == reader.full_name or pair in assumed:
        return True
    if writer.full_name.startswith("google.protobuf.") or reader.full_name.startswith("google.protobuf."):
        return False  # their JSON is their own
    assumed |= {pair}
    required = {field.number for field in writer.fields if field.is_required}
    if any(field.is_required and field.number not in required for field in reader.fields):
        return False
    return all(_field_included(encoding, field, reader, exact, assumed) for field in writer.fields) and not _collides(
        writer, reader
    )


def _field_included(encoding: str, field: Any, reader: Any, exact: bool, assumed: Assumed) -> bool:
    peer = reader.fields_by_number.get(field.number)
    if peer is None or not understood(encoding, field, peer, exact, assumed):
        return False
    if encoding == JSON and field.json_name != peer.json_name:
        return False
    if field.has_presence and not (peer.has_presence or peer.is_repeated):
        return False
    return not _has_other_default(field, peer)


def _has_other_default(field: Any, peer: Any) -> bool:
    if field.is_repeated or field.type in samples.MESSAGES or peer.is_repeated:
        return False
    return bool(field.default_value != peer.default_value)


def _collides(writer: Any, reader: Any) -> bool:
    """Whether two fields that may be set together exclude each other at the reader."""
    for group in reader.oneofs:
        mine = [writer.fields_by_number.get(field.number) for field in group.fields]
        known = [field for field in mine if field is not None]
        oneofs = {field.containing_oneof.name if field.containing_oneof else field.name for field in known}
        if len(known) > 1 and len(oneofs) > 1:
            return True
    return False


def _enum_included(encoding: str, writer: Any, reader: Any) -> bool:
    if writer.full_name == reader.full_name:
        return True
    if encoding == JSON:
        known = {value.name: value.number for value in reader.values}
        return all(known.get(value.name) == value.number for value in writer.values)
    return all(value.number in reader.values_by_number for value in writer.values)


def _json_included(writer: int, reader: int, exact: bool) -> bool:
    if writer == _F.TYPE_FLOAT and reader == _F.TYPE_DOUBLE:
        return True
    if writer not in samples.INTEGERS:
        return False
    low, high = samples.bounds(writer)
    wide = (*samples.SIGNED_64, *samples.UNSIGNED_64)
    if reader == _F.TYPE_DOUBLE:
        return writer not in wide
    if reader not in samples.INTEGERS:
        return False
    least, greatest = samples.bounds(reader)
    fits = least <= low and high <= greatest
    return fits and (not exact or (writer in wide) == (reader in wide))
