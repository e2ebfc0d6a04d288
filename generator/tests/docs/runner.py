"""Runs a document: what its fenced blocks say, from top to bottom, in one shell in one folder.

==========================  =========================================================================================
```` ```console ````        lines after ``$ `` (and ``> ``) are commands; each must succeed, and print the lines below
                            it, in their order; ``…`` stands for anything. ``^C`` stops what is serving.
```` ```console serve ````  the same, but the command goes on: the lines below it are awaited
```` ```x file=PATH ````    the file's new content
```` ```diff apply ````     a patch, applied with ``git apply``
==========================  =========================================================================================

Other blocks are text.
"""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE = 120.0
"""Seconds that a command may take, and that a served one may take until it is up."""


@dataclass
class Block:
    """A fenced block: its info string, its lines, and the line it begins on."""

    info: str
    lines: list[str]
    at: int


@dataclass
class Step:
    """A command and what it prints."""

    command: str
    at: int
    serve: bool = False
    expected: list[str] = field(default_factory=list)


def blocks(document: str) -> Iterator[Block]:
    """The fenced blocks of a Markdown document."""
    current: Block | None = None
    for number, line in enumerate(document.splitlines(), 1):
        if current is None and line.startswith("```"):
            current = Block(line[3:].strip(), [], number)
        elif current is not None and line.rstrip() == "```":
            yield current
            current = None
        elif current is not None:
            current.lines.append(line)


def steps(block: Block) -> Iterator[Step]:
    """The commands of a console block."""
    step: Step | None = None
    for offset, line in enumerate(block.lines, 1):
        if line.startswith("$ ") or line == "^C":
            if step is not None:
                yield step
            step = Step(line.removeprefix("$ "), block.at + offset, block.info.endswith(" serve"))
        elif step is not None and line.startswith("> ") and not step.expected:
            step.command += "\n" + line.removeprefix("> ")
        elif step is not None:
            step.expected.append(line)
    if step is not None:
        yield step


def mismatch(expected: list[str], printed: list[str]) -> str | None:
    """The first line of `expected` that `printed` lacks; both in order, and `expected` may leave lines out."""
    remaining = iter(printed)
    for line in expected:
        if line.strip() and line != "…":
            pattern = re.compile(".*".join(map(re.escape, line.rstrip().split("…"))))
            if not any(pattern.fullmatch(each.rstrip()) for each in remaining):
                return line
    return None


def run(document: Path, folder: Path) -> int:
    """Run `document` in `folder`; how many commands that were. Raises AssertionError naming the untrue line."""
    count = 0
    with _shell(folder) as shell:
        for block in blocks(document.read_text("utf-8")):
            kind, _, rest = block.info.partition(" ")
            content = "\n".join(block.lines) + "\n"
            if rest.startswith("file="):
                path = shell.cwd() / rest.removeprefix("file=")
                assert path.parent.is_dir(), f"{document}:{block.at}: there is no {path.parent}"
                path.write_text(content, "utf-8")
            elif block.info == "diff apply":
                done = subprocess.run(["git", "apply", "--unidiff-zero", "-"], cwd=shell.cwd(), input=content,
                                      capture_output=True, text=True, check=False)  # fmt: skip
                assert done.returncode == 0, f"{document}:{block.at}: {done.stderr}"
            elif kind == "console":
                for step in steps(block):
                    if step.command == "^C":
                        shell.stop()
                        continue
                    printed, status = shell.serve(step) if step.serve else shell.run(step.command)
                    place = f"{document}:{step.at}: $ {step.command}"
                    assert status == 0, f"{place}\nexited with {status}:\n" + "\n".join(printed)
                    missing = mismatch(step.expected, printed)
                    assert missing is None, f"{place}\nshould print: {missing}\nprinted:\n" + "\n".join(printed)
                    count += 1
    return count


class _Shell:
    """One bash for the whole document, and what it serves beside."""

    def __init__(self, folder: Path) -> None:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        self._environment = {**os.environ, "PATH": path, "NO_COLOR": "1", "PS1": ""}
        self._environment.pop("PYTHONPATH", None)
        self._bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc"], cwd=folder, env=self._environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, process_group=0,
        )  # fmt: skip
        self._serving: subprocess.Popen[bytes] | None = None

    def run(self, command: str) -> tuple[list[str], int]:
        """What it prints, and its exit status."""
        assert self._bash.stdin is not None and self._bash.stdout is not None
        mark = f"--done-{time.monotonic_ns()}--"
        self._bash.stdin.write(f"{command}\n__status=$?; echo; echo {mark} $__status\n".encode())
        self._bash.stdin.flush()
        lines: list[str] = []
        for line in _lines(self._bash.stdout.fileno(), PATIENCE):
            if line.startswith(mark):
                if lines and not lines[-1]:
                    lines.pop()
                return lines, int(line.split()[1])
            lines.append(line)
        return lines, -1

    def cwd(self) -> Path:
        return Path(self.run("pwd")[0][0])

    def serve(self, step: Step) -> tuple[list[str], int]:
        """Start it, and wait until it has printed what the document says."""
        self.stop()
        log = self.cwd() / ".serving"
        with log.open("wb") as stream:
            self._serving = subprocess.Popen(
                ["bash", "-c", f"exec {step.command}"], cwd=self.cwd(), env=self._environment,
                stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT, process_group=0,
            )  # fmt: skip
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self._serving.poll() is None:
            if mismatch(step.expected, log.read_text("utf-8", "replace").splitlines()) is None:
                break
            time.sleep(0.05)
        return log.read_text("utf-8", "replace").splitlines(), self._serving.poll() or 0

    def stop(self) -> None:
        """Ctrl-C for what is serving; everything it started has to be gone then."""
        if self._serving is None:
            return
        serving, self._serving = self._serving, None
        serving.send_signal(signal.SIGINT)
        try:
            serving.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(serving.pid, signal.SIGKILL)
            serving.wait()
            raise AssertionError(f"{serving.args!r} did not stop on Ctrl-C") from None

    def close(self) -> None:
        self.stop()
        assert self._bash.stdin is not None
        self._bash.stdin.close()
        try:
            self._bash.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._bash.pid, signal.SIGKILL)
            self._bash.wait()


def _lines(descriptor: int, patience: float) -> Iterator[str]:
    """The lines that come in; ends with the stream, or when nothing comes for `patience` seconds."""
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while selector.select(patience):
            data = os.read(descriptor, 1 << 16)
            if not data:
                break
            *whole, rest = (rest + data).split(b"\n")
            yield from (line.decode("utf-8", "replace") for line in whole)


@contextmanager
def _shell(folder: Path) -> Iterator[_Shell]:
    shell = _Shell(folder)
    try:
        yield shell
    finally:
        shell.close()
