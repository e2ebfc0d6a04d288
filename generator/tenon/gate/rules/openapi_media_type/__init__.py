"""Bodies stay available in the formats that clients use.

A client sends its body in one of the formats that were accepted and asks for one of those that were offered. A format
that goes is refused with 415, or cannot be answered (406). Ranges such as `application/*` hold every format below them;
parameters such as `charset` and the case of letters make no difference.

**Decided** by structure; the witness is the request in the format that went. A webhook's body is sent by the service:
there a format that is new is what receivers cannot read, unless the old one is kept beside it.

Before:

    content: {application/json: …, application/xml: …}

After, where `Accept: application/xml` gets no answer:

    content: {application/json: …}

**Safely**: keep the format until nobody asks for it; formats may always be added.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.openapi.pairs import MediaTypePair
from tenon.gate.kinds.openapi.requests import of_part, request
from tenon.gate.verdict import Change, Direction, breaking, safe

ON = (MediaTypePair,)


def judge(pair: MediaTypePair, context: Context) -> Iterator[Change]:
    if (pair.old is None) == (pair.new is None):
        return
    common = of_part(pair, Direction.RESPONSE if pair.answer else Direction.REQUEST)
    detail = pair.name
    if pair.operation.sends and not pair.answer:
        if pair.old is None and not pair.shared:
            yield breaking(
                pair.subject,
                f"the service sends {pair.name} now, which receivers were not told of",
                "go on sending the old format",
                detail=detail,
                witness=request(pair.operation, "not sent", "sent", content_type=pair.name),
                **common,
            )
        return
    if pair.old is None:
        yield safe(pair.subject, f"the format {pair.name} was added", detail=detail, **common)
        return
    if _covered(pair):
        return
    if pair.answer:
        message = f"answers do not come as {pair.name} any more"
        witness = request(pair.operation, f"answered as {pair.name}", "refused: 406", accept=pair.name)
    else:
        message = f"bodies in {pair.name} were accepted and are refused now"
        witness = request(pair.operation, "accepted", "refused: 415", content_type=pair.name)
    yield breaking(
        pair.subject, message, "keep the format until nobody uses it", detail=detail, witness=witness, **common
    )


def _covered(pair: MediaTypePair) -> bool:
    """Whether a range of the new contract holds the format."""
    family = pair.name.partition("/")[0].lower()
    return any(name.strip().lower() in ("*/*", f"{family}/*") for name in pair.others)
