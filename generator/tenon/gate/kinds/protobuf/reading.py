"""What one side writes and the other reads, tried with Google's protobuf: the judge of every wire and JSON verdict."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError

from tenon.gate.kinds.protobuf import samples
from tenon.gate.kinds.protobuf.pairs import Sides, Way
from tenon.gate.kinds.protobuf.side import Side
from tenon.gate.verdict import Witness

WIRE, JSON = "wire", "json"
ENCODINGS = (WIRE, JSON)
_MAX_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Number:
    """An enum's value."""

    number: int
    name: str | None


@dataclass(frozen=True, slots=True)
class Nested:
    """A message's set fields by number."""

    type: str
    fields: dict[int, Any]
    data: bytes
    names: dict[int, str]


UNSET = object()
LOST = object()


@dataclass(frozen=True, slots=True)
class Trial:
    """One message written by one side and read by the other."""

    encoding: str
    way: Way
    payload: Any
    sent: str
    read: str
    same: bool

    @property
    def story(self) -> str:
        return f"{self.way.words} as `{self.sent}` is {self.read}"

    def witness(self, *judges: str) -> Witness:
        sent = f"sent as `{self.sent}`"
        before, after = (sent, self.read) if self.way.from_old else (self.read, sent)
        return Witness(self.encoding, self.payload, before, after, ("protobuf", *judges))


def direct(sides: Sides, way: Way) -> tuple[Side, Side]:
    """Who writes and who reads."""
    return (sides.old, sides.new) if way.from_old else (sides.new, sides.old)


def trials(
    sides: Sides, encoding: str, way: Way, field: Any, reader: Any, messages: Iterator[Any] | None = None
) -> Iterator[Trial]:
    """Write messages with `field` of the writing side set, and read each as the message `reader` of the other side."""
    writing, reading = direct(sides, way)
    peer = reader.fields_by_number.get(field.number)
    for message in messages if messages is not None else samples.filled(writing, field, peer):
        trial = attempt(reading, encoding, way, message, field, reader)
        if trial is not None:
            yield trial


def attempt(reading: Side, encoding: str, way: Way, message: Any, field: Any, reader: Any) -> Trial | None:
    """One trial, or None where the writer cannot write the message in this encoding."""
    sent = meaning(message, field)
    cls = reading.cls(reader)
    if encoding == WIRE:
        data = message.SerializePartialToString(deterministic=True)
        payload: Any = data.hex()
        peer = reader.fields_by_number.get(field.number)
        try:
            received = cls.FromString(data)
        except DecodeError as error:
            return Trial(encoding, way, payload, _said(field, sent), f"refused: {_reason(error)}", False)
        rendered = None
    else:
        try:
            payload = json_format.MessageToDict(message)
            peer = _by_json_name(reader, field.json_name)
            received = cls()
            text = json.dumps(payload)
        except (json_format.Error, ValueError, TypeError, KeyError):
            return None
        try:
            json_format.Parse(text, received, ignore_unknown_fields=not way.from_old)
            rendered = json_format.MessageToDict(received)
        except (json_format.Error, ValueError, TypeError, KeyError, AttributeError) as error:
            return Trial(encoding, way, payload, _said(field, sent), f"refused: {_reason(error)}", False)
    got = meaning(received, peer) if peer is not None else LOST
    same = equal(sent, got)
    if encoding == JSON and not way.from_old and same and rendered != payload:
        # The values are equal, but who reads JSON without these descriptors sees another form: 5 became "5".
        shown, form = json.dumps(payload), json.dumps(rendered)
        return Trial(encoding, way, payload, _cut(shown), f"another form than the `{_cut(form)}` that it knows", False)
    if encoding == JSON and not same and rendered == payload and peer is not None:
        same = FieldDescriptor.TYPE_BYTES not in (field.type, peer.type)
    return Trial(encoding, way, payload, _said(field, sent), _read(peer, got), same)


