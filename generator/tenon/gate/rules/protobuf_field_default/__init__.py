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
from tenon.gate.kinds.protobuf import reading
from tenon.gate.kinds.protobuf.facts import same_type
from tenon.gate.kinds.protobuf.judge import agrees, type_name
from tenon.gate.kinds.protobuf.pairs import EnumPair, FieldPair
from tenon.gate.kinds.protobuf.samples import MESSAGES
from tenon.gate.verdict import Change, Witness, breaking

ON = (FieldPair, EnumPair)


def judge(pair: FieldPair | EnumPair, context: Context) -> Iterator[Change]:
    """The empty message on both sides; of an enum whose first value changed, with the first field that holds it."""
    if pair.old is None or pair.new is None:
        return
    if isinstance(pair, FieldPair):
        if same_type(pair) and not _is_of_enum(pair.old, pair.new):
            yield from _changed(pair, pair.old, pair.new, type_name(pair.old), "write the old default again")
        return
    held = next((fields for fields in pair.fields if not fields[0].is_repeated and _is_of_enum(*fields)), None)
    if held is not None:
        yield from _changed(pair, *held, f"of {pair.name}", "put the old first value first again")


def _is_of_enum(old: Any, new: Any) -> bool:
    """Whether the default is the first value of the enum, on both sides."""
    return old.enum_type is not None and not old.has_default_value and not new.has_default_value


def _changed(pair: FieldPair | EnumPair, old: Any, new: Any, kind: str, remedy: str) -> Iterator[Change]:
    if old.is_repeated or old.type in MESSAGES:
        return
    before, after = (
        _unset(side.cls(field.containing_type)(), field)
        for side, field in ((pair.sides.old, old), (pair.sides.new, new))
    )
    if before[0] == after[0]:
        return
    travel = pair.message.travel if isinstance(pair, FieldPair) else pair.travel
    way = travel.ways[0]
    what = f"`{old.name}` ({kind}) is {after[1]} where it is not set, and was {before[1]}"
    judges = ("protobuf", *agrees(pair.sides, pair.places, "FIELD_SAME_DEFAULT"))
    for encoding, empty in ((reading.WIRE, ""), (reading.JSON, {})):
        witness = Witness(encoding, empty, f"`{old.name} = {before[1]}`", f"`{new.name} = {after[1]}`", judges)
        yield breaking(
            pair.name, f"{what}: who leaves it out means something else now", remedy, direction=way.direction,
            role=way.role, detail=encoding, affects=travel.methods, witness=witness, **pair.places,
        )  # fmt: skip


def _unset(message: Any, field: Any) -> tuple[Any, str]:
    """What a field is where it is not set, and as it is shown. NaN is equal to itself here."""
    value = getattr(message, field.name)
    known = field.enum_type.values_by_number.get(value) if field.enum_type is not None else None
    return (str(value) if isinstance(value, float) else value), str(known.name) if known else reading.shown(value)
