"""A running probe service, and a client for it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from tenon_runtime.testing import Running

from runtime.tests.fixtures.probe.api import API
from runtime.tests.fixtures.probe.service import HANDLERS, ended, reached


@pytest.fixture
async def service() -> AsyncIterator[Running]:
    reached.clear()
    ended.clear()
    async with Running(API, *HANDLERS) as running:
        yield running


@pytest.fixture
async def http(service: Running) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=service.http_url) as client:
        yield client
