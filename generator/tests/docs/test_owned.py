"""docs/decisions/owned.md lists all that is kept instead of a library, with its size."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from generator.tests.docs import pages

PAGE = "docs/decisions/owned.md"
COUNTED = {".py", ".jinja", ".sql", ".rs", ".proto"}
TOLERANCE = 0.2
ROW = re.compile(r"^\| (?P<part>[^|]+) \| `(?P<where>[^`]+)` \| (?P<lines>\d+) \| (?P<rest>.+) \|$", re.M)
ROWS = {match["part"]: (match["where"], int(match["lines"])) for match in ROW.finditer(pages.read(PAGE))}


def alternatives(pattern: str) -> list[str]:
    """A shell's braces: ``a/{b,c}`` gives ``a/b`` and ``a/c``; commas outside of them part whole patterns."""
    found = []
    for each in re.split(r",(?![^{]*\})", pattern):
        pieces = re.split(r"\{([^}]*)\}", each)
        choices = [piece.split(",") if number % 2 else [piece] for number, piece in enumerate(pieces)]
        found += ["".join(choice) for choice in itertools.product(*choices)]
    return found


def files(where: str) -> set[Path]:
    """The counted files that a pattern names."""
    found: set[Path] = set()
    for pattern in alternatives(where):
        matches = set(pages.ROOT.glob(pattern + "/*" if pattern.endswith("**") else pattern))
        assert matches, f"{PAGE}: nothing is at {pattern}"
        found |= {path for path in matches if path.suffix in COUNTED and "__pycache__" not in path.parts}
    return found


def lines(where: str) -> int:
    return sum(len(path.read_text("utf-8").splitlines()) for path in files(where))


@pytest.mark.parametrize("part", ROWS)
def test_sizes_are_true(part: str) -> None:
    where, said = ROWS[part]
    counted = lines(where)
    if pages.UPDATE:
        text = pages.read(PAGE).replace(f"`{where}` | {said} |", f"`{where}` | {counted} |")
        (pages.ROOT / PAGE).write_text(text, "utf-8")
        return
    assert abs(counted - said) <= TOLERANCE * said, f"{part} has {counted} lines, the page says {said}: UPDATE=1"


@pytest.mark.parametrize("package", ["generator/tenon", "runtime/tenon_runtime", "rust/crates"])
def test_everything_belongs_to_one_part(package: str) -> None:
    owners: dict[Path, list[str]] = {
        path: []
        for path in (pages.ROOT / package).rglob("*")
        if path.suffix in COUNTED and "__pycache__" not in path.parts
    }
    for part, (where, _) in ROWS.items():
        for path in files(where):
            owners.setdefault(path, []).append(part)
    wrong = {str(path.relative_to(pages.ROOT)): parts for path, parts in owners.items() if len(parts) != 1}
    assert wrong == {}, "each file belongs to exactly one row"


def test_every_part_has_a_way_out() -> None:
    for match in ROW.finditer(pages.read(PAGE)):
        assert len([cell for cell in match["rest"].split(" | ") if cell.strip()]) == 3, match["part"]
