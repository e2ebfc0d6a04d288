"""Fields moved into a oneof, out of one, or to another.

Of the fields of a oneof only one is set. Who breaks: a writer that sets two fields which exclude each other at the
reader: of two values one is dropped without a word in binary, and JSON with both is refused. And code: what is
generated for a oneof is no plain field.

**How it is decided.** For two fields that one release's contract lets be set together and the other's puts into one
oneof, a message with both is written and read by Google's protobuf. Where no such two fields exist, the encodings are
safe: a lone field may enter a new oneof. Generated code changes in any case.

**Before and after.** `string email = 1; string phone = 2;` became
`oneof contact { string email = 1; string phone = 2; }`: a client that sends both loses the e-mail.

**How to do it safely.** Make the oneof of new fields, and retire the old ones once nobody sets them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tenon.gate.context import Context
from tenon.gate.kinds.protobuf import FieldPair, Way, reading, samples
from tenon.gate.kinds.protobuf.facts import moved, oneof
from tenon.gate.kinds.protobuf.judge import ENCODING_WORDS, agrees, source
from tenon.gate.verdict import Change, Witness, breaking

ON = (FieldPair,)
_REMEDY = "leave the field where it is, and make the oneof of new fields"
_BUF = ("FIELD_SAME_ONEOF", "ONEOF_NO_DELETE")


def judge(pair: FieldPair, context: Context) -> Iterator[Change]:
    """What excludes what, and the generated code."""
    if pair.old is None or moved(pair) is not None:
        return
    yield from _exclusions(pair)
    if pair.new is None:
        return
    old, new = (_name(field) for field in (pair.old, pair.new))
    if old != new:
        what = f"`{pair.old.name}` is {_place(new)} and was {_place(old)}"
        subject = f"{pair.message.name}.{old or new}"
        yield source(pair.sides, subject, what, _REMEDY, f"generated {_place(old)}", f"generated {_place(new)}",
                     pair.places, *_BUF)  # fmt: skip


def _exclusions(pair: FieldPair) -> Iterator[Change]:
    """Fields beside this one that the writer may set as well and the reader may not have set as well."""
    done: set[str] = set()
    for way in pair.message.travel.ways:
        writer, reader = (pair.message.old, pair.message.new) if way.from_old else (pair.message.new, pair.message.old)
        field, peer = (pair.old, pair.new) if way.from_old else (pair.new, pair.old)
        group = oneof(peer) if field is not None and peer is not None else None
        for other in group.fields if group is not None else ():
            beside = writer.fields_by_number.get(other.number)
            if beside is None or beside.number == field.number or _together(field, beside):
                continue
            for encoding in reading.ENCODINGS:
                change = None if encoding in done else _both(pair, way, encoding, field, beside, reader)
                if change is not None:
                    done.add(encoding)
                    yield change


def _together(field: Any, beside: Any) -> bool:
    """Whether the writer has both in one oneof."""
    return _name(field) is not None and _name(field) == _name(beside)


def _both(pair: FieldPair, way: Way, encoding: str, field: Any, beside: Any, reader: Any) -> Change | None:
    writing, reading_side = reading.direct(pair.sides, way)
    if field.is_repeated or beside.is_repeated:
        return None  # a oneof has no such field: the cardinality changed as well, and has the verdict
    message = samples.plain(writing, field)
    message.MergeFrom(samples.plain(writing, beside))
    found = [
        trial for each in (field, beside)
        if (trial := reading.attempt(reading_side, encoding, way, message, each, reader)) is not None
    ]  # fmt: skip
    hurt = next((trial for trial in found if not trial.same), None)
    if hurt is None:
        return None
    group = oneof(pair.new) or oneof(pair.old)
    sent = " and ".join(f"`{trial.sent}`" for trial in found)
    before, after = f"sent as {sent}", f"`{hurt.sent}`: {hurt.read}"
    if not way.from_old:
        before, after = after, before
    names = " and ".join(sorted(f"`{each.name}`" for each in (field, beside)))
    return breaking(
        f"{pair.message.name}.{group.name}",
        f"{names} exclude each other for one side only: {ENCODING_WORDS[encoding]}, {way.words} with both loses one",
        _REMEDY, direction=way.direction, role=way.role, detail=encoding, affects=pair.message.travel.methods,
        witness=Witness(encoding, hurt.payload, before, after, ("protobuf", *agrees(pair.sides, pair.places, *_BUF))),
        **pair.places,
    )  # fmt: skip


def _name(field: Any) -> str | None:
    group = oneof(field)
    return group.name if group is not None else None


def _place(name: str | None) -> str:
    return f"in the oneof `{name}`" if name else "in no oneof"
