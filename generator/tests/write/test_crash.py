"""A fault of Tenon's own is a finding: it says where it was, writes nothing, and shows its traceback to who asks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tenon.emit.messages
import tenon.pipeline
import tenon.read.openapi
import tenon.write
from tenon import cli
from tenon.file import File
from tenon.model.graph import Model
from tenon.read.tree import Tree

PROTO = 'syntax = "proto3";\npackage shop.v1;\nmessage Thing { string id = 1; }\n'
REST = "openapi: 3.1.0\ninfo: {title: Shop, version: '1'}\npaths: {}\n"


class Unexpected(Exception):
    """What nobody thought of."""


def _reader(tree: Tree) -> Any:
    for name, _ in tree.matching(".yaml"):
        raise Unexpected(f"no idea what to do with {len(name)} characters")


def _resolver(*_: Any, **__: Any) -> Any:
    raise Unexpected


def _emitter(model: Model) -> Iterator[File]:
    message = next(m for m in model.protobuf.messages if m.name.startswith("shop"))
    raise Unexpected(message.name)
    yield


def _hungry(tree: Tree) -> Any:
    raise MemoryError


def _writer(*_: Any, **__: Any) -> Any:
    raise Unexpected("half way")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "contracts" / "shop" / "v1"
    folder.mkdir(parents=True)
    (folder / "shop.proto").write_text(PROTO)
    (folder / "shop.openapi.yaml").write_text(REST)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TENON_DEBUG", raising=False)
    return tmp_path


FAULTS: dict[str, tuple[Any, str, Any, str, str]] = {
    "reader": (tenon.read.openapi, "read", _reader, "contracts/shop/v1/shop.openapi.yaml", "reading openapi"),
    "resolver": (tenon.pipeline, "resolve", _resolver, "contracts", "resolving"),
    "emitter": (tenon.emit.messages, "emit", _emitter, "contracts/shop/v1/shop.proto:3:1", "emitting messages"),
    "writer": (tenon.write, "_format", _writer, "contracts", "writing"),
    "memory": (tenon.read.openapi, "read", _hungry, "contracts", "memory ran out while reading openapi"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("command", ["generate", "check"])
def test_a_fault_is_a_finding(
    fault: str, command: str, repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module, name, broken, place, words = FAULTS[fault]
    monkeypatch.setattr(module, name, broken)
    arguments = [command, *(["contracts"] if command == "check" else [])]
    assert cli.main(arguments) == 1
    text = "".join(capsys.readouterr())
    assert f"{place}" in text and words in text and "[internal-error]" in text
    assert "Traceback" not in text
    assert ("report it" in text) == (fault != "memory")
    assert not (repository / "generated").exists()

    assert cli.main([*arguments, "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_the_environment_asks_for_the_traceback_too(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tenon.read.openapi, "read", _reader)
    monkeypatch.setenv("TENON_DEBUG", "1")
    assert cli.main(["generate", "--format", "json"]) == 1
    printed = capsys.readouterr()
    assert "in _reader" in printed.err
    (finding,) = json.loads(printed.out)["findings"]
    assert finding["rule"] == "internal-error"


def test_nothing_of_the_fault_is_remembered(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(tenon.emit.messages, "emit", _emitter)
        assert cli.main(["generate"]) == 1
    assert cli.main(["generate"]) == 0
    assert (repository / "generated").is_dir()


def test_an_interruption_is_none(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(tree: Tree) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(tenon.read.openapi, "read", interrupted)
    assert cli.main(["generate"]) == 130
    assert "internal-error" not in capsys.readouterr().err


def test_commands_that_do_not_generate_say_so_too(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "tenon.toml").write_text("")
    monkeypatch.setattr(tenon.read.openapi, "read", _reader)
    monkeypatch.setenv("TENON_DEBUG", "1")
    assert cli.main(["add", "field", "shop.v1.Thing", "name:string"]) == 1
    printed = capsys.readouterr().err
    assert "reading openapi" in printed and "report it" in printed and "Traceback" in printed
