"""Numbers exactly: an interval, the multiples of one step, and what is taken away from them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TypeAlias

from tenon.schema.budget import Budget, Exceeded
from tenon.schema.facts import AtLeast, AtMost, Fact, Multiple, NoneOf, OneOf, WrittenInteger

Number: TypeAlias = int | Fraction
_FINEST = 420  # decimal places that are tried; the smallest double has 324
_LARGEST_STEP = 1 << 4200


@dataclass(slots=True)
class Numbers:
    """A conjunction of facts about a number."""

    budget: Budget
    low: AtLeast | None = None
    high: AtMost | None = None
    step: Number | None = None
    not_steps: frozenset[Number] = field(default_factory=frozenset)
    only: frozenset[object] | None = None
    never: frozenset[object] = field(default_factory=frozenset)
    written: bool | None = None

    def copy(self) -> Numbers:
        return replace(self)

    def add(self, fact: Fact) -> bool:
        """Take one more fact in; False where nothing can be left."""
        match fact:
            case AtLeast():
                if self.low is None or (fact.bound, fact.open) > (self.low.bound, self.low.open):
                    self.low = fact
            case AtMost():
                if self.high is None or (fact.bound, not fact.open) < (self.high.bound, not self.high.open):
                    self.high = fact
            case Multiple(step, True):
                self.step = step if self.step is None else _lcm(self.step, step)
            case Multiple(step, False):
                self.not_steps |= {step}
            case WrittenInteger(holds):
                if self.written is not None and self.written is not holds:
                    return False
                self.written = holds
                if holds:
                    return self.add(Multiple(1))
            case OneOf(values):
                self.only = values if self.only is None else self.only & values
            case NoneOf(values):
                self.never |= values
            case _:
                raise AssertionError(fact)
        return self._can_be()

    def _can_be(self) -> bool:
        if self.only is not None and not self.only:
            return False
        if self.low is None or self.high is None or self.low.bound < self.high.bound:
            return True
        return self.low.bound == self.high.bound and not (self.low.open or self.high.open)

    def look(self, fact: Fact, opposite: Fact) -> bool | None:
        """Whether the fact follows, or is excluded; None for neither."""
        if not self._leaves_some(fact):
            return False
        return None if self._leaves_some(opposite) else True

    def viable(self) -> bool:
        """False where it is plain that nothing is left."""
        return True

    def _leaves_some(self, fact: Fact) -> bool:
        other = self.copy()
        return other.add(fact) and bool(other.members(1))

    def members(self, wanted: int) -> list[Number]:
        """Distinct numbers, small ones first; all of them where fewer than `wanted`."""
        if self.written is False:
            return self._unwritten(wanted)
        if self.only is not None:
            listed = [v for v in self.only if isinstance(v, (int, Fraction)) and self.holds(v)]
            return sorted(listed, key=lambda v: (abs(v), v))[:wanted]
        found: list[Number] = []
        if not self._can_be():
            return found
        for candidate in self._multiples(self.step) if self.step else self._decimals(wanted):
            self.budget.spend()
            if candidate not in found and self.holds(candidate):
                found.append(candidate)
                if len(found) == wanted:
                    break
        return found

    def holds(self, value: Number) -> bool:
        """Whether a number is of the set."""
        if self.low is not None and (value < self.low.bound or (self.low.open and value == self.low.bound)):
            return False
        if self.high is not None and (value > self.high.bound or (self.high.open and value == self.high.bound)):
            return False
        if value in self.never or (self.only is not None and value not in self.only):
            return False
        if self.step is not None and value % self.step:
            return False
        return all(value % step for step in self.not_steps)

    def _unwritten(self, wanted: int) -> list[Number]:
        """Not an integer of draft 4: fractions certainly, `1.0` perhaps, and `1` as it was written in an enum not."""
        fractions = replace(self, written=None, not_steps=self.not_steps | {1})
        found = fractions.members(wanted)
        if (
            len(found) < wanted
            and self.only is None
            and replace(self, written=None).members(len(found) + 1)[len(found) :]
        ):
            raise Exceeded("type: validators of draft 4 differ on whether 1.0 is an integer")
        return found

    def _multiples(self, step: Number) -> Iterator[Number]:
        if any(not step % other for other in self.not_steps):
            return
        low = None if self.low is None else math.ceil(self.low.bound / Fraction(step))
        high = None if self.high is None else math.floor(self.high.bound / Fraction(step))
        for factor in _outward(low, high):
            yield factor * step

    def _decimals(self, wanted: int) -> Iterator[Number]:
        if self.low is not None and self.high is not None and self.low.bound == self.high.bound:
            yield self.low.bound
            return
        for places in range(_FINEST):
            scale = 10**places
            low = None if self.low is None else math.ceil(self.low.bound * scale)
            high = None if self.high is None else math.floor(self.high.bound * scale)
            tries = wanted + 20 + len(self.never)
            for grid in _outward(low, high):
                yield grid if places == 0 else Fraction(grid, scale)
                tries -= 1
                if not tries:
                    break
        raise Exceeded("multipleOf: too fine")


def _outward(low: int | None, high: int | None) -> Iterator[int]:
    """The integers of an interval, those near zero first."""
    if low is not None and high is not None and low > high:
        return
    start = max(low or 0, 0) if low is not None and low > 0 else min(high, 0) if high is not None else 0
    yield start
    distance = 1
    while True:
        up, down = start + distance, start - distance
        above = high is None or up <= high
        below = low is None or down >= low
        if above:
            yield up
        if below:
            yield down
        if not above and not below:
            return
        distance += 1


def _lcm(one: Number, other: Number) -> Number:
    a, b = Fraction(one), Fraction(other)
    common = Fraction(math.lcm(a.numerator, b.numerator), math.gcd(a.denominator, b.denominator))
    if common.numerator > _LARGEST_STEP:
        raise Exceeded("multipleOf: the common multiple is too large")
    return common.numerator if common.denominator == 1 else common
