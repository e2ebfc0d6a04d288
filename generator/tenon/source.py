"""Where something stands in a contract."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a contract file.

    `file` is relative to the repository's root with ``/``; `line` and `column` count from 1 (0: the whole file);
    `symbol` is the contract's own name for the thing, as ``identity.v1.Creator.email`` or a JSON pointer.
    """

    file: str
    line: int = 0
    column: int = 0
    symbol: str = ""

    def __str__(self) -> str:
        return ":".join([self.file, *(str(part) for part in (self.line, self.column) if part)])

    @property
    def ref(self) -> str:
        """A reference that survives edits elsewhere in the file: no line number in it."""
        return f"{self.file}#{self.symbol}" if self.symbol else self.file
