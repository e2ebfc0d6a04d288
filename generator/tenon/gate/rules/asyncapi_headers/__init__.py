"""Headers of messages are read by those who agreed on them.

Headers carry what routers and receivers decide by before they read a payload: a tenant, a version, a trace. They are
data with a schema, and are judged as payloads are: what is sent has to be what the old contract allowed, what is
received has to be taken still. Names of headers that a trait adds count as the message's own.

**Decided** by subset reasoning over the schemas of the headers.

Before:

    headers: {type: object, required: [tenant], properties: {tenant: {type: string}}}

After, where a router that decides by `tenant` finds nothing:

    headers: {type: object, properties: {tenant: {type: string}}}

**Safely**: go on sending the header until nobody reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tenon.gate.context import Context
from tenon.gate.kinds.asyncapi.pairs import MessagePair
from tenon.gate.verdict import Change, Direction

ON = (MessagePair,)


def judge(pair: MessagePair, context: Context) -> Iterator[Change]:
    if pair.old is None or pair.new is None:
        return
    old, new = pair.old.headers, pair.new.headers
    document = pair.operation.document
    if document.touched is None or document.touched.same(old.value, new.value) or not (old.there or new.there):
        return
    exchange = document.exchange(pair.sends, Direction.EVENT, ("draft7", "draft7"), pair.role)
    for change in exchange.judge(f"{pair.subject} headers", old, new, "headers"):
        yield replace(change, stability=pair.operation.stability)
