"""The default value of a protobuf field changed.

A field that is not set is read as its default, and each side has its own. Who breaks: whoever leaves the field out and
means the old default; nothing in the bytes says which one was meant.

**How it is decided.** An empty message is written with one release's contract and read with the other's by Google's
protobuf: the field has another value. JSON leaves the field out in the same way. An enum without a stated default has
its first value, so a new first value is such a change as well.

**Before and after.** `int32 retries = 1 [default = 3];` became `[default = 5]`: a client that leaves it out gets five.

**How to do it safely.** Never change a default: add a field with the new one, or decide in the service's code.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tenon.gate.context import Context
from tenon.gate.kinds.protobuf import FieldPair, reading
from tenon.gate.kinds.protobuf.facts import same_type
from tenon.gate.kinds.protobuf.judge import agrees, type_name
from tenon.gate.kinds.protobuf.samples import MESSAGES
from tenon.gate.verdict import Change, Witness, breaking

ON = (FieldPair,)
_REMEDY = "write the old default again"


def judge(pair: FieldPair, context: Context) -> Iterator[Change]:
    """The empty message on both sides."""
    if not same_type(pair) or pair.old is None or pair.new is None:
        return
    if pair.old.is_repeated or pair.old.type in MESSAGES:
        return
    old = _unset(pair.sides.old.cls(pair.message.old)(), pair.old)
    new = _unset(pair.sides.new.cls(pair.message.new)(), pair.new)
    if old == new:
        return
    way = pair.message.travel.ways[0]
    what = f"`{pair.old.name}` ({type_name(pair.old)}) is {new} where it is not set, and was {old}"
    for encoding, empty in ((reading.WIRE, ""), (reading.JSON, {})):
        yield breaking(
            pair.name, f"{what}: who leaves it out means something else now", _REMEDY, direction=way.direction,
            role=way.role, detail=encoding, affects=pair.message.travel.methods, **pair.places,
            witness=Witness(encoding, empty, f"`{pair.old.name} = {old}`", f"`{pair.new.name} = {new}`",
                            ("protobuf", *agrees(pair.sides, pair.places, "FIELD_SAME_DEFAULT"))),
        )  # fmt: skip


def _unset(message: Any, field: Any) -> str:
    value = getattr(message, field.name)
    known = field.enum_type.values_by_number.get(value) if field.enum_type is not None else None
    return str(known.name) if known is not None else reading.shown(value)
