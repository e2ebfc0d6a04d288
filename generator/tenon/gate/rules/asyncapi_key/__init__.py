"""The order of messages is kept by the same key.

`x-tenon-key` names the property that messages are ordered by: those with one value are delivered one after the other.
A receiver that builds a state from them (a balance, the last version of a document) counts on that. With another key
two messages about the same thing may overtake each other.

**Decided** by structure: the key of the message, or of its channel. The witness is a pair of messages whose order was
kept and is not any more.

Before:

    x-tenon-key: accountId

After, where two payments of one account may change places:

    x-tenon-key: paymentId

**Safely**: send the messages in the new order on a channel of their own, and move receivers one by one.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.asyncapi.facts import of_message
from tenon.gate.kinds.asyncapi.model import Message, Operation, merged
from tenon.gate.kinds.asyncapi.pairs import MessagePair
from tenon.gate.verdict import Change, Witness, breaking, safe

ON = (MessagePair,)


def judge(pair: MessagePair, context: Context) -> Iterator[Change]:
    if pair.old is None or pair.new is None:
        return
    before, after = _key(pair.old, pair.operation.old), _key(pair.new, pair.operation.new)
    if before == after:
        return
    common = of_message(pair, "x-tenon-key")
    if not before:
        yield safe(pair.subject, f"messages are ordered by `{after}` now", detail="key", **common)
        return
    now = f"by `{after}`" if after else "by nothing"
    yield breaking(
        pair.subject,
        f"messages were ordered by `{before}` and are ordered {now}: two with one `{before}` may overtake each other",
        "send them in the new order on a channel of their own",
        detail="key",
        witness=Witness(
            "request",
            {"messages": [{before: "a", "number": 1}, {before: "a", "number": 2}]},
            "delivered in this order",
            "may be delivered in any order",
        ),
        **common,
    )


def _key(message: Message, operation: Operation | None) -> str:
    said = merged(message.site, "x-tenon-key").value
    if said is None and operation is not None:
        said = operation.channel.mapping.get("x-tenon-key")
    return said if isinstance(said, str) else ""
