"""The questions that the gate asks of JSON Schemas, each asked once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from tenon import schema as sets
from tenon.gate.documents import canonical
from tenon.gate.json.view import DIALECT, Schema
from tenon.schema.budget import DEFAULT_STEPS

_MAX_QUESTIONS = 20_000


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether everything that the first schema takes is taken by the second."""

    proved: bool
    witness: Any = None
    """What the first takes and the second refuses, where `refuted`."""
    refuted: bool = False
    reason: str = ""
    """Why it is neither."""


@dataclass
class Judge:
    """Remembers what it was asked."""

    formats: Literal["annotation", "assert"] = "annotation"
    asked: dict[tuple[bytes, bytes], Answer] = field(default_factory=dict)

    def ask(self, sent: Schema, taken: Schema, *, quick: bool = False) -> Answer:
        """Is every value of `sent` a value of `taken`? Both hold their own definitions. Never raises.

        `quick`: with a tenth of the budget, where there is another way to find out.
        """
        key = (canonical(sent), canonical(taken))
        if key not in self.asked:
            if key[0] == key[1]:
                return Answer(True)
            if len(self.asked) >= _MAX_QUESTIONS:
                return Answer(False, reason="too many schemas changed at once")
            self.asked[key] = self._asked(sent, taken, DEFAULT_STEPS // 10 if quick else DEFAULT_STEPS)
        return self.asked[key]

    def _asked(self, sent: Schema, taken: Schema, budget: int) -> Answer:
        match sets.is_subset(sent, taken, dialect=DIALECT, formats=self.formats, budget=budget):
            case sets.Proved():
                return Answer(True)
            case sets.Refuted(witness=witness):
                return Answer(False, witness, refuted=True)
            case answer:
                return Answer(False, reason=answer.reason)

    def member(self, taken: Schema) -> Answer:
        """A value that the schema takes, as the witness of a refuted answer."""
        return self.ask(taken, False)
