"""Sets up `.venv` at the root: every pinned package, then this repository's own two. Safe to repeat; stdlib only.

Says what is missing and how to get it, and does nothing when nothing changed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
MARK = VENV / ".installed"
LOCK = ROOT / "requirements" / "tenon.txt"
INPUTS = [LOCK, ROOT / "generator" / "pyproject.toml", ROOT / "runtime" / "pyproject.toml", Path(__file__)]


def main() -> int:
    """Exit code: 0 ready, 1 a step failed, 2 something must be installed first."""
    if missing := prerequisites():
        for line in missing:
            print(f"setup: {line}", file=sys.stderr)
        return 2
    wanted = fingerprint()
    if MARK.is_file() and MARK.read_text() == wanted:
        return 0
    started = time.monotonic()
    MARK.unlink(missing_ok=True)
    if not (VENV / "bin" / "python").exists():
        step("making .venv", [sys.executable, "-m", "venv", str(VENV)])
    python = str(VENV / "bin" / "python")
    uv = find_uv(python)
    if uv:
        step("installing packages", [uv, "pip", "sync", "--quiet", "--python", python, "--require-hashes", str(LOCK)])
        own = [uv, "pip", "install", "--quiet", "--python", python]
    else:
        step("installing packages", [python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(LOCK)])
        own = [python, "-m", "pip", "install", "--quiet"]
    step("installing tenon", [*own, "--no-deps", "--no-build-isolation", "-e", "runtime", "-e", "generator"])
    MARK.write_text(wanted)
    print(f"setup: ready in {time.monotonic() - started:.0f} s", file=sys.stderr)
    return 0


def prerequisites() -> list[str]:
    """What this machine lacks, each with its remedy."""
    missing = []
    if sys.version_info < (3, 11):  # noqa: UP036  (this file is what tells an older Python so)
        found = ".".join(map(str, sys.version_info[:3]))
        missing.append(f"Python 3.11 or later is needed, this is {found}. Debian 12: apt-get install python3")
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        missing.append("Python's venv module is missing. Debian: apt-get install python3-venv")
    return missing


def find_uv(python: str) -> str | None:
    """uv from the PATH, else put into the environment; without it pip does the same, slower."""
    if found := shutil.which("uv"):
        return found
    beside = VENV / "bin" / "uv"
    if not beside.exists():
        subprocess.run([python, "-m", "pip", "install", "--quiet", "uv"], cwd=ROOT, check=False)
    return str(beside) if beside.exists() else None


def step(title: str, command: list[str]) -> None:
    """Run one step, saying what it is; on failure say how to see more."""
    print(f"setup: {title} …", file=sys.stderr, flush=True)
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    environment.pop("VIRTUAL_ENV", None)
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    if done.returncode:
        print(f"setup: failed: {' '.join(command)}", file=sys.stderr)
        print("setup: is the package index reachable? Remove .venv to start over.", file=sys.stderr)
        sys.exit(1)


def fingerprint() -> str:
    """What the environment was made from."""
    digest = hashlib.sha256(sys.version.encode())
    for path in INPUTS:
        digest.update(path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
