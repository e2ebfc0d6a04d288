"""The old release's queries on the old and on the new schema, side by side, with the same values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tenon.gate.kinds.migrations.pairs import Ran
from tenon.gate.kinds.migrations.queries import Query
from tenon.gate.kinds.migrations.samples import (
    Samples,
    Value,
    Vector,
    bases,
    columns,
    spelled,
    target,
    vectors,
    wire_type,
)
from tenon.gate.kinds.migrations.scratch import Refusal, Session, Shape

_MAX_VECTORS = 60
_MAX_REFUSALS = 4
_NO_PROOF = ("57", "53", "40", "55", "58", "XX", "08")
"""Classes of SQLSTATE that say nothing of the schema: time, resources, locks, the system."""

_TABLES = """
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), quote_ident(a.attname), a.atttypid
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
   AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
 ORDER BY 1, a.attnum"""
_KEYS = """
SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey) WHERE i.indisunique"""
_NAMES_OF_KINDS = {"smallint": "int", "integer": "int", "bigint": "int", "text": "str", "name": "str",
                   "real": "float", "double precision": "float", "json": "json", "jsonb": "json"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One execution of an INSERT that the old schema takes."""

    query: Query
    vector: Vector
    types: tuple[int, ...]
    shown: Ran


@dataclass
class Outcome:
    """What came of one query."""

    untried: Refusal | None = None
    """The old schema itself refuses it: nothing is known."""
    refusals: list[tuple[Ran, tuple[Ran, ...], Refusal, bool]] = field(default_factory=list)
    """Statement, what ran before it, PostgreSQL's word on the new schema, and whether it is certain."""
    before: tuple[tuple[str, str], ...] = ()
    after: tuple[tuple[str, str], ...] = ()
    ran: Ran | None = None
    rows: list[Row] = field(default_factory=list)
    """What the old schema took of an INSERT."""


class Trial:
    """Two open transactions, one on each schema, with one row in every table."""

    def __init__(self, old: Session, new: Session) -> None:
        self._old, self._new = old, new
        self._samples = Samples(old)
        for session in (old, new):
            session.run("BEGIN; SET CONSTRAINTS ALL IMMEDIATE")
        fill(new, Samples(new), fill(old, self._samples, {}))
        found = new.rows("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal")
        self._triggers = found[0][0] != "0"
        for session in (old, new):
            session.run("SAVEPOINT replay")

    def replay(self, query: Query) -> Outcome:
        """Parse the query on both, then run it on both with many values. Both transactions stay as they were."""
        outcome = Outcome()
        old = self._old.describe(query.sql)
        if isinstance(old, Refusal):
            self._again()
            return Outcome(untried=old)
        fixed = tuple(self._samples.fixed(number) for number in old.parameters)
        if any(fixed) and isinstance(self._old.describe(query.sql, fixed), Refusal):
            self._again()
            fixed = (0,) * len(fixed)
        new = self._new.describe(query.sql)
        typed = False
        if not isinstance(new, Refusal) and any(fixed):
            declared = self._new.describe(query.sql, fixed)
            typed = isinstance(declared, Refusal)
            new = declared if typed else new
        self._again()
        self._run(query, old, new, fixed, outcome, typed=typed)
        if isinstance(new, Shape):
            outcome.before, outcome.after = old.columns, new.columns
        self._again()
        return outcome

    def _again(self) -> None:
        """Leave what failed."""
        for session in (self._old, self._new):
            session.run("ROLLBACK TO replay")

    def _run(
        self, query: Query, old: Shape, new: Shape | Refusal, fixed: tuple[int, ...], outcome: Outcome, *, typed: bool
    ) -> None:
        samples = self._choices(query, old)
        sessions = (self._old, self._new)
        for replica in (False, True):
            for session in sessions:
                if (table := target(query.sql)) is not None:
                    session.run("SAVEPOINT emptied")
                    emptied = f"SET LOCAL session_replication_role = replica; DELETE FROM {table}"
                    if session.run(emptied) is not None:
                        session.run("ROLLBACK TO emptied")
                session.run(
                    f"SET LOCAL session_replication_role = {'replica' if replica else 'origin'}; SAVEPOINT ready"
                )
            base = self._base(query, samples, fixed)
            if base is not None:
                break
            self._again()
        else:
            if isinstance(new, Refusal):
                outcome.refusals.append((Ran(query.sql, None), (), new, True))
            return
        outcome.ran = self._shown(query, base, old, fixed if typed else ())
        if isinstance(new, Refusal):
            outcome.refusals.append((outcome.ran, (), new, True))
        self._vary(query, old, new, fixed, samples, base, outcome, replica and self._triggers)

    def _vary(
        self, query: Query, old: Shape, new: Shape | Refusal, fixed: tuple[int, ...], samples: list[tuple[Value, ...]],
        base: tuple[Value, ...], outcome: Outcome, doubtful: bool,
    ) -> None:  # fmt: skip
        """Every value changed alone; and for an INSERT on top of the first row as well: two rows that differ in one
        column show a new UNIQUE."""
        tried = list(vectors(samples, query.parameters, base))[:_MAX_VECTORS]
        table = target(query.sql)
        seen: set[tuple[str, ...]] = set()
        for setup in ([], [base]) if table is not None else ([],):
            for number, vector in enumerate(tried[len(setup) :]):
                types = _types(fixed, vector.values)
                refused = self._after(self._old, query, setup, fixed, vector.values)
                if refused is not None and refused.state.startswith(_NO_PROOF):
                    return  # so slow that trying on would only cost time
                if refused is not None:
                    continue
                if table is not None and not setup:
                    apart = self._apart(query, table, vector, number, fixed)
                    outcome.rows.append(Row(query, apart, types, self._shown(query, apart.values, old)))
                if isinstance(new, Refusal):
                    continue
                refusal = self._after(self._new, query, setup, fixed, vector.values)
                if refusal is None or refusal.state.startswith(_NO_PROOF):
                    continue
                key = (refusal.state, refusal.column, refusal.constraint)
                if key not in seen and len(seen) < _MAX_REFUSALS:
                    seen.add(key)
                    given = tuple(self._shown(query, each, old) for each in setup)
                    ran = self._shown(query, vector.values, old)
                    outcome.refusals.append((ran, given, refusal, vector.certain and not doubtful))

    def _after(
        self, session: Session, query: Query, setup: list[tuple[Value, ...]], fixed: tuple[int, ...],
        values: tuple[Value, ...],
    ) -> Refusal | None:  # fmt: skip
        """Run the query from the same state each time, `setup` before it; where that is refused nothing is proved."""
        session.run("ROLLBACK TO ready")
        for each in setup:
            if session.execute(query.sql, each, _types(fixed, each)) is not None:
                return Refusal("", _NO_PROOF[0]) if session is self._new else Refusal("", "00000")
        return session.execute(query.sql, values, _types(fixed, values))

    def _apart(self, query: Query, table: str, vector: Vector, number: int, fixed: tuple[int, ...]) -> Vector:
        """The same row under keys of its own, so that it can stand beside the others."""
        named = columns(query.sql)
        values = list(vector.values)
        for index, value in enumerate(values):
            if value is not None and named.get(index) in self._keys.get(table, ()):
                values[index] = self._samples.other(value, number, fixed[index])
        changed = Vector(tuple(values), vector.certain)
        self._old.run("ROLLBACK TO ready")
        return vector if self._old.execute(query.sql, changed.values, _types(fixed, changed.values)) else changed

    @cached_property
    def _keys(self) -> dict[str, set[str]]:
        """Columns that stand in unique indexes, by table."""
        found: dict[str, set[str]] = {}
        for table, column in self._old.rows(_KEYS):
            found.setdefault(table or "", set()).add(column or "")
        return found

    def _choices(self, query: Query, shape: Shape) -> list[tuple[Value, ...]]:
        named = columns(query.sql)
        found: list[tuple[Value, ...]] = []
        for index, number in enumerate(shape.parameters):
            known = query.parameters[index].constants if index < len(query.parameters) else ()
            values = tuple(map(spelled, known)) or self._samples.values(number, named.get(index, ""))
            found.append(tuple(dict.fromkeys(values)))
        return found

    def _base(self, query: Query, samples: list[tuple[Value, ...]], fixed: tuple[int, ...]) -> tuple[Value, ...] | None:
        """Values that the old schema takes."""
        for values in bases(samples):
            refusal = self._old.execute(query.sql, values, _types(fixed, values))
            self._old.run("ROLLBACK TO ready")
            if refusal is None:
                return values
            if refusal.state.startswith(_NO_PROOF):
                break
        return None

    def _shown(self, query: Query, values: Sequence[Value], shape: Shape, declared: tuple[int, ...] = ()) -> Ran:
        plain = tuple(self._samples.plain(n, v) for n, v in zip(shape.parameters, values, strict=True))
        return Ran(
            query.sql, plain, tuple(self._samples.name(number) for number in _types(declared, values) if declared)
        )


