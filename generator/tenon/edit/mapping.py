"""Adds to a YAML or JSON document by inserting lines: what stands there is not touched."""

from __future__ import annotations

import json
import re
from typing import Any

from tenon.edit import render
from tenon.edit.text import Buffer
from tenon.edit.workspace import Workspace, refuse
from tenon.read.document import Node

_KEY = re.compile(r"""(?:"(?:\\.|[^"\\])*"|'(?:''|[^'])*'|[^\s:#][^:\n]*?)[ \t]*:(?=\s|$|[\[{"])""")
_GAP = re.compile(r"(?:[ \t\n]|#[^\n]*|[&!][^\s,\[\]{}]*)*")
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\'\'|[^\'])*\'|(?<=\s)#[^\n]*')


def merge(workspace: Workspace, node: Node, additions: dict[str, Any]) -> None:
    """Add to the mapping `node` what it lacks of `additions`, at every depth; lists get what they lack at their end.

    Raises Refused where another value stands.
    """
    missing: dict[str, Any] = {}
    for key, value in additions.items():
        child = node.get(key)
        if child is None:
            missing[key] = value
        elif isinstance(child.value, dict) and isinstance(value, dict):
            merge(workspace, child, value)
        elif isinstance(child.value, list) and isinstance(value, list):
            if more := [each for each in value if each not in child.value]:
                append(workspace.buffer(child.source.name), child, more)
        elif child.value is None and value:
            _fill(workspace.buffer(child.source.name), child, value)
        elif child.value != value:
            raise refuse(child.at, "differs", f"{key!a} is there with another value", "change it there by hand")
    if missing:
        put(workspace.buffer(node.source.name), node, missing)


def put(buffer: Buffer, node: Node, entries: dict[str, Any]) -> None:
    """Add `entries`, which it lacks, at the end of the mapping `node`."""
    start = start_of(buffer, node)
    if buffer.text[start : start + 1] == "{":
        if not node.value and node.parent is not None and not inside_flow(buffer, node):
            _replace_empty(buffer, node, start, entries)
        else:
            _into_flow(buffer, start, ((f"{json.dumps(key)}: ", value) for key, value in entries.items()))
        return
    column = _column(node)
    lines = [line for key, value in entries.items() for line in render.entry(key, value, column)]
    buffer.insert_lines(_end(buffer, node, column), lines)


def append(buffer: Buffer, node: Node, items: list[Any]) -> None:
    """Add `items` at the end of the sequence `node`."""
    start = start_of(buffer, node)
    if buffer.text[start : start + 1] == "[":
        if not node.value and not inside_flow(buffer, node):
            _replace_empty(buffer, node, start, items)
        else:
            _into_flow(buffer, start, (("", item) for item in items))
        return
    line = buffer.text.rfind("\n", 0, start) + 1
    column = buffer.text.find("-", line) - line
    buffer.insert_lines(_end(buffer, node, column), render.block(items, column))


def _fill(buffer: Buffer, node: Node, value: Any) -> None:
    """A value for a key that has none."""
    line, column = _place(node)
    buffer.insert_lines(line + 1, render.block(value, column + 2))


def _place(node: Node) -> tuple[int, int]:
    mark = node.mark[0] if isinstance(node.mark, tuple) else node.mark
    return mark >> 16, mark & 0xFFFF


def start_of(buffer: Buffer, node: Node) -> int:
    """The offset where the value itself begins: a container's mark is that of its key, where it has one."""
    at = buffer.offset(*_place(node))
    if node.parent is not None and isinstance(node.key, str) and isinstance(node.parent.value, dict):
        match = _KEY.match(buffer.text, at)
        at = match.end() if match else at
    gap = _GAP.match(buffer.text, at)
    return gap.end() if gap else at


def line_of(node: Node) -> int:
    """The line (from 0) of a value, of its key where it has one."""
    return _place(node)[0]


