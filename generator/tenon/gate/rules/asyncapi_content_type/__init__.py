"""Messages stay in the encoding that was agreed.

The content type says how the bytes of a payload are read. A receiver that reads JSON cannot read protobuf, whatever the
schemas say; a message that was sent as JSON is not understood by a service that expects something else now.

**Decided** by structure: the `contentType` of the message, of its traits, or the document's `defaultContentType`, with
case and parameters such as `charset` left out. Where the old contract said nothing, naming one is safe only as far as
anybody can know, and is told for the changelog.

Before:

    contentType: application/json

After, which JSON readers cannot read:

    contentType: application/protobuf

**Safely**: send the new encoding on a channel of its own (`v2`) beside the old one.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.asyncapi.facts import of_message, traffic
from tenon.gate.kinds.asyncapi.pairs import MessagePair
from tenon.gate.verdict import Bump, Change, breaking, safe

ON = (MessagePair,)


def judge(pair: MessagePair, context: Context) -> Iterator[Change]:
    if pair.old is None or pair.new is None:
        return
    before, after = (each.content_type.partition(";")[0].strip() for each in (pair.old, pair.new))
    if before == after:
        return
    common = of_message(pair, "contentType")
    if not before or not after:
        said = f"its content type is said to be {after}" if after else f"its content type {before} is not said any more"
        yield safe(pair.subject, said, bump=Bump.PATCH, **common)
        return
    yield breaking(
        pair.subject,
        f"its bytes are {after} now and were {before}: who reads {before} cannot read it",
        "send the new encoding on a channel of its own",
        detail=after,
        witness=traffic(pair.operation, f"read as {before}", f"is {after}", content_type=before),
        **common,
    )
