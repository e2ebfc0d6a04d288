"""Objects: rules for all properties of some names, and properties that must exist.

The names that anything mentions one by one are *slots* of their own; all other names fall into *cells*, sets of names
that no rule tells apart, and a cell counts only by how many names it has. Plain properties need no automaton.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tenon.schema.budget import Exceeded
from tenon.schema.facts import Fact, NoneOf, OneOf, Properties, Size, SomeProperty
from tenon.schema.terms import AllOf, AnyOf, Claim, Term
from tenon.schema.values import STRING, Value

if TYPE_CHECKING:
    from tenon.schema.solve import Solver

_MOST = 5_000  # properties of an example
_MOST_CELLS = 256

Slot = tuple[Term, int] | str  # the n-th name of a cell, or a name


@dataclass(slots=True)
class Objects:
    """A conjunction of facts about an object.

    `named` are the rules for single names, `required` what single properties that must be there are in; `rules` and
    `needs` are those for sets of names.
    """

    solver: Solver
    named: dict[str, Term] = field(default_factory=dict)
    rules: tuple[Properties, ...] = ()
    needs: tuple[SomeProperty, ...] = ()
    low: int = 0
    high: int | None = None
    required: dict[str, Term] = field(default_factory=dict)

    def copy(self) -> Objects:
        return replace(self, named=dict(self.named), required=dict(self.required))

    def add(self, fact: Fact) -> bool:
        """Take one more fact in; False where nothing can be left."""
        match fact:
            case Size(low, high):
                self.low = max(self.low, low)
                if high is not None:
                    self.high = high if self.high is None else min(self.high, high)
            case Properties(names, term):
                single = _single(names)
                if single is not None:
                    self.named[single] = self._and(self.named.get(single), term)
                elif fact not in self.rules:
                    self.rules += (fact,)
            case SomeProperty(names, term):
                if not names.types & STRING:
                    return False
                single = _single(names)
                if single is None:
                    if fact not in self.needs:
                        self.needs += (fact,)
                else:
                    self.required[single] = self._and(self.required.get(single), term)
                    if not self.required[single].types:
                        return False
            case _:
                raise AssertionError(fact)
        return self.high is None or max(self.low, len(self.required)) <= self.high

    def viable(self) -> bool:
        """False where a required property can have no value."""
        if self.high is not None and max(self.low, len(self.required)) > self.high:
            return False
        for name in self.required:
            try:
                if not self._inhabited(self._at(name)):
                    return False
            except Exceeded:
                if self.solver.budget.left < 0:
                    raise
        return True

    def look(self, fact: Fact, opposite: Fact) -> bool | None:
        """Whether the fact follows, or is excluded; None for neither."""
        match fact:
            case Size(low, high):
                if high is not None:
                    if max(self.low, len(self.required)) > high:
                        return False
                    return True if self.high is not None and self.high <= high else None
                if self.high is not None and self.high < low:
                    return False
                return True if max(self.low, len(self.required)) >= low else None
            case SomeProperty(names, term):
                return self._exists(names, term, self._inhabited)
            case Properties(names) if isinstance(opposite, SomeProperty):
                verdict = self._exists(names, opposite.term, self.solver.not_surely_empty)
                return None if verdict is None else not verdict
        raise AssertionError(fact)

    def _exists(self, names: Term, term: Term, possible: Callable[[Term], bool]) -> bool | None:
        """Whether a property in `names` with a value in `term` must exist (True), cannot (False), or may.

        `possible` says whether a set may have values: a negative answer that is used as certain may lean on nothing.
        """
        solver, single = self.solver, _single(names)
        if single is not None:
            if single in self.required and solver.surely_empty(
                self._and(self._at(single), solver.terms.complement(term))
            ):
                return True
            if self.high is not None and single not in self.required and len(self.required) >= self.high:
                return False
            return None if possible(self._and(self._at(single), term)) else False
        for name in self.required:
            if self._in(name, names) and solver.surely_empty(self._and(self._at(name), solver.terms.complement(term))):
                return True
        other = replace(self, needs=(*self.needs, SomeProperty(names, term)))
        literal = other._literal()
        full = self.high is not None and len(self.required) >= self.high
        for name in self.required if full else literal:
            if self._in(name, names) and possible(self._and(self._at(name), term)):
                return None
        if full:
            return False
        for _cell, regions in other._cells():
            if names in regions and possible(self._and(self._in_cell(regions), term)):
                return None
        return False

    def members(self, wanted: int) -> list[Value]:
        """Distinct objects, small ones first; all of them where fewer than `wanted`."""
        found = self._one()
        if found is None or wanted == 1:
            return [] if found is None else [found]
        return self._several(wanted)

    # One object.

    def _one(self) -> Value | None:
        used: dict[Slot, Term] = {}
        for name in self.required:
            used[name] = self._at(name)
            if not self._inhabited(used[name]):
                return None
        if not self.needs and len(used) >= self.low:
            return self._build(used) if self.high is None or len(used) <= self.high else None
        open_slots = self._open_slots()
        room = sum(count for _, _, count in open_slots) + len(used)
        if room < self.low or (self.high is not None and max(self.low, len(used)) > self.high):
            return None
        placed = self._place(list(self.needs), used, open_slots)
        if placed is None:
            return None
        for slot, term, count in open_slots:
            for number in range(count):
                if len(placed) >= self.low:
                    return self._build(placed)
                self.solver.budget.spend()
                placed.setdefault(slot if isinstance(slot, str) else (slot[0], number), term)
        return self._build(placed) if len(placed) >= self.low else None

    def _open_slots(self) -> list[tuple[Slot, Term, int]]:
        """Names and cells that are not required but may be there: the slot, the rule for its value, how many."""
        found: list[tuple[Slot, Term, int]] = []
        for name in self._literal():
            if name not in self.required and self._inhabited(rule := self._at(name)):
                found.append((name, rule, 1))
        needed = max(self.low, len(self.needs)) + 1
        if needed > _MOST:
            raise Exceeded("minProperties: an example would be too large")
        for cell, regions in self._cells():
            if self._inhabited(rule := self._in_cell(regions)):
                found.append(((cell, 0), rule, len(self.solver.members(cell, needed))))
        return found

    def _place(
        self, needs: list[SomeProperty], used: dict[Slot, Term], open_slots: list[tuple[Slot, Term, int]]
    ) -> dict[Slot, Term] | None:
        """Give every need a property, one that is there already or a new one."""
        if not needs:
            return used
        need, rest = needs[0], needs[1:]
        candidates: list[tuple[Slot, Term]] = [
            (slot, term) for slot, term in used.items() if self._covers(slot, need.names)
        ]
        if self.high is None or len(used) < self.high:
            for slot, rule, count in open_slots:
                if isinstance(slot, str):
                    free: Slot | None = None if slot in used else slot
                else:
                    free = next(((slot[0], n) for n in range(count) if (slot[0], n) not in used), None)
                if free is not None and self._covers(free, need.names):
                    candidates.append((free, rule))
        for slot, term in candidates:
            self.solver.budget.spend()
            both = self._and(term, need.term)
            if self._inhabited(both):
                placed = self._place(rest, {**used, slot: both}, open_slots)
                if placed is not None:
                    return placed
        return None

    def _covers(self, slot: Slot, names: Term) -> bool:
        if isinstance(slot, str):
            return self._in(slot, names)
        return any(cell is slot[0] and names in regions for cell, regions in self._cells())

    def _build(self, used: dict[Slot, Term]) -> Value:
        value: dict[str, Value] = {}
        numbers: dict[Term, int] = {}
        for slot, term in used.items():
            if isinstance(slot, str):
                name = slot
            else:
                numbers[slot[0]] = number = numbers.get(slot[0], 0) + 1
                name = self.solver.members(slot[0], number)[number - 1]
            value[name] = self.solver.members(term, 1)[0]
        return value

    # Several objects.

    def _several(self, wanted: int) -> list[Value]:
        """Walk the objects by size; raises `Exceeded` if some were left out and the rest are too few."""
        solver, complete = self.solver, True
        sure = [(name, solver.members(self._at(name), wanted)) for name in self.required]
        may: list[tuple[str, list[Value]]] = []
        full = self.high is not None and self.high <= len(sure)
        for slot, rule, _ in [] if full else self._open_slots():
            values = solver.members(rule, wanted)
            if isinstance(slot, str):
                may.append((slot, values))
            else:
                names = solver.members(slot[0], wanted + len(self.needs) + self.low)
                complete = complete and len(names) < wanted
                may.extend((name, values) for name in names)
        if self.needs and any(len(values) >= wanted for _, values in sure + may):
            complete = False
        found: list[Value] = []
        most = len(may) if self.high is None else min(self.high - len(sure), len(may))
        for size in range(max(0, self.low - len(sure)), most + 1):
            for chosen in itertools.combinations(may, size):
                slots = sure + list(chosen)
                for row in itertools.product(*[values for _, values in slots]):
                    solver.budget.spend()
                    value = {name: item for (name, _), item in zip(slots, row, strict=True)}
                    if all(self._met(need, value) for need in self.needs):
                        found.append(value)
                        if len(found) == wanted:
                            return found
        if not complete:
            raise Exceeded("uniqueItems: too few different objects were found")
        return found

    def _met(self, need: SomeProperty, value: dict[str, Value]) -> bool:
        return any(self._in(name, need.names) and self.solver.contains(need.term, item) for name, item in value.items())

    # Names.

    def _and(self, *terms: Term | None) -> Term:
        return self.solver.terms.all_of([term for term in terms if term is not None])

    def _inhabited(self, term: Term) -> bool:
        return self.solver.inhabited(term)

    def _in(self, name: str, names: Term) -> bool:
        return self.solver.is_name_in(name, names)

    def _at(self, name: str) -> Term:
        """What the value of a named property must be in, if it is there."""
        rules = [rule.term for rule in self.rules if self._in(name, rule.names)]
        return self._and(self.named.get(name), self.required.get(name), *rules)

    def _in_cell(self, regions: frozenset[Term]) -> Term:
        return self._and(*[rule.term for rule in self.rules if rule.names in regions])

    def _names(self) -> list[Term]:
        """The sets of names that facts speak of."""
        return [rule.names for rule in self.rules] + [need.names for need in self.needs]

    def _literal(self) -> list[str]:
        """The names that are mentioned one by one, sorted."""
        found = {*self.named, *self.required}
        for names in self._names():
            _collect(names, found)
        return sorted(found)

    def _cells(self) -> list[tuple[Term, frozenset[Term]]]:
        """The names that nothing mentions, cut by every region: cells that have a name, and the regions they are in."""
        regions = [names for names in dict.fromkeys(self._names()) if not _listed(names)]
        return self.solver.cells(tuple(self._literal()), tuple(regions))


def cut(solver: Solver, literal: tuple[str, ...], regions: tuple[Term, ...]) -> list[tuple[Term, frozenset[Term]]]:
    """The cells of the names outside `literal`."""
    terms = solver.terms
    text = terms.kinds(STRING)
    others = terms.claim(STRING, NoneOf(frozenset(literal)), strict=True) if literal else text
    cells: list[tuple[Term, frozenset[Term]]] = [(others, frozenset())]
    for region in regions:
        halves: list[tuple[Term, frozenset[Term]]] = []
        for cell, inside in cells:
            for part, within in ((region, inside | {region}), (terms.complement(region), inside)):
                piece = terms.all_of([cell, part, text])
                if not solver.surely_empty(piece):
                    halves.append((piece, within))
        cells = halves
        if len(cells) > _MOST_CELLS:
            raise Exceeded("patternProperties: too many overlapping patterns")
    return cells


def _single(names: Term) -> str | None:
    """The name, if `names` is one."""
    if isinstance(names, Claim) and isinstance(names.fact, OneOf) and len(names.fact.values) == 1:
        return str(next(iter(names.fact.values)))
    return None


def _listed(names: Term) -> bool:
    return isinstance(names, Claim) and names.strict and isinstance(names.fact, OneOf)


def _collect(names: Term, found: set[str]) -> None:
    match names:
        case Claim(fact=OneOf(values) | NoneOf(values)):
            found.update(str(value) for value in values)
        case AllOf(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                _collect(part, found)
