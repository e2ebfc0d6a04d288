"""Generation for 1, 10 and 100 domains: cold, after an edit of one file, and with nothing to do, beside the peers.

The peers on the same input: `buf generate` with protobuf-py's plugin for the messages, and datamodel-code-generator
for the types of each OpenAPI document. They make a part of what we make (no services, REST faces, events or clients).
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import synthetic

BIN = Path(sys.executable).parent
PEER_LIMIT = 10
"""Domains up to which datamodel-code-generator runs (about 2 s a document); `--full` runs it on all."""


def run(*, full: bool = False) -> None:
    """Print the table."""
    print("\nGeneration, wall seconds (CPU seconds); a domain has 10 RPCs, 10 REST operations and 5 events")
    print(
        f"{'domains':>7}  {'cold':>14} {'one edit':>14} {'no-op':>14}   {'buf generate':>14} {'datamodel-codegen':>18}"
    )
    for domains in (1, 10, 100):
        with tempfile.TemporaryDirectory(prefix="tenon-bench-") as folder:
            print(_row(Path(folder), domains, full=full), flush=True)


def _row(root: Path, domains: int, *, full: bool) -> str:
    synthetic.write(root, domains)
    generate = [str(BIN / "tenon"), "generate"]
    cold = _timed(generate, root)
    edited = root / "contracts/d000/v1/d000.proto"
    edited.write_text(edited.read_text().replace("One thing.", "One thing, edited."))
    edit = _timed(generate, root)
    idle = min(_timed(generate, root) for _ in range(3))
    (root / "buf.yaml").write_text("version: v2\nmodules: [{path: contracts}]\n")
    (root / "buf.gen.yaml").write_text(
        "version: v2\nplugins:\n  - local: protoc-gen-py\n    out: peer\n    strategy: all\n"
    )
    buf = _timed([str(BIN / "buf"), "generate"], root)
    peer = "not run (--full)"
    if full or domains <= PEER_LIMIT:
        documents = sorted(root.glob("contracts/*/v1/*.openapi.yaml"))
        spent = [
            _timed([str(BIN / "datamodel-codegen"), "--input", str(document), "--output", str(root / "models.py"),
                    "--formatters", "builtin", "--disable-timestamp", "--output-datetime-class", "datetime"], root)
            for document in documents
        ]  # fmt: skip
        peer = _cell((sum(wall for wall, _ in spent), sum(cpu for _, cpu in spent)))
    return f"{domains:>7}  {_cell(cold):>14} {_cell(edit):>14} {_cell(idle):>14}   {_cell(buf):>14} {peer:>18}"


def _cell(figures: tuple[float, float]) -> str:
    return f"{figures[0]:.2f} ({figures[1]:.2f})"


def _timed(command: list[str], folder: Path) -> tuple[float, float]:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    path = os.pathsep.join([str(BIN), os.environ.get("PATH", "")])
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - began, cpu


if __name__ == "__main__":
    run(full="--full" in sys.argv)
