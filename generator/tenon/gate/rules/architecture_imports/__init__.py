"""A service imports no other service's code.

Every service is deployed by itself. One that imports another's code is deployed with a copy of it: the same class then
has two versions in production, and a change for one service changes the other unasked.

**Who is hurt.** Both teams, at the first deployment of one of them alone.

**How it is decided.** `policy`, in a repository with a `tenon.toml`: a file of `impl/<service>`, tests apart, imports
`impl.<other>`, absolutely or relatively. It is judged as the new side is, whether the old one was so or not.

Before, and after, in `impl/catalog`:

    from impl.identity.rules import check_handle
    from impl.catalog.rules import check_handle      # eleven lines of its own

**Do it right.** What two services need is a library with a name of its own, or so small that each has it; what is
knowledge of the other domain arrives as an event.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.architecture.pairs import Import
from tenon.gate.verdict import Change, Direction, Role, policy

ON = (Import,)


def judge(pair: Import, context: Context) -> Iterator[Change]:
    yield policy(
        f"service {pair.service}",
        f"the code of {pair.service} imports {pair.name}, which is the code of {pair.other}",
        "make it a library of its own, or receive what is needed as an event",
        direction=Direction.SOURCE,
        role=Role.OPERATOR,
        new=pair.at,
        detail=pair.name,
    )
