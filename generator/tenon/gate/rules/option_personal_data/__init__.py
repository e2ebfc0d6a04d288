"""A field is no longer marked as personal data, or as a less protected kind of it.

Fields marked `(tenon.v1.personal)` are masked in logs and traces, and found when a person asks for their data or for
its deletion. Who is hurt: the person, whose data appears in logs from now on. Nothing in a message changes, so this is
a *policy*.

**How it is decided.** By the mark on both sides; special care (`SENSITIVE`) is the strongest. A field that gets a mark
is safe, and so is one that is removed.

**Before and after.** `string email = 2 [(tenon.v1.personal) = PERSONAL_DATA_CONTACT];` lost its mark: addresses are
written to the logs.

**How to do it safely.** Keep the mark for as long as the field may hold data of a person; have the removal approved by
whoever answers for privacy, as a waiver.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tenon.gate.context import Context
from tenon.gate.kinds.protobuf.pairs import FieldPair
from tenon.gate.verdict import Bump, Change, Direction, Role, policy, safe

if TYPE_CHECKING:
    from tenon.gate.kinds.protobuf.side import Side

ON = (FieldPair,)
_PERSONAL = "tenon.v1.personal"
_SENSITIVE = 4


def judge(pair: FieldPair, context: Context) -> Iterator[Change]:
    """The marks of a field that stays."""
    if pair.old is None or pair.new is None:
        return
    old, new = _mark(pair.sides.old, pair.old), _mark(pair.sides.new, pair.new)
    if old == new:
        return
    what = f"`{pair.new.name}` is marked {_name(pair.sides.new, new)} and was marked {_name(pair.sides.old, old)}"
    if not new or old == _SENSITIVE:
        yield policy(
            pair.name, f"{what} as personal data: logs and traces may show it", "keep the mark",
            direction=Direction.STORED, role=Role.OPERATOR, detail="personal", bump=Bump.PATCH, **pair.places,
        )  # fmt: skip
    else:
        yield safe(pair.name, f"{what} as personal data", detail="personal", bump=Bump.PATCH, **pair.places)


def _mark(side: Side, field: Any) -> int:
    value = side.option(field, _PERSONAL)
    return value if type(value) is int else 0


def _name(side: Side, number: int) -> str:
    extension = side.pool.FindExtensionByName(_PERSONAL) if number else None
    enum = extension.enum_type if extension is not None else None
    known = enum.values_by_number.get(number) if enum is not None else None
    return f"`{known.name}`" if known is not None else "not at all" if not number else str(number)
