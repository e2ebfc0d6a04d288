"""Lines of a large file without reading all of it again: keys are looked for where the indentation has to have them.

Written for files as tools write them, one key to a line and indented by level. Whatever does not look like that gives
None, and the reader that knows every position is asked instead.
"""

from __future__ import annotations

import re

LARGE = 100_000
"""Characters from which on it is worth it."""


def locate(text: str, keys: tuple[str | int, ...]) -> tuple[int, int] | None:
    """Line and column of the key that `keys` lead to, counted from 1; None where that is not sure."""
    start, indent = 0, -1
    for key in keys:
        found = _element(text, start, indent, int(key)) if isinstance(key, int) else _key(text, start, indent, key)
        if found is None:
            return None
        start, indent = found
    line_start = text.rfind("\n", 0, start) + 1
    return text.count("\n", 0, start) + 1, start - line_start + 1


def _key(text: str, start: int, indent: int, key: str) -> tuple[int, int] | None:
    """Where a key of the mapping stands that begins at `start`: its place and its indentation."""
    level = _level(text, start, indent)
    if level is None:
        return None
    name = re.escape(key)
    if key.isascii() and '"' not in key and "'" not in key and "\\" not in key:
        found = re.compile(rf"""^ {{{level}}}(?:- +)?(["']?){name}\1 *:(?= |$)""", re.MULTILINE).search(
            text, _next(text, start)
        )
        if found is not None and not _left(text, start, found.start(), level):
            return found.start() + level, level
    return None


def _element(text: str, start: int, indent: int, index: int) -> tuple[int, int] | None:
    """Where an element of the list stands that begins at `start`."""
    level = _level(text, start, indent, dashes=True)
    if level is None:
        return None
    place = _next(text, start)
    pattern = re.compile(rf"^ {{{level}}}([^\s\]}}])", re.MULTILINE)
    yaml = text.startswith("-", place + level)
    count = -1
    while (found := pattern.search(text, place)) is not None:
        if not yaml or found.group(1) == "-":
            count += 1
        if count == index:
            return found.start() + level, level
        place = found.end()
        if count > 10_000:
            break
    return None


def _level(text: str, start: int, indent: int, *, dashes: bool = False) -> int | None:
    """The indentation of what stands below a line."""
    line = re.compile(r"^( *)([^\s#].?)", re.MULTILINE).search(text, _next(text, start) if indent >= 0 else 0)
    if line is not None and indent < 0 and line.group(2)[0] in "{[":
        line = re.compile(r"^( *)([^\s#].?)", re.MULTILINE).search(text, line.end())
    if line is None:
        return None
    level = len(line.group(1))
    if dashes and line.group(2).startswith("-"):
        return level if level >= indent else None
    return level if level > indent else None


def _next(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end + 1 if start else 0


def _left(text: str, start: int, end: int, level: int) -> bool:
    """Whether the block has ended before: a line is indented less."""
    if level == 0:
        return False
    begin = _next(text, start)
    return re.compile(rf"^ {{0,{level - 1}}}[^\s#]", re.MULTILINE).search(text, begin, end) is not None
