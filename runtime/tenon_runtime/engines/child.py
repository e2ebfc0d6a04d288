"""One server process: started without root's rights, tied to our life, stopped within a bound."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class EngineError(RuntimeError):
    """An engine could not be found, started or reached; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who a server runs as."""

    uid: int
    gid: int

    def may_reach(self, path: Path) -> bool:
        """Whether every folder above `path` can be traversed by this account, judged by mode bits alone."""
        for folder in path.resolve().parents:
            status = folder.stat()
            if not status.st_mode & 0o001 and not (status.st_uid == self.uid and status.st_mode & 0o100):
                return False
        return True


def account_for(folder: Path) -> Account | None:
    """None: as we are. For root: the owner of `folder` when it has another one already, else user ``nobody``."""
    if os.geteuid() != 0:
        return None
    if folder.exists() and (status := folder.stat()).st_uid != 0:
        return Account(status.st_uid, status.st_gid)
    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_uid, entry.pw_gid)


def private_folder(folder: Path, account: Account | None) -> Path:
    """Make `folder`, readable by the account only."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    if account:
        shutil.chown(folder, account.uid, account.gid)
    return folder


async def lock(folder: Path, patience: float = 10.0) -> BinaryIO:
    """Hold `folder` for one server. The server inherits the open file, so the lock lasts until its last process
    is gone, however it ended; a predecessor that is shutting down is waited for.

    :raises EngineError: somebody still holds it after `patience` seconds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / "lock").open("wb")
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        except BlockingIOError:
            if time.monotonic() > until:
                file.close()
                raise EngineError(f"{folder} is in use by another running server; stop it first") from None
        await asyncio.sleep(0.02)


def die_with_parent(death_signal: signal.Signals, parent: int) -> Callable[[], None]:
    """What a child has to call to be sent `death_signal` when the thread of `parent` that started it ends (Linux).

    It may be called between fork and exec: it takes no lock.
    """
    libc = _libc

    def tie() -> None:
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
            if os.getppid() != parent:  # it died before the line above
                os._exit(1)

    return tie


class Child:
    """A running server."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self._process = process
        self._log = log

    @classmethod
    def start(
        cls,
        name: str,
        argv: Sequence[str | Path],
        *,
        cwd: Path,
        account: Account | None,
        log: Path,
        held: BinaryIO,
        death_signal: signal.Signals,
        environment: Mapping[str, str] | None = None,
    ) -> Child:
        """Start `argv` in a process group of its own.

        :param held: the lock file, inherited.
        :param death_signal: what the kernel sends it when the thread that called this ends (Linux).
        """
        with log.open("wb") as output:
            process = subprocess.Popen(
                [str(part) for part in argv],
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", **(environment or {})},
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
                process_group=0,
                pass_fds=[held.fileno()],
                preexec_fn=die_with_parent(death_signal, os.getpid()),  # noqa: PLW1509
            )
        return cls(name, process, log)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def failure(self, what: str) -> EngineError:
        """An error that quotes the end of the server's log."""
        tail = "\n".join(self._log.read_text("utf-8", "replace").splitlines()[-12:])
        return EngineError(f"{self.name} {what}; the end of {self._log}:\n{tail}")

    async def until(self, ready: Callable[[], bool], patience: float = 30.0) -> None:
        """Wait until `ready()`.

        :raises EngineError: the server ended, or is not ready after `patience` seconds.
        """
        until = time.monotonic() + patience
        while not ready():
            if not self.running:
                raise self.failure(f"ended with status {self._process.returncode} before it was ready")
            if time.monotonic() > until:
                raise self.failure(f"was not ready after {patience:.0f} s")
            await asyncio.sleep(0.005)

    async def wait(self) -> int:
        """The exit status, once it has ended (negative: the signal)."""
        pause = 0.005
        while (status := self._process.poll()) is None:
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 0.1)
        return status

    async def stop(self, *signals: signal.Signals, patience: float = 5.0) -> None:
        """Ask with each signal in turn, then kill the whole group. Survives cancellation: nothing stays behind."""
        try:
            for each in signals:
                if self.running:
                    self._process.send_signal(each)
                    try:
                        async with asyncio.timeout(patience):
                            await self.wait()
                    except TimeoutError:
                        continue
        finally:
            self.kill()

    def kill(self) -> None:
        """SIGKILL to the server and all its processes, and reap it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
