"""A service as a process: what it refuses to start with, where it says it listens, how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from runtime.tests.fixtures.until import PATIENCE, until_busy


@asynccontextmanager
async def process(*arguments: str, **settings: str) -> AsyncIterator[Process]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TENON_")}
    environment |= {f"TENON_{name.upper()}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "runtime.tests.fixtures.probe", *arguments]
    running = await asyncio.create_subprocess_exec(*command, env=environment, stderr=PIPE)
    try:
        yield running
    finally:
        if running.returncode is None:
            running.kill()
        await running.wait()


async def ended(running: Process) -> tuple[int | None, str]:
    _, said = await asyncio.wait_for(running.communicate(), PATIENCE)
    return running.returncode, said.decode()


async def ports(file: Path) -> dict[str, int]:
    async with asyncio.timeout(PATIENCE):
        while not file.exists():
            await asyncio.sleep(0.02)
    found: dict[str, int] = json.loads(file.read_text())
    return found


FREE = {"http_port": "0", "grpc_port": "0"}


async def test_sigterm_lets_calls_finish_and_ends_with_0(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    async with process(**FREE, ports_file=str(file)) as running:
        found = await ports(file)
        assert found["pid"] == running.pid
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{found['http']}") as http:
            slow = asyncio.create_task(http.post("/v1/echo/a", json={"tags": [], "delay": 1.0}))
            await until_busy(http)
            running.send_signal(signal.SIGTERM)
            assert (await slow).status_code == 200
        status, said = await ended(running)
    assert status == 0
    lines = [json.loads(line) for line in said.splitlines()]
    assert [line["message"] for line in lines] == ["serving", "draining", "stopped"]
    assert lines[0]["service"] == "probe" and lines[0]["http"] == found["http"]


async def test_a_call_that_outlasts_the_grace_period_is_cut_off(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    async with process(**FREE, ports_file=str(file), drain_seconds="0.2") as running:
        found = await ports(file)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{found['http']}") as http:
            slow = asyncio.create_task(http.post("/v1/echo/a", json={"tags": [], "delay": 4}))
            await until_busy(http)
            running.send_signal(signal.SIGTERM)
            status, said = await ended(running)
            await asyncio.gather(slow, return_exceptions=True)
    assert status == 1
    assert "grace period" in said


async def test_what_is_not_implemented_is_named_with_the_stub_to_paste() -> None:
    async with process("unfinished", **FREE) as running:
        status, said = await ended(running)
    assert status == 2
    assert "nothing implements ProbeRestHandlers" in said
    assert "async def give(self, request: Given, ctx: Ctx) -> Any:" in said
    assert "async def on_happened(self, event: pb.Happened, ctx: Ctx) -> None:" in said


async def test_settings_that_are_wrong_are_all_named() -> None:
    async with process(http_port="99999", grcp_port="1", log="loud") as running:
        status, said = await ended(running)
    assert status == 2
    assert "TENON_HTTP_PORT=99999: a port is between 0 and 65535" in said
    assert "TENON_GRCP_PORT: there is no such setting; did you mean TENON_GRPC_PORT?" in said
    assert "TENON_LOG=loud: one of debug, info, warning, error" in said


async def test_a_port_that_is_taken_is_said_plainly(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    async with process(**FREE, ports_file=str(file)):
        taken = (await ports(file))["http"]
        async with process(http_port=str(taken), grpc_port="0") as second:
            status, said = await ended(second)
    assert status == 1
    assert json.loads(said)["message"] == f"cannot start: cannot listen on 127.0.0.1:{taken}: Address already in use"
