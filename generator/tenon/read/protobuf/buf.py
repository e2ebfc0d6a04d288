"""Runs the protobuf compiler. It is given no way to the network, and no more than the tree."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tenon.finding import Finding
from tenon.model.text import forbidden
from tenon.read.tree import Tree

TIMEOUT = 60
"""Seconds a build may take; googleapis (over 6000 files) takes under 10 on two cores."""
MAX_NESTING = 100
"""Brackets that may be open at once in a file: the compiler recurses per level. Hand-written files stay under 10."""
MAX_PER_FILE = 100
"""Complaints about characters in one file."""

_TOKEN = re.compile(
    rb"""//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?|"(?:[^"\\\n]|\\.)*+"?|'(?:[^'\\\n]|\\.)*+'?|[{}<>\[\]()]""", re.DOTALL
)
"""Comments, literals and brackets. What is not closed ends with the line or file: nothing is scanned twice."""


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
    if findings := [finding for name, path in sources for finding in _refused(tree, name, path)]:
        return b"", findings
    with tempfile.TemporaryDirectory(prefix="tenon-buf-") as scratch:
        # The compiler sees a copy: only the files that the tree accepted, and no configuration but ours.
        workspace = Path(scratch, "contracts")
        for name, path in sources:
            copy = workspace / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        (workspace / "buf.yaml").write_text(json.dumps(_config(tree)))
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": scratch,
            "BUF_CACHE_DIR": f"{scratch}/cache",
            "GOMEMLIMIT": "768MiB",
            "HTTPS_PROXY": "http://127.0.0.1:9",
            "HTTP_PROXY": "http://127.0.0.1:9",
        }
        image = Path(scratch, "image.binpb")
        command = [executable(), "build", "--as-file-descriptor-set", "--error-format", "json", "-o", str(image)]
        at = tree.location(sources[0][0])
        try:
            done = subprocess.run(
                command, cwd=workspace, env=environment, capture_output=True, timeout=TIMEOUT, check=False
            )
        except FileNotFoundError:
            message = "the protobuf compiler `buf` is not here"
            return b"", [Finding(at, "buf-missing", message, "install it: pip install buf-bin")]
        except subprocess.TimeoutExpired:
            message = f"compiling took over {TIMEOUT} s"
            return b"", [Finding(at, "proto-timeout", message, "split the contracts, or look for a pathological file")]
        if done.returncode == 0:
            return image.read_bytes(), []
        message = "the protobuf compiler failed: " + _last_line(done.stderr)
        return b"", _errors(tree, workspace, done.stdout + done.stderr) or [
            Finding(at, "proto-compile", message, "run `buf build` on the folder")
        ]


def _config(tree: Tree) -> dict[str, Any]:
    """The modules of the tree's own workspace, without its dependencies: those would be fetched."""
    workspace = tree.files.get("buf.yaml")
    modules: list[dict[str, Any]] = []
    if workspace is not None and workspace.stat().st_size < 100_000:
        for match in re.finditer(
            r"^\s*-\s+path:\s*['\"]?([A-Za-z0-9_./-]+)['\"]?\s*$", workspace.read_text("utf-8", "replace"), re.M
        ):
            path = match[1].strip("/") or "."
            if ".." not in path.split("/") and (path == "." or any(n.startswith(f"{path}/") for n in tree.files)):
                modules.append({"path": path})
    return {"version": "v2", "modules": modules} if modules else {"version": "v2"}


def _refused(tree: Tree, name: str, path: Path) -> Iterator[Finding]:
    """What the compiler is not even shown: text that no contract may hold, and nesting that would exhaust it."""
    content = path.read_bytes()
    if name.startswith("buf.yaml/"):
        yield Finding(tree.location(name), "file-name", "the folder has the name of the compiler's configuration",
                      "rename the folder")  # fmt: skip
    suspects = ((number, forbidden(line)) for number, line in enumerate(_suspicious(content), 1))
    for number, words in itertools.islice((each for each in suspects if each[1]), MAX_PER_FILE):
        yield Finding(tree.location(name, number), "forbidden-text", f"the line contains {words}",
                      "remove the character")  # fmt: skip
    depth = 0
    for match in _TOKEN.finditer(content):
        token = match[0]
        if token in b"{<[(":
            depth += 1
            if depth > MAX_NESTING:
                line = content.count(b"\n", 0, match.start()) + 1
                yield Finding(tree.location(name, line), "too-deep", f"more than {MAX_NESTING} levels of nesting",
                              "flatten the contract")  # fmt: skip
                return
        elif token in b"}>])":
            depth = max(depth - 1, 0)


def _suspicious(content: bytes) -> list[str]:
    """The lines of a file, if it may hold forbidden text at all. What is not UTF-8 is the compiler's to report."""
    if content.isascii() and b"\0" not in content:
        return []
    return content.decode("utf-8", "replace").split("\n")


def _errors(tree: Tree, workspace: Path, output: bytes) -> list[Finding]:
    found = []
    for line in output.decode("utf-8", "replace").splitlines():
        try:
            error = json.loads(line)
        except ValueError:
            continue
        if not isinstance(error, dict) or "message" not in error:
            continue
        name = _relative(workspace, str(error.get("path", "")))
        at = tree.location(name, int(error.get("start_line", 0)), int(error.get("start_column", 0)))
        message = str(error["message"])
        remedy = "correct the contract"
        if "no such file" in message or "does not exist" in message or "could not resolve" in message:
            remedy = "put the imported file into the contracts folder, under the path that the import names"
        found.append(Finding(at, "proto-compile", message, remedy))
    return found


def _relative(workspace: Path, path: str) -> str:
    try:
        return (workspace / path).resolve().relative_to(workspace.resolve()).as_posix()
    except ValueError:
        return path


def _last_line(output: bytes) -> str:
    return (output.decode("utf-8", "replace").strip().splitlines() or ["no message"])[-1]
