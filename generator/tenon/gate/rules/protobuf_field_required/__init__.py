"""A protobuf field became required, or is no longer.

A reader refuses a message that lacks a field which *its* contract requires. Who breaks: old clients when a field
becomes required, for their requests lack it; old readers when a field is required no more, for the new release leaves
it out.

**How it is decided.** A message without the field is written with one release and read with the other by Google's
protobuf, which tells what is missing. In the direction where the writer has to set it, the change is safe.

**Before and after.** `optional string name = 1;` became `required string name = 1;`: a request without a name, good
until now, is refused.

**How to do it safely.** Require nothing in the encoding: check it in the service, or with a field rule
(`(buf.validate.field).required`) for messages that no old client sends.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.protobuf.judge import agrees
from tenon.gate.kinds.protobuf.pairs import FieldPair
from tenon.gate.verdict import Change, Witness, breaking, safe

ON = (FieldPair,)


def judge(pair: FieldPair, context: Context) -> Iterator[Change]:
    """A message that lacks the field, in each way that it goes."""
    before, after = (field is not None and field.is_required for field in (pair.old, pair.new))
    if before == after:
        return
    name = (pair.new if after else pair.old).name
    what = f"`{name}` is required and was not" if after else f"`{name}` was required and is not"
    for way in pair.message.travel.ways:
        if way.from_old != after:
            continue  # here the writer is bound to set it
        side, reader = (pair.sides.new, pair.message.new) if way.from_old else (pair.sides.old, pair.message.old)
        received = side.cls(reader)()
        received.MergeFromString(b"")
        if name not in received.FindInitializationErrors():
            continue
        refused = f"refused: the required field `{name}` is missing"
        yield breaking(
            pair.name, f"{what}: {way.words} without it is refused", "make it optional, as it was" if after
            else "keep it required, and keep setting it", direction=way.direction, role=way.role, detail="wire",
            affects=pair.message.travel.methods, **pair.places,
            witness=Witness("wire", "", "accepted" if after else refused, refused if after else "accepted",
                            ("protobuf", *agrees(pair.sides, pair.places, "MESSAGE_SAME_REQUIRED", "FIELD_"))),
        )  # fmt: skip
        return
    yield safe(pair.name, f"{what}: whoever writes the message sets it", detail="required", **pair.places)
