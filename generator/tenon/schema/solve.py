"""Is there a value in this set? A tableau per type, its children by recursion, recursion by a least fixed point.

`Solver.members(term, n)` is the one question: up to `n` distinct values of the set, all of them where fewer. A term is
cut by type (a keyword speaks of one type only); within a type the conjunctions of its disjunctive form are walked
depth first: what is certain is taken in first, alternatives that the facts so far exclude or imply are dropped, the
shortest remaining choice is branched on. A conjunction is a *state* (`numbers`, `texts`, `arrays`, `objects`), which
asks the solver about its children again.

A term that is met again below itself counts as what was found of it so far (nothing, at first): values are finite, so
a set is inhabited only if a value can be built from below. An answer that leans on such an assumption is provisional
until the term it leans on is settled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from tenon.schema.arrays import Arrays
from tenon.schema.budget import Budget, Exceeded
from tenon.schema.evaluate import contains
from tenon.schema.facts import Fact
from tenon.schema.numbers import Numbers
from tenon.schema.objects import Objects, cut
from tenon.schema.scalars import Booleans, Nulls
from tenon.schema.strings import Language
from tenon.schema.terms import AllOf, AnyOf, Claim, Kinds, Named, Term, Terms
from tenon.schema.texts import Texts
from tenon.schema.values import ARRAY, BOOLEAN, NUMBER, OBJECT, STRING, TYPES, Value, key

SETTLED = 1 << 60
_HEAVIEST = 50_000  # values within an example


class State(Protocol):
    """A conjunction of facts about values of one type."""

    def copy(self) -> State: ...
    def add(self, fact: Fact) -> bool: ...
    def look(self, fact: Fact, opposite: Fact) -> bool | None: ...
    def viable(self) -> bool: ...
    def members(self, wanted: int) -> list[Any]: ...


@dataclass(slots=True)
class Frame:
    """A term under evaluation: what was found of it so far, and the outermost open term that it leans on."""

    depth: int
    found: list[Value] = field(default_factory=list)
    leans: int = SETTLED


@dataclass(slots=True)
class Cube:
    """One conjunction on its way: facts taken in, choices still open, terms known to hold."""

    state: State
    holds: set[Term]
    choices: list[AnyOf]

    def copy(self) -> Cube:
        return Cube(self.state.copy(), set(self.holds), list(self.choices))


@dataclass(slots=True)
class Answer:
    """The values found by one evaluation, and why some conjunction was left undecided."""

    wanted: int
    found: dict[Any, Value] = field(default_factory=dict)
    doubt: Exceeded | None = None

    @property
    def done(self) -> bool:
        return len(self.found) >= self.wanted


class Solver:
    """The questions about the terms of one `Terms`; what was answered is remembered for the next question."""

    def __init__(self, terms: Terms, unfold: Callable[[object], Term]) -> None:
        self.terms = terms
        self.budget = Budget()
        self._define = unfold
        self._definitions: dict[object, Term] = {}
        self._languages: dict[str, Language | Exceeded] = {}
        self._letters: dict[int, str] = {}
        self._weights: dict[int, tuple[Value, int]] = {}
        self._types: dict[Term, int] = {}
        self._named_in: dict[tuple[str, Term], bool] = {}
        self._cells: dict[tuple[tuple[str, ...], tuple[Term, ...]], list[tuple[Term, frozenset[Term]]]] = {}
        self._complete: dict[Term, list[Value]] = {}
        self._partial: dict[Term, list[Value]] = {}
        self._doubts: dict[Term, tuple[int, Exceeded]] = {}
        self._open: dict[Term, Frame] = {}
        self._frames: list[Frame] = []
        self._provisional: dict[Term, tuple[list[Value], int]] = {}

    def restart(self, budget: Budget) -> None:
        """Begin a question of its own: a fresh budget, nothing open."""
        self.budget = budget
        self._open.clear()
        self._frames.clear()
        self._provisional.clear()

    # What the states ask.

    def members(self, term: Term, wanted: int) -> list[Value]:
        """Up to `wanted` distinct values of the set, all of them where fewer; raises `Exceeded` if undecided."""
        found, leans = self._query(term, wanted)
        if self._frames and leans < self._frames[-1].leans:
            self._frames[-1].leans = leans
        return found

    def inhabited(self, term: Term) -> bool:
        """Whether the set has a value, as far as is known: open terms count as empty."""
        return term.types != 0 and bool(self.members(term, 1))

    def surely_empty(self, term: Term) -> bool:
        """Whether the set is empty without leaning on an open term; False where that is not known."""
        try:
            found, leans = self._query(term, 1)
        except Exceeded:
            if self.budget.left < 0:
                raise
            return False
        return not found and leans == SETTLED

    def not_surely_empty(self, term: Term) -> bool:
        """The contrary of `surely_empty`."""
        return not self.surely_empty(term)

    def language(self, regex: str) -> Language:
        """The language of an expression."""
        known = self._languages.get(regex)
        if known is None:
            try:
                known = Language.pattern(regex, self.budget)
            except Exceeded as exceeded:
                known = exceeded
            self._languages[regex] = known
        if isinstance(known, Exceeded):
            raise Exceeded(known.reason)
        return known

    def letters(self, length: int) -> str:
        """`aaa…`: a long one is made once, and paid for by its memory."""
        known = self._letters.get(length)
        if known is None:
            self.budget.spend(1 + length // 512)
            known = self._letters[length] = "a" * length
        return known

    def key(self, value: Value) -> object:
        """The key of an example, paid for by its size: examples share their parts, so that size may grow in powers."""
        weight = self._weigh(value)
        if weight > _HEAVIEST:
            raise Exceeded("an example would be too large")
        self.budget.spend(weight // 8)
        return key(value)

    def _weigh(self, value: Value) -> int:
        if not isinstance(value, (list, dict)):
            return 1
        known = self._weights.get(id(value))
        if known is None:
            parts = value if isinstance(value, list) else value.values()
            known = self._weights[id(value)] = (value, 1 + sum([self._weigh(part) for part in parts]))
        return known[1]

    def unfold(self, term: Named) -> Term:
        """The definition of a named term."""
        known = self._definitions.get(term.name)
        if known is None:
            known = self._definitions[term.name] = self._define(term.name)
        return known if term.positive else self.terms.complement(known)

    # The fixed point.

    def _query(self, term: Term, wanted: int) -> tuple[list[Value], int]:
        if not term.types:
            return [], SETTLED
        known = self._complete.get(term)
        if known is not None:
            return known[:wanted], SETTLED
        known = self._partial.get(term)
        if known is not None and len(known) >= wanted:
            return known[:wanted], SETTLED
        frame = self._open.get(term)
        if frame is not None:
            return frame.found[:wanted], frame.depth
        if term in self._provisional:
            values, leans = self._provisional[term]
            return values[:wanted], leans
        doubt = self._doubts.get(term)
        if doubt is not None and doubt[0] <= wanted:
            raise Exceeded(doubt[1].reason)
        return self._settle_term(term, wanted)

    def _settle_term(self, term: Term, wanted: int) -> tuple[list[Value], int]:
        self.budget.spend()
        frame = Frame(len(self._frames))
        self._frames.append(frame)
        self._open[term] = frame
        before = len(self._provisional)
        try:
            while True:
                frame.leans = SETTLED
                values = self._evaluate(term, wanted)
                if len(values) >= wanted:
                    self._drop_provisional(before)
                    if len(values) > len(self._partial.get(term, ())):
                        self._partial[term] = values
                    return values, SETTLED
                if frame.leans > frame.depth or len(values) == len(frame.found):
                    break
                frame.found = values
                self._drop_provisional(before)
        except Exceeded:
            self._drop_provisional(before)
            raise
        finally:
            self._frames.pop()
            del self._open[term]
        if frame.leans >= frame.depth:  # leans on itself at most
            for other in list(self._provisional)[before:]:
                self._complete[other] = self._provisional.pop(other)[0]
            self._complete[term] = values
            return values, SETTLED
        self._provisional[term] = (values, frame.leans)
        return values, frame.leans

    def _drop_provisional(self, before: int) -> None:
        for other in list(self._provisional)[before:]:
            del self._provisional[other]

    # The tableau.

    def _evaluate(self, term: Term, wanted: int) -> list[Value]:
        answer = Answer(wanted)
        types = self.types(term)
        for of in TYPES:
            if types & of and not answer.done:
                self._try(answer, Cube(self._state(of), set(), []), term, of)
        if answer.doubt is not None and not answer.done:
            self._doubts[term] = (wanted, answer.doubt)
            raise Exceeded(answer.doubt.reason)
        return list(answer.found.values())

    def _try(self, answer: Answer, cube: Cube, term: Term, of: int) -> None:
        """Walk on; what cannot be decided is noted, and ends the search only if nothing is left to spend."""
        try:
            self._walk(cube, term, of, answer)
        except Exceeded as exceeded:
            if self.budget.left < 0:
                raise
            answer.doubt = answer.doubt or exceeded

    def types(self, term: Term) -> int:
        """An upper bound of the types of the values in the set, definitions looked into."""
        known = self._types.get(term)
        if known is None:
            match term:
                case Named():
                    known = self.types(self.unfold(term))
                case AllOf():
                    known = term.types
                    for part in term.parts:
                        known &= self.types(part)
                case AnyOf():
                    known = 0
                    for part in term.parts:
                        known |= self.types(part)
                case _:
                    known = term.types
            self._types[term] = known
        return known

    def _state(self, of: int) -> State:
        if of == NUMBER:
            return Numbers(self.budget)
        if of == STRING:
            return Texts(self.budget, self.language, self.letters)
        if of == ARRAY:
            return Arrays(self)
        if of == OBJECT:
            return Objects(self)
        return Booleans() if of == BOOLEAN else Nulls()

    def _take(self, cube: Cube, term: Term, of: int) -> bool:
        """Take a term in as certain; False on a contradiction."""
        stack = [term]
        while stack:
            part = stack.pop()
            if part in cube.holds:
                continue
            match part:
                case Kinds():
                    if not part.types & of:
                        return False
                case Claim():
                    if part.of == of:
                        if not cube.state.add(part.fact):
                            return False
                    elif part.strict:
                        return False
                case _:
                    if part._complement in cube.holds:
                        return False
                    self.budget.spend()
                    cube.holds.add(part)
                    match part:
                        case Named():
                            stack.append(self.unfold(part))
                        case AllOf():
                            stack.extend(reversed(part.parts))
                        case AnyOf():
                            cube.choices.append(part)
        return True

    def _look(self, cube: Cube, term: Term, of: int, within: bool = False) -> bool | None:
        """Whether a term follows from the cube, or is excluded by it; None for neither.

        A choice `within` a conjunction is not looked into: that rarely tells, and costs most where unions are large.
        """
        match term:
            case Kinds():
                return bool(term.types & of)
            case Claim():
                if term.of != of:
                    return not term.strict
                opposite = self.terms.complement(term)
                assert isinstance(opposite, Claim)
                self.budget.spend()
                try:
                    return cube.state.look(term.fact, opposite.fact)
                except Exceeded:
                    if self.budget.left < 0:
                        raise
                    return None
        if term in cube.holds:
            return True
        if term._complement in cube.holds:
            return False
        if not self.types(term) & of:
            return False
        if isinstance(term, Named):
            return self._look(cube, self.unfold(term), of, within)
        if within and isinstance(term, AnyOf):
            return None
        assert isinstance(term, (AllOf, AnyOf))
        stop = isinstance(term, AnyOf)
        result: bool | None = not stop
        for part in term.parts:
            verdict = self._look(cube, part, of, within or not stop)
            if verdict is stop:
                return stop
            if verdict is None:
                result = None
        return result

    def _alternatives(self, term: Term) -> list[Term]:
        """The branches of a choice, choices within it opened."""
        if isinstance(term, Named) and isinstance(self.unfold(term), AnyOf):
            term = self.unfold(term)
        if not isinstance(term, AnyOf):
            return [term]
        return [branch for part in term.parts for branch in self._alternatives(part)]

    def _propagate(self, cube: Cube, of: int) -> bool:
        """Drop what the facts decide until nothing changes; False on a contradiction."""
        changed = True
        while changed:
            changed = False
            if not cube.state.viable():
                return False
            choices, cube.choices = cube.choices, []
            for position, choice in enumerate(choices):
                alive: list[Term] = []
                for branch in self._alternatives(choice):
                    verdict = self._look(cube, branch, of)
                    if verdict:
                        break
                    if verdict is None:
                        alive.append(branch)
                else:
                    if not alive:
                        return False
                    if len(alive) == 1:
                        if not self._take(cube, alive[0], of):
                            return False
                        changed = True
                    else:
                        kept = self.terms.any_of(alive)
                        if isinstance(kept, AnyOf):
                            cube.choices.append(kept)
                        elif not self._take(cube, kept, of):
                            return False
                if changed and not cube.state.viable():
                    cube.choices.extend(choices[position + 1 :])
                    return False
        return True

    def _walk(self, cube: Cube, term: Term, of: int, answer: Answer) -> None:
        """Take `term` into the cube and collect its values, one branch of its most telling choice after the other."""
        self.budget.spend()
        if not self._take(cube, term, of):
            return
        if not self._propagate(cube, of):
            return
        if not cube.choices:
            for value in cube.state.members(answer.wanted):
                answer.found.setdefault(self.key(value), value)
            return
        choice = min(cube.choices, key=_weakness)
        cube.choices.remove(choice)
        for branch in choice.parts:
            if answer.done:
                return
            self._try(answer, cube.copy(), branch, of)

    # Names.

    def is_name_in(self, name: str, names: Term) -> bool:
        """Whether a property's name is in a set of strings."""
        known = self._named_in.get((name, names))
        if known is None:
            known = self._named_in[name, names] = contains(self, names, name)
        return known

    def contains(self, term: Term, value: Value) -> bool:
        """Whether a value is in the set."""
        return contains(self, term, value)

    def cells(self, literal: tuple[str, ...], regions: tuple[Term, ...]) -> list[tuple[Term, frozenset[Term]]]:
        """The names outside `literal`, cut by the regions."""
        known = self._cells.get((literal, regions))
        if known is None:
            known = self._cells[literal, regions] = cut(self, literal, regions)
        return known


def _weakness(choice: AnyOf) -> tuple[bool, int]:
    """How little a branch of the choice decides: whole schemas before single facts, few branches before many."""
    return any(isinstance(branch, Claim) for branch in choice.parts), len(choice.parts)
