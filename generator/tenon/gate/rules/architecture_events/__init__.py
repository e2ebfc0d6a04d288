"""Every event has one domain that sends it.

An event that nobody sends never arrives: its receiver is dead code that looks alive. An event that two domains send has
no owner: its order is kept within one sender only, and neither can change it.

**Who is hurt.** Receivers: they wait for ever, or see two histories mixed.

**How it is decided.** `policy`, in a repository with a `tenon.toml`: the AsyncAPI documents of all domains are put
beside each other by the channels' addresses. A `receive` without a `send` of any domain, and an address that two
domains send to. An event that is sent and that nobody receives yet is no fault. It is judged as the new side is,
whether the old one was so or not.

Before, and after:

    # identity: action: receive, address evt.catalog.{slot}.video_hidden.v1       nobody sends it
    # catalog:  action: send,    address evt.catalog.{slot}.video_hidden.v1       now somebody does

**Do it right.** Add the sender and the receiver together: `tenon add event catalog VideoHidden --receiver identity`.
When an event goes, its receivers go first.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.architecture.pairs import Event
from tenon.gate.verdict import Change, Direction, Role, policy

ON = (Event,)


def judge(pair: Event, context: Context) -> Iterator[Change]:
    subject = f"event {pair.name}"
    if not pair.senders:
        receivers = " and ".join(name for name, _ in pair.receivers)
        yield policy(
            subject,
            f"{receivers} receives the event, and no domain sends it",
            "add the `send` to the domain that knows of it, or take the receiver away",
            direction=Direction.EVENT,
            role=Role.RECEIVER,
            new=pair.receivers[0][1],
            detail="nobody sends it",
        )
    elif len(pair.senders) > 1:
        senders = " and ".join(name for name, _ in pair.senders)
        yield policy(
            subject,
            f"{senders} send the event: it has no one owner, and no order",
            "let the domain send it whose name is in the address, and give the others an event of their own",
            direction=Direction.EVENT,
            role=Role.SENDER,
            new=pair.senders[1][1],
            detail="two send it",
        )
