"""Channels stay where they are.

Senders and receivers meet at an address: a subject, a topic, a queue. When the address of a channel changes, what is
sent to the old one reaches nobody, and who listens there waits for ever; nothing fails, which is why it is found late.
Names of parameters in an address are not on the wire, the channel's own name in the document is not either.

**Decided** by structure: channels are known by address, then by name. The removal of a channel that operations use is
told by those operations; a channel that nobody in the document uses is told here.

Before:

    channels: {paid: {address: evt.payments.paid.v1}}

After, where receivers of `evt.payments.paid.v1` get nothing:

    channels: {paid: {address: evt.billing.paid.v1}}

**Safely**: send to both addresses until no one listens at the old one (`v1` and `v2` side by side), then stop.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.asyncapi.model import template
from tenon.gate.kinds.asyncapi.pairs import ChannelPair
from tenon.gate.verdict import Change, Direction, Role, Witness, breaking, safe

ON = (ChannelPair,)


def judge(pair: ChannelPair, context: Context) -> Iterator[Change]:
    old, new = pair.old, pair.new
    common = {
        "direction": Direction.EVENT,
        "role": Role.RECEIVER,
        "stability": pair.stability,
        "old": old.location if old else (pair.document.old.at(()) if pair.document.old else None),
        "new": new.location if new else (pair.document.new.at(()) if pair.document.new else None),
    }
    if old is not None and new is not None:
        if template(pair.addresses[0]) != template(pair.addresses[1]):
            yield breaking(
                f"channel {pair.addresses[0]}",
                f"messages are at {pair.addresses[1]} now: who listens or sends at {pair.addresses[0]} reaches nobody",
                "use both addresses until nobody uses the old one",
                detail="address",
                witness=Witness("request", {"address": pair.addresses[0]}, "delivered", "reaches nobody"),
                **common,
            )
    elif old is not None and not pair.used[0]:
        yield breaking(
            pair.subject,
            "the channel is gone: who listens or sends there reaches nobody",
            "keep it until nobody uses it",
            detail="removed",
            witness=Witness("request", {"address": pair.addresses[0]}, "delivered", "reaches nobody"),
            **common,
        )
    elif new is not None and old is None and not pair.used[1]:
        yield safe(pair.subject, "the channel is new", detail="added", **common)
