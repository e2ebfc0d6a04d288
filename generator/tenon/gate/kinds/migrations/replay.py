"""The old release's queries on the old and on the new schema, side by side, with the same values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

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
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), quote_ident(a.attname), a.atttypid, a.attidentity
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
class Execution:
    """One statement with its values, to be run again and to be shown."""

    shown: Ran
    values: tuple[Value, ...]
    types: tuple[int, ...]
    certain: bool = True
    """False: it holds a NULL of which the source does not tell whether it is ever passed."""

    def run(self, session: Session) -> Refusal | None:
        return session.execute(self.shown.sql, self.values, self.types)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What the old schema takes and the new one refuses."""

    refusal: Refusal
    ran: Execution | None
    """None: no values were found with which the old schema takes it; it was parsed only."""
    setup: tuple[Execution, ...] = ()


@dataclass
class Outcome:
    """What came of one query."""

    untried: Refusal | None = None
    """The old schema itself refuses it: nothing is known."""
    troubles: list[Trouble] = field(default_factory=list)
    before: tuple[tuple[str, str], ...] = ()
    after: tuple[tuple[str, str], ...] = ()
    ran: Ran | None = None
    rows: list[Execution] = field(default_factory=list)
    """What the old schema took of an INSERT."""


class _Slow(Exception):
    """The statement says nothing of the schema: it takes too long, or its session ended."""


class Trial:
    """Two open transactions, one on each schema, with one row in every table."""

    def __init__(self, old: Session, new: Session) -> None:
        self._old, self._new = old, new
        self._samples = Samples(old)
        for session in (old, new):
            session.run("BEGIN; SET CONSTRAINTS ALL IMMEDIATE")
        self.filled = fill(old, self._samples, {})
        """By table: what put the one row into the old schema's."""
        fill(new, Samples(new), self.filled)
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
        if any(fixed):
            self._again()
            declared = self._new.describe(query.sql, fixed)
            typed = isinstance(declared, Refusal) and not isinstance(new, Refusal)
            new = declared if isinstance(declared, Refusal) else new
        self._again()
        with suppress(_Slow):
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
                outcome.troubles.append(Trouble(new, None))
            return
        outcome.ran = self._shown(query, base, old, fixed if typed else ())
        if isinstance(new, Refusal):
            outcome.troubles.append(Trouble(new, Execution(outcome.ran, base, _types(fixed, base))))
        self._vary(query, old, new, fixed, samples, base, outcome)

    def _vary(
        self, query: Query, old: Shape, new: Shape | Refusal, fixed: tuple[int, ...], samples: list[tuple[Value, ...]],
        base: tuple[Value, ...], outcome: Outcome,
    ) -> None:  # fmt: skip
        """Every value changed alone; and for an INSERT on top of the first row as well: two rows that differ in one
        column show a new UNIQUE."""
        tried = list(vectors(samples, query.parameters, base))[:_MAX_VECTORS]
        table = target(query.sql)
        seen: set[tuple[str, ...]] = set()
        for setup in ([], [base]) if table is not None else ([],):
            for number, vector in enumerate(tried[len(setup) :]):
                refused = self._after(self._old, query, setup, fixed, vector.values)
                if refused is not None:
                    continue
                if table is not None and not setup:
                    apart = self._apart(query, table, vector, number, fixed)
                    outcome.rows.append(self._execution(query, old, fixed, apart))
                if isinstance(new, Refusal):
                    continue
                refusal = self._after(self._new, query, setup, fixed, vector.values)
                key = (refusal.state, refusal.column, refusal.constraint) if refusal else ()
                if refusal is not None and key not in seen and len(seen) < _MAX_REFUSALS:
                    seen.add(key)
                    given = tuple(self._execution(query, old, fixed, Vector(each)) for each in setup)
                    ran = self._execution(query, old, fixed, vector)
                    outcome.troubles.append(Trouble(refusal, ran, given))

    def _after(
        self, session: Session, query: Query, setup: list[tuple[Value, ...]], fixed: tuple[int, ...],
        values: tuple[Value, ...],
    ) -> Refusal | None:  # fmt: skip
        """Run the query from the same state each time, `setup` before it; where only that is refused it is not run."""
        session.run("ROLLBACK TO ready")
        for each in setup:
            if refusal := session.execute(query.sql, each, _types(fixed, each)):
                return refusal if session is self._old else None
        refusal = session.execute(query.sql, values, _types(fixed, values))
        if refusal is not None and refusal.state.startswith(_NO_PROOF):
            raise _Slow
        return refusal

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
            if self._after(self._old, query, [], fixed, values) is None:
                return values
        return None

    def _execution(self, query: Query, old: Shape, fixed: tuple[int, ...], vector: Vector) -> Execution:
        return Execution(
            self._shown(query, vector.values, old), vector.values, _types(fixed, vector.values), vector.certain
        )

    def _shown(self, query: Query, values: Sequence[Value], shape: Shape, declared: tuple[int, ...] = ()) -> Ran:
        plain = tuple(self._samples.plain(n, v) for n, v in zip(shape.parameters, values, strict=True))
        return Ran(
            query.sql, plain, tuple(self._samples.name(number) for number in _types(declared, values) if declared)
        )


def _types(fixed: Sequence[int], values: Sequence[Value]) -> tuple[int, ...]:
    return tuple(wire_type(number, value) for number, value in zip(fixed, values, strict=bool(fixed)))


def fill(session: Session, samples: Samples, known: Mapping[str, Execution]) -> dict[str, Execution]:
    """One row into every table, without foreign keys and triggers; by table what was run.

    Values of `known`, of the other side, are taken first, so that rows on both sides are the same."""
    wanted: dict[str, list[tuple[str, int, bool]]] = {}
    for table, column, number, always in session.rows(_TABLES):
        wanted.setdefault(table or "", []).append((column or "", int(number or 0), always == "a"))
    session.run("SET LOCAL session_replication_role = replica")
    done: dict[str, Execution] = {}
    for table, described in wanted.items():
        names = ", ".join(name for name, _, _ in described)
        marks = ", ".join(f"${index}" for index in range(1, len(described) + 1))
        overriding = "OVERRIDING SYSTEM VALUE " if any(always for _, _, always in described) else ""
        insert = f"INSERT INTO {table.removeprefix('public.')} ({names}) {overriding}VALUES ({marks})"
        before = known[table].values if table in known else ()
        named = dict(zip(_listed(known[table].shown.sql), before, strict=True)) if before else {}
        choices = []
        for name, type_, _ in described:
            first = (named[name],) if name in named else ()
            choices.append(tuple(dict.fromkeys((*first, *samples.values(type_, name.strip('"'))))))
        for values in bases(choices):
            shown = tuple(samples.plain(type_, v) for (_, type_, _), v in zip(described, values, strict=True))
            execution = Execution(Ran(insert, shown), values, (0,) * len(values))
            if execution.run(session) is None:
                done[table] = execution
                break
    session.run("SET LOCAL session_replication_role = origin")
    return done


def _listed(insert: str) -> list[str]:
    """The columns of an INSERT that `fill` has made."""
    return insert[insert.index("(") + 1 : insert.index(")")].split(", ")


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
