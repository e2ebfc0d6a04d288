"""Ending background work for sure."""

from __future__ import annotations

import asyncio
from typing import Any

_AGAIN_SECONDS = 2.0


async def end(*tasks: asyncio.Task[Any] | None) -> None:
    """Cancel the tasks and wait until they are over; their results and errors are dropped.

    A cancellation can get lost: before Python 3.12 `asyncio.wait_for`, which clients of databases and brokers use,
    returns its result instead when both come at once (https://github.com/python/cpython/issues/86296). So it is
    asked for again.
    """
    given = {task for task in tasks if task is not None}
    waiting = set(given)
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=_AGAIN_SECONDS)
    for task in given:
        if not task.cancelled():
            task.exception()
