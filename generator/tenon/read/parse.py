"""YAML and JSON files as plain values with positions, within bounds that no file can break.

YAML is read by libyaml's events only: nothing is constructed but mappings, sequences and the scalars of YAML 1.2's
core schema. JSON is checked by orjson and then scanned for positions. Aliases share their value, and count as
often as they stand there.
"""

from __future__ import annotations

import re
from typing import Any

import orjson
import yaml

from tenon.model.text import forbidden

MAX_DEPTH = 96
"""Levels of nesting after alias expansion. Every public description we know stays under 64; twice an inlined one."""
MAX_NODES = 1_000_000
"""Values after alias expansion. A file over 12 MB may have one for each 12 bytes: aliases never buy more than text."""

Mark = Any
"""``line << 16 | column`` of a scalar; (that, marks of the children by key or index) of a container."""

_SUSPECT = re.compile("[\0\ud800-\udfff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_INT = re.compile(r"[-+]?[0-9]+\Z")
_BASED = re.compile(r"0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_CORE = "tag:yaml.org,2002:"
_TAGS = frozenset(_CORE + name for name in ("map", "seq", "str", "int", "float", "bool", "null"))


class Problem(Exception):
    """What is wrong with a text, and where. Raised inside this module only; `position` is a `Mark`."""

    def __init__(self, rule: str, position: int, message: str, remedy: str) -> None:
        super().__init__(message)
        self.rule, self.position, self.message, self.remedy = rule, position, message, remedy


def parse(text: str, *, json: bool) -> tuple[Any, Mark, int, list[Problem]]:
    """The text's value, its marks, how many values it has, and what is wrong. With `json` it has to be JSON."""
    build = _Builder(max(MAX_NODES, len(text) // 12))
    try:
        if json or (text.lstrip()[:1] in ("{", "[") and _is_json(text)):
            _read_json(text, build)
        else:
            _read_yaml(text, build)
    except Problem as problem:
        build.problems.append(problem)
    return build.value, build.mark, build.nodes, build.problems


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


class _Builder:
    """Puts values and marks together, and holds the bounds."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.nodes = 0
        self.value: Any = None
        self.mark: Mark = 0
        self.problems: list[Problem] = []
        self._stack: list[tuple[Any, Any, int, int, str | None, int]] = []
        self._container: Any = None
        self._marks: Any = None
        self._start = 0
        self._height = 0
        self._key: str | None = None
        self._key_position = 0
        self._merges: dict[int, list[tuple[dict[str, Any], dict[str, Mark]]]] = {}

    @property
    def wants_key(self) -> bool:
        return self._key is None and type(self._container) is dict

    def set_key(self, key: str, position: int, *, merge: bool = False) -> None:
        self.text(key, position)
        if key in self._container and len(self.problems) < 100:
            message = "this key stands twice in one mapping"
            self.problems.append(Problem("duplicate-key", position, message, "keep one of the two"))
        self._key, self._key_position = _MERGE_KEY if merge else key, position

    def text(self, value: str, position: int) -> None:
        if (not value.isascii() or "\0" in value) and _SUSPECT.search(value) and (what := forbidden(value)):
            self.problems.append(
                Problem("forbidden-text", position, f"the text contains {what}", "remove the character")
            )

    def count(self, nodes: int, position: int) -> None:
        self.nodes += nodes
        if self.nodes > self.limit:
            message = f"more than {self.limit:,} values after alias expansion"
            raise Problem("too-many-values", position, message, "split the document, and use fewer aliases")

    def add(self, value: Any, mark: Mark) -> None:
        """A complete value."""
        container = self._container
        if type(container) is dict:
            if self._key == _MERGE_KEY:
                self._merge(value, mark)
            else:
                container[self._key] = value
                self._marks[self._key] = (self._key_position, mark[1]) if type(mark) is tuple else self._key_position
            self._key = None
        elif container is None:
            self.value, self.mark = value, mark
        else:
            container.append(value)
            self._marks.append(mark)

    def open(self, container: Any, marks: Any, position: int) -> None:
        if len(self._stack) >= MAX_DEPTH:
            raise _too_deep(position)
        self.count(1, position)
        self._stack.append((self._container, self._marks, self._start, self._height, self._key, self._key_position))
        self._container, self._marks, self._start, self._height = container, marks, position, 0
        self._key = None

    def close(self) -> tuple[Any, Mark, int]:
        """Ends the innermost container; gives it, its mark and its height."""
        value, marks, position, height = self._container, self._marks, self._start, self._height + 1
        for mapping, its_marks in self._merges.pop(id(value), ()):
            for key, item in mapping.items():
                if key not in value:
                    value[key], marks[key] = item, its_marks[key]
        self._container, self._marks, self._start, outer, self._key, self._key_position = self._stack.pop()
        self._height = max(outer, height)
        self.add(value, (position, marks))
        return value, (position, marks), height

    def alias(self, value: Any, mark: Mark, nodes: int, height: int, position: int) -> None:
        self.count(nodes, position)
        if len(self._stack) + height > MAX_DEPTH:
            raise _too_deep(position)
        self._height = max(self._height, height)
        self.add(value, mark)

    def _merge(self, value: Any, mark: Mark) -> None:
        pairs = list(zip(value, mark[1], strict=True)) if isinstance(value, list) else [(value, mark)]
        if not all(isinstance(each, dict) for each, _ in pairs):
            raise Problem("merge-key", self._key_position, "`<<` merges mappings only", "write the keys out")
        self._merges.setdefault(id(self._container), []).extend((each, its[1]) for each, its in pairs)


_MERGE_KEY = "\0<<"
"""No text can be this: NUL is refused."""


def _too_deep(position: int) -> Problem:
    message = f"nested deeper than {MAX_DEPTH} levels"
    return Problem("too-deep", position, message, "move inner parts to definitions of their own and refer to them")


def _read_yaml(text: str, build: _Builder) -> None:
    anchors: dict[str, tuple[Any, Mark, int, int, str | None]] = {}
    opened: list[tuple[str | None, int]] = []
    documents = 0
    try:
        for event in yaml.parse(text, Loader=yaml.CLoader):
            mark = event.start_mark
            assert mark is not None
            position = mark.line << 16 | min(mark.column, 0xFFFF)
            if isinstance(event, yaml.ScalarEvent):
                if event.tag is not None:
                    _check_tag(event.tag, position)
                raw = event.value
                build.count(1, position)
                value: Any = raw
                if build.wants_key:
                    build.set_key(raw, position, merge=raw == "<<" and event.implicit[0])
                else:
                    if event.implicit[0] or event.tag not in (None, "!", _CORE + "str"):
                        value = _scalar(raw, position)
                    build.text(raw, position)
                    build.add(value, position)
                if event.anchor is not None:
                    anchors[event.anchor] = (value, position, 1, 0, raw)
            elif isinstance(event, yaml.CollectionStartEvent):
                if event.tag is not None:
                    _check_tag(event.tag, position)
                if build.wants_key:
                    raise Problem("complex-key", position, "a key is not a scalar", "use a text as key")
                opened.append((event.anchor, build.nodes))
                empty = dict if isinstance(event, yaml.MappingStartEvent) else list
                build.open(empty(), empty(), position)
            elif isinstance(event, yaml.CollectionEndEvent):
                anchor, before = opened.pop()
                done, its_mark, height = build.close()
                if anchor is not None:
                    anchors[anchor] = (done, its_mark, build.nodes - before, height, None)
            elif isinstance(event, yaml.AliasEvent):
                if event.anchor not in anchors:
                    message = "the alias names no anchor that is complete before it"
                    raise Problem(
                        "alias", position, message, "define the anchor first; an anchor cannot contain itself"
                    )
                aliased, its_mark, nodes, height, raw_key = anchors[event.anchor]
                if build.wants_key:
                    if raw_key is None:
                        raise Problem("complex-key", position, "a key is not a scalar", "use a text as key")
                    build.set_key(raw_key, position)
                else:
                    build.alias(aliased, its_mark if isinstance(its_mark, tuple) else position, nodes, height, position)
            elif isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    message = "the file holds more than one YAML document"
                    raise Problem("several-documents", position, message, "make each a file of its own")
    except yaml.MarkedYAMLError as error:
        where = error.problem_mark or error.context_mark
        at = where.line << 16 | min(where.column, 0xFFFF) if where else 0
        raise Problem("syntax", at, f"not valid YAML: {error.problem}", "mend the syntax") from None
    except yaml.reader.ReaderError as error:
        at = text.count("\n", 0, error.position) << 16
        raise Problem("syntax", at, f"not valid YAML: {error.reason}", "remove the character") from None
    if not documents:
        raise Problem("syntax", 0, "the file is empty", "write the contract, or remove the file")


def _check_tag(tag: str, position: int) -> None:
    if tag != "!" and tag not in _TAGS:
        raise Problem("yaml-tag", position, "custom YAML tags are refused", "write the value without a tag")


def _scalar(raw: str, position: int) -> Any:
    """A plain scalar by YAML 1.2's core schema."""
    if raw in _WORDS:
        return _WORDS[raw]
    if raw[0] not in "+-.0123456789":
        return raw
    if _INT.match(raw) or _BASED.match(raw):
        if len(raw) > 300:
            raise Problem("number", position, "a number of more than 300 digits", "quote it")
        number = int(raw, 0) if raw[:2] in ("0o", "0x") else int(raw)
        return number if -(2**63) <= number < 2**64 else float(number)
    if _FLOAT.match(raw):
        real = float(raw)
        if real in (float("inf"), float("-inf")):
            raise Problem("number", position, "the number is out of range", "use a smaller one")
        return real
    if _NOT_FINITE.match(raw):
        raise Problem("number", position, "NaN and infinity are not JSON values", "quote it")
    return raw


_TOKEN = re.compile(r'[ \t\r\n,]*(?:"([^"\\]*(?:\\.[^"\\]*)*)"[ \t\r\n]*(:?)|([{}\[\]])|([^ \t\r\n,\]}]+))')
_STRING, _COLON, _BRACKET, _LITERAL = 1, 2, 3, 4


def _read_json(text: str, build: _Builder) -> None:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as error:
        at = error.lineno - 1 << 16 | min(max(error.colno - 1, 0), 0xFFFF)
        message = error.msg.split(":")[0]
        raise Problem("syntax", at, f"not valid JSON: {message}", "mend the syntax") from None
    line, line_start, scanned = 0, 0, 0
    offset, end = 0, len(text.rstrip())
    while offset < end:
        token = _TOKEN.match(text, offset)
        assert token is not None, "orjson accepted what is not JSON"
        offset = token.end()
        group = token.lastindex or 0
        if group == _COLON:
            group = _STRING
        start = token.start(group) - (group == _STRING)
        newlines = text.count("\n", scanned, start)
        if newlines:
            line += newlines
            line_start = text.rfind("\n", scanned, start) + 1
        scanned = start
        position = line << 16 | min(start - line_start, 0xFFFF)
        if group == _STRING:
            value: Any = token[_STRING]
            if "\\" in value:
                value = orjson.loads(f'"{value}"')
            build.count(1, position)
            if token[_COLON]:
                build.set_key(value, position)
            else:
                build.text(value, position)
                build.add(value, position)
        elif group == _BRACKET:
            bracket = token[_BRACKET]
            if bracket == "{":
                build.open({}, {}, position)
            elif bracket == "[":
                build.open([], [], position)
            else:
                build.close()
        else:
            build.count(1, position)
            build.add(orjson.loads(token[_LITERAL]), position)
