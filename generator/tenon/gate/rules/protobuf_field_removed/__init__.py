"""A protobuf field was removed, or one was added.

Protects senders whose data is thrown away and readers who wait for data that does not come. Who breaks: old clients
that still send the field (a JSON request with it is refused, binary data is dropped without a word), and old readers
of answers and events, for whom the field is always empty from now on.

**How it is decided.** A message with only that field is written with the old contract and read with the new one by
Google's protobuf: in binary the value ends among the unknown fields, in JSON it is refused as unknown. For answers and
events, the message is written again as the new release would write it, and read by the old contract. A number or name
that is not reserved afterwards is reported as a *policy*: the next author may reuse it, and then old data is read as
something else. A new field is safe: readers of protobuf skip what they do not know.

**Before and after.** `string email = 2;` was deleted: what a client sends as `email = "text"` is lost.

**How to do it safely.** Mark the field `deprecated`, wait until nobody sends or reads it, remove it, and in the same
change write `reserved 2; reserved "email";`.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.protobuf import reading, samples
from tenon.gate.kinds.protobuf.facts import is_reserved, moved
from tenon.gate.kinds.protobuf.judge import ENCODING_WORDS, added, agrees, of_trial, source, tried, type_name
from tenon.gate.kinds.protobuf.pairs import FieldPair, Way
from tenon.gate.verdict import Change, Direction, Role, Witness, breaking, policy

ON = (FieldPair,)
_REMEDY = "keep the field, marked `deprecated`, until nobody uses it; then remove it and reserve its number and name"
_BUF = ("FIELD_NO_DELETE",)


def judge(pair: FieldPair, context: Context) -> Iterator[Change]:
    """What is lost in both encodings, the generated code, and what has to be reserved."""
    if pair.old is None:
        if pair.message.old.fields_by_name.get(pair.new.name) is None:
            what = f"field {pair.new.number} `{pair.new.name}` of type {type_name(pair.new)} was added"
            yield added(pair.name, what, pair.places, pair.message.travel)
        return
    if pair.new is not None or moved(pair) is not None:
        return
    what = f"field {pair.old.number} `{pair.old.name}` was removed"
    for encoding in reading.ENCODINGS:
        trial = tried(pair, encoding)
        if trial is not None:
            yield of_trial(pair, trial, what, _REMEDY, *_BUF)
        else:
            yield from _missed(pair, encoding, what)
    yield source(
        pair.sides, pair.name, what, _REMEDY, f"`{pair.old.name}` is generated", f"no `{pair.old.name}` is generated",
        pair.places, *_BUF,
    )  # fmt: skip
    yield from _reusable(pair)


def _missed(pair: FieldPair, encoding: str, what: str) -> Iterator[Change]:
    """What a reader of the old contract does not get any more: the old message as the new release writes it."""
    sides, old, new = pair.sides, pair.message.old, pair.message.new
    full = samples.plain(sides.old, pair.old)
    written = sides.new.cls(new).FromString(full.SerializePartialToString())
    written.DiscardUnknownFields()
    received = sides.old.cls(old).FromString(written.SerializePartialToString())
    if reading.equal(reading.meaning(full, pair.old), reading.meaning(received, pair.old)):
        return
    trial = reading.attempt(sides.old, encoding, Way.STORED, full, pair.old, old)
    if trial is None:
        return
    way = pair.message.travel.ways[0]
    witness = Witness(
        encoding, trial.payload, trial.read, "never sent: the new contract has no such field",
        ("protobuf", *agrees(sides, pair.places, *_BUF)),
    )  # fmt: skip
    yield breaking(
        pair.name, f"{what}: {ENCODING_WORDS[encoding]}, an old reader that waits for `{trial.sent}` does not get it",
        _REMEDY, direction=way.direction, role=way.role, detail=encoding, witness=witness,
        affects=pair.message.travel.methods, **pair.places,
    )  # fmt: skip


def _reusable(pair: FieldPair) -> Iterator[Change]:
    number = is_reserved(pair.sides.new, pair.message.new, number=pair.old.number)
    name = is_reserved(pair.sides.new, pair.message.new, name=pair.old.name)
    left = [f"number {pair.old.number}"] * (not number) + [f"name `{pair.old.name}`"] * (not name)
    if left:
        lines = [f"reserved {pair.old.number};"] * (not number) + [f'reserved "{pair.old.name}";'] * (not name)
        yield policy(
            pair.name, f"the {' and the '.join(left)} of the removed field can be used again, and old data would be "
            "read as the new field", f"write `{' '.join(lines)}` in the message", direction=Direction.STORED,
            role=Role.SERVICE, detail="reserved", **pair.places,
        )  # fmt: skip
