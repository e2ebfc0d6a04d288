"""The language that every dialect is translated into: sets of JSON values, hash-consed and closed under complement.

A keyword constrains one type only, so a leaf is a `Claim`: a fact about the values of one type. A lax claim holds of
all other types as well (`minimum: 5`), a strict one of none of them (the complement of that). A `Named` term stands
for a whole schema and is unfolded only when it is looked into; two schemas with one digest have one name, so what is
the same on both sides of a question is never unfolded at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from tenon.schema.values import ALL_TYPES

if TYPE_CHECKING:
    from tenon.schema.facts import Fact


class Term:
    """A set of JSON values. Terms of one `Terms` are identical if they were built alike; `types` is an upper bound."""

    __slots__ = ("_complement", "serial", "types")
    _complement: Term | None
    serial: int
    types: int

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.serial}>"


class Kinds(Term):
    """All values of some types: `types` is exact here."""

    __slots__ = ()


class AllOf(Term):
    """Intersection of `parts`."""

    __slots__ = ("parts",)
    parts: tuple[Term, ...]


class AnyOf(Term):
    """Union of `parts`."""

    __slots__ = ("parts",)
    parts: tuple[Term, ...]


class Claim(Term):
    """`fact` holds of the values of type `of`; values of other types belong (lax) or do not (strict)."""

    __slots__ = ("fact", "of", "strict")
    of: int
    fact: Fact
    strict: bool


class Named(Term):
    """The schema that `name` stands for, or its complement."""

    __slots__ = ("name", "positive")
    name: object
    positive: bool


Key: TypeAlias = tuple[object, ...]


@dataclass(slots=True)
class Terms:
    """Where terms are made: equal ones are the same object, complements know each other."""

    table: dict[Key, Term]

    def kinds(self, types: int) -> Term:
        """All values of the types in the bit set."""
        known = self.table.get(("kinds", types))
        if known is None:
            known = self._new(Kinds(), types, ("kinds", types))
            self._pair(known, self.kinds(ALL_TYPES & ~types))
        return known

    @property
    def everything(self) -> Term:
        """The set of all JSON values."""
        return self.kinds(ALL_TYPES)

    @property
    def nothing(self) -> Term:
        """The empty set."""
        return self.kinds(0)

    def claim(self, of: int, fact: Fact, *, strict: bool = False) -> Term:
        """The values of which `fact` is true; other types than `of` belong unless `strict`."""
        key = ("claim", of, fact, strict)
        known = self.table.get(key)
        if known is None:
            made = Claim()
            made.of, made.fact, made.strict = of, fact, strict
            known = self._new(made, of if strict else ALL_TYPES, key)
        return known

    def named(self, name: object, positive: bool = True, types: int = ALL_TYPES) -> Term:
        """The term that `name` stands for."""
        key = ("named", name, positive)
        known = self.table.get(key)
        if known is None:
            made = Named()
            made.name, made.positive = name, positive
            known = self._new(made, types if positive else ALL_TYPES, key)
            if positive:
                self._pair(known, self.named(name, False))
        return known

    def all_of(self, parts: Iterable[Term]) -> Term:
        """Intersection, simplified by what can be seen without unfolding."""
        types, members = ALL_TYPES, dict[Term, None]()
        for part in parts:
            types &= part.types
            if not isinstance(part, Kinds) and part not in members:
                if part._complement in members:
                    return self.nothing
                members[part] = None
        if not types:
            return self.nothing
        kept = [p for p in members if not (isinstance(p, Claim) and not p.strict and not p.of & types)]
        bound = ALL_TYPES
        for part in kept:
            bound &= part.types
        if bound & ~types:
            kept.append(self.kinds(types))
        return self._join(AllOf, kept, types, self.everything)

    def any_of(self, parts: Iterable[Term]) -> Term:
        """Union, simplified by what can be seen without unfolding."""
        whole, types, members = 0, 0, dict[Term, None]()
        for part in parts:
            types |= part.types
            if isinstance(part, Kinds):
                whole |= part.types
            elif part not in members:
                if part._complement in members:
                    return self.everything
                members[part] = None
        if whole == ALL_TYPES:
            return self.everything
        kept = [p for p in members if p.types & ~whole]
        if whole:
            kept.append(self.kinds(whole))
        return self._join(AnyOf, kept, types, self.nothing)

    def complement(self, term: Term) -> Term:
        """All values that are not in `term`."""
        if term._complement is None:
            match term:
                case AllOf():
                    other = self.any_of([self.complement(part) for part in term.parts])
                case AnyOf():
                    other = self.all_of([self.complement(part) for part in term.parts])
                case Claim():
                    other = self.claim(term.of, term.fact.negated(self), strict=not term.strict)
                case _:
                    raise AssertionError(term)
            if other._complement is None:
                self._pair(term, other)
            else:  # simplification made it the complement of an equal set
                term._complement = other
        assert term._complement is not None
        return term._complement

    def _join(self, shape: type[AllOf] | type[AnyOf], parts: list[Term], types: int, unit: Term) -> Term:
        if not parts:
            return unit
        if len(parts) == 1:
            return parts[0]
        parts.sort(key=lambda part: part.serial)
        key = (shape, *parts)
        known = self.table.get(key)
        if known is None:
            made = shape()
            made.parts = tuple(parts)
            known = self._new(made, types, key)
        return known

    def _new(self, term: Term, types: int, key: Key) -> Term:
        term.serial, term.types, term._complement = len(self.table), types, None
        self.table[key] = term
        return term

    def _pair(self, term: Term, other: Term) -> None:
        term._complement, other._complement = other, term
