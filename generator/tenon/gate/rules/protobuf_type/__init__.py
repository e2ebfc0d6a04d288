"""A protobuf message or enum was removed, renamed or added.

No type's name is in the data (only `google.protobuf.Any` carries one), so bytes and JSON do not change. Who breaks:
code that was written against the generated type, and whoever packs it into an `Any`.

**How it is decided.** By full name, package included: a type that moves to another file of its package is the same.
If a new type has exactly the structure of the one that is gone, the message says so. Fields and RPCs that used the
type are judged by their own rules: a replacement of the same structure is no alarm there.

**Before and after.** `message Creator` became `message Author` with the same fields: `identity.v1.Creator` is
generated no more.

**How to do it safely.** Add the new type beside the old one, move the code, and remove the old one in the next major
version of the package (`v2`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tenon.gate.context import Context
from tenon.gate.kinds.protobuf.facts import repackaged
from tenon.gate.kinds.protobuf.judge import added, source
from tenon.gate.kinds.protobuf.pairs import EnumPair, MessagePair
from tenon.gate.verdict import Change

ON = (MessagePair, EnumPair)
_BUF = ("PACKAGE_MESSAGE_NO_DELETE", "PACKAGE_ENUM_NO_DELETE")


def judge(pair: MessagePair | EnumPair, context: Context) -> Iterator[Change]:
    """A type that is gone, or new; those inside one that is gone are gone with it."""
    kind = "message" if isinstance(pair, MessagePair) else "enum"
    descriptor = pair.old if pair.old is not None else pair.new
    if repackaged(pair.sides, descriptor.file):
        return
    outer = descriptor.containing_type
    if pair.old is None:
        if outer is None or outer.full_name in pair.sides.old.messages:
            yield added(pair.name, f"{kind} `{pair.name}` was added", pair.places, pair.travel)
        return
    if pair.new is not None or (outer is not None and outer.full_name not in pair.sides.new.messages):
        return
    twin = _twin(pair, descriptor)
    what = f"{kind} `{pair.name}` " + (f"is called `{twin}` now" if twin else "was removed")
    remedy = "keep the type until nobody uses it, or make the change in the package of the next major version"
    yield source(pair.sides, pair.name, what, remedy, f"`{pair.name}` is generated",
                 f"no `{pair.name}` is generated", pair.places, *_BUF)  # fmt: skip


def _twin(pair: MessagePair | EnumPair, old: Any) -> str | None:
    """The only new type that says exactly what the old one said."""
    new, known = (
        (pair.sides.new.messages, pair.sides.old.messages)
        if isinstance(pair, MessagePair)
        else (pair.sides.new.enums, pair.sides.old.enums)
    )
    wanted = _bare(pair.sides.old.proto(old))
    found = [name for name, each in new.items() if name not in known and _bare(pair.sides.new.proto(each)) == wanted]
    return found[0] if len(found) == 1 else None


def _bare(proto: Any) -> bytes:
    copy = type(proto)()
    copy.CopyFrom(proto)
    copy.ClearField("name")
    return bytes(copy.SerializeToString(deterministic=True))
