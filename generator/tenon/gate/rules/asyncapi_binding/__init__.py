"""What a broker is told stays what both sides were built for.

Bindings speak the language of a transport: a queue group, an exchange, the number of partitions, a key, a group. Some
of it is seen by the other side (the exchange that it binds to, the partition that order depends on), some of it is the
operator's. Nobody can prove from a contract who depends on it, so a changed binding is *unproven*, with what changed;
a binding that is new, or a version number alone, is safe.

**Decided** by structure, for the bindings of channels, operations and messages, traits included.

Before:

    bindings: {kafka: {partitions: 12}}

After, where the order of messages with one key is not kept across the change:

    bindings: {kafka: {partitions: 24}}

**Safely**: make the change on a new channel, or plan it with those who receive and approve it with a waiver.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tenon.gate.context import Context
from tenon.gate.documents import canonical
from tenon.gate.json.site import Site
from tenon.gate.kinds.asyncapi.facts import facts, of_message
from tenon.gate.kinds.asyncapi.model import merged
from tenon.gate.kinds.asyncapi.pairs import AsyncOperationPair, ChannelPair, MessagePair
from tenon.gate.verdict import Change, Direction, Role, safe, unproven

ON = (ChannelPair, AsyncOperationPair, MessagePair)
_NOTES = frozenset({"bindingVersion", "description"})


def judge(pair: ChannelPair | AsyncOperationPair | MessagePair, context: Context) -> Iterator[Change]:
    if pair.old is None or pair.new is None:
        return
    match pair:
        case ChannelPair():
            sites = [each.child("bindings") for each in (pair.old, pair.new)]
            common: dict[str, Any] = {
                "direction": Direction.EVENT,
                "role": Role.RECEIVER,
                "stability": pair.stability,
                "old": (sites[0] if sites[0].there else pair.old).location,
                "new": (sites[1] if sites[1].there else pair.new).location,
            }
        case AsyncOperationPair():
            sites = [merged(each.site, "bindings") for each in (pair.old, pair.new)]
            common = facts(pair, pair.role, *sites)
        case MessagePair():
            sites = [merged(each.site, "bindings") for each in (pair.old, pair.new)]
            common = of_message(pair, "bindings")
    yield from _compared(pair.subject, sites[0], sites[1], common)


def _compared(subject: str, old: Site, new: Site, common: dict[str, Any]) -> Iterator[Change]:
    before, after = dict(old.items()), dict(new.items())
    for transport in sorted(before.keys() | after.keys()):
        ours, theirs = (side[transport].mapping if transport in side else {} for side in (before, after))
        for key in sorted((ours.keys() | theirs.keys()) - _NOTES):
            if canonical(ours.get(key)) == canonical(theirs.get(key)):
                continue
            detail = f"{transport} {key}"
            if key not in ours:
                yield safe(subject, f"the binding `{key}` of {transport} was added", detail=detail, **common)
            else:
                how = "is gone" if key not in theirs else "changed"
                yield unproven(
                    subject,
                    f"the binding `{key}` of {transport} {how}, and who depends on it is not in any contract",
                    "make the change on a new channel, or approve it with a waiver",
                    detail=detail,
                    **common,
                )
