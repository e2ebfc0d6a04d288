"""A reservation was given up, a reserved number or name is used, or a range for extensions is gone.

Numbers and names are reserved because old data still has them. Who breaks: whoever still sends or stores the removed
field, once another field has its number: the old value is read as the new field.

**How it is decided.** By the reserved ranges and names of both releases. This is a *policy*: that old data with the
number exists is what the reservation says, and cannot be seen in the contracts. Extension ranges protect the
extensions that others declare; without the range their code does not compile.

**Before and after.** `reserved 4;` was deleted.

**How to do it safely.** Keep every reservation for as long as the message lives; a new field takes a new number.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.protobuf.facts import is_reserved, merged, missing, ranges
from tenon.gate.kinds.protobuf.pairs import EnumPair, MessagePair
from tenon.gate.verdict import Change, Direction, Role, policy

ON = (MessagePair, EnumPair)


def judge(pair: MessagePair | EnumPair, context: Context) -> Iterator[Change]:
    """Reservations and extension ranges of a message or enum that is on both sides."""
    if pair.old is None or pair.new is None:
        return
    old, new = pair.sides.old, pair.sides.new
    members = pair.new.fields if isinstance(pair, MessagePair) else pair.new.values
    numbers, names = {each.number: each.name for each in members}, {each.name for each in members}
    for first, last in missing(ranges(old, pair.old), ranges(new, pair.new)):
        used = [number for number in numbers if first <= number <= last]
        yield _given_up(pair, _shown(first, last), f"`{numbers[used[0]]}` has {used[0]}" if used else "")
    for name in old.proto(pair.old).reserved_name:
        if not is_reserved(new, pair.new, name=name):
            yield _given_up(pair, f'"{name}"', f"`{name}` is used" if name in names else "")
    if isinstance(pair, MessagePair):
        before, after = (
            merged([(each.start, each.end - 1) for each in side.proto(message).extension_range])
            for side, message in ((old, pair.old), (new, pair.new))
        )
        for first, last in missing(before, after):
            yield policy(
                pair.name, f"the numbers {_shown(first, last)} are not left to extensions any more, and extensions "
                "that others declared there do not compile", f"write `extensions {_shown(first, last)};` again",
                direction=Direction.SOURCE, role=Role.CLIENT, detail=f"extensions {first}", **pair.places,
            )  # fmt: skip


def _given_up(pair: MessagePair | EnumPair, what: str, use: str) -> Change:
    message = f"{what} is reserved no more" + (f", and {use}" if use else "")
    return policy(
        pair.name, f"{message}: data of the field that had it is read as another field",
        f"write `reserved {what};` again" + (" and give the new one another" if use else ""),
        direction=Direction.STORED, role=Role.SERVICE, detail=f"reserved {what}", **pair.places,
    )  # fmt: skip


def _shown(first: int, last: int) -> str:
    return str(first) if first == last else f"{first} to {last}"
