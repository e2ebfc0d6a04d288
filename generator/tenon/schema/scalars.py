"""`null`, `true` and `false`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tenon.schema.facts import Fact, NoneOf, OneOf


@dataclass(slots=True)
class Nulls:
    """The one value `null`: nothing can be said about it."""

    def copy(self) -> Nulls:
        return self

    def add(self, fact: Fact) -> bool:
        raise AssertionError(fact)

    def look(self, fact: Fact, opposite: Fact) -> bool | None:
        raise AssertionError(fact)

    def viable(self) -> bool:
        return True

    def members(self, wanted: int) -> list[None]:
        return [None]


@dataclass(slots=True)
class Booleans:
    """What is left of `true` and `false`."""

    left: frozenset[object] = frozenset({True, False})

    def copy(self) -> Booleans:
        return replace(self)

    def add(self, fact: Fact) -> bool:
        match fact:
            case OneOf(values):
                self.left &= values
            case NoneOf(values):
                self.left -= values
            case _:
                raise AssertionError(fact)
        return bool(self.left)

    def look(self, fact: Fact, opposite: Fact) -> bool | None:
        if not self.copy().add(fact):
            return False
        return None if self.copy().add(opposite) else True

    def viable(self) -> bool:
        return True

    def members(self, wanted: int) -> list[bool]:
        return [value for value in (True, False) if value in self.left][:wanted]
