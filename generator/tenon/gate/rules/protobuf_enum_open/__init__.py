"""A protobuf enum became closed, or open.

An open enum keeps a number that it has no name for; a closed one drops it, as if the field were not set. Who breaks:
whoever sends a number that the other side does not know, such as a value of a still newer release.

**How it is decided.** A number without a name is written with the open side's contract and read with the closed one's
by Google's protobuf, in the ways that the enum goes. Where only the closed side writes, the change is safe.

**Before and after.** A `proto3` file became `proto2`: a forwarded `99`, kept until now, is lost.

**How to do it safely.** Write `option features.enum_type = OPEN;` in the enum when its file changes its syntax.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.protobuf import reading
from tenon.gate.kinds.protobuf.enums import attempt
from tenon.gate.kinds.protobuf.judge import agrees
from tenon.gate.kinds.protobuf.pairs import EnumPair
from tenon.gate.verdict import Change, breaking, safe

ON = (EnumPair,)


def judge(pair: EnumPair, context: Context) -> Iterator[Change]:
    """A number without a name, from the open side to the closed one."""
    if pair.old is None or pair.new is None or pair.old.is_closed == pair.new.is_closed:
        return
    what = "the enum was open and is closed" if pair.new.is_closed else "the enum was closed and is open"
    unnamed = 1 + max(value.number for enum in (pair.old, pair.new) for value in enum.values)
    if unnamed >= 2**31:
        unnamed = 1 + next(n for n in range(2**31 - 2, 0, -1) if n + 1 not in pair.old.values_by_number)
    for way in pair.travel.ways:
        if (pair.old if way.from_old else pair.new).is_closed:
            continue
        trial = attempt(pair, reading.WIRE, way, unnamed)
        if trial is not None:
            yield breaking(
                pair.name, f"{what}: {trial.story}", "write `option features.enum_type` as it was",
                direction=way.direction, role=way.role, detail="wire", affects=pair.travel.methods,
                witness=trial.witness(*agrees(pair.sides, pair.places, "ENUM_SAME_TYPE")), **pair.places,
            )  # fmt: skip
            return
    yield safe(pair.name, f"{what}: nobody sends a number that the other side drops", detail="open", **pair.places)
