"""The real command on hostile contracts: an answer in seconds and within a gigabyte, and no way to the network."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from generator.tests.hostile.harness import put
from generator.tests.hostile.payloads import CODE, TEXT
from generator.tests.hostile.protobuf_places import contract
from generator.tests.hostile.test_bombs import JSON, PROTO, YAML

MEMORY = 1_000_000
"""Kilobytes."""
CPU = 5.0
"""Seconds of processor time, all children's included."""
_FENCE = """
import sys
def hook(event, args):
    if event.startswith(("socket.connect", "socket.getaddrinfo", "socket.bind", "os.system", "ctypes.")):
        raise SystemExit(f"reached for {event}")
sys.addaudithook(hook)
from tenon.cli import main
sys.exit(main())
"""


def tenon(folder: Path, seconds: float = CPU) -> tuple[int, dict[str, Any], str]:
    """`tenon generate` on ``folder/contracts``: the exit code, its answer and its complaints, within the bounds."""
    environment = {**os.environ, "TENON_CANARY": str(folder / "canary"), "NO_COLOR": "1"}
    out, error = folder / "stdout", folder / "stderr"
    with out.open("w") as stdout, error.open("w") as stderr:
        process = os.posix_spawn(
            sys.executable,
            [
                sys.executable,
                "-c",
                _FENCE,
                "generate",
                "--contracts",
                str(folder / "contracts"),
                "--out",
                str(folder / "out"),
                "--format",
                "json",
            ],
            environment,
            file_actions=[(os.POSIX_SPAWN_DUP2, stdout.fileno(), 1), (os.POSIX_SPAWN_DUP2, stderr.fileno(), 2)],
        )
        _, status, usage = os.wait4(process, 0)
    assert usage.ru_maxrss < MEMORY, f"{usage.ru_maxrss} KB"
    assert usage.ru_utime + usage.ru_stime < seconds, f"{usage.ru_utime + usage.ru_stime:.1f} s"
    return os.waitstatus_to_exitcode(status), json.loads(out.read_text()), error.read_text()


def _files() -> dict[str, dict[str, str | bytes]]:
    yaml = ("aliases", "wide-aliases", "depth", "deep-blocks", "unclosed", "object", "twice-often", "huge-integer",
            "long-line", "many-documents", "few-merges")  # fmt: skip
    proto = ("nesting", "comment-open", "one-line", "errors", "statements", "messages", "climbing-import", "url-import",
             "latin-1", "recursive")  # fmt: skip
    head = 'syntax = "proto3"; package x.v1;\n'
    return {
        **{f"yaml-{name}": {"x.openapi.yaml": YAML[name][0]} for name in yaml},
        **{f"json-{name}": {"x.openapi.json": JSON[name][0].encode("latin-1")} for name in JSON},
        **{f"proto-{name}": {"x.proto": (head + PROTO[name][0]()).encode("latin-1")} for name in proto},
        **{f"text-{name}": dict(contract(place, {name: TEXT[name]}))
           for place, name in (("method-comment", "triple"), ("message-comment", "break-cr"), ("owner", "expression"))},
        "names": {f"{CODE.replace('/', '')}.proto": head, "a'b\".proto": head + "message M {}", "a\x1b[2J.proto": head},
    }  # fmt: skip


CASES = _files()


@pytest.mark.parametrize("name", CASES)
def test_an_answer_within_bounds(tmp_path: Path, name: str) -> None:
    put(tmp_path / "contracts", CASES[name])
    code, answer, error = tenon(tmp_path)
    assert "Traceback" not in error + json.dumps(answer)
    assert code == (0 if answer["ok"] else 1)
    assert error.isprintable() or not set(error) & set("\x1b\x00\r\x07")
    for finding in answer["findings"]:
        assert finding["at"]["file"].startswith("contracts/")
        assert finding["message"] and finding["remedy"] and finding["rule"]
    assert answer["ok"] or answer["findings"]
    assert {path.name for path in tmp_path.iterdir()} <= {"contracts", "out", "stdout", "stderr"}


def test_ten_megabytes_are_read(tmp_path: Path) -> None:
    """The benign twin of all that is refused for its size. (It may take longer.)"""
    schema = {"type": "object", "properties": {f"p{i}": {"type": "string", "description": "x" * 80} for i in range(30)}}
    schemas = {f"S{i}": schema for i in range(2500)}
    info = {"title": "t", "version": "1"}
    text = json.dumps({"openapi": "3.1.0", "info": info, "paths": {}, "components": {"schemas": schemas}})
    assert len(text) > 8_000_000
    put(tmp_path / "contracts", {"x.openapi.json": text})
    code, answer, _ = tenon(tmp_path, 60.0)
    assert (code, answer["findings"]) == (0, [])
