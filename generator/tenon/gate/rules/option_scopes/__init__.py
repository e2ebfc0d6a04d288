"""An RPC asks for a scope that it did not ask for, or needs a token that it did not need.

Every scope of `(tenon.v1.method)` has to be granted by the caller's token. Who breaks: callers whose tokens have the
old scopes only, and callers without a token where the RPC was public; they are refused.

**How it is decided.** A request with exactly what the old contract asked for is checked against what the new one asks
for. Fewer scopes are safe. OpenAPI's `security` has a rule of its own.

**Before and after.** `scopes: "videos:write"` became `scopes: ["videos:write", "videos:admin"]`: every token that was
issued until now is refused.

**How to do it safely.** Grant the new scope with every token first, wait until the old tokens have expired, then ask
for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.protobuf.pairs import MethodPair
from tenon.gate.kinds.protobuf.promises import promises
from tenon.gate.promise import Promise
from tenon.gate.verdict import Change, Direction, Witness, breaking, safe

ON = (MethodPair,)


def judge(pair: MethodPair, context: Context) -> Iterator[Change]:
    """A request with what the old contract asked for."""
    both = promises(pair)
    if both is None or (both.old.scopes, both.old.public) == (both.new.scopes, both.new.public):
        return
    old, new = both.old, both.new
    what = f"the RPC asks for {_asked(new)} and asked for {_asked(old)}"
    added = sorted(new.scopes - old.scopes)
    if (old.public and not new.public) or (added and not new.public):
        missing = "no token" if old.public else f"the token lacks {', '.join(added)}"
        request = {**both.request, "token": None if old.public else {"scopes": sorted(old.scopes)}}
        yield breaking(
            both.subject_of("scopes"), f"{what}: callers with what was enough until now are refused",
            "grant the scope with every token before asking for it", direction=Direction.REQUEST, role=both.role,
            detail="public" if old.public else ", ".join(added),
            witness=Witness("request", request, "accepted", f"refused: {missing}"), **both.common,
        )  # fmt: skip
    else:
        yield safe(both.subject_of("scopes"), what, direction=Direction.REQUEST, detail="scopes", **both.common)


def _asked(promise: Promise) -> str:
    if promise.public:
        return "nothing"
    return ", ".join(sorted(promise.scopes)) or "any valid token"
