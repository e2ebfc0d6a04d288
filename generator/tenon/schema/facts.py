"""Facts about the values of one type: the leaves of the language, each with its exact negation.

What is universal about an array or an object (`every item`, `every property`) has an existential negation and the
other way round, so that negation never leaves the language.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from tenon.schema.terms import Term, Terms
from tenon.schema.values import STRING


@dataclass(frozen=True, slots=True)
class OneOf:
    """The value is one of these (booleans, numbers or strings)."""

    values: frozenset[object]

    def negated(self, terms: Terms) -> Fact:
        return NoneOf(self.values)


@dataclass(frozen=True, slots=True)
class NoneOf:
    """The value is none of these."""

    values: frozenset[object]

    def negated(self, terms: Terms) -> Fact:
        return OneOf(self.values)


@dataclass(frozen=True, slots=True)
class AtLeast:
    """A number at or above `bound`; above it if `open`."""

    bound: int | Fraction
    open: bool = False

    def negated(self, terms: Terms) -> Fact:
        return AtMost(self.bound, not self.open)


@dataclass(frozen=True, slots=True)
class AtMost:
    """A number at or below `bound`; below it if `open`."""

    bound: int | Fraction
    open: bool = False

    def negated(self, terms: Terms) -> Fact:
        return AtLeast(self.bound, not self.open)


@dataclass(frozen=True, slots=True)
class Multiple:
    """A number that is a multiple of `step` (or is none)."""

    step: int | Fraction
    holds: bool = True

    def negated(self, terms: Terms) -> Fact:
        return Multiple(self.step, not self.holds)


@dataclass(frozen=True, slots=True)
class WrittenInteger:
    """Draft 4's `integer`: a number without fraction or exponent part, so that `1.0` may be refused."""

    holds: bool = True

    def negated(self, terms: Terms) -> Fact:
        return WrittenInteger(not self.holds)


@dataclass(frozen=True, slots=True)
class Size:
    """Length of a string in code points, number of items or of properties: from `low` to `high`, one of them open."""

    low: int
    high: int | None

    def negated(self, terms: Terms) -> Fact:
        return Size(0, self.low - 1) if self.high is None else Size(self.high + 1, None)


@dataclass(frozen=True, slots=True)
class Matches:
    """A string in which the regular expression is found (or is not)."""

    regex: str
    holds: bool = True

    def negated(self, terms: Terms) -> Fact:
        return Matches(self.regex, not self.holds)


@dataclass(frozen=True, slots=True)
class HasFormat:
    """A string of the format, where the policy asserts formats."""

    name: str
    holds: bool = True

    def negated(self, terms: Terms) -> Fact:
        return HasFormat(self.name, not self.holds)


@dataclass(frozen=True, slots=True)
class ItemAt:
    """If there is an item at `index`, it is in `term`."""

    index: int
    term: Term

    def negated(self, terms: Terms) -> Fact:
        return SomeItemAt(self.index, terms.complement(self.term))


@dataclass(frozen=True, slots=True)
class SomeItemAt:
    """There is an item at `index`, and it is in `term`."""

    index: int
    term: Term

    def negated(self, terms: Terms) -> Fact:
        return ItemAt(self.index, terms.complement(self.term))


@dataclass(frozen=True, slots=True)
class ItemsFrom:
    """Every item at or after `start` is in `term`."""

    start: int
    term: Term

    def negated(self, terms: Terms) -> Fact:
        return CountFrom(self.start, terms.complement(self.term), 1, None)


@dataclass(frozen=True, slots=True)
class CountFrom:
    """Of the items at or after `start`, at least `low` or at most `high` are in `term`; one of the two is open."""

    start: int
    term: Term
    low: int
    high: int | None

    def negated(self, terms: Terms) -> Fact:
        if self.high is not None:
            return CountFrom(self.start, self.term, self.high + 1, None)
        if self.low == 1:
            return ItemsFrom(self.start, terms.complement(self.term))
        return CountFrom(self.start, self.term, 0, self.low - 1)


@dataclass(frozen=True, slots=True)
class Distinct:
    """All items differ (or two of them are equal)."""

    holds: bool = True

    def negated(self, terms: Terms) -> Fact:
        return Distinct(not self.holds)


@dataclass(frozen=True, slots=True)
class Properties:
    """Every property whose name is in `names` has a value in `term`."""

    names: Term
    term: Term

    def negated(self, terms: Terms) -> Fact:
        return SomeProperty(self.names, terms.complement(self.term))


@dataclass(frozen=True, slots=True)
class SomeProperty:
    """There is a property whose name is in `names` with a value in `term`."""

    names: Term
    term: Term

    def negated(self, terms: Terms) -> Fact:
        return Properties(self.names, terms.complement(self.term))


Fact: TypeAlias = (
    OneOf
    | NoneOf
    | AtLeast
    | AtMost
    | Multiple
    | WrittenInteger
    | Size
    | Matches
    | HasFormat
    | ItemAt
    | SomeItemAt
    | ItemsFrom
    | CountFrom
    | Distinct
    | Properties
    | SomeProperty
)


def strings(terms: Terms, names: Iterable[str]) -> Term:
    """The set of these strings."""
    return terms.claim(STRING, OneOf(frozenset(names)), strict=True)
