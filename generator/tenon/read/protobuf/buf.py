"""Runs the protobuf compiler. It is given no way to the network, and no more than the tree."""

from __future__ import annotations

import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from tenon.finding import Finding
from tenon.lang.protobuf_python import FIELD_RULES
from tenon.read.protobuf import bounds, definitions
from tenon.read.protobuf.workspace import Module, modules
from tenon.read.tree import Tree

TIMEOUT = 60
"""Seconds a build may take; googleapis (over 6000 files) takes under 10 on two cores."""
_CPU_SECONDS, _CPU_SECONDS_PER_MB = 15, 6
_BYTES, _BYTES_PER_BYTE = 4 << 30, 250
"""What the compiler's process may use, measured twice over; the address space is mostly reserved, not used."""
_MAX_ERRORS = 100
"""Complaints of the compiler that are read."""
_CONTRACTS = "contracts"
"""The tree's copy in the compiler's folder."""


def executable() -> str:
    """The `buf` that belongs to this installation, else the one on the PATH."""
    beside = Path(sys.executable).with_name("buf")
    return str(beside) if beside.exists() else "buf"


def build(tree: Tree) -> tuple[bytes, list[Finding]]:
    """Compile every .proto file of `tree` to a serialised FileDescriptorSet with source positions.

    Empty bytes when there is nothing to compile or a finding says why it failed.
    """
    sources = list(tree.matching(".proto"))
    if not sources:
        return b"", []
    try:
        if findings := [finding for name, _ in sources for finding in _refused(tree, name)]:
            return b"", findings
        with tempfile.TemporaryDirectory(prefix="tenon-buf-") as scratch:
            return _compile(tree, sources, Path(scratch))
    except FileNotFoundError as error:
        if error.filename == executable():
            message = "the protobuf compiler `buf` is not here"
            return b"", [
                Finding(tree.location(sources[0][0]), "buf-missing", message, "install it: pip install buf-bin")
            ]
        return b"", [_unreadable(tree, error)]
    except OSError as error:
        return b"", [_unreadable(tree, error)]


def _refused(tree: Tree, name: str) -> Iterator[Finding]:
    if name.startswith("buf.yaml/"):
        yield Finding(tree.location(name), "file-name", "the folder has the name of the compiler's configuration",
                      "rename the folder")  # fmt: skip
    yield from bounds.check(tree, name)


def _unreadable(tree: Tree, error: OSError) -> Finding:
    name = os.path.relpath(os.fsdecode(error.filename), tree.root) if error.filename else ""
    return Finding(tree.location(name), "unreadable", f"cannot be read: {error.strerror}", "make it readable")


def _compile(tree: Tree, sources: list[tuple[str, Path]], scratch: Path) -> tuple[bytes, list[Finding]]:
    # The compiler sees a copy: only the files that the tree accepted, and no configuration but ours.
    workspace = scratch / "workspace"
    contracts = workspace / _CONTRACTS
    needs_rules = False
    for name, path in sources:
        content = path.read_bytes()
        needs_rules = needs_rules or definitions.imported(content)
        copy = contracts / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(content)
    own = modules(tree)
    inside = [module.inside(_CONTRACTS).as_json() for module in own]
    if needs_rules and not any(module.import_path(name) == FIELD_RULES for module in own for name, _ in sources):
        rules = workspace / definitions.FOLDER / FIELD_RULES
        rules.parent.mkdir(parents=True)
        rules.write_text(definitions.text())
        inside.append(Module(definitions.FOLDER).as_json())
    (workspace / "buf.yaml").write_text(json.dumps({"version": "v2", "modules": inside}))
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(scratch),
        "BUF_CACHE_DIR": f"{scratch}/cache",
        "GOMEMLIMIT": "768MiB",
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "HTTP_PROXY": "http://127.0.0.1:9",
    }
    image = scratch / "image.binpb"
    command = [executable(), "build", "--as-file-descriptor-set", "--error-format", "json", "-o", str(image)]
    at = tree.location(sources[0][0])
    size = sum(file.stat().st_size for file in workspace.rglob("*.proto"))
    code, lines = _run(command, workspace, environment, size)
    if code == 0:
        return image.read_bytes(), []
    if code is None:
        message = f"compiling took over {TIMEOUT} s"
        return b"", [Finding(at, "proto-timeout", message, "split the contracts, or look for a pathological file")]
    message = "the protobuf compiler failed: " + (lines[-1].strip() if lines else f"exit code {code}")
    return b"", _errors(tree, contracts, lines) or [
        Finding(at, "proto-compile", message, "run `buf build` on the folder")
    ]


def _run(command: list[str], folder: Path, environment: dict[str, str], size: int) -> tuple[int | None, list[str]]:
    """The exit code, None when it took too long, and the first lines of output. `size`: bytes to compile."""
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        _limit(process.pid, size)
        late = threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(TIMEOUT, end)
        timer.start()
        try:
            assert process.stdout is not None
            lines = [line.decode("utf-8", "replace") for line in itertools.islice(process.stdout, _MAX_ERRORS)]
            if len(lines) == _MAX_ERRORS:
                process.kill()
            code = process.wait()
        finally:
            timer.cancel()
            process.kill()
    return None if late.is_set() else code, lines


def _limit(process: int, size: int) -> None:
    """Bound a child's processor time and memory where the system can do that to a process that runs already."""
    if hasattr(resource, "prlimit"):
        seconds = _CPU_SECONDS + _CPU_SECONDS_PER_MB * size // 1_000_000
        memory = _BYTES + _BYTES_PER_BYTE * size
        try:
            resource.prlimit(process, resource.RLIMIT_CPU, (seconds, seconds))
            resource.prlimit(process, resource.RLIMIT_AS, (memory, memory))
        except (ProcessLookupError, PermissionError, ValueError):
            pass  # it has ended already, or an administrator has set a lower limit


def _errors(tree: Tree, contracts: Path, lines: list[str]) -> list[Finding]:
    found = []
    for line in lines:
        try:
            error = json.loads(line)
        except ValueError:
            continue
        if not isinstance(error, dict) or "message" not in error:
            continue
        name = _relative(contracts, str(error.get("path", "")))
        at = tree.location(name, int(error.get("start_line", 0)), int(error.get("start_column", 0)))
        message = str(error["message"])
        remedy = "correct the contract"
        if "no such file" in message or "does not exist" in message or "could not resolve" in message:
            remedy = "put the imported file into the contracts folder, under the path that the import names"
        found.append(Finding(at, "proto-compile", message, remedy))
    return found


def _relative(contracts: Path, path: str) -> str:
    """`path`, which the compiler names from the folder above `contracts`, as it is in the tree."""
    try:
        return (contracts.parent / path).resolve().relative_to(contracts.resolve()).as_posix()
    except ValueError:
        return path
