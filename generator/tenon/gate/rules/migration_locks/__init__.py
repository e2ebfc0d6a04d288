"""New migrations take no lock that others queue behind for long.

`CREATE INDEX`, a foreign key, a new type of a column: each holds a lock on the table while it works through every row.
Whoever wants to write, or even to read, waits for it, and everybody else waits behind them.

**Who breaks.** Every caller of the service while the migration runs; on a large table that is minutes.

**How it is decided.** By [squawk](https://squawkhq.com), on the files that are new in this release; the change's
detail is the name of squawk's own rule, and its site has a page for each. Rules of style are left out, and so are
those that guess whether a column is still used, for `migration-queries` proves that. Always `policy`: whether a lock
hurts depends on how many rows there are. A line `-- squawk-ignore rule-name` above the statement says that it does
not.

Before, after:

    CREATE INDEX videos_title ON videos (title);                  -- writers wait until it is built
    -- tenon: no transaction
    CREATE INDEX CONCURRENTLY videos_title ON videos (title);     -- nobody waits

**Do it safely.** Indexes `CONCURRENTLY`, in a file of their own; constraints `NOT VALID`, and `VALIDATE CONSTRAINT`
in a later file; another type by a new column.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.migrations.pairs import Lint
from tenon.gate.verdict import Change, Direction, Role, policy

ON = (Lint,)


def judge(pair: Lint, context: Context) -> Iterator[Change]:
    yield policy(
        f"migration {pair.service}/{pair.file}",
        pair.message,
        pair.help or "see squawk's page of the rule",
        direction=Direction.STORED,
        role=Role.OPERATOR,
        new=pair.at,
        detail=pair.name,
    )
