"""Operations, webhooks and callbacks that clients use may not go.

A client calls the operation, or waits for the webhook, until somebody changes that client. An operation is known by its
method and its path, the server's base path included; the names of path parameters are not on the wire and may change.
A removed document is the removal of all its operations.

**Decided** by structure: the witness is the request that was answered and is not any more. Under the policy
`deprecation_days` the removal of something is allowed by policy and reported as safe when the contract has announced it
(`deprecated: true` with `x-sunset` or `x-deprecated-at`, dates as YYYY-MM-DD) for long enough. An operation whose
`x-stability` is `draft` or `alpha` was not promised.

Before:

    paths: {/v1/tips: {post: …, get: …}}

After, where `GET /v1/tips` is answered 404 or 405:

    paths: {/v1/tips: {post: …}}

**Safely**: mark it `deprecated: true`, name the day in `x-sunset`, watch that nobody calls it any more, then remove it.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.openapi.deprecation import announced
from tenon.gate.kinds.openapi.pairs import OperationPair
from tenon.gate.kinds.openapi.requests import request
from tenon.gate.verdict import Bump, Change, Direction, breaking, safe

ON = (OperationPair,)


def judge(pair: OperationPair, context: Context) -> Iterator[Change]:
    if pair.old is not None and pair.new is not None:
        return
    common = {
        "direction": Direction.REQUEST,
        "role": pair.role,
        "stability": pair.stability,
        "affects": (pair.subject,),
        "detail": pair.kind,
    }
    if pair.old is not None and pair.new is None:
        document = pair.document.new
        places = {"old": pair.old.site.location, "new": document.at(("paths",)) if document else None}
        reason = announced(pair.old.site, context)
        if reason:
            yield safe(pair.subject, f"removed as announced: {reason}", bump=Bump.MAJOR, **places, **common)
            return
        if pair.sends:
            message = f"the {pair.kind} is not sent any more, and receivers wait for it"
            witness = request(pair, "sent to receivers", "never sent")
        else:
            message = "the operation is gone: requests that were answered are not any more"
            witness = request(pair, "answered", "refused: no such operation")
        remedy = "keep it, mark it deprecated with a day in x-sunset, and remove it when nobody uses it"
        yield breaking(pair.subject, message, remedy, witness=witness, **places, **common)
    elif pair.new is not None and pair.old is None:
        document = pair.document.old
        places = {"old": document.at(("paths",)) if document else None, "new": pair.new.site.location}
        yield safe(pair.subject, f"the {pair.kind} is new", **places, **common)
