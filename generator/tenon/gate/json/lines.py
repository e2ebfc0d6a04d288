"""Lines of a large file without reading all of it again: keys are looked for where the indentation has to have them.

Written for files as tools write them, one key to a line and indented by level. Whatever does not look like that gives
None, and the reader that knows every position is asked instead.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property

LARGE = 100_000
"""Characters from which on it is worth it."""
_FIRST = re.compile(r"^( *)([^\s#])(.?)", re.MULTILINE)
_MAX_ELEMENTS = 10_000


@dataclass(frozen=True, slots=True)
class _Block:
    """What stands below a key: from `start` to `end`, its own keys or elements `level` spaces in."""

    start: int
    end: int
    level: int


@dataclass
class Lines:
    """The lines of one text. Remembers the blocks that it found."""

    text: str
    _places: dict[tuple[str | int, ...], tuple[int, int] | None] = field(default_factory=dict)
    _blocks: dict[tuple[str | int, ...], _Block | None] = field(default_factory=dict)

    def locate(self, keys: tuple[str | int, ...]) -> tuple[int, int] | None:
        """Line and column of the key that `keys` lead to, counted from 1; None where that is not sure."""
        place = self._place(keys)
        if place is None:
            return None
        line = bisect_right(self._starts, place[0])
        return line, place[0] - self._starts[line - 1] + 1

    @cached_property
    def _starts(self) -> list[int]:
        """Where each line begins."""
        return [0, *(found.end() for found in re.finditer("\n", self.text))]

    def _place(self, keys: tuple[str | int, ...]) -> tuple[int, int] | None:
        """Where a key stands, and how far in."""
        if keys not in self._places:
            block = self._block(keys[:-1])
            last = keys[-1]
            if block is None:
                self._places[keys] = None
            else:
                self._places[keys] = self._element(block, last) if isinstance(last, int) else self._key(block, last)
        return self._places[keys]

    def _block(self, keys: tuple[str | int, ...]) -> _Block | None:
        if keys not in self._blocks:
            self._blocks[keys] = self._found(keys)
        return self._blocks[keys]

    def _found(self, keys: tuple[str | int, ...]) -> _Block | None:
        text = self.text
        if not keys:
            first = _FIRST.search(text)
            if first is not None and first.group(2) == "{":
                first = _FIRST.search(text, first.end())
            return None if first is None else _Block(first.start(), len(text), len(first.group(1)))
        place = self._place(keys)
        if place is None:
            return None
        at, indent = place
        begin = text.find("\n", at) + 1
        if isinstance(keys[-1], int) and text.startswith("-", at):
            inner = re.compile(r"- +").match(text, at)  # the first key stands beside the dash
            level = indent + (inner.end() - inner.start() if inner else 2)
            begin = text.rfind("\n", 0, at) + 1
            end = self._end(text.find("\n", at) + 1, level)
            return _Block(begin, end, level)
        first = _FIRST.search(text, begin)
        if first is None:
            return None
        level = len(first.group(1))
        dash = first.group(2) == "-" and first.group(3) in ("", " ")
        if level < indent or (level == indent and not dash):
            return None
        return _Block(begin, self._end(begin, level, dash=dash), level)

    def _end(self, begin: int, level: int, *, dash: bool = False) -> int:
        """Where the first line is that is indented less, or as far but is no element."""
        less = rf"^ {{0,{level - 1}}}[^\s#]" if level else r"^(?!)"
        pattern = rf"{less}|^ {{{level}}}[^\s#-]" if dash else less
        found = re.compile(pattern, re.MULTILINE).search(self.text, begin)
        return len(self.text) if found is None else found.start()

    def _key(self, block: _Block, key: str) -> tuple[int, int] | None:
        if not key.isascii() or any(each in key for each in "\"'\\\n"):
            return None
        text, margin = self.text, " " * block.level
        spelled = (f'"{key}":', f"{key}:", f"'{key}':", f'"{key}" :')
        for name in spelled:
            if text.startswith(margin + name, block.start):
                return block.start + block.level, block.level
            found = text.find(f"\n{margin}{name}", max(0, block.start - 1), block.end)
            if found >= 0:
                return found + 1 + block.level, block.level
        for name in spelled:  # beside the dash of its element
            line = text[block.start : text.find("\n", block.start)]
            if line.lstrip().startswith("-") and line[block.level :].startswith(name):
                return block.start + block.level, block.level
        return None

    def _element(self, block: _Block, index: int) -> tuple[int, int] | None:
        pattern = re.compile(rf"^ {{{block.level}}}([^\s\]}}#])", re.MULTILINE)
        dashes = self.text.startswith("-", block.start + block.level)
        count, place = -1, block.start
        while count < _MAX_ELEMENTS and (found := pattern.search(self.text, place, block.end)) is not None:
            count += not dashes or found.group(1) == "-"
            if count == index:
                return found.start() + block.level, block.level
            place = found.end()
        return None
