"""A domain calls no other domain.

Synchronous calls stay inside a bounded context; between domains there are only events. A domain that calls another one
is down when that one is down, is as slow as it is, and cannot be released or moved without it.

**Who is hurt.** Both teams: the one that is called can change nothing without asking, the one that calls answers for
outages of others.

**How it is decided.** `policy`, in a repository with a `tenon.toml`, wherever a domain reaches for another one's
contract: a REST operation whose `x-tenon-rpc` names another domain's RPC, an RPC that takes or gives another domain's
messages, and code of `impl/<domain>` that imports `api.<other>`. What the events are made of that a domain receives may
be imported. It is judged as the new side is, whether the old one was so or not.

Before, and after:

    from api.catalog.v1.client import CatalogServiceClient       # identity asks the catalog, on every call
    async def on_video_published(self, event, ctx): ...          # identity keeps what it needs to know

**Do it right.** Let the domain that knows send an event, receive it, and keep what you need in a table of your own:
`tenon add event catalog VideoPublished --receiver identity`.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.architecture.pairs import Call
from tenon.gate.verdict import Change, Role, policy

ON = (Call,)


def judge(pair: Call, context: Context) -> Iterator[Change]:
    subject = f"domain {pair.domain}"
    if pair.by == "code":
        message = f"the code of {pair.domain} uses {pair.what}, which belongs to {pair.other} and is no event of it"
    else:
        message = f"the contract of {pair.domain} uses {pair.what}, which belongs to {pair.other}"
    yield policy(
        subject,
        message,
        f"let {pair.other} send an event, receive it in {pair.domain}, and keep there what is needed",
        role=Role.OPERATOR,
        new=pair.at,
        detail=pair.what,
    )
