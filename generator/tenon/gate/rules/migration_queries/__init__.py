"""The old release's queries still run on the new schema, and give the same columns.

While a release goes out, instances of the old one run on the schema of the new one. Every statement they send has to be
taken, and its answer read as before.

**Who breaks.** The instances of the old release, from the moment the migration is applied until the last one is gone;
and again after a rollback.

**How it is decided.** The statements are read from the old release's Python (`execute`, `fetch_one`, `fetch_all`,
`fetch_value` and drivers' own names for them). Each is parsed by PostgreSQL on the old and on the new schema and then
run on both, many times: with values made for the parameters' types and for what constraints name, with each value
changed alone and with NULL, in a transaction that is rolled back. What is refused is shown again from nothing: the
old files, the fewest rows that the old schema takes, the new files, the statement. `breaking`: it ran before and is
refused, or a column of its answer has another name or type; the witness is the statement with its values. Integers of
any width are one type to Python, and columns added at the end hurt nobody. `unproven`: it is refused only with a
NULL, and the source does not tell whether that parameter can be None; or `SELECT *` loses a column that the source
names nowhere. Statements that are put together while running cannot be replayed; the report counts them.

Before, after, and what the old release says:

    CREATE TABLE videos (id text PRIMARY KEY, title text);
    ALTER TABLE videos DROP COLUMN title;
    SELECT id, title FROM videos          -- refused: column "title" does not exist

**Do it safely.** In three releases: expand (add the new beside the old, nullable or with a default; the code writes
both), backfill and let the code read only the new, then contract (drop the old) when no released query uses it.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.migrations.pairs import Refused, Reread
from tenon.gate.verdict import Change, Direction, Example, Role, Witness, breaking, unproven

ON = (Refused, Reread)

_EXAMPLE = Example(
    "one release: the migration drops or tightens, the code stops using it",
    "this release: the code stops using it; the next release: the migration drops or tightens",
)
_REMEDY = "release the code that does without it first, and this migration with the release after that"


def judge(pair: Refused | Reread, context: Context) -> Iterator[Change]:
    """One change for one cause: the engine puts the queries that it reaches together."""
    file = pair.cause.file.rpartition("/")[2]
    subject = f"migration {pair.service}/{file}"
    common = {
        "direction": Direction.STORED,
        "role": Role.SERVICE,
        "old": pair.query.at,
        "new": pair.cause,
        "affects": (f"{pair.service} query in {pair.query.where}",),
    }
    yield _refused(pair, subject, common) if isinstance(pair, Refused) else _reread(pair, subject, common)


def _reread(pair: Reread, subject: str, common: dict[str, object]) -> Change:
    gone = ", ".join(f"`{name}`" for name in pair.lost)
    detail = f"columns {','.join(pair.lost)}"
    if not pair.named:
        return unproven(
            subject,
            f"`SELECT *` in {pair.query.where} gives {gone} no more or as another type; the old release's source names "
            "no such column, but may read it by position",
            "name the columns that are read instead of `*`, release that, then change them",
            detail=detail,
            **common,
        )
    witness = Witness(
        "query",
        pair.ran.shown(),
        f"ran; columns: {_columns(pair.before)}",
        f"ran; columns: {_columns(pair.after)}",
        ("postgresql",),
    )
    return breaking(
        subject,
        f"the old release's query in {pair.query.where} still runs, but its answer has no {gone} as it reads it",
        _REMEDY,
        witness=witness,
        example=_EXAMPLE,
        detail=detail,
        **common,
    )


def _refused(pair: Refused, subject: str, common: dict[str, object]) -> Change:
    value = pair.ran.shown()
    if pair.given:
        value["given"] = [each.shown() for each in pair.given]
    before = (
        "ran" if pair.ran.parameters is not None else "taken by PostgreSQL (parsed; no values were found to run it)"
    )
    if pair.doubt:
        return unproven(
            subject,
            f"the old release's query in {pair.query.where} may be refused on the new schema ({pair.doubt}): "
            f"{pair.message}",
            "make the source show that it is never None (a literal, `str(…)`), or release other code first",
            detail=f"refused {pair.key}",
            **common,
        )
    return breaking(
        subject,
        f"the old release's query in {pair.query.where} ran and is refused on the new schema: {pair.message}",
        _REMEDY,
        witness=Witness("query", value, before, f"refused: {pair.message}", ("postgresql",)),
        example=_EXAMPLE,
        detail=f"refused {pair.key}",
        **common,
    )


def _columns(described: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{name} {type_}" for name, type_ in described)
