"""A protobuf field became repeated, singular, or a map.

Protects whoever writes one value where the other side reads many, or the other way round: a reader of one value takes
the last of several and drops the rest; packed numbers are not read by a singular field at all; a map keeps one entry
per key; and JSON writes a list, an object or a plain value, which are refused for each other.

**How it is decided.** Messages with one, two different and two equal values are written with one release and read with
the other by Google's protobuf, in binary and in JSON, in each way that the message goes. From one to many is safe in
binary. Generated code changes its types, which is a break of its own.

**Before and after.** `repeated string tags = 3;` became `string tags = 3;`: of `["text", "é"]` only `"é"` is left.

**How to do it safely.** Add a new field with the other cardinality, write both, move the readers, then retire the old.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tenon.gate.context import Context
from tenon.gate.kinds.protobuf.facts import moved, value_type
from tenon.gate.kinds.protobuf.judge import encodings, source, type_name
from tenon.gate.kinds.protobuf.pairs import FieldPair
from tenon.gate.kinds.protobuf.samples import entry
from tenon.gate.verdict import Change

ON = (FieldPair,)
_REMEDY = "add a field with a new number and the new cardinality, and move readers and writers to it"
_BUF = ("FIELD_SAME_CARDINALITY", "FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY", "FIELD_SAME_TYPE")


def judge(pair: FieldPair, context: Context) -> Iterator[Change]:
    """Both encodings, and the generated code."""
    old, new = pair.old, pair.new
    if old is None or new is None or moved(pair) is not None or _kind(old) == _kind(new):
        return
    if entry(old) is None and entry(new) is None and value_type(old) != value_type(new):
        return  # the type is another as well, and has the verdict
    before, after = type_name(old), type_name(new)
    what = f"field {old.number} `{old.name}` was {_kind(old)} ({before}) and is {_kind(new)} ({after})"
    yield from encodings(pair, what, _REMEDY, *_BUF)
    yield source(pair.sides, pair.name, what, _REMEDY, f"a field of type {before}", f"a field of type {after}",
                 pair.places, *_BUF)  # fmt: skip


def _kind(field: Any) -> str:
    if entry(field) is not None:
        return "a map"
    return "repeated" if field.is_repeated else "singular"
