"""Protobuf to Python: each feature of the language as a small contract and what becomes of it."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tenon import pipeline
from tenon.config import Config
from tenon.write import Manifest, write

from generator.tests.rest.golden import ROOT, cases, check

HERE = Path(__file__).parent
_NAMES = ("__init__.py", "service.py", "client.py", "context.py")
"""The message modules are the pinned plugin's own, and as long as they are; they are compiled, not compared."""


@pytest.mark.parametrize("case", cases(HERE), ids=lambda case: case.name)
def test_case(case: Path, tmp_path: Path) -> None:
    check(case, _NAMES, tmp_path)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All cases as one tree of contracts, generated; the folder to import from."""
    root = tmp_path_factory.mktemp("protobuf")
    for case in cases(HERE):
        for path in (case / "contracts").rglob("*.proto"):
            target = root / "contracts" / path.relative_to(case / "contracts")
            assert not target.exists(), f"{target.name} is in two cases: give one another name"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    made = pipeline.generate(root / "contracts", Config(), "contracts")
    assert not write(root, made.files, Manifest(), lambda files: pipeline.judge(iter(files))).findings
    return root / "generated" / "python"


def test_every_case_is_typed(everything: Path) -> None:
    cache = ROOT / ".tenon" / "mypy"
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", str(cache), "-p", "api"]
    environment = {**os.environ, "MYPYPATH": str(ROOT / "runtime")}
    done = subprocess.run(command, cwd=everything, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout + done.stderr == ""


def test_every_case_runs(everything: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages survive a round trip, and a service that is filled in starts with the table that the contract gives."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(everything))
    hidden = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == "api"}
    try:
        nested = importlib.import_module("api.nested.v1")
        outer = nested.Outer(by_name={"a": nested.Outer.Inner(innermost=nested.Outer.Inner.Innermost(id="1"))})
        assert nested.Outer.from_binary(outer.to_binary()) == outer
        streaming = importlib.import_module("api.streaming.v1")
        kinds = {method.name: (method.attr, method.kind.value) for method in streaming.Streams.spec.methods}
        assert kinds == {
            "Unary": ("unary", "unary"),
            "Down": ("down", "server_stream"),
            "Up": ("up", "client_stream"),
            "Both": ("both", "bidi_stream"),
        }
        with pytest.raises(TypeError, match="abstract methods"):
            streaming.Streams()
        modern = importlib.import_module("api.editions.v1")
        delimited = modern.Delimited(modern=modern.Modern(id="1", key="k"))
        assert delimited.to_binary() == b"\x0b\n\x011\x1a\x01k\x0c"  # start group, end group
        old = importlib.import_module("api.proto2.v1")
        assert [method.name for method in old.Olds.spec.methods] == ["Get"]
    finally:
        for name in set(sys.modules) - before:
            if name.partition(".")[0] == "api":
                del sys.modules[name]
        sys.modules.update(hidden)


def test_only_what_holds_a_group_is_left_out(tmp_path: Path) -> None:
    made = pipeline.generate(HERE / "cases" / "proto2" / "contracts", Config(), "contracts")
    refused = [(finding.rule, finding.severity.name, finding.at.symbol) for finding in made.findings]
    assert refused == [
        ("proto-group", "UNSUPPORTED", "proto2.v1.Olds.Search"),
        ("proto-group", "UNSUPPORTED", "proto2.v1.Olds.Find"),
    ]
    assert all(finding.at.line for finding in made.findings)


def test_comments_are_found_as_the_plugin_finds_them(everything: Path) -> None:
    """Our quick way and the plugin's own, for every element of every case."""
    from protobuf.plugin import get_comments
    from protobuf.wkt import FileDescriptorSet
    from tenon.emit.messages.comments import Comments
    from tenon.read.protobuf import buf
    from tenon.read.tree import Tree

    image, findings = buf.build(Tree.scan(everything.parents[1] / "contracts", "contracts"))
    assert not findings
    quickly, seen = Comments(), 0
    for file in FileDescriptorSet.from_binary(image).to_registry():
        for message in getattr(file, "messages", [file] if hasattr(file, "fields") else []):
            for element in (message, *message.fields, *message.oneofs):
                assert quickly(element).lines() == get_comments(element).lines()
                seen += 1
    assert seen > 50
