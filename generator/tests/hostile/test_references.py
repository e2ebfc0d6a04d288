"""References lead to contracts, and to nothing else: no address, no file of the machine, no way round in circles."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from generator.tests.hostile.documents import as_json
from generator.tests.hostile.harness import imported, put, run

SECRET = "TOP-SECRET-TEXT"
_LEADING_OUT = [
    "http://127.0.0.1:9/x.yaml#/a", "https://example.com/x.json", "HTTP://EXAMPLE.COM/x", "//example.com/x",
    "ftp://h/x", "file:///etc/passwd", "file:/etc/passwd", "file:other.yaml", "FILE:///etc/passwd#/a",
    "data:application/json,{}", "jar:file:///x!/y", "gopher://x", "urn:x:y", "\\\\host\\share", "C:\\x", "C:/x",
    "/etc/passwd", "//etc/passwd", "/../etc/passwd", "../../../../../../../etc/passwd", "../secret.yaml",
    "./../secret.yaml", "a/../../secret.yaml", "..%2fsecret.yaml", "%2e%2e/secret.yaml", "..%5csecret.yaml",
    "%2Fetc%2Fpasswd", "%00", "x%00.yaml", "..;/secret.yaml", "....//secret.yaml", "..\\secret.yaml", "~/.ssh/id_rsa",
    "$HOME/x", "${HOME}/x", "`id`", "link.yaml", "link.yaml#/components/schemas/S", "folder", "folder/", ".", "..",
    "", "./", "missing.yaml", "missing.yaml#/x", "?x", "x?y#z", "other.yaml?x=1", "other.yaml#x#y", "\n", " ",
    "other.yaml\n", "\t../secret.yaml", "other.proto#x", "https:other.yaml",
]  # fmt: skip
_MISSING = [
    "#/components/schemas/None", "#/nothing", "#nothing", "#", "#/", "#//", "#/paths", "#/info/title", "#/openapi",
    "#/components/schemas/~", "#/components/schemas/~2", "#/components/schemas/%", "#/components/schemas/%zz",
    "#/components/schemas/%ff", "#/components/schemas/S/properties/a/type/x", "#/components/schemas/-1",
    "#/tags/0/name/9", "#/paths/99999999999999999999", "#/paths/" + "9" * 5000, "#/" + "a/" * 5000,
    "#" + "%41" * 5000,
]  # fmt: skip


def _document(schema: Any, **more: Any) -> Any:
    content = {"application/json": {"schema": schema}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "tags": [{"name": "x"}],
        "paths": {"/a": {"post": {"requestBody": {"content": content}, "responses": {"204": {"description": "x"}}}}},
        "components": {"schemas": {"S": {"type": "object", "properties": {"a": {"type": "string"}}}, **more}},
    }


def _around(root: Path) -> None:
    """A secret outside of the tree, a link to it inside, a folder and another document."""
    put(root, {"secret.yaml": f"components: {{schemas: {{S: {{description: {SECRET}}}}}}}\n"})
    put(root / "contracts", {"other.yaml": "a: {type: string}\n", "folder/x.yaml": "a: {}\n", "other.proto": "x"})
    (root / "contracts/other.proto").unlink()


@pytest.mark.parametrize("reference", _LEADING_OUT)
def test_references_out_of_the_tree_are_refused(tmp_path: Path, reference: str) -> None:
    _around(tmp_path)
    result = run(tmp_path, {"x.openapi.json": as_json(_document({"$ref": reference}))})
    assert result.errors
    assert not any(SECRET in text for text in result.files.values())
    assert not any(SECRET in finding.message for finding in result.findings)


def test_each_reader_refuses_them(tmp_path: Path) -> None:
    """Wherever a document may hold a reference."""
    for i, reference in enumerate(_LEADING_OUT):
        ref = {"$ref": reference}
        openapi = _document({"properties": {"a": ref}, "allOf": [ref], "items": ref}, T=ref)
        operation = openapi["paths"]["/a"]["post"]
        operation |= {"parameters": [ref], "responses": {"200": ref, "201": {"headers": {"x": ref}, "content": ref}}}
        openapi["paths"]["/b"] = ref
        openapi["components"] |= {"parameters": {"p": ref}, "responses": {"r": ref}, "requestBodies": {"b": ref}}
        asyncapi = {
            "asyncapi": "3.0.0",
            "info": {"title": "t", "version": "1"},
            "channels": {"a": ref, "b": {"address": "b", "messages": {"m": ref, "n": {"payload": ref}}}},
            "operations": {"a": {"action": "send", "channel": ref, "messages": [ref]}, "b": ref},
            "components": {"schemas": {"S": ref}, "messages": {"m": ref}},
        }
        root = tmp_path / str(i)
        _around(root)
        result = run(root, {"x.openapi.json": as_json(openapi), "y.asyncapi.json": as_json(asyncapi)})
        assert {finding.at.file for finding in result.errors} == {
            "contracts/x.openapi.json",
            "contracts/y.asyncapi.json",
        }
        assert not result.files


@pytest.mark.parametrize("reference", _MISSING)
def test_references_to_nothing_are_findings(tmp_path: Path, reference: str) -> None:
    result = run(tmp_path, {"x.openapi.json": as_json(_document({"$ref": reference}))})
    assert all(finding.at.line for finding in result.errors)


def test_links_out_of_the_tree_are_refused(tmp_path: Path) -> None:
    (tmp_path / "contracts/folder").mkdir(parents=True)
    put(tmp_path, {"secret.yaml": f"components: {{schemas: {{S: {{description: {SECRET}}}}}}}\n"})
    (tmp_path / "contracts/link.yaml").symlink_to("../secret.yaml")
    (tmp_path / "contracts/up").symlink_to("..")
    (tmp_path / "contracts/passwd.proto").symlink_to("/etc/passwd")
    os.link(tmp_path / "secret.yaml", tmp_path / "contracts/hard.txt")  # nothing can tell; nobody reads it either
    result = run(tmp_path, {"x.openapi.json": as_json(_document({"$ref": "link.yaml#/components/schemas/S"}))})
    assert {finding.rule for finding in result.errors} >= {"path-outside"}
    assert not result.files


_A, _B = {"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}
_CYCLES: dict[str, dict[str, Any]] = {
    "itself": {"A": _A},
    "two": {"A": _B, "B": _A},
    "all-of": {"A": {"allOf": [_A]}},
    "all-of-two": {"A": {"allOf": [_B]}, "B": {"allOf": [_A]}},
    "one-of": {"A": {"oneOf": [_A, {"type": "string"}]}},
    "any-of": {"A": {"anyOf": [_A]}},
    "mixed": {"A": {"allOf": [{"oneOf": [_A, {"anyOf": [_A]}]}]}},
    "items": {"A": {"type": "array", "items": _A}},
    "values": {"A": {"type": "object", "additionalProperties": _A}},
    "properties": {"A": {"type": "object", "properties": {"a": _A}}},
    "not": {"A": {"not": _A}},
    "middle": {"A": {"properties": {"a": {"$ref": "#/components/schemas/A/properties/a"}}}},
    "parent": {
        "A": {"properties": {"a": {"allOf": [_A]}}, "allOf": [{"$ref": "#/components/schemas/A/properties/a"}]}
    },
    "whole": {"A": {"$ref": "#"}},
    "whole-file": {"A": {"$ref": "x.openapi.json"}},
    "dynamic": {"A": {"$dynamicAnchor": "n", "items": {"$dynamicRef": "#n"}, "$recursiveRef": "#"}},
    "mapping": {
        "A": {"oneOf": [_A], "discriminator": {"propertyName": "a", "mapping": {"a": "#/components/schemas/A"}}}
    },
    "across": {"A": {"$ref": "other.yaml#/A"}},
}  # fmt: skip


@pytest.mark.parametrize("name", _CYCLES)
def test_cycles_end(tmp_path: Path, name: str) -> None:
    files = {
        "x.openapi.json": as_json(_document({"$ref": "#/components/schemas/A"}, **_CYCLES[name])),
        "y.asyncapi.json": as_json(
            {
                "asyncapi": "3.0.0",
                "info": {"title": "t", "version": "1"},
                "channels": {"c": {"messages": {"m": {"payload": {"$ref": "x.openapi.json#/components/schemas/A"}}}}},
            }
        ),
        "other.yaml": "A: {$ref: 'x.openapi.json#/components/schemas/A'}\n",
    }
    result = run(tmp_path, files)
    assert all(finding.at.line for finding in result.errors)
    if result.files:
        imported([result.import_root], tmp_path / "canary")


def _chain(step: Any, length: int = 1200) -> dict[str, Any]:
    return {f"A{i}": step({"$ref": f"#/components/schemas/A{i + 1}"}) for i in range(length)} | {
        f"A{length}": {"type": "string"}
    }


_CHAINS = {
    "plain": lambda ref: ref,
    "all-of": lambda ref: {"allOf": [ref]},
    "one-of": lambda ref: {"oneOf": [ref, {"type": "integer"}]},
    "any-of": lambda ref: {"anyOf": [ref]},
    "items": lambda ref: {"type": "array", "items": ref},
    "nullable": lambda ref: {"anyOf": [ref, {"type": "null"}]},
    "all-of-more": lambda ref: {"allOf": [ref, {"properties": {"a": {"type": "string"}}}]},
    "property": lambda ref: {"properties": {"a": ref}},
}


@pytest.mark.parametrize("name", _CHAINS)
def test_long_chains_of_references_end(tmp_path: Path, name: str) -> None:
    schemas = _chain(_CHAINS[name])
    result = run(tmp_path, {"x.openapi.json": as_json(_document({"$ref": "#/components/schemas/A0"}, **schemas))})
    assert all(finding.at.line for finding in result.errors)
    if result.files:
        imported([result.import_root], tmp_path / "canary")


def test_references_within_the_tree_are_followed(tmp_path: Path) -> None:
    """The benign twin."""
    there = {"$ref": "other.yaml#/A"}
    files = {
        "x.openapi.json": as_json(_document({"$ref": "./folder/../other.yaml#/A/properties/b"}, T=there)),
        "other.yaml": "A:\n  properties:\n    b: {type: string, description: the middle of another file}\n",
        "folder/x.yaml": "{}\n",
    }  # fmt: skip
    result = run(tmp_path, files)
    assert not result.errors
    imported([result.import_root], tmp_path / "canary")
