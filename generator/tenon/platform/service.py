"""One service: its process, kept running."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from asyncio.subprocess import Process
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from tenon_runtime import tasks

Show = Callable[[str, str], None]
"""Takes (name, line)."""

_STOP_SECONDS = 5.0
_BACK_OFF = (0.2, 5.0)  # seconds before a crashed service starts again: at first, at most
_STABLE_SECONDS = 10.0  # a run this long forgives earlier crashes
_TAIL = 30  # lines kept for an error message


class Service:
    """``python -m impl.<name>``, restarted when it ends by itself, on the same ports."""

    def __init__(
        self,
        name: str,
        *,
        root: Path,
        environment: Mapping[str, str],
        http_port: int,
        grpc_port: int,
        warm: bool,
        show: Show,
    ) -> None:
        """:param warm: keep a second process ready that has its libraries loaded, for fast restarts."""
        self.name = name
        self.http_port = http_port
        self.grpc_port = grpc_port
        self.starts = 0
        """How many processes it has had."""
        self._root = root
        self._environment = environment
        self._warm = warm
        self._show = show
        self._tail: deque[str] = deque(maxlen=_TAIL)
        self._process: Process | None = None
        self._standby: asyncio.Task[Process] | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._beside: set[asyncio.Task[None]] = set()

    @property
    def http_url(self) -> str:
        """HTTP/1.1: REST, Connect, gRPC-Web, health, metrics."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def grpc_url(self) -> str:
        """HTTP/2 without TLS: gRPC."""
        return f"http://127.0.0.1:{self.grpc_port}"

    @property
    def grpc_target(self) -> str:
        """As grpcio and grpclib want it."""
        return f"127.0.0.1:{self.grpc_port}"

    @property
    def pid(self) -> int | None:
        """The running process; None between two."""
        return self._process.pid if self._process and self._process.returncode is None else None

    @property
    def tail(self) -> str:
        """The last lines it wrote."""
        return "\n".join(self._tail)

    async def start(self) -> None:
        """Run it, and keep it running. Does not wait until it is ready."""
        if self._keeper is None:
            await self._launch()
            self._keeper = asyncio.create_task(self._keep(), name=f"keep {self.name}")

    async def stop(self) -> None:
        """SIGTERM, after 5 s SIGKILL; it stays stopped until `start`."""
        await tasks.end(self._keeper)
        self._keeper = None
        await self.cool()
        if self._process:
            await _end(self._process)
        await asyncio.gather(*self._beside, return_exceptions=True)

    def kill(self) -> None:
        """As a crash would: SIGKILL. It is started again, as after any crash."""
        if self._process:
            _signal(self._process, signal.SIGKILL)

    async def restart(self) -> None:
        """A new process instead of the running one, at once. It may be crashing and waiting."""
        if self._keeper is None:
            return await self.start()
        await tasks.end(self._keeper)
        if self._process:
            # Calls that it still serves do not hold up the new process, which needs no more than the ports.
            ending = self._track(_end(self._process))
            while not ending.done() and await self._listens():
                await asyncio.sleep(0.005)
        await self._launch()
        self._keeper = asyncio.create_task(self._keep(), name=f"keep {self.name}")

    async def cool(self) -> None:
        """Give the waiting process up: the libraries that it has loaded have changed."""
        if self._standby:
            standby, self._standby = self._standby, None
            await _end(await standby)

    async def ready(self, patience: float = 30.0) -> None:
        """Wait until it answers /readyz with 200.

        :raises TimeoutError: it does not in `patience` seconds; the text has its last lines.
        """
        until = time.monotonic() + patience
        while not await self._answers_ready():
            if time.monotonic() > until:
                raise TimeoutError(f"{self.name} is not ready after {patience:.0f} s; its last lines:\n{self.tail}")
            await asyncio.sleep(0.01)

    async def _answers_ready(self) -> bool:
        if self.pid is None:
            return False
        try:
            async with asyncio.timeout(2):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.http_port)
                try:
                    writer.write(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    return (await reader.readline()).split()[1:2] == [b"200"]
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            return False

    async def _listens(self) -> bool:
        for port in (self.http_port, self.grpc_port):
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return True
        return False

    async def _launch(self) -> None:
        standby, self._standby = self._standby, None
        process = await standby if standby else await self._spawn()
        if process.returncode is not None:
            process = await self._spawn()
        self._process = process
        self.starts += 1
        if process.stdin:
            with contextlib.suppress(ConnectionError):
                process.stdin.write(b"go\n")
                await process.stdin.drain()
            process.stdin.close()

    async def _keep(self) -> None:
        pause = _BACK_OFF[0]
        while True:
            assert self._process
            began = time.monotonic()
            waiting = asyncio.create_task(self._process.wait())
            try:
                if self._warm and self._standby is None:
                    await self._warm_up(waiting)
                status = await asyncio.shield(waiting)
            finally:
                waiting.cancel()
            if time.monotonic() - began > _STABLE_SECONDS:
                pause = _BACK_OFF[0]
            self._show(self.name, f"ended with {_describe(status)}; starts again in {pause:.1f} s")
            await asyncio.sleep(pause)
            pause = min(pause * 2, _BACK_OFF[1])
            await self._launch()

    async def _warm_up(self, ended: asyncio.Task[int]) -> None:
        """Make the waiting process, once the running one is ready: it would take the processor from it."""
        ready = asyncio.create_task(self.ready())
        try:
            await asyncio.wait({ready, ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await tasks.end(ready)
        if not ended.done():
            self._standby = asyncio.create_task(self._spawn())

    async def _spawn(self) -> Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tenon.platform.launch", str(os.getpid())),
            *(["--warm"] if self._warm else []),
            f"impl.{self.name}",
            cwd=self._root,
            env=dict(self._environment),
            stdin=asyncio.subprocess.PIPE if self._warm else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            process_group=0,
        )
        self._track(self._read(process))
        return process

    def _track(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run beside everything else; `stop` waits for it."""
        task = asyncio.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)
        return task

    async def _read(self, process: Process) -> None:
        assert process.stdout
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # longer than the buffer: the rest comes as the next line
                continue
            if not line:
                return
            text = line.decode("utf-8", "replace").rstrip()
            self._tail.append(text)
            self._show(self.name, text)


async def _end(process: Process) -> None:
    """SIGTERM, then SIGKILL to its whole group; also when cancelled."""
    try:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_STOP_SECONDS):
                    await process.wait()
    finally:
        _signal(process, signal.SIGKILL)
    await process.wait()


def _signal(process: Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _describe(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"
