"""Which folders of a tree imports start from, by its own buf.yaml or buf.work.yaml.

Of a tree's configuration only this is taken: dependencies would be fetched, plugins run, and rules are somebody else's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tenon.read.parse import parse
from tenon.read.tree import Tree

_MAX_BYTES = 100_000
_PATH = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_./ -]*")


@dataclass(frozen=True, slots=True)
class Module:
    """One folder that imports start from; `excludes` are folders inside the tree that are not compiled."""

    path: str
    excludes: tuple[str, ...] = ()

    def inside(self, folder: str) -> Module:
        """The module of a tree that is put into `folder`."""
        path = folder if self.path == "." else f"{folder}/{self.path}"
        return Module(path, tuple(f"{folder}/{each}" for each in self.excludes))

    def as_json(self) -> dict[str, Any]:
        """As version 2 of buf.yaml has it."""
        return {"path": self.path, **({"excludes": list(self.excludes)} if self.excludes else {})}

    def import_path(self, file: str) -> str | None:
        """What imports call `file`, or None when it is not in this module."""
        if any(file.startswith(f"{folder}/") for folder in self.excludes):
            return None
        if self.path == ".":
            return file
        return file.removeprefix(f"{self.path}/") if file.startswith(f"{self.path}/") else None


def modules(tree: Tree) -> tuple[Module, ...]:
    """The modules of `tree`: the whole of it, unless its configuration names some."""
    config = _load(tree, "buf.yaml")
    found: list[Module] = []
    if config.get("version") == "v2":
        for entry in _list(config, "modules"):
            if isinstance(entry, dict):
                found += _module(tree, entry.get("path", "."), _list(entry, "excludes"))
    elif directories := _list(_load(tree, "buf.work.yaml"), "directories"):
        for directory in directories:
            found += _module(tree, directory, _excludes(tree, directory))
    elif roots := _list(_mapping(config, "build"), "roots"):
        for root in roots:
            found += _module(tree, root, [])
    else:
        found += _module(tree, ".", _excludes(tree, "."))
    return tuple(dict.fromkeys(found)) or (Module("."),)


def _excludes(tree: Tree, directory: Any) -> list[str]:
    """What version 1 of buf.yaml in a module leaves out, as paths of the tree."""
    if not isinstance(directory, str):
        return []
    prefix = "" if directory == "." else f"{directory.strip('/')}/"
    config = _load(tree, f"{prefix}buf.yaml")
    return [f"{prefix}{name}" for name in _list(_mapping(config, "build"), "excludes") if isinstance(name, str)]


def _module(tree: Tree, path: Any, excludes: list[Any]) -> list[Module]:
    folder = _folder(tree, path)
    if folder is None:
        return []
    inside = [name for each in excludes if (name := _folder(tree, each)) is not None and name not in (".", folder)]
    return [Module(folder, tuple(dict.fromkeys(inside)))]


def _folder(tree: Tree, path: Any) -> str | None:
    """`path` if it is a folder of the tree with contracts in it."""
    if not isinstance(path, str) or not _PATH.fullmatch(path):
        return None
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        return None
    folder = "/".join(parts)
    if not folder:
        return "."
    return folder if any(name.startswith(f"{folder}/") for name, _ in tree.matching(".proto")) else None


def _load(tree: Tree, name: str) -> dict[str, Any]:
    path = tree.files.get(name)
    if path is None or path.stat().st_size > _MAX_BYTES:
        return {}
    value, *_, problems = parse(path.read_text("utf-8", "replace"), json=False)
    return value if isinstance(value, dict) and not problems else {}


def _mapping(value: dict[str, Any], key: str) -> dict[str, Any]:
    inner = value.get(key)
    return inner if isinstance(inner, dict) else {}


def _list(value: dict[str, Any], key: str) -> list[Any]:
    inner = value.get(key)
    return inner if isinstance(inner, list) else []
