"""A value of a protobuf enum was removed, renamed, renumbered or added.

Binary data carries an enum's number, JSON its name. Who breaks: old clients that send a removed number, which the new
service has no name for (a closed enum drops it); old JSON clients that send a removed name, which is refused; readers
of either when names and numbers change places; and code that uses the name.

**How it is decided.** A field that holds the enum is written with one release's contract for each value that changed
and read with the other's by Google's protobuf, in each way that the enum goes. A new value is safe where enums are
open, for their readers have to take any number; an old reader of a *closed* enum drops it, which is a break, and is
tried. A removed number or name that is not reserved is a *policy*: the next author may give it another meaning.

**Before and after.** `STATE_ARCHIVED = 3;` was deleted: a client that sends it is answered as if it had sent
a number that means nothing.

**How to do it safely.** Mark the value `deprecated`, and keep it. To rename one, add the new name for the same number
with `option allow_alias = true;` first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tenon.gate.context import Context
from tenon.gate.kinds.protobuf import reading
from tenon.gate.kinds.protobuf.enums import attempt
from tenon.gate.kinds.protobuf.facts import is_reserved
from tenon.gate.kinds.protobuf.judge import ENCODING_WORDS, agrees, source
from tenon.gate.kinds.protobuf.pairs import EnumPair, Way
from tenon.gate.verdict import Change, Direction, Role, breaking, policy, safe

ON = (EnumPair,)
_REMEDY = "keep the value with its name and number, marked `deprecated`"
_BUF = ("ENUM_VALUE_",)


def judge(pair: EnumPair, context: Context) -> Iterator[Change]:
    """Each value that is not what it was."""
    if pair.old is None or pair.new is None:
        return
    old, new = ({value.name: value.number for value in enum.values} for enum in (pair.old, pair.new))
    for name, number in old.items():
        if name in new and new[name] != number:
            yield from _tried(pair, name, number, f"`{name}` was {number} and is {new[name]}", (reading.WIRE,))
        elif name not in new and number not in new.values():
            yield from _removed(pair, name, number)
        elif name not in new:
            now = pair.new.values_by_number[number].name
            what = f"value {number} is called `{now}` and was `{name}`"
            yield from _tried(pair, name, number, what, (reading.JSON,))
            yield _code(pair, name, what)
    for name, number in new.items():
        if name not in old and number not in old.values():
            yield from _added(pair, name, number)


def _removed(pair: EnumPair, name: str, number: int) -> Iterator[Change]:
    what = f"value `{name} = {number}` was removed"
    yield from _tried(pair, name, number, what, reading.ENCODINGS)
    yield _code(pair, name, what)
    left = [f"number {number}"] * (not is_reserved(pair.sides.new, pair.new, number=number))
    left += [f"name `{name}`"] * (not is_reserved(pair.sides.new, pair.new, name=name))
    if left:
        yield policy(
            _subject(pair, name), f"the {' and the '.join(left)} of the removed value can be used again, and old data "
            "would be read as the new value", f'write `reserved {number}; reserved "{name}";` in the enum',
            direction=Direction.STORED, role=Role.SERVICE, detail="reserved", **pair.places,
        )  # fmt: skip


def _added(pair: EnumPair, name: str, number: int) -> Iterator[Change]:
    what = f"value `{name} = {number}` was added"
    broken: list[Change] = []
    if pair.old.is_closed:
        broken = list(_tried(pair, name, number, what, reading.ENCODINGS))
    yield from broken
    if not broken:
        yield safe(_subject(pair, name), what, affects=pair.travel.methods, **pair.places)


def _tried(pair: EnumPair, name: str, number: int, what: str, encodings: tuple[str, ...]) -> Iterator[Change]:
    for encoding in encodings:
        for way in pair.travel.ways:
            sent = _sent(pair, way, name, number)
            trial = attempt(pair, encoding, way, sent) if sent is not None else None
            if trial is not None:
                yield breaking(
                    _subject(pair, name), f"{what}: {ENCODING_WORDS[encoding]}, {trial.story}", _REMEDY,
                    direction=way.direction, role=way.role, detail=encoding, affects=pair.travel.methods,
                    witness=trial.witness(*agrees(pair.sides, pair.places, *_BUF)), **pair.places,
                )  # fmt: skip
                break


def _sent(pair: EnumPair, way: Way, name: str, number: int) -> int | None:
    """What the writer of this way sends for the value: its own number for the name, or the number by another name."""
    writer: Any = pair.old if way.from_old else pair.new
    known = writer.values_by_name.get(name) or writer.values_by_number.get(number)
    return known.number if known is not None else None


def _code(pair: EnumPair, name: str, what: str) -> Change:
    return source(pair.sides, _subject(pair, name), what, _REMEDY, f"`{name}` is generated",
                  f"no `{name}` is generated", pair.places, *_BUF)  # fmt: skip


def _subject(pair: EnumPair, name: str) -> str:
    return f"{pair.name}.{name}"
