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
from tenon.gate.kinds.protobuf import reading, samples
from tenon.gate.kinds.protobuf.facts import moved, oneof
from tenon.gate.kinds.protobuf.judge import ENCODING_WORDS, agrees, source
from tenon.gate.kinds.protobuf.pairs import FieldPair, MessagePair, Way
from tenon.gate.verdict import Change, Witness, breaking

ON = (MessagePair, FieldPair)
_REMEDY = "leave the field where it is, and make the oneof of new fields"
_BUF = ("FIELD_SAME_ONEOF", "ONEOF_NO_DELETE")


def judge(pair: MessagePair | FieldPair, context: Context) -> Iterator[Change]:
    """What excludes what in a message, and the generated code of a field."""
    if pair.old is None or pair.new is None:
        return
    if isinstance(pair, MessagePair):
        for encoding in reading.ENCODINGS:
            done: set[str] = set()
            for way in pair.travel.ways:
                for change in _exclusions(pair, way, encoding):
                    if change.subject not in done:
                        done.add(change.subject)
                        yield change
    elif moved(pair) is None and (old := _name(pair.old)) != (new := _name(pair.new)):
        what = f"`{pair.old.name}` is {_place(new)} and was {_place(old)}"
        subject = f"{pair.message.name}.{old or new}"
        yield source(
            pair.sides,
            subject,
            what,
            _REMEDY,
            f"generated {_place(old)}",
            f"generated {_place(new)}",
            pair.places,
            *_BUF,
        )


def _exclusions(pair: MessagePair, way: Way, encoding: str) -> Iterator[Change]:
    """Two fields that the writer may set together, of each oneof of the reader."""
    writer, reader = (pair.old, pair.new) if way.from_old else (pair.new, pair.old)
    key = "number" if encoding == reading.WIRE else "json_name"
    written = {getattr(field, key): field for field in writer.fields if not field.is_repeated}
    for group in reader.oneofs:
        known = [written[getattr(field, key)] for field in group.fields if getattr(field, key) in written]
        other = next((field for field in known[1:] if not _together(known[0], field)), None)
        if other is not None:
            change = _both(pair, way, encoding, [known[0], other], reader, group)
            if change is not None:
                yield change


def _together(field: Any, beside: Any) -> bool:
    """Whether the writer has both in one oneof."""
    return _name(field) is not None and _name(field) == _name(beside)


def _both(pair: MessagePair, way: Way, encoding: str, fields: list[Any], reader: Any, group: Any) -> Change | None:
    writing, reading_side = reading.direct(pair.sides, way)
    message = samples.plain(writing, fields[0])
    message.MergeFrom(samples.plain(writing, fields[1]))
    tried = [reading.attempt(reading_side, encoding, way, message, field, reader) for field in fields]
    found = [trial for trial in tried if trial is not None]
    hurt = next((trial for trial in found if not trial.same), None)
    if hurt is None:
        return None
    sent = "sent as " + " and ".join(f"`{trial.sent}`" for trial in found)
    read = f"`{hurt.sent}`: {hurt.read}"
    before, after = (sent, read) if way.from_old else (read, sent)
    names = " and ".join(sorted(f"`{field.name}`" for field in fields))
    return breaking(
        f"{pair.name}.{group.name}",
        f"{names} exclude each other for one side only: {ENCODING_WORDS[encoding]}, {way.words} with both loses one",
        _REMEDY,
        direction=way.direction,
        role=way.role,
        detail=encoding,
        witness=Witness(encoding, hurt.payload, before, after, ("protobuf", *agrees(pair.sides, pair.places, *_BUF))),
        affects=pair.travel.methods,
        **pair.places,
    )


def _name(field: Any) -> str | None:
    group = oneof(field)
    return group.name if group is not None else None


def _place(name: str | None) -> str:
    return f"in the oneof `{name}`" if name else "in no oneof"
