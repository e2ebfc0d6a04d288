"""Nothing is looked up per call: the number of functions that a call enters is small and does not grow."""

from __future__ import annotations

import pytest
from tenon_runtime.testing import Running

from runtime.tests.host.cost import caller, steps


@pytest.mark.parametrize(("protocol", "most"), [("connect", 30), ("grpc", 30), ("rest", 80)])
async def test_a_call_enters_few_functions(service: Running, protocol: str, most: int) -> None:
    call = caller(service, protocol)
    entered = await steps(call, "tenon_runtime")
    assert entered.total() <= most, entered
    assert await steps(call, "tenon_runtime") == entered
