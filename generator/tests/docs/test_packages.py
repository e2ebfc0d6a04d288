"""The README's table of packages: every package of the brief, in a file that uses it, with a command that exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from generator.tests.docs import pages

BRIEF = (
    "buf", "betterproto", "grpclib", "connect-python", "datamodel-code-generator", "openapi-core", "nats-py", "psycopg",
    "schemathesis", "pact-python", "maturin", "pyo3", "pytest",
)  # fmt: skip
"""What the product is to be built with."""
PLANNED = "**not used yet**"
ROWS = pages.table("README.md", "| Package |")


def names(cell: str) -> tuple[str, str]:
    """The package as the brief has it, and how code spells it: in backticks where that is another."""
    match = re.fullmatch(r"(?P<name>[\w-]+)(?: \(`(?P<code>[^`]+)`\))?", cell)
    assert match, cell
    return match["name"], match["code"] or match["name"]


def test_every_package_of_the_brief_has_a_row() -> None:
    assert tuple(names(row[0])[0] for row in ROWS) == BRIEF


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_the_row_is_true(row: list[str]) -> None:
    package, role, link, command = row
    path = re.fullmatch(r"\[[^\]]+\]\(([^)]+)\)", link)
    assert path, link
    file = pages.ROOT / path[1]
    if PLANNED in role:
        assert not uses(names(package)[1]), f"{package} is used by now: say where"
        return
    assert mentions(file, names(package)[1]), f"{path[1]} does not use {package}"
    assert exists(command.strip("`")), f"there is no {command}"


def mentions(file: Path, name: str) -> bool:
    """Whether a file imports the package, runs it or configures it; a comment does not count."""
    code = re.sub(r"^\s*#.*$", "", file.read_text("utf-8"), flags=re.M)
    spelled = re.escape(name.removesuffix("-bin"))
    if name.startswith('"'):
        return name in code
    if file.suffix != ".py":
        return bool(re.search(rf"\b{spelled}\b", code))
    imported = rf"^\s*(?:from|import) {spelled}\b"
    run = rf"[\"'](?:[\w-]*[-/])?{spelled}[\"']"
    return bool(re.search(imported, code, re.M) or re.search(run, code))


def uses(name: str) -> bool:
    """Whether anything in rust/ is built with it."""
    return any(name in file.read_text("utf-8") for file in (pages.ROOT / "rust").rglob("*.toml"))


def exists(command: str) -> bool:
    """A make target, a tenon command with its arguments, or a path for pytest."""
    program, *arguments = command.split()
    match program:
        case "make":
            return bool(re.search(rf"^{arguments[0]}:", pages.read("Makefile"), re.M))
        case "tenon":
            module = pages.ROOT / "generator" / "tenon" / "cli" / f"{arguments[0]}.py"
            return module.is_file() and all(f'"{word}"' in module.read_text() for word in arguments[1:])
        case "pytest":
            return all((pages.ROOT / path).exists() for path in arguments)
    return False
