"""What `tenon_core` gains: the same definitions in Python and in Rust, CPU time per call, interleaved.

The module is built by maturin outside of the tree, where the Rust tests build too, and anew only when its sources have
changed. `runtime/tests/native` uses it as well.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import importlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from bench import calls

ROOT = Path(__file__).resolve().parent.parent
CRATE = ROOT / "rust" / "crates" / "tenon-core"
ROUNDS, SECONDS = 9, 0.02
_KEY = "0190c2f6-6f0e-7d3a-a1b2-c3d4e5f60718"
_HEADER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
_BODY = {
    "handle": "ada",
    "displayName": "Ada Lovelace",
    "links": ["https://example.org/a", "https://example.org/b"],
    "born": 1815,
    "score": 2.5,
    "tags": {"verified": True, "note": None},
}


def build() -> Path:
    """The folder to put on the path for `tenon_core`. Needs cargo; raises RuntimeError with what the build said."""
    chosen = os.environ.get("CARGO_TARGET_DIR")
    target = Path(chosen) if chosen else Path.home() / ".cache" / "tenon" / "target"
    home = target / "native" / hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]
    built = home / _fingerprint()
    if built.is_dir():
        return built
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home) as folder:
        done = subprocess.run(
            [sys.executable, "-m", "maturin", "build", "--release", "--locked", "--quiet",
             "--interpreter", sys.executable, "--manifest-path", str(CRATE / "Cargo.toml"), "--out", folder],
            cwd=ROOT, env={**os.environ, "CARGO_TARGET_DIR": str(target)}, check=False, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr)
        (wheel,) = Path(folder).glob("*.whl")
        unpacked = Path(folder) / "unpacked"
        zipfile.ZipFile(wheel).extractall(unpacked)
        if not built.is_dir():  # another test run may have been quicker
            unpacked.rename(built)
    for old in home.iterdir():
        if old != built and not old.name.startswith("tmp"):
            shutil.rmtree(old, ignore_errors=True)
    return built


@functools.cache
def load() -> ModuleType:
    """The module, built; nobody else who imports `tenon_core` is given it."""
    path = str(build())
    sys.path.insert(0, path)
    try:
        return importlib.import_module("tenon_core")
    finally:
        sys.path.remove(path)
        for name in [name for name in sys.modules if name.partition(".")[0] == "tenon_core"]:
            del sys.modules[name]


def _fingerprint() -> str:
    digest = hashlib.sha256()
    sources = [path for path in (ROOT / "rust" / "crates").rglob("*") if path.is_file()]
    for path in [ROOT / "Cargo.toml", ROOT / "Cargo.lock", *sorted(sources)]:
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def run() -> None:
    """Print the table."""
    if shutil.which("cargo") is None:
        print("\nnative: no cargo: install Rust with https://rustup.rs")
        return
    from tenon_runtime import native
    from tenon_runtime.host.rest import document, strict_json

    core = load()
    rust, python = native.in_rust(core), native.PYTHON
    assert rust.parse_json is not None
    small, large = json.dumps(_BODY).encode(), json.dumps([_BODY] * 100).encode()
    rows: list[tuple[str, Callable[..., Any], Callable[..., Any], tuple[Any, ...]]] = [
        ("slot of a key", python.slot_of, rust.slot_of, (_KEY,)),
        ("traceparent", python.traceparent, rust.traceparent, (_HEADER,)),
        ("grpc-timeout", python.timeout_seconds, rust.timeout_seconds, (b"1500m", True)),
        ("ce-subject, ASCII", python.escape_subject, rust.escape_subject, (_KEY,)),
        ("ce-subject, other", python.escape_subject, rust.escape_subject, ("zoë/1",)),
        ("key of ce-subject", python.key_of_subject, rust.key_of_subject, (_KEY,)),
        (f"strict JSON, {len(small)} B", strict_json.in_python, rust.parse_json, (small,)),
        (f"strict JSON, {len(large) // 1000} kB", strict_json.in_python, rust.parse_json, (large,)),
        ("part of a JSON pointer", document.escape, core.escape_pointer, ("links/0",)),
    ]
    print(f"\nThe same in Python and in Rust: CPU, µs per call (median of {ROUNDS} interleaved rounds)")
    print(f"{'definition':<24} {'Python':>9} {'Rust':>9}   gain")
    for name, ours, theirs, given in rows:
        assert ours(*given) == theirs(*given)
        pairs = [(_cost(ours, given), _cost(theirs, given)) for _ in range(ROUNDS)]
        before, after = (statistics.median(side) for side in zip(*pairs, strict=True))
        print(f"{name:<24} {before:>9.2f} {after:>9.2f}   {before / after:.1f}x")
    _whole_call()


def _whole_call() -> None:
    """The same service with and without: server CPU of a REST call, where the body is read as strict JSON."""
    servers = [calls.start("tenon rest"), calls.start("tenon rest", build())]
    try:
        rounds = [[asyncio.run(calls.cost(server, calls.CALLS, 32)) for server in servers] for _ in range(ROUNDS)]
    finally:
        for server in servers:
            server.process.kill()
            server.process.wait()
    before, after = (statistics.median(side) for side in zip(*rounds[1:], strict=True))
    print(f"{'a whole REST call':<24} {before:>9.0f} {after:>9.0f}   {before / after:.2f}x")


def _cost(function: Callable[..., Any], given: tuple[Any, ...]) -> float:
    """Microseconds of CPU per call, the loop's own included."""
    calls, spent = 1, 0.0
    while spent < SECONDS:
        calls *= 2
        start = time.process_time()
        for _ in range(calls):
            function(*given)
        spent = time.process_time() - start
    return spent / calls * 1e6


if __name__ == "__main__":
    run()
