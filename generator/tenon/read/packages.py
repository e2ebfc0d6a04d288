"""Which package a document's code goes to."""

from __future__ import annotations

import keyword
import re
from collections import Counter
from pathlib import PurePosixPath

from tenon.finding import Finding
from tenon.read.tree import Tree

_GENERIC = ("openapi", "asyncapi")
_TAKEN = frozenset(
    ["types", "rest", "payloads", "context", "messages", "service", "events", "client", "openapi", "asyncapi"]
)
"""Modules of a generated package: no package inside it may have their names."""


def assign(tree: Tree, files: list[str], findings: list[Finding]) -> dict[str, str]:
    """The dotted package of each file, all of one kind.

    ``identity/v1/identity.openapi.yaml`` and ``identity/v1/openapi.yaml`` give their folders, ``identity.v1``. Where
    several files would share them, and for every other file, the file's stem is added: ``kubernetes.swagger_v3``.
    Files that differ in nothing but case or suffix collide, which is a finding naming both.
    """
    wanted = {file: _folders(file) if _is_house(file) else (*_folders(file), _stem(file)) for file in files}
    shared = Counter(wanted.values())
    packages: dict[str, str] = {}
    first: dict[str, str] = {}
    for file, folders in wanted.items():
        parts = (*folders, _stem(file)) if shared[folders] > 1 and _is_house(file) else folders
        package = ".".join(parts)
        other = first.setdefault(package, file)
        if other != file:
            findings.append(
                Finding(
                    tree.location(file),
                    "package-collision",
                    f"two documents would both be package {package}",
                    "rename one of the two files",
                    also=tree.location(other),
                )
            )
        else:
            packages[file] = package
    return packages


def _is_house(file: str) -> bool:
    name = PurePosixPath(file)
    return len(name.parts) > 1 and (name.stem in _GENERIC or name.stem.endswith((".openapi", ".asyncapi")))


def _folders(file: str) -> tuple[str, ...]:
    parts = PurePosixPath(file).parts[:-1]
    return tuple(_identifier(part, top=index == 0) for index, part in enumerate(parts))


def _stem(file: str) -> str:
    stem = PurePosixPath(file).stem
    return _identifier(stem.removesuffix(".openapi").removesuffix(".asyncapi"), top="/" not in file)


def _identifier(part: str, *, top: bool) -> str:
    made = re.sub(r"[^a-z0-9_]+", "_", part.lower()).strip("_") or "unnamed"
    if made[0].isdigit():
        made = f"n{made}"
    return f"{made}_" if keyword.iskeyword(made) or (made in _TAKEN and not top) else made
