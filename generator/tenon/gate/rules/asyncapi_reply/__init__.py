"""Replies go where the one who asked waits for them.

A request over messages names where its answer is to go: a fixed channel, or an address in the request itself
(`$message.header#/replyTo`). When the service answers elsewhere, or does not answer any more, the one who asked waits
until its time is out.

**Decided** by structure: the address of the reply and the channel of the reply. The messages of a reply are compared as
messages are, in the opposite direction of the request.

Before:

    reply: {address: {location: '$message.header#/replyTo'}}

After, where the one who asked finds nothing at its address:

    reply: {channel: {$ref: '#/channels/answers'}}

**Safely**: answer at both places until nobody waits at the old one.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.json.site import Site
from tenon.gate.kinds.asyncapi.facts import facts, traffic
from tenon.gate.kinds.asyncapi.model import template
from tenon.gate.kinds.asyncapi.pairs import AsyncOperationPair
from tenon.gate.verdict import Change, Role, breaking, safe

ON = (AsyncOperationPair,)


def judge(pair: AsyncOperationPair, context: Context) -> Iterator[Change]:
    if pair.old is None or pair.new is None:
        return
    before, after = _where(pair.old.reply), _where(pair.new.reply)
    if before == after:
        return
    common = facts(pair, Role.SENDER if pair.old.action == "receive" else Role.RECEIVER, pair.old.reply, pair.new.reply)
    if not before:
        yield safe(pair.subject, f"a reply is sent to {after}", detail="reply", **common)
        return
    now = f"replies go to {after} now" if after else "there is no reply any more"
    yield breaking(
        pair.subject,
        f"{now}: who waits at {before} gets none",
        "reply at both places until nobody waits at the old one",
        detail="reply",
        witness=traffic(pair, f"answered at {before}", f"answered at {after}" if after else "not answered"),
        **common,
    )


def _where(reply: Site | None) -> str:
    """The place of the reply; empty where there is none."""
    if reply is None:
        return ""
    location = reply.child("address").text("location")
    channel = reply.child("channel").follow()
    address = template(channel.text("address"))
    return " and ".join(filter(None, (location, address))) or ("somewhere" if reply.mapping else "")
