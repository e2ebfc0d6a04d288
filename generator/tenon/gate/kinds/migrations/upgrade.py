"""One service from the old release to the new one, tried out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import cached_property

from tenon.gate.context import Context
from tenon.gate.kinds.migrations import replay, services
from tenon.gate.kinds.migrations.catalog import catalog, difference
from tenon.gate.kinds.migrations.pairs import Ahead, History, Ran, Refused, Release, Reread, Rows
from tenon.gate.kinds.migrations.queries import Query
from tenon.gate.kinds.migrations.replay import Execution, Outcome, Trial, Trouble
from tenon.gate.kinds.migrations.samples import target
from tenon.gate.kinds.migrations.scratch import Refusal, Server, Session, Unusable
from tenon.gate.kinds.migrations.services import Service
from tenon.gate.kinds.migrations.statements import Phase, Statement, Step, split, steps, tables, upward
from tenon.source import Location

_MAX_QUERIES = 400
_MAX_ROWS = 200
_MAX_TRIES = 24
_MAX_PROOFS = 40
"""Databases made to show one refusal from nothing."""
_BORDERS = ("begin", "start", "commit", "end", "rollback", "abort", "prepare")


class Upgrade:
    """The databases of one service: the old schema, and what the new files make of it."""

    def __init__(self, server: Server, old: Service, new: Service, context: Context) -> None:
        self._server, self._old, self._new, self._context = server, old, new, context
        self._fresh = [name for name in new.files if name not in old.files]
        texts = [*old.files.values(), *new.files.values(), *(q.sql for q in (*old.code.queries, *new.code.queries))]
        self._runtime = services.runtime_files(new, texts) or services.runtime_files(old, texts)
        self._hurt: set[str] = set()
        self._proofs = 0

    def facts(self) -> Iterator[object]:
        """Everything that was found, in the order in which it is looked for."""
        base, failure = self._built(self._old, list(self._old.files))
        if failure is not None:
            name, (refusal, statement) = failure
            at = self._old.at(name, statement.line)
            self._context.problems.append(f"{at}: PostgreSQL refuses the old release's own file: {refusal}")
            return
        upgraded, broken = self._built(self._new, self._fresh, base)
        yield from self._history(base, upgraded, broken)
        if broken is None:
            rows: list[Execution] = []
            for fact in self._replayed(base, upgraded, rows):
                self._hurt |= _words(fact.query.sql)
                yield fact
            if self._fresh:
                for rejected in self._data(base, rows):
                    self._hurt |= set().union(*(_words(row.sql) for row in rejected.rows), set())
                    yield rejected
            yield from self._ahead(base, upgraded)
            if self._fresh:
                yield self._release()

    def _built(
        self, service: Service, names: list[str], base: str | None = None, rows: Sequence[Execution] = ()
    ) -> tuple[str, tuple[str, tuple[Refusal, Statement]] | None]:
        """A database with these files applied on `base` and `rows`; the first file that is refused, and why."""
        name = self._server.database(base)
        with self._server.session(name) as session:
            for text in self._runtime if base is None else ():
                session.apply(text)
            if rows:
                _write(session, rows)
            for file in names:
                self._context.counts["migrations applied"] += 1
                if (refused := session.apply(service.files[file])) is not None:
                    return name, (file, refused)
        return name, None

    # -- the history

    def _history(
        self, base: str, upgraded: str, broken: tuple[str, tuple[Refusal, Statement]] | None
    ) -> Iterator[History]:
        old, new = self._old, self._new
        edited = [name for name in old.files if name in new.files and self._edited(name)]
        removed = [name for name in old.files if name not in new.files]
        last = max(old.files)
        late = [name for name in self._fresh if name < last]
        differs = ""
        if (edited or removed or late) and broken is None:
            differs = self._unlike(upgraded)
        for name in edited:
            yield self._edit(name, base, differs)
        for name in removed:
            yield History(new.name, "removed", name, old.at(name), old.at(name), "", "", differs)
        for name in late:
            yield History(new.name, "late", name, new.at(name), old.at(last), "", "", differs)
        if broken is not None:
            name, (refusal, statement) = broken
            at = new.at(name, statement.line)
            yield History(new.name, "failing", name, at, None, statement.raw, refusal.message, "")

    def _edited(self, name: str) -> bool:
        one, other = self._old.files[name], self._new.files[name]
        if one == other:
            return False
        if self._checked:
            return True
        return [each.text for each in split(upward(one))] != [each.text for each in split(upward(other))]

    @property
    def _checked(self) -> bool:
        """Whether our runtime applies these files: it compares them with what it has applied."""
        return self._context.policy.ours and self._new.home.startswith("impl/")

    def _edit(self, name: str, base: str, differs: str) -> History:
        """The first statement that the edit brought, run where the old file was applied."""
        known = {each.text for each in split(self._old.files[name])}
        statement = next((each for each in split(self._new.files[name]) if each.text not in known), None)
        refused = ""
        if statement is not None:
            with self._server.session(base) as session:
                session.run("BEGIN")
                refusal = session.run(statement.raw)
                refused = refusal.message if refusal else ""
                session.run("ROLLBACK")
        at = self._new.at(name, statement.line if statement else 1)
        shown = statement.raw if statement else ""
        return History(self._new.name, "edited", name, at, self._old.at(name), shown, refused, differs)

    def _unlike(self, upgraded: str) -> str:
        """How a database made from the new files alone is another than one that followed."""
        name, failure = self._built(self._new, list(self._new.files))
        if failure is not None:
            file, (refusal, _) = failure
            return f"a database made anew stops at {file}: {refusal}"
        with self._server.session(name) as anew, self._server.session(upgraded) as followed:
            return difference(catalog(anew), catalog(followed))

    # -- the old release's queries and rows

    def _replayed(self, base: str, upgraded: str, rows: list[Execution]) -> Iterator[Refused | Reread]:
        if self._old.files == self._new.files:
            return
        tried: list[tuple[Query, Outcome]] = []
        with self._server.session(base) as old, self._server.session(upgraded) as new:
            trial = Trial(old, new)
            wanted = {services.same_query(query): query for query in reversed(self._old.code.queries)}
            for query in [*reversed(wanted.values())][:_MAX_QUERIES]:
                try:
                    tried.append((query, trial.replay(query)))
                except Unusable as error:
                    self._context.problems.append(f"{query.at}: the query was not replayed: {error}")
                    break
        for query, outcome in tried:
            if outcome.untried is not None:
                self._note(f"{query.at}: not replayed, the old schema refuses it: {outcome.untried}")
                continue
            self._context.counts["queries replayed"] += 1
            rows += outcome.rows
            for trouble in outcome.troubles:
                yield self._refused_query(base, upgraded, query, trouble, trial.filled)
            yield from self._reread(query, outcome)
        if built := len(self._old.code.built):
            count = f"{built} queries are" if built > 1 else "1 query is"
            at = self._old.code.built[0]
            self._note(f"{self._old.name}: {count} put together while running and not replayed ({at})")
        if len(wanted) > _MAX_QUERIES:
            self._context.problems.append(f"{self._old.name}: only the first {_MAX_QUERIES} queries were replayed")

    def _refused_query(
        self, base: str, upgraded: str, query: Query, trouble: Trouble, filled: dict[str, Execution]
    ) -> Refused:
        """The refusal, shown again from nothing: the old files, the fewest rows, the new files, the query."""
        refusal, ran, setup = trouble.refusal, trouble.ran, trouble.setup
        shown, doubt = Ran(query.sql, None), ""
        if ran is not None:
            shown = ran.shown
            proof = self._proof(base, upgraded, trouble, filled)
            if proof is None:
                doubt = "it could not be shown again in a database of its own"
            elif not all(each.certain for each in (ran, *proof)):
                doubt = "only with a NULL, and the source does not tell whether it is ever passed"
            setup = proof or ()
        key = refusal.constraint or refusal.column or _key(refusal)
        given = tuple(each.shown for each in setup)
        cause = self._cause(query.sql, refusal)
        return Refused(self._new.name, query, shown, given, refusal.message, key, doubt, cause)

    def _proof(
        self, base: str, upgraded: str, trouble: Trouble, filled: dict[str, Execution]
    ) -> tuple[Execution, ...] | None:
        """The fewest statements before it with which the query runs on the old schema and not on the new one."""
        assert trouble.ran is not None
        query = trouble.ran.shown.sql
        into = _bare(target(query) or "")
        others = {table: each for table, each in filled.items() if _bare(table) != into}
        named = tuple(each for table, each in others.items() if _bare(table) in _words(query))
        for given in dict.fromkeys(((), named, tuple(others.values()))):
            setup = (*given, *trouble.setup)
            if self._holds(base, upgraded, setup, trouble.ran, trouble.refusal):
                return setup
        return None

    def _holds(self, base: str, upgraded: str, setup: Sequence[Execution], ran: Execution, refusal: Refusal) -> bool:
        with self._server.session(base) as session:
            ready = _write(session, setup, commit=False)
            if not ready or ran.run(session) is not None:
                return False
        if setup:
            self._proofs += 1
            if self._proofs > _MAX_PROOFS:
                return False
            upgraded, failure = self._built(self._new, self._fresh, base, setup)
            if failure is not None:
                return False
        with self._server.session(upgraded) as session:
            session.run("BEGIN; SET CONSTRAINTS ALL IMMEDIATE")
            again = ran.run(session)
        return again is not None and again.state == refusal.state

    def _reread(self, query: Query, outcome: Outcome) -> Iterator[Reread]:
        lost = replay.lost(outcome.before, outcome.after) if outcome.before and not outcome.troubles else ()
        if lost:
            named = tuple(name for name in lost if "*" not in query.sql or name in self._old.code.names)
            ran = outcome.ran or Ran(query.sql, None)
            cause = self._cause(query.sql + " " + " ".join(lost), None)
            yield Reread(self._new.name, query, ran, outcome.before, outcome.after, lost, named, cause)

    @cached_property
    def _steps(self) -> list[tuple[str, Location, Step]]:
        return [
            (name, self._new.at(name, step.line), step)
            for name in self._fresh
            for statement in split(upward(self._new.files[name]))
            for step in steps(statement)
        ]

    def _cause(self, sql: str, refusal: Refusal | None) -> Location:
        """The new statement that it is most likely about: of the same table, and column if there is one."""
        said = _words(sql) | (_words(f"{refusal} {refusal.column} {refusal.constraint}") if refusal else set())

        def likeness(item: tuple[str, Location, Step]) -> int:
            step = item[2]
            table, column = _words(step.table) <= said, bool(step.column) and step.column in said
            named = bool(refusal and refusal.constraint and refusal.constraint in step.what)
            return 4 * named + 2 * column + table + (step.phase is Phase.CONTRACT)

        best = max(self._steps, key=likeness, default=None)
        return best[1] if best else self._new.at(next(iter(self._new.files)))

    def _data(self, base: str, rows: list[Execution]) -> Iterator[Rows]:
        """The new files where the old release's own rows are."""
        sure = [row for row in rows if row.certain]
        for _ in range(4):
            found = self._rejected(base, sure)
            if found is None:
                break
            fact, culprit = found
            yield fact
            sure = [row for row in sure if row.shown.sql != culprit]
        else:
            return
        if found := self._rejected(base, [*sure, *(row for row in rows if not row.certain)][:_MAX_ROWS], certain=False):
            yield found[0]

    def _rejected(self, base: str, rows: list[Execution], *, certain: bool = True) -> tuple[Rows, str] | None:
        if not rows:
            return None
        _, failure = self._built(self._new, self._fresh, base, rows[:_MAX_ROWS])
        if failure is None:
            return None
        name, (refusal, statement) = failure
        if refusal.state.startswith(("57", "53", "08")):
            return None
        culprits = self._fewest(base, rows, refusal)
        shown = tuple(row.shown for row in culprits[:8])
        key = refusal.constraint or refusal.column or _key(refusal)
        at = self._new.at(name, statement.line)
        fact = Rows(self._new.name, name, at, statement.raw, shown, refusal.message, key, certain)
        return fact, culprits[-1].shown.sql

    def _fewest(self, base: str, rows: list[Execution], refusal: Refusal) -> list[Execution]:
        """The fewest rows that are refused alike, found by leaving out halves, then less; within so many tries."""
        kept = rows[:_MAX_ROWS]
        size = max(1, len(kept) // 2)
        with self._server.session(base) as session:
            for _ in range(_MAX_TRIES):
                ends = range(len(kept), 0, -size)  # what was tried first stays: it is the plainest
                shorter = ([*kept[: max(0, end - size)], *kept[end:]] for end in ends)
                fewer = next((some for some in shorter if some and self._refused(session, some) == refusal.state), None)
                if fewer is not None:
                    kept = fewer
                elif size == 1:
                    break
                size = max(1, min(size if fewer is not None else size // 2, len(kept) // 2))
        _, failure = self._built(self._new, self._fresh, base, kept)
        proved = failure is not None and failure[1][0].state == refusal.state
        return kept if proved else rows[:_MAX_ROWS]

    def _refused(self, session: Session, rows: list[Execution]) -> str | None:
        """What the new files are refused with where these rows are, in one transaction that is rolled back."""
        _write(session, rows, commit=False)
        texts = (each for name in self._fresh for each in split(upward(self._new.files[name])))
        inside = (each.raw for each in texts if each.text.split(" ")[0] not in _BORDERS)
        refusal = next((refused for each in inside if (refused := session.run(each))), None)
        session.run("ROLLBACK")
        return refusal.state if refusal else None

    # -- the new release's queries, and its steps

    def _ahead(self, base: str, upgraded: str) -> Iterator[Ahead]:
        known = {query.sql for query in self._old.code.queries}
        fresh = {query.sql: query for query in self._new.code.queries if query.sql not in known}
        waiting: dict[str, tuple[Query, str]] = {}
        with self._server.session(base) as session:
            for sql, query in list(fresh.items())[:_MAX_QUERIES]:
                self._context.counts["queries tried on the old schema"] += 1
                if isinstance(refusal := session.describe(sql), Refusal):
                    waiting[sql] = query, refusal.message
        if not waiting:
            return
        with self._server.session(self._server.database(base)) as session:
            for name in self._fresh:
                session.apply(self._new.files[name])
                for sql, (query, message) in list(waiting.items()):
                    if not isinstance(session.describe(sql), Refusal):
                        yield Ahead(self._new.name, query, Ran(sql, None), message, name)
                        del waiting[sql]
        for sql, (query, message) in waiting.items():
            yield Ahead(self._new.name, query, Ran(sql, None), message, None)

    def _release(self) -> Release:
        statements = [each for name in self._fresh for each in split(upward(self._new.files[name]))]
        linked: dict[str, frozenset[str]] = {}
        for statement in statements:
            for step in steps(statement):
                if step.phase is Phase.BACKFILL:
                    linked[step.table] = linked.get(step.table, frozenset()) | _words(statement.text)
        created = frozenset(tables(tuple(statements)))
        return Release(self._new.name, tuple(self._steps), created, linked, frozenset(self._hurt))

    def _note(self, text: str) -> None:
        if text not in self._context.notes:
            self._context.notes.append(text)


def _write(session: Session, rows: Sequence[Execution], *, commit: bool = True) -> bool:
    """Write what the session takes, twice, for a row may need another one first; whether it took all."""
    session.run("BEGIN; SET CONSTRAINTS ALL IMMEDIATE")
    again = [row for row in rows if row.run(session) is not None]
    left = [row for row in again if row.run(session) is not None]
    if commit:
        session.run("COMMIT")
    return not left


def _bare(table: str) -> str:
    """A table's name without its schema."""
    return table.rpartition(".")[2].strip('"').lower()


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.lower()))


def _key(refusal: Refusal) -> str:
    """A short name for a refusal that has no constraint and no column, the same in every run: what PostgreSQL names
    first, however it says the rest."""
    if named := re.search(r'"([^"]+)"', refusal.message):
        return f"{refusal.state} {named[1].rpartition('.')[2]}"
    return f"{refusal.state}-{hashlib.sha256(refusal.message.encode()).hexdigest()[:8]}"