def _types(fixed: Sequence[int], values: Sequence[Value]) -> tuple[int, ...]:
    return tuple(wire_type(number, value) for number, value in zip(fixed, values, strict=bool(fixed)))


def fill(session: Session, samples: Samples, known: dict[tuple[str, str], Any]) -> dict[tuple[str, str], Any]:
    """One row into every table, without foreign keys and triggers; the values, by table and column.

    Values of `known` are taken first, so that rows on both sides are the same."""
    wanted: dict[str, list[tuple[str, int]]] = {}
    for table, column, number in session.rows(_TABLES):
        wanted.setdefault(table or "", []).append((column or "", int(number or 0)))
    session.run("SET LOCAL session_replication_role = replica")
    done: dict[tuple[str, str], Any] = {}
    for table, described in wanted.items():
        names = ", ".join(name for name, _ in described)
        marks = ", ".join(f"${index}" for index in range(1, len(described) + 1))
        choices = []
        for name, type_ in described:
            first = (known[table, name],) if (table, name) in known else ()
            choices.append(tuple(dict.fromkeys((*first, *samples.values(type_, name.strip('"'))))))
        insert = f"INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE VALUES ({marks})"
        for values in bases(choices):
            if session.execute(insert, values, (0,) * len(values)) is None:
                done.update({(table, name): value for (name, _), value in zip(described, values, strict=True)})
                break
    session.run("SET LOCAL session_replication_role = origin")
    return done


def lost(before: Sequence[tuple[str, str]], after: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Columns of an answer that are gone or that a program reads as another type; columns added at the end hurt nobody.

    Integers of any width are one type to Python, and so are texts of any length."""
    found = []
    for index, (name, type_) in enumerate(before):
        there = after[index] if index < len(after) else None
        if there is None or there[0] != name or _kind(there[1]) != _kind(type_):
            same = [each for each in after if each[0] == name]
            if len(same) != 1 or _kind(same[0][1]) != _kind(type_):
                found.append(name)
    return tuple(dict.fromkeys(found))


def _kind(type_: str) -> str:
    bare = type_.partition("(")[0].strip()
    if bare.startswith("character"):
        return "str"
    rest = type_.rpartition(")")[2]
    return _NAMES_OF_KINDS.get(bare, bare + rest)
