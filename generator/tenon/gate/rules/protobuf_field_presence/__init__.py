"""A protobuf field lost or gained presence: whether "zero" can be told from "not set".

Protects partial updates and optional answers. Who breaks when presence is *lost*: an old client that sets a field to
0, `false` or `""` on purpose, which the new service cannot tell from a field left out; and an old reader of answers,
for whom a zero looks as if it were missing. *Gained* presence hurts nobody: a zero is read as a zero. Code generated
from the contract changes both ways (`int32` becomes `*int32` in Go, `Option<i32>` in Rust).

**How it is decided.** The field is set to its zero value with one release's contract and read with the other's by
Google's protobuf, beside the message in which it is not set.

**Before and after.** `optional int32 quantity = 1;` became `int32 quantity = 1;`: "set the quantity to 0" arrives as
"leave the quantity alone".

**How to do it safely.** Keep `optional`. To get rid of it, add a field without it and retire this one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf import json_format

from tenon.gate.context import Context
from tenon.gate.kinds.protobuf import reading
from tenon.gate.kinds.protobuf.facts import oneof, same_type
from tenon.gate.kinds.protobuf.judge import ENCODING_WORDS, agrees, source
from tenon.gate.kinds.protobuf.pairs import FieldPair, Way
from tenon.gate.verdict import Change, Witness, breaking, safe

ON = (FieldPair,)
_REMEDY = "keep the field's presence (`optional`, or `features.field_presence = EXPLICIT`)"
_BUF = ("FIELD_SAME_CARDINALITY", "FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY")


def judge(pair: FieldPair, context: Context) -> Iterator[Change]:
    """Zero beside not set, in both encodings."""
    if not same_type(pair) or pair.old is None or pair.new is None:
        return
    old, new = pair.old, pair.new
    if old.is_repeated or old.has_presence == new.has_presence or oneof(old) is not None or oneof(new) is not None:
        return
    had = "had presence and has none" if old.has_presence else "had no presence and has it"
    what = f"field {old.number} `{old.name}` {had}"
    if old.has_presence:
        for encoding in reading.ENCODINGS:
            yield from _lost(pair, encoding, what)
    else:
        yield safe(pair.name, f"{what}: a zero is still read as a zero", detail="presence", **pair.places)
    yield source(pair.sides, pair.name, what, _REMEDY, _code(old), _code(new), pair.places, *_BUF)


def _lost(pair: FieldPair, encoding: str, what: str) -> Iterator[Change]:
    way = pair.message.travel.ways[0]
    zero, unset = (_written(pair, way, encoding, is_set) for is_set in (True, False))
    name = pair.old.name
    if way.from_old:
        if zero == unset or _received(pair, way, encoding, zero) != _received(pair, way, encoding, unset):
            return
        before = f"sent as `{name}` set to its zero value"
        after = f"read as the message in which `{name}` is not set"
        story = f"{way.words} with `{name}` set to zero is read as if it were not set"
    else:
        if _received(pair, way, encoding, zero).HasField(name):
            return
        before, after = f"read as `{name}` not set", f"sent as `{name}` with its zero value"
        story = f"{way.words} with a zero `{name}` is read as if it were not set"
    yield breaking(
        pair.name, f"{what}: {ENCODING_WORDS[encoding]}, {story}", _REMEDY, direction=way.direction, role=way.role,
        detail=encoding, affects=pair.message.travel.methods, **pair.places,
        witness=Witness(encoding, zero, before, after, ("protobuf", *agrees(pair.sides, pair.places, *_BUF))),
    )  # fmt: skip


def _written(pair: FieldPair, way: Way, encoding: str, is_set: bool) -> Any:
    side = reading.direct(pair.sides, way)[0]
    field = pair.old if way.from_old else pair.new
    message = side.cls(field.containing_type)()
    if is_set:
        setattr(message, field.name, field.default_value)
    if encoding == reading.WIRE:
        return message.SerializePartialToString(deterministic=True).hex()
    return json_format.MessageToDict(message)


def _received(pair: FieldPair, way: Way, encoding: str, payload: Any) -> Any:
    side = reading.direct(pair.sides, way)[1]
    message = side.cls(pair.message.new if way.from_old else pair.message.old)()
    if encoding == reading.WIRE:
        message.MergeFromString(bytes.fromhex(payload))
        return message
    return json_format.ParseDict(payload, message, ignore_unknown_fields=True)


def _code(field: Any) -> str:
    return "generated with a way to tell whether it is set" if field.has_presence else "generated as a plain value"
