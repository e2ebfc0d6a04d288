"""A promise about calls that are sent twice was taken back.

Callers and proxies send a call again when no answer came, as far as the contract allows it. Who breaks: callers that
repeat a call which is carried out twice now, callers without an idempotency key where one is required now, and callers
that use `GET` for what has side effects now.

**How it is decided.** Each level allows some of four things: a call without a key, a repetition without a key, a
repetition with a key, and a `GET`. What the old level allows and the new one does not is the break, shown with a
request. The level is `idempotency` of `(tenon.v1.method)` or `x-tenon-idempotency`, else protobuf's own
`idempotency_level`. More of the four is safe.

**Before and after.** `IDEMPOTENCY_IDEMPOTENT` became none at all: a payment that is retried is paid twice.

**How to do it safely.** Add another operation with the weaker promise; or go from `KEYED` to `KEY_REQUIRED` only when
metrics show no call without a key.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.openapi.pairs import OperationPair
from tenon.gate.kinds.openapi.promises import promises as of_operation
from tenon.gate.kinds.protobuf.pairs import MethodPair
from tenon.gate.kinds.protobuf.promises import promises as of_method
from tenon.gate.promise import IDEMPOTENT, KEY_REQUIRED, KEYED, NO_SIDE_EFFECTS, UNKNOWN
from tenon.gate.verdict import Change, Direction, Witness, breaking, safe

ON = (MethodPair, OperationPair)
_PLAIN, _AGAIN, _AGAIN_WITH_KEY, _GET = "no key", "again", "again with the same key", "GET"
_ALLOWED = {
    UNKNOWN: {_PLAIN},
    NO_SIDE_EFFECTS: {_PLAIN, _AGAIN, _AGAIN_WITH_KEY, _GET},
    IDEMPOTENT: {_PLAIN, _AGAIN, _AGAIN_WITH_KEY},
    KEYED: {_PLAIN, _AGAIN_WITH_KEY},
    KEY_REQUIRED: {_AGAIN_WITH_KEY},
}
_STORIES = {
    _PLAIN: ("calls without an idempotency key are refused", "accepted", "refused: no idempotency key"),
    _AGAIN: ("calls that are sent again may be carried out twice", "carried out once", "carried out twice"),
    _AGAIN_WITH_KEY: ("calls that are sent again with their key may be carried out twice", "carried out once",
                      "carried out twice"),
    _GET: ("callers that use GET for it are refused, and caches and proxies may repeat what has effects", "answered",
           "refused: it has side effects"),
}  # fmt: skip


def judge(pair: MethodPair | OperationPair, context: Context) -> Iterator[Change]:
    """What callers could do and cannot."""
    both = of_method(pair) if isinstance(pair, MethodPair) else of_operation(pair)
    if both is None or both.old.idempotency == both.new.idempotency:
        return
    old, new = both.old.idempotency, both.new.idempotency
    what = f"the operation was {old} and is {new}"
    judges: tuple[str, ...] = ()
    if isinstance(pair, MethodPair):
        from tenon.gate.kinds.protobuf.judge import agrees  # brings protobuf along: not for an OpenAPI document

        judges = agrees(pair.sides, pair.places, "RPC_SAME_IDEMPOTENCY")
    before, after = _ALLOWED.get(old, set()), _ALLOWED.get(new, set())
    lost = [each for each in (_PLAIN, _AGAIN, _AGAIN_WITH_KEY, _GET) if each in before - after]
    if _AGAIN in lost and _AGAIN_WITH_KEY in lost:
        lost.remove(_AGAIN_WITH_KEY)  # the same cause
    for each in lost:
        story, good, bad = _STORIES[each]
        yield breaking(
            both.subject_of("idempotency"),
            f"{what}: {story}", "keep the promise, or add another operation with the weaker one",
            direction=Direction.REQUEST, role=both.role, detail=each,
            witness=Witness("request", {**both.request, "sent": each}, good, bad, judges), **both.common,
        )  # fmt: skip
    if not lost:
        yield safe(
            both.subject_of("idempotency"), what, direction=Direction.REQUEST, detail="idempotency", **both.common
        )
