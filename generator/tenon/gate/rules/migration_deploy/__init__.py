"""The new release's queries find the schema that they need.

Code and schema arrive at different moments. Where migrations run before the code starts (`deploy = "migrations-
first"`, the default, and what Tenon's runtime does), a query may need a file of the same release, and the report says
which. Where code may start first (`deploy = "code-first"` in `[gate]`), the new release's code meets the old schema.

**Who breaks.** Instances of the new release that start before its migrations, and every instance when a migration is
missing.

**How it is decided.** Each query that is new in this release is parsed by PostgreSQL on the old schema, and again
after each new file. `safe`: it needs a file of this release, and migrations run first. `breaking`, only with `code-
first`: the old schema refuses it. `policy`, in a repository of ours: the new schema refuses it too, so that no order
of deployment helps.

Before, after, and a query of the new release:

    CREATE TABLE videos (id text PRIMARY KEY);
    ALTER TABLE videos ADD COLUMN title text;      -- 0002_title.sql
    SELECT title FROM videos                       -- needs 0002_title.sql

**Do it safely.** Release the migration on its own first and the code that uses it with the next release; then any order
of deployment will do, and a rollback of the code as well.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.migrations.pairs import Ahead
from tenon.gate.verdict import Bump, Change, Direction, Role, Witness, breaking, policy, safe

ON = (Ahead,)


def judge(pair: Ahead, context: Context) -> Iterator[Change]:
    subject = f"{pair.service} query in {pair.query.where}"
    common = {"direction": Direction.STORED, "role": Role.SERVICE, "new": pair.query.at, "detail": pair.ran.sql}
    if pair.needs is None:
        if context.policy.ours:
            yield policy(
                subject, f"the query is refused by the schema that its own release migrates to: {pair.message}",
                "correct the query, or add the migration that it needs", **common,
            )  # fmt: skip
    elif context.policy.deploy == "code-first":
        yield breaking(
            subject, f"the new release's query is refused on the old schema, which it meets first: {pair.message}",
            f"release {pair.needs} first, and the code that needs it with the next release",
            witness=Witness("query", pair.ran.shown(), f"taken where {pair.needs} is applied",
                            f"refused: {pair.message}", ("postgresql",)),
            **common,
        )  # fmt: skip
    else:
        yield safe(subject, f"the new query needs {pair.needs} applied first, and migrations run first",
                   **{**common, "bump": Bump.PATCH})  # fmt: skip
