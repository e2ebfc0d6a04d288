"""A protobuf field got another number.

The number is all that binary data says of a field. Who breaks: everybody who reads with one release what the other
has written: old clients' requests in the new service, new answers in old clients, retained events, stored data.

**How it is decided.** A message with only that field is written with one release's contract and read with the other's
by Google's protobuf, in each way that the message goes. The value is lost, or is read as whatever has the number now.
JSON names its fields, so it changes only where the field's type does too, which is tried as well.

**Before and after.** `string email = 2;` became `string email = 3;`: an e-mail that an old client sends under number 2
is lost.

**How to do it safely.** Do not: numbers cost nothing. Keep the old one; if two fields have to change places, give both
new names instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tenon.gate.context import Context
from tenon.gate.kinds.protobuf import proof, reading, samples
from tenon.gate.kinds.protobuf.facts import moved
from tenon.gate.kinds.protobuf.judge import ENCODING_WORDS, agrees
from tenon.gate.kinds.protobuf.pairs import FieldPair
from tenon.gate.verdict import Change, Witness, breaking, unproven

ON = (FieldPair,)
_REMEDY = "give the field its old number back"
_BUF = ("FIELD_",)


def judge(pair: FieldPair, context: Context) -> Iterator[Change]:
    """Where the value goes in binary, and whether JSON still reads it."""
    now = moved(pair)
    if now is None:
        return
    what = f"`{pair.old.name}` had number {pair.old.number} and has {now.number}"
    for encoding in reading.ENCODINGS:
        found = next(_differences(pair, now, encoding), None)
        if found is not None:
            trial, read = found
            sent = f"sent as `{trial.sent}`"
            before, after = (sent, read) if trial.way.from_old else (read, sent)
            yield breaking(
                pair.name, f"{what}: {ENCODING_WORDS[encoding]}, {trial.way.words} as `{trial.sent}` is {read}",
                _REMEDY,
                direction=trial.way.direction, role=trial.way.role, detail=encoding,
                witness=Witness(
                    encoding, trial.payload, before, after, ("protobuf", *agrees(pair.sides, pair.places, *_BUF))
                ),
                affects=pair.message.travel.methods, **pair.places,
            )  # fmt: skip
        elif encoding == reading.JSON and not _understood(pair, now):
            way = pair.message.travel.ways[0]
            yield unproven(
                pair.name, f"{what} and another type: no value was found that is read differently in JSON, and the "
                "types do not prove that there is none", _REMEDY, direction=way.direction, role=way.role,
                detail=encoding, affects=pair.message.travel.methods, **pair.places,
            )  # fmt: skip


def _understood(pair: FieldPair, now: Any) -> bool:
    for way in pair.message.travel.ways:
        writer, reader = (pair.old, now) if way.from_old else (now, pair.old)
        if not proof.understood(reading.JSON, writer, reader, exact=not way.from_old):
            return False
    return True


def _differences(pair: FieldPair, now: Any, encoding: str) -> Iterator[tuple[reading.Trial, str]]:
    for way in pair.message.travel.ways:
        writing, reader_side = reading.direct(pair.sides, way)
        field, reader = (pair.old, pair.message.new) if way.from_old else (now, pair.message.old)
        for message in samples.filled(writing, field, None):
            trial = reading.attempt(reader_side, encoding, way, message, field, reader)
            if trial is not None and (encoding == reading.WIRE or not trial.same):
                # In binary even an equal value is wrong: it stands in another field.
                yield trial, trial.read
