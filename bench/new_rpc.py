"""What "a new RPC with its REST face and an event" costs, beside the same in FastAPI + grpcio and in Goa.

The job: orders can be created and read; now they can be cancelled too, over REST and gRPC, and an event tells so. The
peers are written as small as they can be: they keep orders in memory, and publish without an outbox. What a person
types is in `cases/new_rpc`; every program is really built, restarted and asked. ``python -m bench.new_rpc`` prints the
table; Goa runs where Go and goa are installed, FastAPI + grpcio where grpcio-tools can be had.
"""

from __future__ import annotations

import asyncio
import difflib
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import nats
from tenon_runtime.engines import Nats

CASES = Path(__file__).parent / "cases" / "new_rpc"
BIN = Path(sys.executable).parent
PATIENCE = 120.0
"""Seconds until an answer that does not come is taken as lost."""
COMMANDS = (
    'tenon add rpc orders CancelOrder --public --rest "PUT /v1/orders/{orderId}/cancellation" '
    "--field reason:string --returns order:Order",
    "tenon add event orders OrderCancelled --field order_id:string --field reason:string",
    "tenon add field orders.Order cancelled:bool",
    "tenon add migration orders cancelled",
)
GOA_TOOLS = ("go", "goa", "protoc-gen-go", "protoc-gen-go-grpc")


@dataclass(frozen=True, slots=True)
class Cost:
    """What it took. Seconds are the machine's: `tools` for its commands, `answer` from the last of them (or the last
    edit) to the first answer over REST and over gRPC and the event."""

    name: str
    commands: int
    files: int
    lines: int
    contract_lines: int
    tools: float
    answer: float
    rest_is: str


class NotHere(Exception):
    """A peer cannot run on this machine; the text says what is missing."""


def run() -> None:
    """Print the table."""
    print("\nA new RPC with its REST face and an event: what a person types, and how long the machine takes")
    print(f"{'':<16} {'commands':>8} {'files by hand':>14} {'lines by hand':>14} {'of them contract':>17} "
          f"{'tools, s':>9} {'to 1st answer, s':>17}  what else there is then")  # fmt: skip
    for measure in (tenon, fastapi, goa):
        with tempfile.TemporaryDirectory(prefix="tenon-bench-") as scratch:
            os.chmod(scratch, 0o755)
            try:
                cost = measure(Path(scratch))
            except NotHere as missing:
                print(f"{measure.__name__:<16} not run: {missing}")
                continue
        print(f"{cost.name:<16} {cost.commands:>8} {cost.files:>14} {cost.lines:>14} {cost.contract_lines:>17} "
              f"{cost.tools:>9.1f} {cost.answer:>17.1f}  {cost.rest_is}", flush=True)  # fmt: skip


def tenon(scratch: Path) -> Cost:
    """Commands edit the contracts; a person writes the method and the column."""
    root = scratch / "shop"
    _run([str(BIN / "tenon"), "new", str(root)], scratch)
    environment = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    with _serving([str(BIN / "tenon"), "up", "--format", "json"], root, environment) as output:
        said = json.loads(_until(output, "\n}\n"))
        service = said["services"]["orders"]
        order = _create(service["http"])
        began = time.monotonic()
        for command in COMMANDS:
            _run(shlex.split(command), root, environment)
        tools = time.monotonic() - began
        sql = (CASES / "tenon" / "0002_cancelled.sql").read_text()
        with next((root / "impl/orders/migrations").glob("0002_*.sql")).open("a") as migration:
            migration.write(sql)
        patch = CASES / "tenon" / "hand.patch"
        _run(["git", "apply", "--unsafe-paths", str(patch)], root)
        method = "/orders.v1.OrdersService/CancelOrder"
        answer = _answered(service["http"], service["grpc"].removeprefix("http://"), method, said["nats"], order)
    lines = sum(line.startswith("+") and line[1:].strip() != "" for line in patch.read_text().splitlines()[2:])
    return Cost("Tenon", len(COMMANDS), 2, lines + len(sql.splitlines()), 0, tools, answer,
                "stored, outbox, deadline, idempotency, metrics, traces, OpenAPI and AsyncAPI written")  # fmt: skip


