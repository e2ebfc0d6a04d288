"""Strings: lengths and listed values by themselves, languages only where an expression or a format is involved."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tenon.schema.budget import Budget, Exceeded
from tenon.schema.facts import Fact, HasFormat, Matches, NoneOf, OneOf, Size
from tenon.schema.strings import Language, format_language

_LONGEST = 12_000_000  # code points of an example
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(slots=True)
class Texts:
    """A conjunction of facts about a string; `language` gives an expression's, `letters` a text of some length."""

    budget: Budget
    language: Callable[[str], Language]
    letters: Callable[[int], str]
    low: int = 0
    high: int | None = None
    only: frozenset[object] | None = None
    never: frozenset[object] = field(default_factory=frozenset)
    languages: frozenset[Matches | HasFormat] = field(default_factory=frozenset)

    def copy(self) -> Texts:
        return replace(self)

    def add(self, fact: Fact) -> bool:
        """Take one more fact in; False where nothing can be left."""
        match fact:
            case Size(low, high):
                self.low = max(self.low, low)
                if high is not None:
                    self.high = high if self.high is None else min(self.high, high)
            case OneOf(values):
                self.only = values if self.only is None else self.only & values
            case NoneOf(values):
                self.never |= values
            case Matches() | HasFormat():
                if replace(fact, holds=not fact.holds) in self.languages:
                    return False
                self.languages |= {fact}
            case _:
                raise AssertionError(fact)
        return (self.high is None or self.low <= self.high) and (self.only is None or bool(self.only))

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

    def members(self, wanted: int) -> list[str]:
        """Distinct strings, short ones first; all of them where fewer than `wanted`."""
        self.budget.spend()
        if self.only is not None:
            allowed = sorted((str(text) for text in self.only - self.never), key=lambda text: (len(text), text))
            return [text for text in allowed if self.holds(text)][:wanted]
        if self.high is not None and self.low > self.high:
            return []
        if not self.languages:
            return self._unconstrained(wanted)
        whole = Language.lengths(self.low, self.high) - Language.of([str(text) for text in self.never])
        for fact in self.languages:
            whole &= self._language(fact)
        found = whole.members(wanted, self.budget)
        if len(found) < wanted and whole.count(len(found) + 1, self.budget) > len(found):
            raise Exceeded("pattern: no example was found in time")
        return found

    def holds(self, text: str) -> bool:
        """Whether a string is of the set."""
        if text in self.never or (self.only is not None and text not in self.only):
            return False
        if len(text) < self.low or (self.high is not None and len(text) > self.high):
            return False
        return all(self._language(fact).contains(text, self.budget) for fact in self.languages)

    def _language(self, fact: Matches | HasFormat) -> Language:
        if isinstance(fact, Matches):
            known: Language | None = self.language(fact.regex)
        else:
            known = format_language(fact.name)
        if known is None:
            raise Exceeded("format: the strings of this format are not a regular set here")
        return known if fact.holds else known.complement()

    def _unconstrained(self, wanted: int) -> list[str]:
        """Strings of a length: `a`, `aa`, … and the empty one, then other letters where the length leaves no room."""
        if self.low > _LONGEST:
            raise Exceeded("minLength: an example would be too long")
        found: list[str] = []
        need = wanted + len(self.never)
        last = self.low + need if self.high is None else min(self.low + need, self.high)
        first = max(self.low, 1) if last else 0
        for length in itertools.chain(range(first, last + 1), range(self.low, first)):
            if (text := self.letters(length)) not in self.never:
                found.append(text)
                if len(found) == wanted:
                    return found
        if self.high == 0:
            return found
        length = max(self.low, 1)
        for number in range(1, 26**length if length < 5 else need + 1):
            self.budget.spend()
            text, rest = "", number
            while rest:
                rest, letter = divmod(rest, 26)
                text = _LETTERS[letter] + text
            text = text.rjust(length, "a")
            if text not in self.never:
                found.append(text)
                if len(found) == wanted:
                    return found
        raise Exceeded("enum: too many strings are taken away")
