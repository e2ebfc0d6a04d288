"""A table belongs to one service, and only that one touches it.

Two services with one table are one service with two deployments: neither can migrate it alone, and each can break the
other's rows without a contract that says so. Every service has a database of its own.

**Who is hurt.** The owner's next migration breaks the other service, and no gate on contracts can see it.

**How it is decided.** `policy`, in a repository with a `tenon.toml`: a query in the code of one service, or a statement
of its migrations, names a table that another service's migrations create and its own do not. A table of the same name
that each of the two creates for itself (a projection) is no fault. It is judged as the new side is, whether the old one
was so or not.

Before, and after, in `impl/catalog`:

    SELECT email FROM users WHERE user_id = %s        -- users is identity's
    SELECT handle FROM creators WHERE creator_id = %s -- catalog's own table, filled from identity's events

**Do it right.** Receive the owner's events and keep a projection in a table of your own.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.architecture.pairs import Table
from tenon.gate.verdict import Change, Direction, Role, policy

ON = (Table,)


def judge(pair: Table, context: Context) -> Iterator[Change]:
    yield policy(
        f"table {pair.owner}.{pair.table}",
        f"{pair.service} touches the table `{pair.table}`, which belongs to {pair.owner}",
        f"receive the events of {pair.owner} and keep what is needed in a table of {pair.service}",
        direction=Direction.STORED,
        role=Role.SERVICE,
        new=pair.at,
        detail=pair.service,
    )
