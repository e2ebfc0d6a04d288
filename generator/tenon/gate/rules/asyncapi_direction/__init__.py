"""Who sends goes on sending: a direction is not turned round.

`send` and `receive` decide who writes to a channel. When an operation of the same name at the same address changes from
one to the other, those who received from it get nothing, and those who are to send to it do not know that yet. It is
also the usual mistake when a document moves from AsyncAPI 2, where `publish` means that others publish, to version 3.

**Decided** by structure: an operation that is known again by name and address, with another action.

Before:

    sendPaid: {action: send, channel: {$ref: '#/channels/paid'}}

After:

    sendPaid: {action: receive, channel: {$ref: '#/channels/paid'}}

**Safely**: turn it back; if the service is to receive as well, add an operation beside the one that sends.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.asyncapi.facts import facts, traffic
from tenon.gate.kinds.asyncapi.pairs import AsyncOperationPair
from tenon.gate.verdict import Change, Role, breaking

ON = (AsyncOperationPair,)


def judge(pair: AsyncOperationPair, context: Context) -> Iterator[Change]:
    if pair.old is None or pair.new is None or pair.old.action == pair.new.action:
        return
    role = Role.RECEIVER if pair.old.action == "send" else Role.SENDER
    left = "receivers wait for it" if pair.old.action == "send" else "what others send there is handled by nobody"
    yield breaking(
        f"{pair.old.action} {pair.old.address}",
        f"`{pair.old.name}` was a {pair.old.action} and is a {pair.new.action} now: {left}",
        "turn it back, and add an operation for the other direction",
        witness=traffic(pair, pair.old.action, pair.new.action),
        **facts(pair, role, pair.old.site.child("action"), pair.new.site.child("action")),
    )