def fastapi(scratch: Path) -> Cost:
    """A .proto, compiled; models, routes and methods by hand."""
    python = _with_grpc_tools(scratch)
    root = scratch / "shop"
    shutil.copytree(CASES / "fastapi" / "before", root)
    compile_ = [python, "-m", "grpc_tools.protoc", "-I.", "--python_out=.", "--grpc_python_out=.", "orders.proto"]
    _run(compile_, root)
    with _bus(scratch) as bus:
        http, rpc = _port(), _port()
        environment = {"HTTP_PORT": str(http), "GRPC_PORT": str(rpc), "NATS_URL": bus}
        with _serving([python, "app.py"], root, environment):
            _create(f"http://127.0.0.1:{http}")
        shutil.copytree(CASES / "fastapi" / "after", root, dirs_exist_ok=True)
        tools = _run(compile_, root)
        began = time.monotonic()
        with _serving([python, "app.py"], root, environment):
            order = _create(f"http://127.0.0.1:{http}")
            _answered(
                f"http://127.0.0.1:{http}", f"127.0.0.1:{rpc}", "/orders.v1.OrdersService/CancelOrder", bus, order
            )
            answer = time.monotonic() - began
    files, lines = _hand("fastapi")
    _, contract = _hand("fastapi", ".proto")
    return Cost("FastAPI + grpcio", 2, files, lines, contract, tools, answer, "OpenAPI from code; nothing is stored")


def goa(scratch: Path) -> Cost:
    """A design, from which both transports follow; methods and the event by hand."""
    environment = _goa_environment()
    python = _with_grpc_tools(scratch)
    protoc = scratch / "bin" / "protoc"
    protoc.parent.mkdir()
    protoc.write_text(f'#!/bin/sh\nexec {python} -m grpc_tools.protoc "$@"\n')
    protoc.chmod(0o755)
    environment["PATH"] = f"{protoc.parent}{os.pathsep}{environment['PATH']}"
    root = scratch / "shop"
    shutil.copytree(CASES / "goa" / "before", root)
    (root / "go.mod").write_text("module shop\n\ngo 1.24\n")
    generate, build = "goa gen shop/design", "go build -o orders ./cmd/orders"
    get = "go get goa.design/goa/v3@latest github.com/google/uuid github.com/nats-io/nats.go"
    for command in (get, generate, "goa example shop/design", "go mod tidy", build):
        _run(command.split(), root, environment)
    with _bus(scratch) as bus:
        http, rpc = _port(), _port()
        start = ["./orders", "-http-port", str(http), "-grpc-port", str(rpc)]
        environment["NATS_URL"] = bus
        with _serving(start, root, environment):
            _create(f"http://localhost:{http}")
        shutil.copytree(CASES / "goa" / "after", root, dirs_exist_ok=True)
        # Where the bus was not used before, its module is new to go.sum: downloaded once, not part of the cost.
        _run(["go", "get", "github.com/nats-io/nats.go"], root, environment)
        tools = sum(_run(command.split(), root, environment) for command in (generate, build))
        began = time.monotonic()
        with _serving(start, root, environment):
            order = _create(f"http://localhost:{http}")
            _answered(f"http://localhost:{http}", f"localhost:{rpc}", "/orders.Orders/Cancel", bus, order)
            answer = time.monotonic() - began
    files, lines = _hand("goa")
    _, contract = _hand("goa", "design.go")
    return Cost("Goa", 3, files, lines, contract, tools, answer, "OpenAPI written; nothing is stored")


def _hand(peer: str, suffix: str = "") -> tuple[int, int]:
    """Files that a person changes, and lines that they add or change, empty ones left out."""
    files = lines = 0
    for after in sorted((CASES / peer / "after").rglob("*")):
        if not after.is_file() or not after.name.endswith(suffix):
            continue
        before = CASES / peer / "before" / after.relative_to(CASES / peer / "after")
        old = before.read_text().splitlines() if before.is_file() else []
        added = [line for line in difflib.ndiff(old, after.read_text().splitlines()) if line[:2] == "+ "]
        files += bool(added)
        lines += sum(line[2:].strip() != "" for line in added)
    return files, lines


def _with_grpc_tools(scratch: Path) -> str:
    """A Python with the peer's packages. Raises NotHere."""
    uv = shutil.which("uv") or shutil.which("uv", path=str(BIN))
    if uv is None:
        raise NotHere("uv is missing: pip install uv")
    python = scratch / "peer" / "bin" / "python"
    packages = ["fastapi", "uvicorn", "grpcio", "grpcio-tools", "nats-py"]
    for command in ([uv, "venv", "-q", "-p", sys.executable, str(scratch / "peer")],
                    [uv, "pip", "install", "-q", "--python", str(python), *packages]):  # fmt: skip
        if subprocess.run(command, capture_output=True, check=False).returncode:
            raise NotHere("grpcio-tools cannot be installed from the package index")
    return str(python)


