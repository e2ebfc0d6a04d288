"""New migrations are taken by databases that hold the old release's rows.

A migration that applies to an empty database can still be refused where rows are: a column that becomes required has
NULLs, a new unique index finds two rows alike, a CHECK finds a value that was allowed before, a narrower type does not
hold what is there.

**Who breaks.** The service: the release stops at its migration, in production and not before.

**How it is decided.** The old release's own INSERT statements are run on the old schema, with many values; each that is
taken there is a row that may exist. The new files are applied on top. `breaking`: they are refused; the witness is the
migration's statement and the fewest rows that it is refused for. `unproven`: it is refused only for rows with a NULL of
which the source does not tell whether it is ever written. Rows that other programs wrote are not known.

Before, after:

    INSERT INTO users (id, email) VALUES ('1', 'a'), ('2', 'a')     -- the old release may write both
    ALTER TABLE users ADD CONSTRAINT one_each UNIQUE (email)        -- refused: Key (email)=(a) is duplicated

**Do it safely.** First let the code write only what will be allowed, then repair the rows in batches, then tighten:
`ADD CONSTRAINT … NOT VALID` and `VALIDATE CONSTRAINT` in a later file for CHECK and NOT NULL,
`CREATE UNIQUE INDEX CONCURRENTLY` for uniqueness.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.migrations.pairs import Rows
from tenon.gate.verdict import Change, Direction, Role, Witness, breaking, unproven

ON = (Rows,)

_REMEDY = "let the code write only what will be allowed, repair the rows in batches, and tighten in a later release"


def judge(pair: Rows, context: Context) -> Iterator[Change]:
    subject = f"migration {pair.service}/{pair.file}"
    common = {"direction": Direction.STORED, "role": Role.SERVICE, "new": pair.at, "detail": pair.key}
    if not pair.certain:
        yield unproven(
            subject,
            "the migration is refused where the old release has written a NULL, and its source does not tell whether "
            f"it does: {pair.message}",
            "repair such rows in an earlier file",
            **common,
        )
        return
    value = {"sql": pair.statement, "rows": [row.shown() for row in pair.rows]}
    witness = Witness("query", value, "the rows were written", f"refused: {pair.message}", ("postgresql",))
    yield breaking(
        subject,
        f"the migration is refused where rows are that the old release writes: {pair.message}",
        _REMEDY,
        witness=witness,
        **common,
    )
