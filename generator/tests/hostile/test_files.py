"""Names of files and folders: what is made of them is a plain name inside the output, or a finding."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from generator.tests.hostile.harness import imported, run

_PROTO = 'syntax = "proto3"; package p{0}.v1; message M {{ string a = 1; }}\n'
_OPENAPI = (
    "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {/a: {get: {responses: {'200': {description: x}}}}}\n"
)
_ASYNCAPI = (
    "asyncapi: 3.0.0\ninfo: {title: t, version: '1'}\n"
    "channels: {a: {address: a, messages: {m: {payload: {type: string}}}}}\n"
)

ODD = [
    "with space", " leading", "trailing ", "tab\tbed", "-rf", "--out=x", "...", "..x", "x..", ".hidden", "~", "$HOME",
    "`id`", "$(id)", "a;b", "a&b", "a|b", "a>b", "a<b", "a*b", "a?b", "[a]", "{a}", "{{ 7 * 7 }}", "%s", "%2e%2e",
    "a:b", "C:", "a#b", "a@b", "a!b", "a'b", 'a"b', '"""', "a\\b", "a,b", "a=b", "a+b", "é", "中", "\u0130", "\uff41",
    "\U0001f600", "__init__", "__main__", "__pycache__", "con", "NUL", "aux", "com1", "class", "import", "api", "_pb",
    "service", "types", "1st", "0", "-", "_", "x" * 200, "coding:utf-7", "coding=utf-7", "type: ignore",
    "mypy: ignore-errors", "generated", "target", "tenon", "google", "buf", "-*- coding: x -*-",
]  # fmt: skip
UNPRINTABLE = [
    "a\nb", "a\rb", "a\r\nb", "a\x00b".replace("\x00", "\x01"), "a\x1b[2Jb", "a\x7fb", "a\x85b", "a\u2028b", "a\u202eb",
    "a\u200bb", "a\nimport os\n", "a\r__import__('os').system('touch canary')\r", "a\ufeffb", "a\u00a0b",
]  # fmt: skip


@pytest.mark.parametrize("place", ["file", "folder"])
def test_odd_names(tmp_path: Path, place: str) -> None:
    _odd(tmp_path, place, ODD[place == "file" :: 2])


@pytest.mark.slow
@pytest.mark.parametrize("place", ["file", "folder"])
def test_all_odd_names(tmp_path: Path, place: str) -> None:
    _odd(tmp_path, place, ODD)


def _odd(root: Path, place: str, names: list[str]) -> None:
    """Each alone, so that one that is refused does not hide the others."""
    folders = []
    for i, name in enumerate(names):
        path = name if place == "file" else f"{name}/x"
        files = {
            f"{path}.proto": _PROTO.format(i),
            f"{path}.openapi.yaml": _OPENAPI,
            f"{path}.asyncapi.yaml": _ASYNCAPI,
        }
        result = run(root / str(i), files)
        assert result.rules <= {"unsafe-path", "file-name", "proto-compile", "output-collision", "name-collision"}, name
        assert all(finding.at.file.startswith("contracts/") for finding in result.errors), name
        if result.files:
            folders.append(result.import_root)
    assert len(folders) > len(names) / 2
    imported(folders, root / "canary")


@pytest.mark.parametrize("place", ["file", "folder"])
@pytest.mark.parametrize("number", range(len(UNPRINTABLE)))
def test_names_that_cannot_be_printed_are_refused(tmp_path: Path, place: str, number: int) -> None:
    name = UNPRINTABLE[number]
    path = f"{name}.proto" if place == "file" else f"{name}/x.proto"
    result = run(tmp_path, {path: _PROTO.format(1)})
    assert result.rules == {"file-name"}


def test_names_that_are_no_text_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "contracts"
    folder.mkdir()
    for name in (b"\xff.proto", b"\xed\xa0\x80.yaml", b"\xc0\xaf.json"):
        with open(os.path.join(os.fsencode(folder), name), "wb") as file:
            file.write(b"x")
    assert run(tmp_path, {}).rules == {"file-name"}


@pytest.mark.parametrize(
    ("files", "rule"),
    [
        (["a.proto", "A.proto"], "output-collision"),
        (["a-b.proto", "a_b.proto"], "output-collision"),
        (["a/x.proto", "A/x.proto"], "output-collision"),
        (["a b.proto", "a.b.proto"], "output-collision"),
        (["a b.proto", "a.c.proto"], None),
        (["a.proto", "b.proto"], None),
    ],
)
def test_names_that_would_be_one_are_two_places(tmp_path: Path, files: list[str], rule: str | None) -> None:
    result = run(tmp_path, {name: _PROTO.format(i) for i, name in enumerate(files)})
    assert result.rules == ({rule} if rule else set())
    for finding in result.errors:
        assert finding.also is not None
        assert {finding.at.file, finding.also.file} == {f"contracts/{name}" for name in files}


def test_the_compilers_own_files_do_not_matter(tmp_path: Path) -> None:
    """No configuration of the tree is obeyed but the list of its modules: no plugin, dependency or path is."""
    hostile = 'version: v2\ndeps: ["buf.build/x/y"]\nmodules:\n  - path: ../..\n  - path: /etc\n  - path: a/../../b\n'
    files = {
        "x.proto": _PROTO.format(1),
        "buf.yaml": hostile.encode() + b"\xff\x00",
        "buf.gen.yaml": "version: v2\nplugins: [{local: [touch, canary], out: /tmp}]\n",
        "buf.lock": "version: v2\ndeps: [{name: buf.build/x/y, commit: x, digest: x}]\n",
        "buf.work.yaml": "version: v1\ndirectories: [..]\n",
    }
    assert not run(tmp_path, files).errors
    assert not (tmp_path / "canary").exists()


def test_a_folder_in_the_place_of_the_compilers_configuration(tmp_path: Path) -> None:
    assert run(tmp_path, {"buf.yaml/x.proto": _PROTO.format(1)}).rules == {"file-name"}