def _goa_environment() -> dict[str, str]:
    environment = dict(os.environ)
    go = shutil.which("go")
    if go is not None:
        home = subprocess.run([go, "env", "GOPATH"], capture_output=True, text=True, check=True).stdout.strip()
        environment["PATH"] = f"{home}/bin{os.pathsep}{environment['PATH']}"
    missing = [tool for tool in GOA_TOOLS if shutil.which(tool, path=environment["PATH"]) is None]
    if missing:
        raise NotHere(f"{', '.join(missing)} missing: go install goa.design/goa/v3/cmd/goa@latest "
                      "google.golang.org/protobuf/cmd/protoc-gen-go@latest …")  # fmt: skip
    return environment


def _run(command: Sequence[str], folder: Path, more: Mapping[str, str] = {}) -> float:
    """Seconds that it took. Raises RuntimeError with what it said."""
    began = time.monotonic()
    done = subprocess.run(command, cwd=folder, env={**os.environ, **more}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{shlex.join(command)}:\n{done.stdout}{done.stderr}")
    return time.monotonic() - began


@contextmanager
def _serving(command: Sequence[str], folder: Path, more: Mapping[str, str]) -> Iterator[Path]:
    """Runs it until the block is left; gives the file it writes to."""
    log = folder / ".bench.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(command, cwd=folder, env={**os.environ, **more}, stdout=stream,
                                   stderr=subprocess.DEVNULL, process_group=0)  # fmt: skip
    try:
        yield log
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _until(log: Path, end: str) -> str:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if (text := log.read_text()).endswith(end):
            return text
        time.sleep(0.02)
    raise RuntimeError(f"it did not start:\n{log.read_text()}")


@contextmanager
def _bus(scratch: Path) -> Iterator[str]:
    with asyncio.Runner() as runner:
        engine = runner.run(Nats(scratch / "nats").__aenter__())
        try:
            yield engine.url
        finally:
            runner.run(engine.stop())


def _port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port: int = held.getsockname()[1]
        return port


def _http(method: str, url: str, body: dict[str, Any]) -> dict[str, Any] | None:
    """The answer; None where there is none, or not the hoped-for one."""
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"content-type": "application/json"}, method=method
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except (urllib.error.URLError, OSError, ValueError):
        return None


def _create(base: str) -> str:
    """A new order's id, as soon as the service answers."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if (made := _http("POST", f"{base}/v1/orders", {"title": "Oak"})) is not None:
            found: str = made.get("orderId") or made["order_id"]
            return found
        time.sleep(0.02)
    raise RuntimeError(f"{base} does not answer")


def _answered(http: str, rpc: str, method: str, bus: str, order: str) -> float:
    """Seconds until the cancellation was answered over REST and gRPC, and the event was there."""
    return asyncio.run(_asked(http, rpc, method, bus, order))


async def _asked(http: str, rpc: str, method: str, bus: str, order: str) -> float:
    began = time.monotonic()
    broker = await nats.connect(bus)
    heard = await broker.subscribe("evt.orders.>")
    await broker.flush()
    async with asyncio.timeout(PATIENCE):
        url = f"{http}/v1/orders/{order}/cancellation"
        while (answer := await asyncio.to_thread(_http, "PUT", url, {"reason": "Elm"})) is None:
            await asyncio.sleep(0.02)
        assert answer["cancelled"] is True
        # CancelOrderRequest by hand, so that no client of anybody's is needed: 1 is order_id, 2 is reason.
        request = b"\x0a" + bytes([len(order)]) + order.encode() + b"\x12\x03Elm"
        async with grpc.aio.insecure_channel(rpc) as channel:
            while True:
                with suppress(grpc.aio.AioRpcError):
                    assert order.encode() in await channel.unary_unary(method)(request)
                    break
                await asyncio.sleep(0.02)
        while "order_cancelled" not in (await heard.next_msg(timeout=PATIENCE)).subject:
            pass
    seconds = time.monotonic() - began
    await broker.close()
    return seconds


if __name__ == "__main__":
    run()
