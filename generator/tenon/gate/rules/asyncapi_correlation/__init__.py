"""An answer is found by the same identifier.

A correlation identifier ties a reply to its request, or the messages of one business case together. Its `location` says
where in the message it stands. When it moves, code that looks for it at the old place finds nothing, and cannot tell
which request was answered.

**Decided** by structure: the `location` of the message's `correlationId`, traits included. Naming one for the first
time is safe.

Before:

    correlationId: {location: '$message.header#/correlationId'}

After:

    correlationId: {location: '$message.payload#/id'}

**Safely**: write the identifier at both places until nobody reads the old one, then move the declaration.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.asyncapi.facts import of_message, traffic
from tenon.gate.kinds.asyncapi.model import merged
from tenon.gate.kinds.asyncapi.pairs import MessagePair
from tenon.gate.verdict import Change, breaking, safe

ON = (MessagePair,)


def judge(pair: MessagePair, context: Context) -> Iterator[Change]:
    if pair.old is None or pair.new is None:
        return
    before, after = (merged(each.site, "correlationId").text("location") for each in (pair.old, pair.new))
    if before == after:
        return
    common = of_message(pair, "correlationId")
    if not before:
        yield safe(pair.subject, f"it is correlated by {after}", detail="correlation", **common)
        return
    now = f"at {after} now" if after else "nowhere now"
    yield breaking(
        pair.subject,
        f"its correlation identifier is {now}: who looks for it at {before} finds nothing",
        "write it at both places until nobody reads the old one",
        detail="correlation",
        witness=traffic(pair.operation, f"found at {before}", now, message=pair.old.name),
        **common,
    )
