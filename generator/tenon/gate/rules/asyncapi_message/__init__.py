"""The messages of a channel stay the ones that were agreed.

A message that is not sent any more is waited for; one that is not received any more is sent in vain. One that is sent
in addition, on a channel whose receivers were told of others only, reaches code that cannot read it. One that is
received in addition hurts nobody.

**Decided** by structure: messages are known by their key or their `name`; where an operation has one message before and
after, it is that one, renamed. What is in a message is judged by the rules for payloads, headers and content types.

Before:

    messages: {paid: …}

After, where receivers of `paid` get `refunded` too:

    messages: {paid: …, refunded: …}

**Safely**: give a new message a channel of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.asyncapi.facts import of_message, traffic
from tenon.gate.kinds.asyncapi.pairs import MessagePair
from tenon.gate.verdict import Change, breaking, safe

ON = (MessagePair,)


def judge(pair: MessagePair, context: Context) -> Iterator[Change]:
    if pair.old is not None and pair.new is not None:
        return
    common = of_message(pair)
    known = pair.old or pair.new
    assert known is not None
    where = {"message": known.name}
    detail = pair.operation.subject
    if pair.old is not None:
        how = "is not sent any more, and receivers wait for it" if pair.sends else "is not understood any more"
        yield breaking(
            pair.subject,
            f"the message {how}",
            "keep it until nobody counts on it",
            detail=f"{detail} removed",
            witness=traffic(pair.operation, "agreed", "not known", **where),
            **common,
        )
    elif pair.sends:
        yield breaking(
            pair.subject,
            "the message comes on a channel whose receivers were not told of it",
            "send it on a channel of its own",
            detail=f"{detail} added",
            witness=traffic(pair.operation, "not sent", "sent", **where),
            **common,
        )
    else:
        yield safe(pair.subject, "the message is received as well", detail=f"{detail} added", **common)
