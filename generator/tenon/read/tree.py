"""The contracts folder as readers see it: only regular files inside it, each at most `budget` bytes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from tenon.finding import Finding
from tenon.memo import Memo
from tenon.source import Location

DEFAULT_BUDGET = 32 * 1024 * 1024
"""Bytes one contract may have. Source: the largest public description we know (Microsoft Graph) has 30 MB."""

SUFFIXES = (".proto", ".yaml", ".yml", ".json")
"""How the names of contracts end. Other files may be called anything: nobody reads them."""
MAX_PATH = 512
"""Bytes of a contract's path: what is made of it has to fit into a path too."""


@dataclass
class Tree:
    """The files of a contracts folder.

    `root` is the folder, `name` what findings call it (``contracts``). Symbolic links that leave the folder are
    findings and are not followed, so no reader can be led to a file outside.
    """

    root: Path
    name: str
    budget: int = DEFAULT_BUDGET
    files: dict[str, Path] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    parsed: dict[str, Any] = field(default_factory=dict, repr=False)
    """What `document.load` keeps, so that no file is parsed twice."""
    memo: Memo = field(default_factory=Memo, repr=False)
    """What was made of files in earlier runs."""

    @classmethod
    def scan(cls, root: Path, name: str, budget: int = DEFAULT_BUDGET) -> Tree:
        tree = cls(root, name, budget)
        real_root = os.path.realpath(root)
        for path in sorted(_walk(root)):
            relative = path.relative_to(root).as_posix()
            at = Location(f"{name}/{relative}")
            if relative.endswith(SUFFIXES) and (words := _misnamed(relative)):
                tree.findings.append(Finding(at, "file-name", f"the path {words}", "rename the file or its folder"))
            elif os.path.commonpath([real_root, os.path.realpath(path)]) != real_root:
                tree.findings.append(
                    Finding(
                        at,
                        "path-outside",
                        "a symbolic link leads out of the contracts folder",
                        "copy the file into the folder",
                    )
                )
            elif not path.is_file():
                tree.findings.append(
                    Finding(at, "not-a-file", "this is not a regular file", "remove it from the contracts folder")
                )
            elif path.stat().st_size > budget:
                tree.findings.append(
                    Finding(
                        at,
                        "too-large",
                        f"{path.stat().st_size:,} bytes are over the budget of {budget:,}",
                        "split the contract, or raise --max-bytes",
                    )
                )
            else:
                tree.files[relative] = path
        return tree

    def location(self, relative: str, line: int = 0, column: int = 0, symbol: str = "") -> Location:
        """A place in the file `relative`, as findings name it."""
        return Location(f"{self.name}/{relative}", line, column, symbol)

    def matching(self, *suffixes: str) -> Iterator[tuple[str, Path]]:
        """The files whose name ends in one of `suffixes`, in path order."""
        return ((name, path) for name, path in self.files.items() if name.endswith(suffixes))

    def resolve(self, base: str, reference: str) -> str | None:
        """The file that `reference` (a relative path) in file `base` names, or None when it is outside the tree
        or does not exist."""
        parts: list[str] = list(PurePosixPath(base).parts[:-1])
        for part in reference.split("/"):
            if part == "..":
                if not parts:
                    return None
                parts.pop()
            elif part not in ("", "."):
                parts.append(part)
        found = "/".join(parts)
        return found if found in self.files and not reference.startswith("/") else None


def _misnamed(path: str) -> str | None:
    """Why a contract cannot have this path: it would stand in findings, imports and file names of what is made."""
    if not path.isprintable():
        return "has characters that cannot be printed"
    if "\\" in path or len(path.encode()) > MAX_PATH:
        return "has a backslash" if "\\" in path else f"is longer than {MAX_PATH} bytes"
    return None


def _walk(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(folder, name) for name in files)
        yield from (Path(folder, name) for name in folders if Path(folder, name).is_symlink())
