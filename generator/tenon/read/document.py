"""The files of a contracts folder as values that know where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson

from tenon.finding import Finding
from tenon.read.parse import Mark, parse
from tenon.read.tree import Tree
from tenon.source import Location

_ALIAS = re.compile(r"(?:^|[\s\[{,:])\*[A-Za-z0-9_-]")
"""What may be a YAML alias: a file with one is parsed each time, because written out it may be many times as large."""


@dataclass(frozen=True)
class Source:
    """One parsed file."""

    file: str
    """Relative to the contracts folder."""
    name: str
    """As findings name it."""
    value: Any
    mark: Mark
    size: int
    """Values in it, after alias expansion."""

    @cached_property
    def root(self) -> Node:
        return Node(self, self.value, self.mark, None, "")


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A value inside a file, and the way to it."""

    source: Source
    value: Any
    mark: Mark
    parent: Node | None
    key: str | int

    def get(self, key: str | int) -> Node | None:
        """The child under a key or index, or None."""
        value: Any = self.value
        if isinstance(value, dict):
            known = key in value
        else:
            known = isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value)
        return Node(self.source, value[key], self.mark[1][key], self, key) if known else None

    def children(self) -> Iterator[tuple[str | int, Node]]:
        """Every child with its key or index; none for a scalar."""
        if isinstance(self.value, dict):
            marks = self.mark[1]
            for key, value in self.value.items():
                yield key, Node(self.source, value, marks[key], self, key)
        elif isinstance(self.value, list):
            for index, (value, mark) in enumerate(zip(self.value, self.mark[1], strict=True)):
                yield index, Node(self.source, value, mark, self, index)

    def find(self, pointer: str) -> Node | None:
        """What a JSON pointer names from here, or None."""
        node: Node | None = self
        for part in pointer.split("/")[1:] if pointer else ():
            key = part.replace("~1", "/").replace("~0", "~")
            assert node is not None
            if isinstance(node.value, list):
                node = node.get(int(key)) if key.isdecimal() and len(key) < 10 else None
            else:
                node = node.get(key)
            if node is None:
                return None
        return node

    @property
    def pointer(self) -> str:
        """The JSON pointer from the file's root."""
        parts: list[str] = []
        node: Node | None = self
        while node is not None and node.parent is not None:
            parts.append(escape(str(node.key)))
            node = node.parent
        return "".join("/" + part for part in reversed(parts))

    @property
    def at(self) -> Location:
        position = self.mark if isinstance(self.mark, int) else self.mark[0]
        return Location(self.source.name, (position >> 16) + 1, (position & 0xFFFF) + 1, self.pointer)


def escape(key: str) -> str:
    """A key as one part of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def load(tree: Tree, relative: str, findings: list[Finding]) -> Source | None:
    """The file's value, parsed once a tree; what is wrong goes to `findings` the first time it is asked for."""
    if relative not in tree.parsed:
        tree.parsed[relative] = None
        tree.parsed[relative] = _parse(tree, relative, findings)
    source: Source | None = tree.parsed[relative]
    return source


def declaring(tree: Tree, findings: list[Finding], kind: str, *older: str) -> Iterator[tuple[Source, bool]]:
    """The files that say they are a document of `kind` by a key at their top, and whether their name says it too.

    A file is parsed only if such a key may stand in it, so that other files beside contracts may hold anything.
    """
    words = [word.encode() for word in (kind, *older)]
    keys = "|".join((kind, *older))
    key = re.compile(rf"""(?:^[ \t]*|[{{,]\s*)["']?(?:{keys})["']?[ \t\r\n]*:""".encode(), re.MULTILINE)
    for name, path in tree.matching(".yaml", ".yml", ".json"):
        named = name.rsplit(".", 1)[0].endswith(f".{kind}")
        try:
            data = b"" if named else path.read_bytes()
            wanted = named or (any(word in data for word in words) and bool(key.search(data)))
        except OSError:
            wanted = True
        source = load(tree, name, findings) if wanted else None
        top = source.value if source is not None and isinstance(source.value, dict) else {}
        if source is not None and (named or any(each in top for each in (kind, *older))):
            yield source, named


def read_text(tree: Tree, relative: str, findings: list[Finding]) -> str | None:
    """The file as text; a finding when it is not UTF-8 or cannot be read."""
    try:
        with tree.files[relative].open("rb") as stream:
            data = stream.read(tree.budget + 1)
    except OSError as error:
        at = tree.location(relative)
        findings.append(Finding(at, "unreadable", f"cannot be read: {error.strerror}", "make it readable"))
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = tree.location(relative, data.count(b"\n", 0, error.start) + 1)
        findings.append(Finding(at, "not-utf8", "this is not UTF-8", "save the file as UTF-8"))
        return None


def _parse(tree: Tree, relative: str, findings: list[Finding]) -> Source | None:
    text = read_text(tree, relative, findings)
    if text is None:
        return None
    if relative.endswith(".json") or _ALIAS.search(text):
        value, mark, size, problems = parse(text, json=relative.endswith(".json"))
    else:
        known, keep = tree.memo.get("yaml", [text.encode()])
        with suppress(ValueError):  # a cache that was damaged is only slower
            if known is not None:
                return Source(relative, f"{tree.name}/{relative}", *orjson.loads(known))
        value, mark, size, problems = parse(text, json=False)
        if not problems:
            keep(orjson.dumps([value, mark, size]).decode())
    for problem in problems:
        at = tree.location(relative, (problem.position >> 16) + 1, (problem.position & 0xFFFF) + 1)
        findings.append(Finding(at, problem.rule, problem.message, problem.remedy))
    return None if problems else Source(relative, f"{tree.name}/{relative}", value, mark, size)
