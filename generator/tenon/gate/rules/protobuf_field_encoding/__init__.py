"""How a protobuf field is put into bytes changed: delimited or length-prefixed, packed or not, text checked or not.

The type in the contract is the same, so nothing is seen in code; but bytes of one release may be lost or refused by the
other. Who breaks: whoever reads with one release what the other has written.

**How it is decided.** Messages are written with one release and read with the other by Google's protobuf. A message
field that is `DELIMITED` on one side only is lost. Text that is no UTF-8 passes where `utf8_validation = NONE` and is
refused where it is `VERIFY`. Packed and expanded lists are both read by every conforming reader, which is safe.

**Before and after.** A `proto2` file became `proto3`: text in Latin-1, accepted until now, is refused.

**How to do it safely.** State the feature explicitly when a file changes its syntax or edition, as
`[features.utf8_validation = NONE]`, so that the bytes stay what they were.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError

from tenon.gate.context import Context
from tenon.gate.kinds.protobuf import reading
from tenon.gate.kinds.protobuf.facts import same_type
from tenon.gate.kinds.protobuf.judge import of_trial, tried
from tenon.gate.kinds.protobuf.pairs import FieldPair
from tenon.gate.kinds.protobuf.samples import entry
from tenon.gate.kinds.protobuf.side import Side
from tenon.gate.verdict import Change, safe

ON = (FieldPair,)
_BUF = ("FIELD_SAME_UTF8_VALIDATION", "FIELD_SAME_TYPE", "FIELD_WIRE_JSON_COMPATIBLE_TYPE")


def judge(pair: FieldPair, context: Context) -> Iterator[Change]:
    """Groups, packing and UTF-8."""
    if not same_type(pair) or pair.old is None or pair.new is None or entry(pair.old) is not None:
        return
    old, new = pair.old, pair.new
    named = f"field {old.number} `{old.name}`"
    if old.type != new.type:
        what = f"{named} is {_framing(new)} and was {_framing(old)}"
        if trial := tried(pair, reading.WIRE):
            yield of_trial(pair, trial, what, f"write `[features.message_encoding = {_feature(old)}]`", *_BUF)
    if old.is_repeated and old.is_packed != new.is_packed:
        what = f"{named} is {_packing(new)} and was {_packing(old)}"
        if trial := tried(pair, reading.WIRE):
            yield of_trial(pair, trial, what, "write `packed` as it was", *_BUF)
        else:
            yield safe(pair.name, f"{what}: every reader takes both", detail="packed", **pair.places)
    if old.type == new.type == FieldDescriptor.TYPE_STRING and not old.is_repeated:
        what = f"{named} {_checking(pair.sides.new, new)} UTF-8 and {_checking(pair.sides.old, old)} it before"
        if trial := tried(pair, reading.WIRE, _no_text):
            remedy = "write `[features.utf8_validation]` as it was, or make the field `bytes`"
            yield of_trial(pair, trial, what, remedy, *_BUF)


def _no_text(side: Side, field: Any) -> Iterator[Any]:
    """A message with bytes in a text field that are no UTF-8, where the side takes them."""
    length_prefixed = 2
    key, data = field.number << 3 | length_prefixed, bytearray()
    while key > 0x7F:
        data.append(key & 0x7F | 0x80)
        key >>= 7
    try:
        yield side.cls(field.containing_type).FromString(bytes((*data, key, 1, 0xFF)))
    except DecodeError:
        return


def _framing(field: Any) -> str:
    return "delimited" if field.type == FieldDescriptor.TYPE_GROUP else "length-prefixed"


def _feature(field: Any) -> str:
    return "DELIMITED" if field.type == FieldDescriptor.TYPE_GROUP else "LENGTH_PREFIXED"


def _packing(field: Any) -> str:
    return "packed" if field.is_packed else "expanded"


def _checking(side: Side, field: Any) -> str:
    return "does not check" if any(True for _ in _no_text(side, field)) else "checks"
