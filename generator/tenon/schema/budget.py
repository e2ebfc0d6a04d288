"""How much work one question may cost: every unbounded loop of this package spends from one budget."""

from __future__ import annotations

DEFAULT_STEPS = 100_000


class Exceeded(Exception):
    """A question that is not answered: the budget ran out, or a construct has no exact set."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Budget:
    """Steps left of one question; a step is some microseconds of work."""

    __slots__ = ("left",)

    def __init__(self, steps: int = DEFAULT_STEPS) -> None:
        self.left = steps

    def spend(self, steps: int = 1) -> None:
        """Take `steps`; raises `Exceeded` when none are left."""
        self.left -= steps
        if self.left < 0:
            raise Exceeded("the question takes more steps than are allowed")
