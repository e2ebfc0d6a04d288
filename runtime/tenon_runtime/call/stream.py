"""Answers that are streams, through middleware that knows only calls.

The chain of a streaming operation is one coroutine. It awaits `Emit(message)` for every message; `ResponseStream` runs
that coroutine step by step inside the task that asks for messages and hands each message out, as an async generator
does with its ``yield``. There is no queue and no second task: back-pressure, cancellation and deadlines are the asking
task's.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import types
from collections.abc import AsyncIterator, Coroutine, Generator
from typing import Any

from tenon_runtime import errors


class Emit:
    """Awaited by a streaming call to hand out one message; returns when the next one is wanted."""

    __slots__ = ("message",)

    def __init__(self, message: Any) -> None:
        self.message = message

    def __await__(self) -> Generator[Any, None, None]:
        yield self


class ResponseStream(AsyncIterator[Any]):
    """The messages that a call emits."""

    __slots__ = ("_call",)

    def __init__(self, call: Coroutine[Any, Any, Any]) -> None:
        self._call = call

    async def __anext__(self) -> Any:
        return await self._step(None)

    async def aclose(self) -> None:
        """End a call that nobody listens to any more: it sees a cancellation and may clean up."""
        if inspect.getcoroutinestate(self._call) == inspect.CORO_CREATED:
            self._call.close()
            return
        with contextlib.suppress(StopAsyncIteration, asyncio.CancelledError, errors.Error):
            while inspect.getcoroutinestate(self._call) != inspect.CORO_CLOSED:
                await self._step(asyncio.CancelledError("nobody reads the answer"))

    @types.coroutine
    def _step(self, error: BaseException | None) -> Generator[Any, Any, Any]:
        """Run until the next message. Raises StopAsyncIteration at the end and whatever the call raises."""
        sent: Any = None
        while True:
            try:
                yielded = self._call.send(sent) if error is None else self._call.throw(error)
            except StopIteration:
                raise StopAsyncIteration from None
            if type(yielded) is Emit:
                return yielded.message
            error = None
            try:
                sent = yield yielded
            except BaseException as thrown:  # it belongs to the call
                error = thrown
