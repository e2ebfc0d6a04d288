"""Contracts that are small to send and large to read: refused, or read, in seconds and within bounds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.tests.hostile.harness import imported, run

_HEAD = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {}\n"


def _aliases(width: int, depth: int) -> str:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * width)}]" for i in range(1, depth)]
    return _HEAD + "x-bomb:\n" + "\n".join(f"  {row}" for row in rows) + "\n"


def _merges(depth: int) -> str:
    rows = ["m0: &m0 {k: v}", *(f"m{i}: &m{i} {{<<: [*m{i - 1}, *m{i - 1}], k{i}: v}}" for i in range(1, depth))]
    return _HEAD + "x-bomb:\n" + "\n".join(f"  {row}" for row in rows) + "\n"


YAML: dict[str, tuple[str, str | None]] = {
    "aliases": (_aliases(9, 12), "too-many-values"),
    "wide-aliases": (_aliases(3000, 4), "too-many-values"),
    "own-alias": (_HEAD + "x-a: &a [*a]\n", "alias"),
    "merges": (_merges(40), "too-many-values"),
    "few-merges": (_merges(4), None),
    "own-merge": (_HEAD + "x-a: &a {<<: *a}\n", "alias"),
    "depth": (_HEAD + "x-a: " + "[" * 5000 + "]" * 5000 + "\n", "too-deep"),
    "deep-maps": (_HEAD + "x-a: " + "{a: " * 5000 + "1" + "}" * 5000 + "\n", "too-deep"),
    "deep-blocks": (_HEAD + "x-a:\n" + "".join(" " * i + "a:\n" for i in range(1, 2000)), "too-deep"),
    "dashes": (_HEAD + "x-a:\n  " + "- " * 5000 + "1\n", "too-deep"),
    "unclosed": (_HEAD + "x-a: " + "[" * 100_000, "too-deep"),
    "object": (_HEAD + "x-a: !!python/object/apply:os.system ['touch canary']\n", "yaml-tag"),
    "object-new": (_HEAD + "x-a: !!python/object/new:os.system ['touch canary']\n", "yaml-tag"),
    "name": (_HEAD + "x-a: !!python/name:os.system\n", "yaml-tag"),
    "custom": (_HEAD + "x-a: !Ref x\n", "yaml-tag"),
    "include": (_HEAD + "x-a: !include /etc/passwd\n", "yaml-tag"),
    "binary": (_HEAD + "x-a: !!binary aGVsbG8=\n", "yaml-tag"),
    "set": (_HEAD + "x-a: !!set {a, b}\n", "yaml-tag"),
    "tag-directive": ("%TAG ! tag:yaml.org,2002:python/\n---\n" + _HEAD + "x-a: !name:os.system ''\n", "yaml-tag"),
    "complex-key": (_HEAD + "? [a, b]\n: c\n", "complex-key"),
    "map-key": (_HEAD + "? {a: b}\n: c\n", "complex-key"),
    "documents": (_HEAD + "---\n" + _HEAD, "several-documents"),
    "many-documents": (_HEAD + "---\n" * 100_000, "several-documents"),
    "twice": (_HEAD + "x-a: 1\nx-a: 2\n", "duplicate-key"),
    "twice-often": (_HEAD + "x-a: 1\n" * 50_000, "duplicate-key"),
    "nan": (_HEAD + "x-a: .nan\n", "number"),
    "infinity": (_HEAD + "x-a: -.inf\n", "number"),
    "huge-integer": (_HEAD + f"x-a: {'9' * 100_000}\n", "number"),
    "huge-hex": (_HEAD + f"x-a: 0x{'f' * 100_000}\n", "number"),
    "huge-float": (_HEAD + "x-a: 1e999999\n", "number"),
    "integer": (_HEAD + f"x-a: {'9' * 300}\n", None),
    "nan-text": (_HEAD + "x-a: '.nan'\n", None),
    "norway": (_HEAD + "x-a: no\nx-b: 012\nx-c: 1:30\nx-d: 2024-01-01\nx-e: '='\n", None),
    "long-line": (_HEAD + f"x-a: '{'x' * 3_000_000}'\n", None),
    "long-plain": (_HEAD + f"x-a: {'x ' * 500_000}\n", None),
    "escapes": (_HEAD + 'x-a: "' + "\\n" * 500_000 + '"\n', None),
    "tabs": (_HEAD + "x-a:\n\t- 1\n", "syntax"),
    "bom": ("\ufeff" + _HEAD, None),
    "crlf": (_HEAD.replace("\n", "\r\n"), None),
    "empty": ("", None),
    "comment": ("# openapi: 3.1.0\n" * 100_000, None),
    "scalar": ("openapi\n", None),
    "list": ("- openapi: 3.1.0\n", None),
    "anchors": (_HEAD + "x-a:\n" + "".join(f"  a{i}: &a{i} x\n" for i in range(50_000)), None),
}
"""A text, and the rule that refuses it (None: it is read, or is no contract)."""

JSON: dict[str, tuple[str, str | None]] = {
    "depth": ('{"openapi": "3.1.0", "x-a": ' + "[" * 500 + "]" * 500 + "}", "too-deep"),
    "greater-depth": ('{"openapi": "3.1.0", "x-a": ' + "[" * 5000 + "]" * 5000 + "}", "syntax"),
    "depth-beyond-stacks": ('{"openapi": "3.1.0", "x-a": ' + "[" * 1_000_000 + "]" * 1_000_000 + "}", "syntax"),
    "objects": ('{"openapi": "3.1.0", "x-a": ' + '{"a":' * 500 + "1" + "}" * 500 + "}", "too-deep"),
    "twice": ('{"openapi": "3.1.0", "openapi": "3.0.0"}', "duplicate-key"),
    "nan": ('{"openapi": "3.1.0", "x-a": NaN}', "syntax"),
    "infinity": ('{"openapi": "3.1.0", "x-a": -Infinity}', "syntax"),
    "huge-float": ('{"openapi": "3.1.0", "x-a": 1e999}', "syntax"),
    "comment": ('{"openapi": "3.1.0" /* x */}', "syntax"),
    "trailing": ('{"openapi": "3.1.0",}', "syntax"),
    "two": ('{"openapi": "3.1.0"}{}', "syntax"),
    "utf-16": ('{"openapi": "3.1.0"}'.encode("utf-16").decode("latin-1"), None),
}


@pytest.mark.parametrize("name", YAML)
def test_yaml(tmp_path: Path, name: str) -> None:
    text, rule = YAML[name]
    result = run(tmp_path, {"x.openapi.yaml": text})
    if rule is None:
        assert result.rules <= {"openapi-version", "syntax"}
    else:
        assert rule in result.rules
        assert len(result.findings) <= 101
    assert not (Path.cwd() / "canary").exists()


@pytest.mark.parametrize("name", JSON)
def test_json(tmp_path: Path, name: str) -> None:
    text, rule = JSON[name]
    result = run(tmp_path, {"x.openapi.json": text.encode("latin-1")})
    assert result.errors
    assert rule is None or rule in result.rules


def _wide(properties: int) -> str:
    schema = {"type": "object", "properties": {f"p{i}": {"type": "string"} for i in range(properties)}}
    return json.dumps({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {},
                       "components": {"schemas": {"S": schema}}})  # fmt: skip


@pytest.mark.parametrize(
    "pattern",
    ["^(a+)+$", "(.*)*x", "(x+x+)+y", "((a{1,100}){1,100}){1,100}", "(?=a)(?<=b)\\1", "[" * 5000, "(" * 5000,
     "a{99999999}", "\\p{L}" * 2000, "(?:" * 400 + ")" * 400],
)  # fmt: skip
def test_patterns_are_not_run(tmp_path: Path, pattern: str) -> None:
    schema = {"type": "string", "pattern": pattern, "default": "a" * 5000 + "!"}
    document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {},
                "components": {"schemas": {"S": schema, "T": {"patternProperties": {pattern: schema}}}}}  # fmt: skip
    result = run(tmp_path, {"x.openapi.json": json.dumps(document)})
    assert not result.errors


def test_many_of_everything(tmp_path: Path) -> None:
    """Twenty thousand properties, two thousand enum values of a kilobyte, names of ten thousand characters."""
    enum = {"enum": [f"{i} " + "x" * 1000 for i in range(2000)]}
    long = "n" * 10_000
    document = json.loads(_wide(20_000))
    document["components"]["schemas"] |= {"E": enum, long: {"type": "object", "properties": {long: enum}}}
    document["paths"] = {f"/{long}": {"get": {"operationId": long, "responses": {"200": {"description": long}}}}}
    result = run(tmp_path, {"x.openapi.json": json.dumps(document)})
    if not result.errors:
        imported([result.import_root], tmp_path / "canary")


def _oneofs(levels: int) -> dict[str, object]:
    """Each level doubles the ways to fulfil it."""
    schemas: dict[str, object] = {"A0": {"type": "object", "properties": {"a": {}}}}
    for i in range(1, levels):
        ref = {"$ref": f"#/components/schemas/A{i - 1}"}
        schemas[f"A{i}"] = {
            "allOf": [{"oneOf": [ref, {"properties": {f"b{i}": ref}}]}, {"oneOf": [ref, {"allOf": [ref]}]}]
        }
    return schemas


def test_alternatives_do_not_multiply(tmp_path: Path) -> None:
    document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {},
                "components": {"schemas": _oneofs(40)}}  # fmt: skip
    result = run(tmp_path, {"x.openapi.json": json.dumps(document)})
    assert not result.errors
    assert sum(map(len, result.files.values())) < 5_000_000


def _messages(depth: int) -> str:
    return "".join(f"message M{i} {{ " for i in range(depth)) + "}" * depth


PROTO: dict[str, tuple[Callable[[], str], str | None]] = {
    "nesting": (lambda: _messages(5000), "too-deep"),
    "nesting-allowed": (lambda: _messages(25), None),
    "options": (lambda: 'option (x) = {' + "a {" * 5000 + "}" * 5000 + "};", "too-deep"),
    "lists": (lambda: 'option (x) = { a: ' + "[" * 5000 + "]" * 5000 + "};", "too-deep"),
    "types": (lambda: "message M { " + "map<string, " * 5000 + "string" + ">" * 5000 + " a = 1; }", "too-deep"),
    "comment-open": (lambda: "/*" * 200_000, "proto-compile"),
    "comment-stars": (lambda: "/" + "*" * 500_000, "proto-compile"),
    "string-open": (lambda: '"\\' * 200_000, "proto-compile"),
    "quotes": (lambda: "'\"" * 200_000, "too-dense"),
    "one-line": (lambda: "message M {" + "".join(f"string f{i} = {i};" for i in range(1, 3000)) + "}", "too-dense"),
    "statements": (lambda: "message M {}\n;\n;\n" * 80_000, "too-many-statements"),
    "errors": (lambda: "x\n" * 200_000, "proto-compile"),
    "fields": (lambda: "message M {" + "".join(f"string f{i} = {i};\n" for i in range(1, 2000)) + "}", None),
    "messages": (lambda: "".join(f"// c\n message M{i} {{\n// c\n string f = 1;\n}}\n" for i in range(2000)), None),
    "enum": (lambda: "enum E {" + "".join(f"E_V{i} = {i};\n" for i in range(2000)) + "}", None),
    "long-comment": (lambda: f"// {'word ' * 200_000}\nmessage M {{}}", None),
    "long-literal": (lambda: f'option java_package = "{"word " * 100_000}";\nmessage M {{}}', None),
    "number": (lambda: "message M { string a = 99999999999999999999; }", "proto-compile"),
    "negative": (lambda: "message M { string a = -1; }", "proto-compile"),
    "cycle": (lambda: 'import "x.proto"; message M {}', "proto-compile"),
    "missing-import": (lambda: 'import "/etc/passwd"; message M {}', "proto-compile"),
    "climbing-import": (lambda: 'import "../../../../etc/passwd"; message M {}', "proto-compile"),
    "url-import": (lambda: 'import "https://example.com/x.proto"; message M {}', "proto-compile"),
    "long-name": (lambda: f"message {'M' * 20_000} {{ string {'f' * 20_000} = 1; }}", None),
    "recursive": (lambda: "message A { A a = 1; B b = 2; } message B { A a = 1; map<string, B> b = 2; }", None),
    "nan": (lambda: "message M { float a = 1 [json_name = \"nan\"]; }", None),
    "nul": (lambda: "message M { /* \0 */ }", "forbidden-text"),
    "latin-1": (lambda: "// \xe9\nmessage M {}", "proto-compile"),
    "bom": (lambda: "\xef\xbb\xbf// \nmessage M {}", None),
    "crlf": (lambda: "message M {\r\n string a = 1; // x\r\n}\r\n", None),
    "cr": (lambda: "message M {\r string a = 1;\r}\r", None),
}  # fmt: skip
"""What follows the header, and the rule that refuses it."""


@pytest.mark.parametrize("name", PROTO)
def test_protobuf(tmp_path: Path, name: str) -> None:
    make, rule = PROTO[name]
    head = 'syntax = "proto3"; package x.v1;\n'
    body = make()
    text = body[:3] + head + body[3:] if name == "bom" else head + body
    result = run(tmp_path, {"x.proto": text.encode("latin-1")})
    if rule is None:
        assert not result.errors
        imported([result.import_root], tmp_path / "canary")
    else:
        assert result.rules == {rule}
        assert len(result.findings) <= 100


def test_what_is_too_large_is_not_read(tmp_path: Path) -> None:
    result = run(
        tmp_path, {f"x{i}{end}": "x" * 2000 for i, end in enumerate((".proto", ".openapi.yaml", ".json"))}, budget=1000
    )
    assert {finding.rule for finding in result.errors} == {"too-large"}
    assert len(result.errors) == 3


def test_many_files(tmp_path: Path) -> None:
    """The benign twin of all: a tree of five hundred small contracts is no bomb."""
    proto = 'syntax = "proto3"; package p{0}.v1; message M {{ string a = 1; }}'
    result = run(tmp_path, {f"p{i}/v1/x.proto": proto.format(i) for i in range(150)})
    assert not result.findings
