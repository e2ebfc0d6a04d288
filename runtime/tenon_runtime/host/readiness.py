"""Whether the service wants calls now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Readiness:
    """Live from the first moment, ready once started, and never again after draining began."""

    def __init__(self, check: Callable[[], bool]) -> None:
        """`check` tells whether what the service depends on is there; it must be cheap."""
        self._check = check
        self.started = False
        self.draining = asyncio.Event()

    @property
    def ready(self) -> bool:
        return self.started and not self.draining.is_set() and self._check()
