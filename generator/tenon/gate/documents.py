"""OpenAPI and AsyncAPI files as plain values, fast: positions are looked up only for what is reported.

A file is read by a native parser where it is plain; one that uses anchors, tags or anything a JSON value cannot be is
read by the bounded reader of `tenon.read.parse`, so that an alias bomb stays what it is.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import orjson
import yaml_rs

from tenon.gate.snapshot import Snapshot
from tenon.source import Location

if TYPE_CHECKING:
    from tenon.read.parse import Mark


class Unreadable(Exception):
    """A file is no YAML or JSON, or is over a bound; the message names place and reason."""


@dataclass
class Document:
    """One file: its value and the way back to lines."""

    file: str
    path: Path
    label: str = ""
    """What reports put before the file's name: empty, or ``v1.2.0:``."""

    @cached_property
    def text(self) -> str:
        try:
            return self.path.read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise Unreadable(f"{self.file}: not readable as UTF-8: {error}") from None

    @cached_property
    def value(self) -> Any:
        """The whole value. Raises `Unreadable`."""
        value = _fast(self.text, self.file)
        return self._careful[0] if value is _REFUSED else value

    @cached_property
    def _careful(self) -> tuple[Any, Mark]:
        from tenon.read.parse import parse  # only for what is reported, or not plain

        value, mark, _, problems = parse(self.text, json=self.file.endswith(".json"))
        for problem in problems:
            if problem.rule != "forbidden-text":
                line = (problem.position >> 16) + 1
                raise Unreadable(f"{self.file}:{line}: {problem.message}; {problem.remedy}")
        return value, mark

    def at(self, *keys: str | int) -> Location:
        """Where the value under `keys` stands: the line of its key."""
        symbol = "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in keys)
        try:
            mark: Mark = self._careful[1]
        except Unreadable:
            return Location(self.label + self.file, symbol=symbol)
        position = mark[0] if isinstance(mark, tuple) else mark
        for key in keys:
            children = mark[1] if isinstance(mark, tuple) else None
            index = int(key) if isinstance(children, list) and str(key).isdigit() else key
            try:
                mark = children[index]  # type: ignore[index]
            except (KeyError, IndexError, TypeError):
                break
            position = mark[0] if isinstance(mark, tuple) else mark
        return Location(self.label + self.file, (position >> 16) + 1, (position & 0xFFFF) + 1, symbol)


_REFUSED = object()


def _fast(text: str, file: str) -> Any:
    """The value by a native parser, or `_REFUSED` where the bounded reader has to decide."""
    start = text.lstrip()[:1]
    if start in ("{", "["):
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            if file.endswith(".json"):
                return _REFUSED
    if _subtle(text):
        return _REFUSED
    try:
        value = yaml_rs.loads(text, parse_datetime=False)
        try:
            orjson.dumps(value)  # nothing that JSON does not have: a set, a number as key
        except TypeError:
            value = _with_text_keys(value)
            canonical(value)
    except (yaml_rs.YAMLDecodeError, TypeError, ValueError, RecursionError):
        return _REFUSED
    return value


_MARKS = re.compile(r"[&!](?=[^\s\[\]{},=&])|<<\s*:")
_NUMBERS = re.compile(r"(?m)[0-9]_[0-9_]*[ \t]*$|\.(?:inf|Inf|INF|nan|NaN|NAN)[ \t]*$")


def _subtle(text: str) -> bool:
    """Whether there are anchors, tags or merges, or scalars that YAML 1.1 and 1.2 read differently."""
    for found in _MARKS.finditer(text):
        line = text.rfind("\n", 0, found.start()) + 1
        before = text[line : found.start()].rstrip()
        if not before or before[-1] in ":-?,[{" or found.group().startswith("<<"):
            return True
    for found in _NUMBERS.finditer(text):
        line = text.rfind("\n", 0, found.start()) + 1
        scalar = re.split(r"[:\-,\[]\s+", text[line : found.end()])[-1].strip()
        if scalar[:1] in "+-.0123456789" and not any(each.isalpha() for each in scalar.rpartition(".")[0]):
            return True
    return False


def _with_text_keys(value: Any) -> Any:
    """``200:`` is a text as a key of a contract."""
    if isinstance(value, dict):
        return {str(key) if type(key) is int else key: _with_text_keys(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_with_text_keys(child) for child in value]
    return value


@dataclass
class Documents:
    """The documents of one side, each read once, and references between them followed inside the side only."""

    snapshot: Snapshot
    label: str = ""
    _loaded: dict[str, Document] = field(default_factory=dict, repr=False)

    def load(self, file: str) -> Document | None:
        """The document of this path relative to the snapshot's root, or None."""
        if file not in self._loaded:
            path = self.snapshot.path(file)
            if path is None:
                return None
            self._loaded[file] = Document(file, path, self.label)
        return self._loaded[file]

    def resolve(self, base: Document, reference: str) -> tuple[Document, tuple[str, ...]] | None:
        """The document and keys that a `$ref` in `base` names; None for a URL, a file outside, or a bad pointer."""
        file, _, fragment = reference.partition("#")
        if "://" in file or file.startswith("/"):
            return None
        document: Document | None = base
        if file:
            parts = base.file.split("/")[:-1]
            for part in unquote(file).split("/"):
                if part == "..":
                    if not parts:
                        return None
                    parts.pop()
                elif part not in ("", "."):
                    parts.append(part)
            document = self.load("/".join(parts))
        if document is None or (fragment and not fragment.startswith("/")):
            return None
        keys = tuple(unquote(key).replace("~1", "/").replace("~0", "~") for key in fragment.split("/")[1:])
        return document, keys


def canonical(value: Any) -> bytes:
    """The same bytes for the same JSON value, whatever the order of keys."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except (orjson.JSONEncodeError, RecursionError):
        return json.dumps(value, sort_keys=True, default=str, separators=(",", ":"), ensure_ascii=False).encode()
