"""What the pages of documentation are made of: fenced blocks, links, headings, and parts that a command writes.

Two marks, HTML comments that a reader does not see, tie a page to the code:

- ``<!-- from: path -->`` before a fenced block: the block stands in that file, line by line; a line ``…`` leaves out.
- ``<!-- made by: name -->`` … ``<!-- end -->``: a part that a test writes (``UPDATE=1``) and compares.
"""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
UPDATE = os.environ.get("UPDATE") == "1"
OTHERS = {"docs/tutorial.md", "docs/reference/foreign.md"}
"""Pages with tests of their own; their links are checked here too."""

_FENCE = re.compile(
    r"^(?P<indent> *)(?P<ticks>```+)(?P<lang>[\w-]*)[^\n]*\n(?P<body>.*?)^(?P=indent)(?P=ticks) *$", re.M | re.S
)
_MARK = re.compile(r"<!-- (?P<kind>from): (?P<value>[^\n]*?) -->\n\Z")
_PART = re.compile(r"(?P<begin><!-- made by: (?P<name>[^\n]*?) -->\n)(?P<body>.*?)(?P<end><!-- end -->)", re.S)
_LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(?P<text>.+?) *$", re.M)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block. `mark` is the comment on the line before it: (kind, value)."""

    page: str
    line: int
    lang: str
    text: str
    mark: tuple[str, str] | None

    @property
    def at(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    """Every page, relative to the root."""
    found = [ROOT / "README.md", ROOT / "generator" / "ARCHITECTURE.md", *(ROOT / "docs").rglob("*.md")]
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


def read(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def blocks(page: str) -> Iterator[Block]:
    """Every fenced block of a page."""
    text = read(page)
    for match in _FENCE.finditer(text):
        mark = _MARK.search(text[: match.start()])
        yield Block(
            page,
            text.count("\n", 0, match.start()) + 1,
            match["lang"],
            textwrap.dedent(match["body"]),
            (mark["kind"], mark["value"]) if mark else None,
        )


def missing_from(block: Block, source: str) -> str | None:
    """The first run of lines of `block` that `source` does not have, in order and whatever its indentation."""
    bare = [line.strip() for line in source.splitlines()]
    start = 0
    for part in re.split(r"^\s*…\s*$", block.text, flags=re.M):
        wanted = [line.strip() for line in part.strip("\n").splitlines()]
        if not wanted:
            continue
        ends = (i for i in range(start, len(bare) - len(wanted) + 1) if bare[i : i + len(wanted)] == wanted)
        at = next(ends, None)
        if at is None:
            return part
        start = at + len(wanted)
    return None


def parts(page: str) -> dict[str, str]:
    """What stands now in each part that a test writes, by name."""
    return {match["name"]: match["body"] for match in _PART.finditer(read(page))}


def compare(page: str, makers: Mapping[str, Callable[[], str]]) -> list[str]:
    """The names of the parts that are not what their maker makes; with ``UPDATE=1`` they are written."""
    stale = []

    def made(match: re.Match[str]) -> str:
        body = makers[match["name"]]()
        if body != match["body"]:
            stale.append(match["name"])
        return match["begin"] + body + match["end"]

    text = _PART.sub(made, read(page))
    if UPDATE:
        (ROOT / page).write_text(text, "utf-8")
        return []
    return stale


def links(page: str) -> list[str]:
    """Targets of links, fenced blocks left out."""
    return [match["target"] for match in _LINK.finditer(_FENCE.sub("", read(page)))]


def anchors(page: str) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    seen: dict[str, int] = {}
    found = set()
    for match in _HEADING.finditer(_FENCE.sub("", read(page))):
        words = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", match["text"]).lower()
        anchor = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        count = seen.get(anchor, 0)
        seen[anchor] = count + 1
        found.add(f"{anchor}-{count}" if count else anchor)
    return found


def table(page: str, header: str) -> list[list[str]]:
    """The rows of the first table whose header line begins with `header`, cells without their spaces."""
    lines = read(page).splitlines()
    start = next((i for i, line in enumerate(lines) if line.startswith(header)), None)
    if start is None:
        raise AssertionError(f"{page} has no table that begins with {header}")
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))])
    return rows
