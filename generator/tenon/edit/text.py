"""One file's text and the changes to it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Buffer:
    """A text with changes that do not overlap; offsets count characters of the text as it was read."""

    text: str
    _changes: list[tuple[int, int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._mark = "\ufeff" if self.text.startswith("\ufeff") else ""
        self._newline = "\r\n" if "\r\n" in self.text else "\n"
        self.text = self.text.removeprefix("\ufeff").replace("\r\n", "\n")
        self._starts = [0]
        for line in self.text.split("\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._starts.pop()

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    def offset(self, line: int, column: int = 0) -> int:
        """The offset of a place; `line` and `column` count from 0. Past the last line: the end of the text."""
        return self._starts[line] + column if line < len(self._starts) else len(self.text)

    def insert(self, offset: int, text: str) -> None:
        """Put `text` at `offset`; several at one offset stay in the order they were given in."""
        self._changes.append((offset, offset, text))

    def insert_lines(self, line: int, lines: list[str]) -> None:
        """Put `lines` before `line` (from 0)."""
        at = self.offset(line)
        block = "\n".join(lines) + "\n"
        if at == len(self.text) and self.text and not self.text.endswith("\n"):
            block = "\n" + block.removesuffix("\n")
        self.insert(at, block)

    def replace(self, start: int, end: int, text: str) -> None:
        """Put `text` in the place of what stands between `start` and `end`."""
        self._changes.append((start, end, text))

    @property
    def changed(self) -> bool:
        return bool(self._changes)

    def result(self) -> str:
        """The text with all changes."""
        parts, done = [], 0
        for start, end, text in sorted(self._changes, key=lambda change: change[:2]):
            parts += [self.text[done:start], text]
            done = end
        made = "".join([*parts, self.text[done:]])
        return self._mark + made.replace("\n", self._newline)
