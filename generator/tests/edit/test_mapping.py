"""Documents of every layout get their additions, and nothing that stands there moves."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import pytest
from tenon.edit import mapping, render
from tenon.edit.text import Buffer
from tenon.edit.workspace import Refused, Workspace
from tenon.model.graph import Model
from tenon.model.proto import Protobuf
from tenon.read.document import load
from tenon.read.parse import parse

ADDED = {"paths": {"/b": {"get": {"tags": ["x", "y"], "security": []}}}, "list": [{"k": "#v"}], "note": "a: b"}


def edited(folder: Path, text: str, additions: dict[str, Any], name: str = "d.yaml") -> str:
    (folder / "contracts").mkdir(exist_ok=True)
    (folder / "contracts" / name).write_bytes(text.encode())
    workspace = Workspace(folder, "contracts", Model("contracts", Protobuf(), (), (), True))
    source = load(workspace.tree, name, [])
    assert source is not None
    mapping.merge(workspace, source.root, additions)
    return workspace.changes()[f"contracts/{name}"]


def united(value: Any, additions: Any) -> Any:
    if isinstance(value, dict) and isinstance(additions, dict):
        return value | {key: united(value.get(key), child) for key, child in additions.items()}
    return [*value, *additions] if isinstance(value, list) and isinstance(additions, list) else additions


LAYOUTS = {
    "house": "paths:\n  /a:\n    get: {}\n\n# after\nlist:\n  - k: 1\n",
    "flat sequences": "list:\n- k: 1\n- k: 2\npaths:\n  /a: {}\n",
    "four spaces": "paths:\n    /a:\n        get:\n            summary: x\nlist:\n    -   k: 1\n",
    "comments at the end": "paths:\n  /a:\n    get: {} # here\n  # about nothing\n\n# the end\n",
    "no newline at the end": "list:\n  - k: 1\npaths:\n  /a:\n    x: 1",
    "windows": "paths:\r\n  /a:\r\n    x: 1\r\nlist:\r\n  - k: 1\r\n",
    "byte order mark": "\ufeffpaths:\n  /a:\n    x: 1\n",
    "empty ones": "paths: {}\nlist: []\n",
    "null": "paths:\nlist:\nz: 1\n",
    "flow": "{paths: {/a: {x: 1}}, list: [{k: 1}]}\n",
    "flow inside": "paths: {/a: {x: 1}}   # why\nlist: [{k: 1}]\n",
    "block scalars": "paths:\n  /a:\n    text: |\n      # no comment\n\n      x\n    folded: >-\n      a\nz: 1",
    "quoted keys": "\"paths\":\n  '/a':\n    'x': 1\n",
    "anchors": "z: &z\n  x: 1\npaths: &p\n  /a: *z\n",
    "document marks": "---\npaths:\n  /a:\n    x: 1\n...\n",
    "long flow": "paths:\n  /a: {x: 1,\n    y: [1,\n    2]}\nlist: [\n  {k: 1},\n  {k: 2}\n]\n",
}


UNFINISHED = {"no newline at the end", "block scalars"}
"""Their last line has no end; what comes after it changes that."""


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout(tmp_path: Path, layout: str) -> None:
    text = LAYOUTS[layout]
    made = edited(tmp_path, text, ADDED)
    before, *_ = parse(text.removeprefix("\ufeff"), json=False)
    after, *_, problems = parse(made.removeprefix("\ufeff"), json=False)
    assert not problems, made
    assert after == united(before, ADDED)
    if layout not in ("empty ones",) and "flow" not in layout and layout not in UNFINISHED:
        lost = [line for line in difflib.ndiff(text.splitlines(), made.splitlines()) if line.startswith("- ")]
        assert not lost


@pytest.mark.parametrize(
    "text",
    ['{"paths": {"/a": {}}, "list": []}', '{\n  "paths": {\n    "/a": {}\n  },\n  "list": [\n    1\n  ]\n}\n', "{}"],
)
def test_json_stays_json(tmp_path: Path, text: str) -> None:
    made = edited(tmp_path, text, ADDED, "d.json")
    before, *_ = parse(text, json=True)
    after, *_, problems = parse(made, json=True)
    assert not problems, made
    assert after == united(before, ADDED)


def test_another_value_is_not_overwritten(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        edited(tmp_path, "note: x\nz: 1\n", {"note": "y"})
    assert str(refused.value.finding.at).startswith("contracts/d.yaml:1:1")


SCALARS = [
    "",
    "x",
    "yes",
    "no: way",
    "a #b",
    "#a",
    "1",
    "1.0",
    "true",
    "null",
    "~",
    " a",
    "a ",
    "@x",
    "`x`",
    "a\nb",
    "ü",
]
SCALARS += [
    "- a",
    "? a",
    "!t",
    "&a",
    "*a",
    "[a]",
    "{a}",
    "=",
    "<<",
    "0x1f",
    "1e3",
    "2024-01-01",
    "a, b",
    "a: ",
    "'a",
    '"a',
]


@pytest.mark.parametrize("value", SCALARS)
def test_scalars_read_back_as_they_were(value: str) -> None:
    for text in (f"k: {render.scalar(value)}\n", f"k: [{render.scalar(value, flow=True)}]\n"):
        read, *_, problems = parse(text, json=False)
        assert not problems
        assert read["k"] in (value, [value])


def test_changes_at_one_place_keep_their_order() -> None:
    buffer = Buffer("a\nc\n")
    buffer.insert_lines(1, ["b1"])
    buffer.insert_lines(1, ["b2"])
    assert buffer.result() == "a\nb1\nb2\nc\n"
