"""Requests that were accepted have to be accepted still.

A client that was written against the old contract sends what the old contract allowed. If the new one refuses any of
it, that client breaks, at a moment that nobody chose. The rule compares the schemas of a request body as sets: every
body that the old schema takes has to be one that the new schema takes. It also looks at whether a body has become
required.

**Decided** by subset reasoning, not by a list of keywords: `minimum: 1` and `exclusiveMinimum: 0` are the same for
integers, a branch that can never match may go. `readOnly` properties are no part of requests. By the policy
`content_model = "closed"` a client sends only properties that its schema names; with `open` it may send others.
What cannot be decided within the budget is *unproven*, with the keyword that stands in the way.

Before:

    required: [email]

After, which refuses `{"email": "a@b.example"}`:

    required: [email, country]

**Safely**: make the new property optional and give it a default, watch until every client sends it, and require it in
the next version.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tenon.gate.context import Context
from tenon.gate.kinds.openapi.pairs import BodyPair, RequestBodyPair
from tenon.gate.kinds.openapi.requests import request
from tenon.gate.verdict import Change, Direction, breaking, safe

ON = (BodyPair, RequestBodyPair)


def judge(pair: BodyPair | RequestBodyPair, context: Context) -> Iterator[Change]:
    if isinstance(pair, BodyPair):
        if not pair.answer:
            stability = pair.operation.stability
            for change in pair.exchange.judge(pair.subject, pair.old, pair.new):
                yield change if stability is change.stability else replace(change, stability=stability)
        return
    yield from _presence(pair)


def _presence(pair: RequestBodyPair) -> Iterator[Change]:
    operation = pair.operation
    needed = [side is not None and side.mapping.get("required") is True for side in (pair.old, pair.new)]
    if needed[0] == needed[1] and pair.old is not None and pair.new is not None:
        return
    common = {
        "direction": Direction.REQUEST,
        "role": operation.role,
        "stability": operation.stability,
        "old": (pair.old or operation.old.site).location if operation.old else None,
        "new": (pair.new or operation.new.site).location if operation.new else None,
        "affects": (pair.subject,),
    }
    if operation.sends:  # the service sends it: what it leaves out is what receivers miss
        if needed[0] and not needed[1]:
            yield breaking(
                pair.subject,
                "the request that the service sends may come without a body now",
                "keep the body required",
                detail="required",
                witness=request(operation, "accepted", "sent without the body that was always there"),
                **common,
            )
    elif needed[1] and not needed[0]:
        yield breaking(
            pair.subject,
            "requests without a body were accepted and are refused now",
            "keep the body optional, and treat its absence as before",
            detail="required",
            witness=request(operation, "accepted", "refused: the body is required"),
            **common,
        )
    elif pair.old is None:
        yield safe(pair.subject, "an optional body was added", detail="added", **common)
    elif pair.new is None:
        yield safe(pair.subject, "the body is not read any more", detail="removed", **common)
    elif needed[0] and not needed[1]:
        yield safe(pair.subject, "the body became optional", detail="optional", **common)
