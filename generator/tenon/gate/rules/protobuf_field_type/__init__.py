"""The type of a protobuf field changed, or its number was given to a field of another type.

Protects whoever writes with one release and reads with the other: a type decides how bytes are read, so another type
reads the same bytes as another value, refuses them, or loses them without a word.

**How it is decided.** Messages with the edge values of the writer's type (3000000000, -1, every enum value, text that
is no UTF-8) are written with one release and read with the other by Google's protobuf, in binary and in JSON, in each
way that the message goes: requests from old to new, answers from new to old, events and what is stored both ways. A
message that is read differently is the proof of the break. Without one, the change is safe where the values of the
writer's type are a subset of the reader's (`int32` to `int64`, `bool` to an integer, `string` to `bytes`); a message
type that is replaced is compared field by field, so another name for the same structure is no alarm. What is left is
unproven. In answers, JSON has to keep its form too: `int64` is written as text (`"5"`), `int32` as a number. Code
generated from the contract changes with every type, which is a break of its own.

**Before and after.** `int64 amount = 1;` became `int32 amount = 1;`: a client that sends 3000000000 pays -1294967296.

**How to do it safely.** Add a field with a new number and the new type, write both for a while, move the readers, then
stop writing the old one and reserve its number and name.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.protobuf.facts import moved
from tenon.gate.kinds.protobuf.judge import encodings, source, type_name
from tenon.gate.kinds.protobuf.pairs import FieldPair
from tenon.gate.kinds.protobuf.samples import entry
from tenon.gate.verdict import Change, Verdict

ON = (FieldPair,)
_REMEDY = "add a field with a new number and the new type, move readers and writers to it, then retire this one"
_BUF = ("FIELD_SAME_TYPE", "FIELD_WIRE_JSON_COMPATIBLE_TYPE")


def judge(pair: FieldPair, context: Context) -> Iterator[Change]:
    """Both encodings, and the generated code."""
    if pair.old is None or pair.new is None or moved(pair) is not None:
        return
    before, after = (type_name(field).removeprefix("repeated ") for field in (pair.old, pair.new))
    if before == after or (entry(pair.old) is None) != (entry(pair.new) is None):
        return
    named = f"`{pair.old.name}`" if pair.old.name == pair.new.name else f"`{pair.old.name}`, now `{pair.new.name}`,"
    what = f"field {pair.old.number} {named} was {before} and is {after}"
    found = list(encodings(pair, what, _REMEDY, *_BUF))
    yield from found
    if all(change.verdict is Verdict.SAFE for change in found) and pair.old.message_type and pair.new.message_type:
        return  # the same structure under another name: whether the old name is gone is said once, of the type
    yield source(
        pair.sides,
        pair.name,
        what,
        _REMEDY,
        f"a field of type {before}",
        f"a field of type {after}",
        pair.places,
        *_BUF,
    )