def column_of(node: Node) -> int:
    """The column (from 0) of a value, of its key where it has one."""
    return _place(node)[1]


def end_line(buffer: Buffer, node: Node) -> int:
    """The line after the last one of the block collection `node`."""
    if isinstance(node.value, dict):
        return _end(buffer, node, _column(node))
    start = start_of(buffer, node)
    line = buffer.text.rfind("\n", 0, start) + 1
    return _end(buffer, node, buffer.text.find("-", line) - line)


def end_of_scalar(buffer: Buffer, node: Node, start: int) -> int:
    """Where a scalar on one line that starts at `start` ends."""
    text = buffer.text
    if quoted := _QUOTED.match(text, start):
        return quoted.end()
    stop = re.compile(r"[ \t]+#|[ \t]*(?:\n|$)" + (r"|[,\]}]" if inside_flow(buffer, node) else ""))
    match = stop.search(text, start)
    return match.start() if match else len(text)


def _column(node: Node) -> int:
    """The column of the keys of a block mapping."""
    return min(_place(child)[1] for _, child in node.children())


def _end(buffer: Buffer, node: Node, column: int) -> int:
    """The line after the last one of a block whose entries stand at `column`."""
    lines = buffer.lines
    last = first = min(_place(child)[0] for _, child in node.children())
    sequence = isinstance(node.value, list)
    for number in range(first + 1, len(lines)):
        text = lines[number].lstrip(" ")
        indent = len(lines[number]) - len(text)
        if not text.strip() or (text.startswith("#") and indent <= column):
            continue
        if indent < column or (text.startswith(("---", "...")) and indent == 0):
            break
        if sequence and indent == column and not text.startswith("-"):
            break
        last = number
    return last + 1


def inside_flow(buffer: Buffer, node: Node) -> bool:
    """Whether the value stands in braces or brackets."""
    parent = node.parent
    while parent is not None:
        if parent.value and buffer.text[start_of(buffer, parent)] in "{[":
            return True
        parent = parent.parent
    return False


def _replace_empty(buffer: Buffer, node: Node, start: int, value: Any) -> None:
    """``key: {}`` gets its first entries, as a block."""
    close = buffer.text.index("}" if buffer.text[start] == "{" else "]", start)
    _, column = _place(node)
    while buffer.text[start - 1] in " \t":
        start -= 1
    buffer.replace(start, close + 1, "\n" + "\n".join(render.block(value, column + 2)))


def _into_flow(buffer: Buffer, start: int, parts: Any) -> None:
    """Before the closing bracket of the flow collection that opens at `start`; in its own layout."""
    text = buffer.text
    close = closing(text, start)
    body = text[start + 1 : close]
    last = start + 1 + len(body.rstrip())
    spread = "\n" in body
    opener = body.lstrip(" \t")
    indent = len(body) - len(body.lstrip()) - body.find("\n") - 1 if spread and opener.startswith("\n") else None
    made = []
    for head, value in parts:
        if indent is None:
            bare = '"' not in body and body.strip() and not isinstance(value, (dict, list))
            made.append(head + (render.scalar(value, flow=True) if bare else json.dumps(value, ensure_ascii=False)))
        else:
            inner = json.dumps(value, indent=2, ensure_ascii=False).replace("\n", "\n" + " " * indent)
            made.append(f"\n{' ' * indent}{head}{inner}")
    comma = "," if body.strip() and not body.rstrip().endswith(",") else ""
    glue = ", " if indent is None else ","
    lead = " " if indent is None and comma else ""
    buffer.insert(last, comma + lead + glue.join(made))


def closing(text: str, start: int) -> int:
    """The offset of the bracket that closes the one at `start`."""
    depth, at = 0, start
    while True:
        if quoted := _QUOTED.match(text, at):
            at = quoted.end()
            continue
        char = text[at]
        depth += (char in "{[") - (char in "}]")
        if depth == 0:
            return at
        at += 1
