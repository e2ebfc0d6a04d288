"""Trials of single enum values, through the fields that hold the enum."""

from __future__ import annotations

from typing import Any

from tenon.gate.kinds.protobuf import reading, samples
from tenon.gate.kinds.protobuf.pairs import EnumPair, Way
from tenon.gate.kinds.protobuf.reading import Nested, Number, Trial


def held(field: Any) -> Any | None:
    """The enum that a field holds, be it in a list or as a map's value."""
    pairs = samples.entry(field)
    return pairs.fields_by_number[2].enum_type if pairs is not None else field.enum_type


def attempt(pair: EnumPair, encoding: str, way: Way, number: int) -> Trial | None:
    """The first trial in which the reader makes another value of `number`, or does not know it. None: there is none."""
    writing, reading_side = reading.direct(pair.sides, way)
    enum = pair.old if way.from_old else pair.new
    if number not in enum.values_by_number and enum.is_closed:
        return None  # the writer cannot write it
    for old, new in pair.fields:
        field, peer = (old, new) if way.from_old else (new, old)
        if number == 0 and not field.has_presence and not field.is_repeated:
            continue  # not written at all
        message = writing.cls(field.containing_type)()
        _put(message, field, number)
        trial = reading.attempt(reading_side, encoding, way, message, field, peer.containing_type)
        if trial is None:
            continue
        if not trial.same:
            return trial
        if encoding == reading.WIRE and _another(reading.meaning(message, field), held(peer)):
            return Trial(encoding, way, trial.payload, trial.sent, trial.read, False)
    return None


def _put(message: Any, field: Any, number: int) -> None:
    pairs = samples.entry(field)
    if pairs is not None:
        getattr(message, field.name)[samples.scalars(pairs.fields_by_number[1])[0]] = number
    elif field.is_repeated:
        getattr(message, field.name).append(number)
    else:
        setattr(message, field.name, number)


def _another(sent: Any, reader: Any) -> bool:
    """Whether the reader's enum has the name that was sent for another number."""
    value = sent[0] if isinstance(sent, list) else sent
    value = value.fields[2] if isinstance(value, Nested) else value
    known = reader.values_by_name.get(value.name) if isinstance(value, Number) and value.name else None
    return known is not None and known.number != value.number
