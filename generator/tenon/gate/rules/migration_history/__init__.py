"""Released migrations stay as they are, and new ones come after them.

A migration is applied once. Databases that exist have run the file as it was released; nobody runs it there again. So
an edit reaches only databases that are made anew: from then on two kinds of databases have the same release, and the
code fits one of them. A service that compares what it has applied with the files (as Tenon's runtime does) does not
even start.

**Who breaks.** The service, in every environment that has the old release.

**How it is decided.** The old files are applied to one database, and the new ones on top of it and to an empty one.
`breaking`: a released file was edited or removed; a new file sorts before a released one and the two databases are not
alike; or a new file is refused by the released schema. The witness is the SQL that a database with the released history
refuses, or what the databases differ in. A file that sorts before a released one and makes no difference is a matter of
`policy`: the order in which files were applied can no longer be read from their names. Where a repository has no
`tenon.toml`, edits of comments and layout are no edits.

Before, in `0001_videos.sql` of the last release, and after:

    CREATE TABLE videos (id text PRIMARY KEY);
    CREATE TABLE videos (id text PRIMARY KEY, title text);      -- edited: no database that exists gets `title`

**Do it safely.** Put the released file back as it was and write the change as a new file with the next number:

    -- 0002_title.sql
    ALTER TABLE videos ADD COLUMN title text;
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.migrations.pairs import History
from tenon.gate.verdict import Change, Direction, Role, Witness, breaking, policy

ON = (History,)

_REMEDY = {
    "edited": "put the released file back as it was and write the change as a new file with the next number",
    "removed": "put the file back; what it made is taken away by a new file",
    "late": "give the new file a number after every released one",
    "failing": "correct the new file: `tenon up` applies it to a database with the released schema",
}


def judge(pair: History, context: Context) -> Iterator[Change]:
    subject = f"migration {pair.service}/{pair.file}"
    common = {
        "direction": Direction.STORED,
        "role": Role.SERVICE,
        "old": pair.was,
        "new": pair.at,
        "detail": pair.fault,
    }
    if pair.fault == "late" and not pair.differs:
        yield policy(
            subject,
            "the new file sorts before a released one: where that release runs it is applied after it, in a new "
            "database before it",
            _REMEDY["late"],
            **common,
        )
        return
    yield breaking(subject, _message(pair), _REMEDY[pair.fault], witness=_witness(pair), **common)


def _message(pair: History) -> str:
    match pair.fault:
        case "edited":
            shown = pair.differs or "databases that ran it as it was do not run it again"
            return f"a released migration was edited: {shown}"
        case "removed":
            shown = pair.differs or "nothing tells any more how they came to their schema"
            return f"a released migration was removed; databases that ran it keep what it made: {shown}"
        case "late":
            return f"the new file sorts before a released one, and it matters which comes first: {pair.differs}"
    return f"the new migration is refused where the released schema is: {pair.refused}"


def _witness(pair: History) -> Witness:
    replayed = ("postgresql",) if pair.refused or pair.differs else ()
    value: dict[str, object] = {"sql": pair.statement} if pair.statement else {"file": pair.file}
    if pair.fault == "failing":
        return Witness(
            "query", value, "not part of the released history, which applies", f"refused: {pair.refused}", replayed
        )
    after = f"refused: {pair.refused}" if pair.refused else pair.differs
    return Witness(
        "query",
        value,
        "applied as it was released",
        after or "the service that has applied it refuses to start",
        replayed,
    )
