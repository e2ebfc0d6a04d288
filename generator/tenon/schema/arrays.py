"""Arrays: a term per position, counted obligations, bounds and distinctness.

Every position decides for every counted term whether it belongs to it, so that a position is a *cell*, its own term
and a choice of memberships; a search over the positions keeps the counts. Equal counts at one position have equal
futures, which bounds the search.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tenon.schema.budget import Exceeded
from tenon.schema.facts import CountFrom, Distinct, Fact, ItemAt, ItemsFrom, Size, SomeItemAt
from tenon.schema.terms import Term
from tenon.schema.values import Value

if TYPE_CHECKING:
    from tenon.schema.solve import Solver

_LONGEST = 4_000  # items of an example

Row = tuple[Term, ...]


@dataclass(slots=True)
class Arrays:
    """A conjunction of facts about an array."""

    solver: Solver
    at: tuple[ItemAt, ...] = ()
    rest: tuple[ItemsFrom, ...] = ()
    counts: tuple[CountFrom, ...] = ()
    low: int = 0
    high: int | None = None
    distinct: bool | None = None

    def copy(self) -> Arrays:
        return replace(self)

    def add(self, fact: Fact) -> bool:
        """Take one more fact in; False where nothing can be left."""
        match fact:
            case Size(low, high):
                self.low = max(self.low, low)
                if high is not None:
                    self._cap(high)
            case ItemAt(index, term):
                if not term.types:
                    self._cap(index)
                elif fact not in self.at:
                    self.at += (fact,)
            case SomeItemAt(index, term):
                self.low = max(self.low, index + 1)
                if not term.types:
                    return False
                if ItemAt(index, term) not in self.at:
                    self.at += (ItemAt(index, term),)
            case ItemsFrom(start, term):
                if not term.types:
                    self._cap(start)
                elif fact not in self.rest:
                    self.rest += (fact,)
            case CountFrom(start, term, low, high):
                if high is None:
                    self.low = max(self.low, start + low)
                if low and not term.types:
                    return False
                if fact not in self.counts:
                    self.counts += (fact,)
            case Distinct(holds):
                if self.distinct is not None and self.distinct is not holds:
                    return False
                self.distinct = holds
                if not holds:
                    self.low = max(self.low, 2)
            case _:
                raise AssertionError(fact)
        return self.high is None or self.low <= self.high

    def _cap(self, high: int) -> None:
        self.high = high if self.high is None else min(self.high, high)

    def viable(self) -> bool:
        """False where a position that must be filled can have no value."""
        for index in range(min(self.low, self._uniform() + 1)):
            try:
                if not self.solver.inhabited(self._rule(index)):
                    return False
            except Exceeded:
                if self.solver.budget.left < 0:
                    raise
        return self.high is None or self.low <= self.high

    def look(self, fact: Fact, opposite: Fact) -> bool | None:
        """Whether the fact follows, or is excluded; None for neither."""
        if not self._leaves(fact, self.solver.inhabited):
            return False
        return None if self._leaves(opposite, self.solver.not_surely_empty) else True

    def _leaves(self, fact: Fact, possible: Callable[[Term], bool]) -> bool:
        """Whether something may be left with this fact too, seen position by position."""
        other = self.copy()
        if not other.add(fact):
            return False
        solver = self.solver
        match fact:
            case ItemAt(index) if other.low > index:
                return possible(other._rule(index))
            case SomeItemAt(index):
                return possible(other._rule(index))
            case ItemsFrom(start) if other.low > start:
                return all(possible(other._rule(i)) for i in range(start, min(other.low, other._uniform() + 1)))
            case CountFrom(start, term, low, None) if low:
                last = other._uniform() + 1 if other.high is None else min(other._uniform() + 1, other.high)
                return any(possible(solver.terms.all_of([other._rule(i), term])) for i in range(start, last))
        return True

    def _uniform(self) -> int:
        """The first position after which all positions are alike."""
        starts = [fact.index + 1 for fact in self.at]
        starts += [rule.start for rule in self.rest] + [count.start for count in self.counts]
        return max(starts, default=0)

    def _rule(self, index: int) -> Term:
        terms = [fact.term for fact in self.at if fact.index == index]
        terms += [fact.term for fact in self.rest if fact.start <= index]
        return self.solver.terms.all_of(terms)

    # Search.

    def members(self, wanted: int) -> list[Value]:
        """Distinct arrays, short ones first; all of them where fewer than `wanted`."""
        if self.high is not None and self.low > self.high:
            return []
        uniform = self._uniform()
        needed = uniform + sum(max(fact.low, 1) for fact in self.counts) + (2 if self.distinct is False else 0)
        enough = max(self.low, needed)
        found: dict[object, Value] = {}
        length = self.low
        while self.high is None or length <= self.high:
            if length > _LONGEST:
                raise Exceeded("minItems: an example would be too long")
            before = len(found)
            for value in self._of_length(length, wanted):
                found.setdefault(self.solver.key(value), value)
                if len(found) == wanted:
                    return list(found.values())
            if len(found) == before and length >= enough:
                break  # an item that nothing needs could be left out of a longer one
            length += 1
        return list(found.values())

    def _of_length(self, length: int, wanted: int) -> Iterator[Value]:
        if self.distinct is False:
            for first, second in itertools.combinations(range(length), 2):
                yield from self._rows(length, wanted, (first, second))
        else:
            yield from self._rows(length, wanted, None)

    def _rows(self, length: int, wanted: int, twins: tuple[int, int] | None) -> Iterator[Value]:
        """Arrays of one length; `twins` are two positions with one value."""
        solver, uniform = self.solver, self._uniform()
        dead: set[tuple[int, tuple[int, ...]]] = set()
        cells: dict[int, list[tuple[Term, tuple[int, ...]]]] = {}

        def options(index: int) -> list[tuple[Term, tuple[int, ...]]]:
            position = index if twins and index in twins else min(index, uniform)
            if position not in cells:
                cells[position] = self._cells(index, twins)
            return cells[position]

        def walk(index: int, counts: tuple[int, ...], row: Row) -> Iterator[Row]:
            solver.budget.spend()
            if index == length:
                if all(count >= fact.low for count, fact in zip(counts, self.counts, strict=True)):
                    yield row
                return
            if (index, counts) in dead:
                return
            alive = False
            for term, gains in options(index):
                after = tuple([count + gain for count, gain in zip(counts, gains, strict=True)])
                if all(f.high is None or count <= f.high for count, f in zip(after, self.counts, strict=True)):
                    for whole in walk(index + 1, after, (*row, term)):
                        alive = True
                        yield whole
            if not alive:
                dead.add((index, counts))

        if not self.counts:  # one cell per position: no search, and no recursion over long arrays
            flat: list[Term] = []
            for index in range(length):
                choice = options(index)
                if not choice:
                    return
                flat.append(choice[0][0])
            rows: Iterator[Row] = iter([tuple(flat)])
        else:
            rows = walk(0, (0,) * len(self.counts), ())
        for row in rows:
            yield from self._fill(row, wanted, twins)

    def _cells(self, index: int, twins: tuple[int, int] | None) -> list[tuple[Term, tuple[int, ...]]]:
        """The inhabited cells of a position: its term, and what it adds to every count."""
        terms = self.solver.terms
        rule = self._rule(index)
        cells: list[tuple[Term, tuple[int, ...]]] = [(rule, ())]
        for fact in self.counts:
            halves: list[tuple[Term, tuple[int, ...]]] = []
            for term, gains in cells:
                if index < fact.start:
                    halves.append((term, (*gains, 0)))
                else:
                    halves.append((terms.all_of([term, fact.term]), (*gains, 1)))
                    halves.append((terms.all_of([term, terms.complement(fact.term)]), (*gains, 0)))
            cells = [half for half in halves if self.solver.inhabited(half[0])]
        return [cell for cell in cells if self.solver.inhabited(cell[0])]

    def _fill(self, row: Row, wanted: int, twins: tuple[int, int] | None) -> Iterator[Value]:
        """Values for the cells of a row."""
        solver = self.solver
        if twins is not None:
            first, second = twins
            joint = solver.terms.all_of([row[first], row[second]])
            row = tuple([joint if index in twins else term for index, term in enumerate(row)])
        size = wanted + len(row) if self.distinct else wanted
        columns: list[list[Value]] = []
        known: dict[Term, list[Value]] = {}
        for term in row:
            if term not in known:
                known[term] = solver.members(term, size)
            if not known[term]:
                return
            columns.append(known[term])
        if self.distinct:
            yield from self._different(columns, wanted, size)
            return
        free = [index for index in range(len(row)) if twins is None or index != twins[1]]
        for values in itertools.product(*[columns[index] for index in free]):
            solver.budget.spend(1 + len(values) // 16)
            value = list(values)
            if twins is not None:
                value.insert(twins[1], value[twins[0]])
            yield value

    def _different(self, columns: list[list[Value]], wanted: int, size: int) -> Iterator[Value]:
        """Rows of pairwise different values; a column of `size` or more can always give one more."""
        solver = self.solver
        keyed = {id(column): [solver.key(value) for value in column] for column in columns}
        keys = [keyed[id(column)] for column in columns]
        if _matching(keys) is None:
            return
        order = sorted(range(len(columns)), key=lambda index: len(columns[index]))
        if wanted == 1:
            match = _matching(keys)
            assert match is not None
            yield [columns[index][choice] for index, choice in enumerate(match)]
            return

        def walk(position: int, used: frozenset[object], chosen: dict[int, Value]) -> Iterator[Value]:
            solver.budget.spend()
            if position == len(order):
                yield [chosen[index] for index in range(len(columns))]
                return
            index = order[position]
            for value_key, value in zip(keys[index], columns[index], strict=True):
                if value_key not in used:
                    yield from walk(position + 1, used | {value_key}, {**chosen, index: value})

        yield from walk(0, frozenset(), {})


def _matching(keys: list[list[object]]) -> list[int] | None:
    """For every column the index of a value that no other column takes, by augmenting paths."""
    owner: dict[object, int] = {}
    choice = [0] * len(keys)
    places = [{value: number for number, value in enumerate(column)} for column in keys]

    def take(column: int, tried: set[object]) -> bool:
        for value in keys[column]:
            if value not in tried:
                tried.add(value)
                if value not in owner or take(owner[value], tried):
                    owner[value] = column
                    return True
        return False

    for column in range(len(keys)):
        if not take(column, set()):
            return None
    for value, column in owner.items():
        choice[column] = places[column][value]
    return choice
