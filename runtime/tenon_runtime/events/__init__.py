"""Events: the relay carries outbox rows into the log, receivers turn log entries into effects, each exactly once.

What is promised and why it holds: `relay` for the sending half, `inbox` for the receiving half.
"""

from __future__ import annotations

from .bus import Dispatch, EventBus

__all__ = ["Dispatch", "EventBus"]
