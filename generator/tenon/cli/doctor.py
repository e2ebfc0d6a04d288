"""`tenon doctor`."""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import locale
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from tenon.cli.console import Console

HELP = """\
What this machine has, what is missing, and how to get it. The embedded engines are really started, and stopped again.

exit codes: 0 `make demo` and `make test` can run · 1 something that they need is missing
"""

MIN_PYTHON = (3, 11)
MIN_FREE = 2 << 30
"""Bytes: the environment takes one GB, data of tests the rest."""
_VERSION = re.compile(r"\d+\.\d+(?:\.\d+)?")
_SECONDS = 60
"""Until a program or an engine that does not answer is taken as broken."""
_PORTS = 16


@dataclass(frozen=True, slots=True)
class Check:
    """One thing: `found` says what is there, `remedy` how to get it when it is not."""

    name: str
    ok: bool
    required: bool
    found: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Program:
    """A program on the path. `why` says what it is for, `remedy` how Debian gets it."""

    name: str
    required: bool
    why: str
    remedy: str
    arguments: tuple[str, ...] = ("--version",)


PROGRAMS = (
    Program("make", True, "runs the two commands", "apt-get install make"),
    Program("bash", True, "make's shell", "apt-get install bash"),
    Program("git", False, "compares contracts with released ones", "apt-get install git"),
    Program("uv", False, "installs in seconds instead of minutes", "pip install uv (setup tries it by itself)"),
    Program("cargo", False, "builds Rust services; without it their tests are skipped",
            "https://rustup.rs, or apt-get install cargo"),
    Program("rustfmt", False, "formats generated Rust", "rustup component add rustfmt, or apt-get install rustfmt"),
    Program("node", False, "runs TypeScript clients", "apt-get install nodejs npm"),
    Program("promtool", False, "tests alert rules; without it those tests are skipped",
            "apt-get install --no-install-recommends prometheus"),
)  # fmt: skip


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-engines", action="store_true", help="do not start the engines")


def run(args: argparse.Namespace, console: Console) -> int:
    root = Path.cwd()
    checks: list[Callable[[], Check]] = [_python, _venv, _buf]
    checks += [partial(_program, program) for program in PROGRAMS]
    checks += [lambda: _writable(root), _temporary, lambda: _space(root), _ports, _locale]
    if not args.no_engines:
        checks += [_postgres, _nats]
    with console.progress("looking around"), ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda check: check(), checks))
    ok = all(check.ok or not check.required for check in found)
    console.result({"ok": ok, "checks": [asdict(check) for check in found]})
    for check in found:
        word, hue = ("ok", "green") if check.ok else ("MISSING", "red") if check.required else ("absent", "yellow")
        console.say(f"{check.name:<10} {console.paint(word, hue):<7} {check.found}")
        if not check.ok and check.remedy:
            console.say(f"           {console.paint('get it:', 'blue')} {check.remedy}")
    verdict = "make demo and make test can run" if ok else "make demo and make test cannot run yet"
    console.say(console.paint(verdict, "green" if ok else "red"))
    return 0 if ok else 1


def _python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    return Check("python", sys.version_info >= MIN_PYTHON, True, f"{found} ({sys.executable})",
                 "Debian 12: apt-get install python3")  # fmt: skip


def _venv() -> Check:
    missing = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
    found = f"no module {' and '.join(missing)}" if missing else "venv and ensurepip"
    return Check("venv", not missing, True, found, "apt-get install python3-venv")


def _buf() -> Check:
    from tenon.read.protobuf.buf import executable

    version = _answer([executable(), "--version"])
    return Check("buf", version is not None, True, version or "not found", "make setup (it comes with pip: buf-bin)")


def _program(program: Program) -> Check:
    path = shutil.which(program.name)
    version = _answer([path, *program.arguments]) if path else None
    found = f"{version} ({path})" if version else f"{program.name} does not start" if path else program.why
    return Check(program.name, version is not None, program.required, found, program.remedy)


def _answer(command: list[str]) -> str | None:
    """The version that a program names; None when it does not run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode:
        return None
    match = _VERSION.search(done.stdout + done.stderr)
    return match[0] if match else "unknown version"


def _writable(root: Path) -> Check:
    ok = _can_write(root)
    return Check("folder", ok, True, f"{root} {'is' if ok else 'is not'} writable", f"chown -R $USER {root}")


def _temporary() -> Check:
    folder = tempfile.gettempdir()
    if not _can_write(Path(folder)):
        return Check("temp", False, True, f"{folder} is not writable", "export TMPDIR=/tmp")
    # A unix socket's path has at most 107 bytes (man 7 unix); ours take up to 60 behind the folder.
    ok = len(folder) <= 47
    return Check("temp", ok, True, folder if ok else f"{folder} is too long for unix sockets", "export TMPDIR=/tmp")


def _can_write(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
    except OSError:
        return False
    return True


def _space(root: Path) -> Check:
    free = min(shutil.disk_usage(place).free for place in (root, tempfile.gettempdir()))
    return Check("space", free >= MIN_FREE, True, f"{free / (1 << 30):.1f} GB free", "free 2 GB, or set TMPDIR")


def _ports() -> Check:
    held: list[socket.socket] = []
    try:
        for _ in range(_PORTS):
            held.append(socket.create_server(("127.0.0.1", 0)))
        return Check("ports", True, True, f"{_PORTS} free ones on 127.0.0.1")
    except OSError as error:
        return Check("ports", False, True, f"cannot listen on 127.0.0.1: {error.strerror}", "ip link set lo up")
    finally:
        for each in held:
            each.close()


def _locale() -> Check:
    found = locale.getpreferredencoding(False)
    name = os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG") or "C"
    ok = found.replace("-", "").lower() == "utf8"
    return Check("locale", ok, False, f"{name}, {found}", "export LC_ALL=C.UTF-8")


def _postgres() -> Check:
    from tenon_runtime.engines import Postgres

    async def start(folder: Path) -> str:
        import psycopg

        async with (
            Postgres(folder / "pg") as engine,
            await psycopg.AsyncConnection.connect(await engine.url("doctor")) as connection,
        ):
            row = await (await connection.execute("SHOW server_version")).fetchone()
        return f"PostgreSQL {row[0] if row else '?'} starts"

    return _engine("postgres", start)


def _nats() -> Check:
    from tenon_runtime.engines import Nats

    async def start(folder: Path) -> str:
        import nats

        async with Nats(folder / "nats") as engine:
            connection = await nats.connect(engine.url)
            version = _VERSION.search(str(connection.connected_server_version))
            await connection.close()
        return f"NATS {version[0] if version else '?'} starts"

    return _engine("nats", start)


def _engine(name: str, start: Callable[[Path], Awaitable[str]]) -> Check:
    """Start an engine as `make demo` does, in a folder that goes away again."""
    remedy = f"read the message; or use a real one: TENON_{name.upper()}_URL"
    with tempfile.TemporaryDirectory(prefix="tenon-doctor-") as folder:
        os.chmod(folder, 0o755)  # the server is never root

        async def bounded() -> str:
            async with asyncio.timeout(_SECONDS):
                return await start(Path(folder))

        try:
            return Check(name, True, True, asyncio.run(bounded()))
        except Exception as error:  # whatever it is, the person has to know
            words = str(error).strip().splitlines() or [type(error).__name__]
            return Check(name, False, True, words[0], remedy)
