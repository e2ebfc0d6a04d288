"""What `buf breaking` says of the two sides."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

from tenon.gate.kinds.protobuf.pairs import Complaint
from tenon.gate.kinds.protobuf.side import Side
from tenon.read.protobuf import buf
from tenon.source import Location

CATEGORIES = ("PACKAGE", "WIRE_JSON")
"""Of FILE only what PACKAGE has too: a message that moves to another file of its package hurts nobody."""
_MAX_COMPLAINTS = 5000
_FOUND = 100
"""The exit code for: there are complaints."""


def complaints(old: Side, new: Side) -> list[Complaint] | None:
    """The complaints about own files in their order, or None where buf did not run."""
    config = json.dumps({"version": "v2", "breaking": {"use": CATEGORIES}})
    with tempfile.TemporaryDirectory(prefix="tenon-buf-") as scratch:
        for name, side in (("old", old), ("new", new)):
            Path(scratch, f"{name}.binpb").write_bytes(side.image)
        command = [buf.executable(), "breaking", "new.binpb", "--against", "old.binpb", "--config", config,
                   "--error-format", "json"]  # fmt: skip
        environment = {
            "PATH": os.environ.get("PATH", ""), "HOME": scratch, "BUF_CACHE_DIR": f"{scratch}/cache",
            "GOMEMLIMIT": "768MiB", "HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9",
        }  # fmt: skip
        try:
            done = subprocess.run(
                command, cwd=scratch, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False,
                timeout=buf.TIMEOUT,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            return None
    if done.returncode not in (0, _FOUND):
        return None
    found = [_complaint(old, new, line) for line in done.stdout.splitlines()[:_MAX_COMPLAINTS]]
    return [each for each in found if each is not None]


def _complaint(old: Side, new: Side, line: bytes) -> Complaint | None:
    try:
        said = json.loads(line)
    except ValueError:
        return None
    path = str(said.get("path", ""))
    side = new if path in new.own else old
    if path and path not in side.own:
        return None
    name = side.own.get(path, path)
    where = (side.label if side is old else "") + (f"{side.prefix}/{name}" if side.prefix else name)
    at = Location(where, int(said.get("start_line", 0)), int(said.get("start_column", 0)))
    return Complaint(str(said.get("type", "")), str(said.get("message", "")).rstrip("."), at)
