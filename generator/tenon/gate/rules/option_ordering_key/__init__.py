"""The field that orders an event's messages changed.

Events with one value of the field marked `(tenon.v1.key)` arrive in the order in which they were committed. Who
breaks: receivers that rely on that order: a deletion may overtake the creation that it undoes.

**How it is decided.** By the marked fields of the message on both sides. Two events with one value of the old key and
two values of the new one are the proof: their order was kept and is not. Marking a field where there was none is safe.

**Before and after.** The mark moved from `video_id` to `creator_id`... and of two events of one video with two
creators the later one may come first.

**How to do it safely.** Publish a new event with the new key beside the old one, and retire the old when nobody
receives it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tenon.gate.context import Context
from tenon.gate.kinds.protobuf.pairs import MessagePair
from tenon.gate.verdict import Change, Direction, Role, Witness, breaking, safe

if TYPE_CHECKING:
    from tenon.gate.kinds.protobuf.side import Side

ON = (MessagePair,)
_KEY = "tenon.v1.key"


def judge(pair: MessagePair, context: Context) -> Iterator[Change]:
    """The marked fields of both sides, by number."""
    if pair.old is None or pair.new is None:
        return
    old, new = _keys(pair.sides.old, pair.old), _keys(pair.sides.new, pair.new)
    if old.keys() == new.keys():
        return
    if not old:
        yield safe(pair.name, f"events are ordered by `{_shown(new)}`", direction=Direction.EVENT, detail="key",
                   **pair.places)  # fmt: skip
        return
    one = dict.fromkeys(old.values(), "A")
    events = [{**one, **{name: value for name in new.values() if name not in one}} for value in ("1", "2")]
    now = f"by `{_shown(new)}`" if new else "by nothing"
    yield breaking(
        pair.name, f"events were ordered by `{_shown(old)}` and are ordered {now}: receivers may get them in another "
        "order than they happened in", "keep the mark, and publish a new event with the new key",
        direction=Direction.EVENT, role=Role.RECEIVER, detail="key",
        witness=Witness("json", events, "delivered in this order", "delivered in any order"), **pair.places,
    )  # fmt: skip


def _keys(side: Side, message: Any) -> dict[int, str]:
    return {field.number: field.name for field in message.fields if side.option(field, _KEY) is True}


def _shown(keys: dict[int, str]) -> str:
    return "`, `".join(keys.values())
