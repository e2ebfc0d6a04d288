"""One unary call through everything, beside bare connectrpc, grpc.aio and FastAPI: server CPU per call.

Rounds are interleaved (A B C A B C …); the figure is the server process's own CPU time divided by its calls, so that
neither the client nor a busy machine is in it. Ratios hold on a noisy machine, absolute figures do not.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.servers import SAMPLE, SERVERS

ROOT = Path(__file__).resolve().parent.parent
ROUNDS, CALLS, WARM_UP = 5, 1500, 300
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Server:
    """One running server and what was measured of it."""

    name: str
    process: subprocess.Popen[bytes]
    port: int
    sample: bytes
    token: str
    cpu: dict[int, list[float]] = field(default_factory=dict)
    """Microseconds per call, one a round, by calls in flight."""


def run() -> None:
    """Print the table."""
    servers = [start(name) for name in SERVERS]
    try:
        for in_flight in (32, 1):
            for number in range(ROUNDS + 1):
                for server in servers:
                    used = asyncio.run(cost(server, WARM_UP if number == 0 else CALLS, in_flight))
                    if number:
                        server.cpu.setdefault(in_flight, []).append(used)
        _print(servers)
    finally:
        for server in servers:
            server.process.kill()
            server.process.wait()


def _generated() -> Path:
    from tenon import fresh
    from tenon.config import Config

    out = ROOT / ".tenon" / "bench"
    done = fresh.generate(ROOT / "bench" / "contracts", out, Config())
    if done.findings:
        raise SystemExit("\n".join(f"{f.at}: {f.message}" for f in done.findings))
    return out / "generated" / "python"


def start(name: str, *more: Path) -> Server:
    """The server `name`, with `more` on its path."""
    path = os.pathsep.join(map(str, [_generated(), ROOT, *more]))
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.servers", name],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    said: dict[str, Any] = json.loads(process.stdout.readline())
    server = Server(name, process, said["port"], bytes.fromhex(said["sample"]), said.get("token", ""))
    time.sleep(0.5)
    return server


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


async def cost(server: Server, calls: int, in_flight: int) -> float:
    """Microseconds of server CPU per call."""
    http = server.name in ("tenon rest", "fastapi")
    before = _cpu(server.process.pid)
    await (_http(server, calls, in_flight) if http else _grpc(server, calls, in_flight))
    return (_cpu(server.process.pid) - before) / calls * 1e6


async def _grpc(server: Server, calls: int, in_flight: int) -> None:
    import grpc

    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        call = channel.unary_unary("/echo.v1.EchoService/Echo")
        metadata = [("authorization", f"Bearer {server.token}")] if server.token else None

        async def worker() -> None:
            for _ in range(calls // in_flight):
                assert await call(server.sample, metadata=metadata, timeout=20)

        await asyncio.gather(*(worker() for _ in range(in_flight)))


async def _http(server: Server, calls: int, in_flight: int) -> None:
    import aiohttp

    headers = {"authorization": f"Bearer {server.token}"} if server.token else {}
    body = json.dumps(SAMPLE).encode()
    headers["content-type"] = "application/json"
    url = f"http://127.0.0.1:{server.port}/v1/echo"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=in_flight)) as session:

        async def worker() -> None:
            for _ in range(calls // in_flight):
                async with session.post(url, data=body, headers=headers) as answer:
                    assert answer.status == 200, await answer.text()
                    await answer.read()

        await asyncio.gather(*(worker() for _ in range(in_flight)))


def _print(servers: list[Server]) -> None:
    print(
        f"\nOne unary call of about 200 B: server CPU, µs per call (median of {ROUNDS} interleaved rounds, min to max)"
    )
    print(f"{'server':<12} {'32 in flight':>22} {'1 in flight':>22}   against ours")
    ours = {False: servers[0], True: servers[3]}
    for server in servers:
        cells = []
        for in_flight in (32, 1):
            values = sorted(server.cpu[in_flight])
            cells.append(f"{statistics.median(values):7.0f} ({values[0]:.0f} to {values[-1]:.0f})")
        peer = ours[server.name in ("tenon rest", "fastapi")]
        ratio = statistics.median(server.cpu[32]) / statistics.median(peer.cpu[32])
        print(f"{server.name:<12} {cells[0]:>22} {cells[1]:>22}   {ratio:.2f}x")
    print("ours has authentication, deadline, validation, limits, metrics and trace on; the peers have none of them")


if __name__ == "__main__":
    run()
