"""The loader: YAML 1.2's core schema and JSON as plain values with positions, within bounds."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from tenon.finding import Finding
from tenon.read.document import Source, load
from tenon.read.parse import MAX_DEPTH, MAX_NODES, parse
from tenon.read.tree import Tree


def value(text: str, json: bool = False) -> Any:
    found, _, _, problems = parse(text, json=json)
    assert not problems, [p.message for p in problems]
    return found


def problems(text: str, json: bool = False) -> list[tuple[str, int]]:
    """Rule and line of everything that is wrong."""
    return [(problem.rule, (problem.position >> 16) + 1) for problem in parse(text, json=json)[3]]


@pytest.mark.parametrize(
    ("scalar", "meant"),
    [
        ("1", 1), ("-1", -1), ("+1", 1), ("0o17", 15), ("0x1F", 31), ("010", 10), ("1.50", 1.5), ("1e3", 1000.0),
        (".5", 0.5), ("true", True), ("False", False), ("~", None), ("null", None), ("", None), ("yes", "yes"),
        ("off", "off"), ("2020-01-01", "2020-01-01"), ("12:30:45", "12:30:45"), ("1_000", "1_000"), ("'1'", "1"),
        ('"\\u00e9"', "é"), ("!!str 1", "1"), ("!!int '1'", 1), ("=", "="), ("18446744073709551616", 2.0**64),
    ],
)  # fmt: skip
def test_scalars_are_those_of_yaml_1_2(scalar: str, meant: Any) -> None:
    found = value(f"a: {scalar}\n")["a"]
    assert (found, type(found)) == (meant, type(meant))


def test_keys_are_text_as_written() -> None:
    assert value("200: a\nnull: b\ntrue: c\n1.0: d\n") == {"200": "a", "null": "b", "true": "c", "1.0": "d"}


def test_merge_keys_give_way_to_what_is_written() -> None:
    text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], x: 3}\nd: {'<<': 1}\n"
    assert value(text)["c"] == {"x": 3, "y": 1, "z": 2}
    assert value(text)["d"] == {"<<": 1}


def test_aliases_share_their_value() -> None:
    found = value("a: &a [1, {b: 2}]\nc: *a\n")
    assert found["c"] is found["a"]


@pytest.mark.parametrize(
    "text",
    [
        '{"a": [1, -2.5e3, true, false, null, "x\\"y\\\\", ""], "b": {}, "c": []}',
        '{\n\t"tabs": "\\ud83d\\ude00",\r\n\t"a": {"b": [[], [{}]]}\n}\n',
        '"only a text"',
        "[1.0, 1e5, 12345678901234567890]",
    ],
)
def test_json_is_what_json_says(text: str) -> None:
    assert value(text, json=True) == json.loads(text)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("a: 1\nb: 2\na: 3\n", [("duplicate-key", 3)]),
        ("a:\n\t- 1\n", [("syntax", 2)]),
        ("a: b: c\n", [("syntax", 1)]),
        ("a: 1\n--- \nb: 2\n", [("several-documents", 2)]),
        ("", [("syntax", 1)]),
        ("a: 1\nb: !python/object:os.system x\n", [("yaml-tag", 2)]),
        ("a: !!binary aGk=\n", [("yaml-tag", 1)]),
        ("a: .inf\n", [("number", 1)]),
        ("a: .nan\n", [("number", 1)]),
        ("a: 1e999\n", [("number", 1)]),
        (f"a: {'9' * 5000}\n", [("number", 1)]),
        ("a: *b\n", [("alias", 1)]),
        ("a: &a [*a]\n", [("alias", 1)]),
        ("? [a]\n: 1\n", [("complex-key", 1)]),
        ("a: {<<: 1}\n", [("merge-key", 1)]),
        ('a: "\\u202e"\nb: "\\0"\n', [("forbidden-text", 1), ("forbidden-text", 2)]),
        ("a: \x01\n", [("syntax", 1)]),
        ("[" * (MAX_DEPTH + 1), [("too-deep", 1)]),
    ],
)
def test_what_is_wrong_has_its_line(text: str, wrong: list[tuple[str, int]]) -> None:
    assert problems(text) == wrong


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('{\n"a": 1,\n"a": 2}', [("duplicate-key", 3)]),
        ('{\n"a": NaN}', [("syntax", 2)]),
        ('{"a": 1,}', [("syntax", 1)]),
        ('\n["\\ud800"]', [("syntax", 2)]),
        ("[1e999]", [("syntax", 1)]),
        ('{"a":\n "\\u0000"}', [("forbidden-text", 2)]),
        ('{"a":' * (MAX_DEPTH + 1) + "1" + "}" * (MAX_DEPTH + 1), [("too-deep", 1)]),
    ],
)
def test_wrong_json_has_its_line(text: str, wrong: list[tuple[str, int]]) -> None:
    assert problems(text, json=True) == wrong


def test_depth_counts_through_aliases() -> None:
    nested = "[" * 50 + "1" + "]" * 50
    assert problems(f"a: &a {nested}\nb: {'[' * 50}*a{']' * 50}\n") == [("too-deep", 2)]


def test_an_alias_bomb_costs_nothing() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 60)]
    tracemalloc.start()
    found = problems("\n".join(lines))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [rule for rule, _ in found] == ["too-many-values"]
    assert peak < 8 << 20


def test_a_flood_of_values_is_stopped_on_the_way() -> None:
    assert problems("[" + "1," * (MAX_NODES + 1) + "1]", json=True) == [("too-many-values", 1)]


def source(tmp_path: Path, text: str, name: str = "a.yaml") -> tuple[Source | None, list[Finding]]:
    (tmp_path / name).write_bytes(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
    findings: list[Finding] = []
    return load(Tree.scan(tmp_path, "contracts"), name, findings), findings


def test_positions_are_found_by_pointer(tmp_path: Path) -> None:
    loaded, _ = source(tmp_path, "paths:\n  /a/{b}:\n    get:\n    - x\n    - ~n: 1\n")
    assert loaded is not None
    node = loaded.root.find("/paths/~1a~1{b}/get/1/~0n")
    assert node is not None and node.value == 1
    assert (str(node.at), node.at.symbol) == ("contracts/a.yaml:5:7", "/paths/~1a~1{b}/get/1/~0n")
    assert loaded.root.find("/paths/none") is None
    assert loaded.root.find("/paths/~1a~1{b}/get/9") is None


def test_text_that_is_not_utf8_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"a: 1\nb: \xff\n")
    findings: list[Finding] = []
    assert load(Tree.scan(tmp_path, "contracts"), "a.yaml", findings) is None
    assert [(f.rule, f.at.line) for f in findings] == [("not-utf8", 2)]
