"""What a service sends goes on being sent, and what it receives goes on being received.

Receivers wait for what a service sends; senders count on what it receives being handled. When an operation goes, both
are left alone, and no error says so.

**Decided** by structure: operations are known by the channel's address and their action, then by name. In AsyncAPI 2
`subscribe` is what the service sends and `publish` what it receives. Renaming an operation changes nothing on the wire.
A removed document is the removal of all its operations.

Before:

    operations: {sendPaid: {action: send, channel: {$ref: '#/channels/paid'}}}

After, where receivers of `paid` wait for ever:

    operations: {}

**Safely**: announce it, watch that nobody receives it any more, then stop sending.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.asyncapi.facts import facts, traffic
from tenon.gate.kinds.asyncapi.pairs import AsyncOperationPair
from tenon.gate.verdict import Change, breaking, safe

ON = (AsyncOperationPair,)


def judge(pair: AsyncOperationPair, context: Context) -> Iterator[Change]:
    document = pair.document
    if pair.old is not None and pair.new is None:
        common = facts(pair, pair.role, pair.old.site, document.new.site if document.new else None)
        if pair.old.action == "send":
            message, witness = "it is not sent any more, and receivers wait for it", traffic(pair, "sent", "never sent")
        else:
            message = "it is not received any more: what others send there is handled by nobody"
            witness = traffic(pair, "handled", "handled by nobody")
        yield breaking(pair.subject, message, "keep it until nobody counts on it", witness=witness, **common)
    elif pair.new is not None and pair.old is None:
        common = facts(pair, pair.role, document.old.site if document.old else None, pair.new.site)
        yield safe(pair.subject, "the operation is new", **common)
