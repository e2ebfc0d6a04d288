"""`ResponseStream`: a call that emits is an async iterator in the task that asks."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tenon_runtime import errors
from tenon_runtime.call.stream import Emit, ResponseStream


async def test_messages_come_one_by_one_between_awaits() -> None:
    async def call() -> None:
        for number in range(3):
            await asyncio.sleep(0)
            await Emit(number)

    assert [message async for message in ResponseStream(call())] == [0, 1, 2]


async def test_the_call_runs_in_the_asking_task_and_only_when_asked() -> None:
    log: list[Any] = []

    async def call() -> None:
        log.append(asyncio.current_task())
        await Emit(1)
        log.append("second")
        await Emit(2)

    stream = ResponseStream(call())
    assert log == []
    assert await anext(stream) == 1
    assert log == [asyncio.current_task()]
    await stream.aclose()


async def test_an_error_of_the_call_is_raised_after_its_messages() -> None:
    async def call() -> None:
        await Emit(1)
        raise errors.DataLoss()

    stream = ResponseStream(call())
    assert await anext(stream) == 1
    with pytest.raises(errors.DataLoss):
        await anext(stream)


async def test_closing_cancels_a_call_and_waits_for_its_cleanup() -> None:
    log: list[str] = []

    async def call() -> None:
        try:
            await Emit(1)
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            log.append("rolled back")
            raise

    stream = ResponseStream(call())
    await anext(stream)
    await stream.aclose()
    await stream.aclose()
    assert log == ["rolled back"]


async def test_a_call_that_was_never_asked_is_closed_without_running() -> None:
    async def call() -> None:
        raise AssertionError("it ran")

    await ResponseStream(call()).aclose()


async def test_a_cancellation_of_the_asking_task_reaches_the_call() -> None:
    log: list[str] = []

    async def call() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            log.append("cancelled")
            raise
        await Emit(1)

    async def ask() -> None:
        async for _ in ResponseStream(call()):
            pass

    task = asyncio.create_task(ask())
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert log == ["cancelled"]