def meaning(message: Any, field: Any) -> Any:
    """What a field says: plain values, lists, `Number`, `Nested`, or `UNSET`."""
    if samples.entry(field) is not None:
        inner = field.message_type
        key, value = inner.fields_by_number[1], inner.fields_by_number[2]
        names = {1: "key", 2: "value"}
        items = [
            Nested(inner.full_name, {1: _value(key, each), 2: _value(value, item)}, b"", names)
            for each, item in getattr(message, field.name).items()
        ]
        return sorted(items, key=lambda item: repr(item.fields[1]))
    if field.is_repeated:
        return [_value(field, item) for item in getattr(message, field.name)]
    if field.has_presence and not message.HasField(field.name):
        return UNSET
    return _value(field, getattr(message, field.name))


def equal(sent: Any, got: Any) -> bool:
    """Whether what was read says what was written, presence of a zero apart."""
    if got is LOST or (got is UNSET) != (sent is UNSET):
        return False
    if isinstance(sent, list) or isinstance(got, list):
        if not isinstance(sent, list):
            return len(got) == 1 and equal(sent, got[0])
        if not isinstance(got, list):
            return len(sent) == 1 and equal(sent[0], got)
        return len(sent) == len(got) and all(equal(a, b) for a, b in zip(sent, got, strict=True))
    match sent, got:
        case Nested(), Nested():
            if sent.type == got.type and sent.data:
                return True
            keys = sent.fields.keys() | got.fields.keys()
            return all(equal(sent.fields.get(key, UNSET), got.fields.get(key, UNSET)) for key in keys)
        case Nested(), bytes():
            return sent.data == got
        case Number(), Number():
            return sent.number == got.number and (got.name is not None or sent.name is None)
        case Number(), _:
            return bool(sent.number == got)
        case _, Number():
            return bool(sent == got.number)
        case str(), bytes():
            return sent.encode() == got
        case bytes(), str():
            return sent == got.encode()
    return not isinstance(got, Nested) and not isinstance(sent, Nested) and bool(sent == got)


def _value(field: Any, value: Any) -> Any:
    if field.type in samples.MESSAGES:
        fields = {each.number: meaning(value, each) for each, _ in value.ListFields()}
        names = {each.number: each.name for each, _ in value.ListFields()}
        data = value.SerializePartialToString(deterministic=True)
        return Nested(field.message_type.full_name, fields, data, names)
    if field.enum_type is not None:
        known = field.enum_type.values_by_number.get(value)
        return Number(value, known.name if known is not None else None)
    return value


def _by_json_name(message: Any, name: str) -> Any | None:
    """The field that a JSON key stands for: by its JSON name or its own."""
    found = (field for field in message.fields if field.json_name == name)
    return next(found, None) or message.fields_by_name.get(name)


def _said(field: Any, value: Any) -> str:
    return f"{field.name} = {shown(value)}"


def _read(field: Any | None, value: Any) -> str:
    if field is None or value is LOST:
        return "lost: the reader knows no such field"
    if value is UNSET or value == []:
        return f"lost: `{field.name}` is not set"
    if not field.has_presence and value in (0, "", b"") and not isinstance(value, list | Nested):
        return f"lost: `{_said(field, value)}`"
    return f"read as `{_said(field, value)}`"


def shown(value: Any) -> str:
    """A value as people write it, shortened."""
    match value:
        case _ if value is UNSET:
            text = "not set"
        case Number():
            text = value.name or f"{value.number} (a value without a name)"
        case Nested():
            inner = ", ".join(f"{value.names[number]}: {shown(item)}" for number, item in value.fields.items())
            text = "{" + inner + "}"
        case list():
            text = "[" + ", ".join(map(shown, value)) + "]"
        case bool():
            text = str(value).lower()
        case bytes():
            text = repr(value)[1:] if value.isascii() and value.decode().isprintable() else f"bytes {value.hex()}"
        case str():
            text = json.dumps(value, ensure_ascii=False)
        case _:
            text = str(value)
    return _cut(text)


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…"


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split()).partition(" Available Fields")[0].rstrip(".: ")
    return text if len(text) <= 200 else text[:199] + "…"
