"""`Language`: regular sets of Unicode strings, with set algebra and exact answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

from tenon.schema.budget import Budget, Exceeded
from tenon.schema.strings import search, term
from tenon.schema.strings.parse import whole

P = ParamSpec("P")
R = TypeVar("R")


def _shallow(function: Callable[P, R]) -> Callable[P, R]:
    """Too deep a term is too much work, not a crash."""

    @wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except RecursionError:
            raise Exceeded("the set of strings is nested too deeply") from None

    return guarded


@lru_cache(maxsize=2048)
def _pattern(regex: str) -> term.Term | str:
    try:
        return whole(regex)
    except RecursionError:
        return "pattern: nested too deeply"
    except Exceeded as why:
        return why.reason


@dataclass(frozen=True, slots=True)
class Language:
    """A regular set of strings of code points.

    The algebra (`&`, `|`, `-`, `complement`) costs next to nothing: the set is kept as a term, and its automaton is
    made by the questions, each of which takes a `Budget` (a fresh one by default) and raises `Exceeded` at its end.
    `==` compares the terms in their normal form: equal ones denote equal sets, others may; `equals` decides.
    Lone surrogates count as characters, so that a proof holds for them too, but no example contains one.
    """

    term: term.Term

    @staticmethod
    def everything() -> Language:
        """All strings."""
        return EVERYTHING

    @staticmethod
    def nothing() -> Language:
        """No string."""
        return NOTHING

    @staticmethod
    def literal(text: str) -> Language:
        """One string."""
        return Language(term.words((text,)))

    @staticmethod
    def of(texts: Iterable[str]) -> Language:
        """These strings."""
        return Language(term.words(texts))

    @staticmethod
    def lengths(low: int, high: int | None) -> Language:
        """Strings of `low` to `high` code points (`high` None: without bound)."""
        return Language(term.lengths(low, high))

    @staticmethod
    def pattern(regex: str, budget: Budget) -> Language:
        """Strings in which the ECMA-262 expression is found; raises `Exceeded` for what has no exact set here."""
        term.forget()
        budget.spend(1 + len(regex) // 8)
        found = _pattern(regex)
        if isinstance(found, str):
            raise Exceeded(found)
        return Language(found)

    @_shallow
    def __and__(self, other: Language) -> Language:
        return Language(term.and_((self.term, other.term)))

    @_shallow
    def __or__(self, other: Language) -> Language:
        return Language(term.or_((self.term, other.term)))

    @_shallow
    def __sub__(self, other: Language) -> Language:
        return Language(term.and_((self.term, term.not_(other.term))))

    @_shallow
    def complement(self) -> Language:
        """Every other string."""
        return Language(term.not_(self.term))

    @_shallow
    def is_empty(self, budget: Budget | None = None) -> bool:
        """Whether no string belongs to it."""
        return search.is_empty(self.term, budget or Budget())

    def is_everything(self, budget: Budget | None = None) -> bool:
        """Whether every string belongs to it."""
        return self.complement().is_empty(budget)

    def is_subset(self, other: Language, budget: Budget | None = None) -> bool:
        """Whether all its strings are strings of the other."""
        return (self - other).is_empty(budget)

    def equals(self, other: Language, budget: Budget | None = None) -> bool:
        """Whether both are the same set."""
        budget = budget or Budget()
        return self == other or (self.is_subset(other, budget) and other.is_subset(self, budget))

    @_shallow
    def contains(self, text: str, budget: Budget | None = None) -> bool:
        """Whether the string belongs to it."""
        return search.contains(self.term, text, budget or Budget())

    @_shallow
    def count(self, limit: int, budget: Budget | None = None) -> int:
        """How many strings, exact below `limit`, else `limit`."""
        return search.count(self.term, limit, budget or Budget())

    @_shallow
    def is_finite(self, budget: Budget | None = None) -> bool:
        """Whether it has finitely many strings."""
        return search.is_finite(self.term, budget or Budget())

    def members(self, number: int, budget: Budget | None = None) -> list[str]:
        """Up to so many distinct strings, of printable ASCII first, shortest first; fewer when the budget ends."""
        try:
            return search.members(self.term, number, budget or Budget())
        except RecursionError:
            return []


EVERYTHING = Language(term.ALL)
NOTHING = Language(term.EMPTY)
