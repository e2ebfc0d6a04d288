"""Where migrations and the queries beside them are, on each side."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tenon.gate.kinds.migrations import queries
from tenon.gate.kinds.migrations.queries import Query
from tenon.gate.snapshot import Snapshot
from tenon.source import Location

_FOLDER = re.compile(r"(?:(?P<home>.*)/)?migrations/(?P<name>[^/]+\.sql)\Z")
_NOT_RELEASED = frozenset({"tests", "test", "testdata", "cases", "fixtures", "examples"})
_RUNTIME = "runtime/tenon_runtime/store"
_MAX_FILES = 2000
_TABLE = re.compile(r"(?i)\bcreate table (?:if not exists )?(\w+)")


@dataclass
class Service:
    """One folder of migrations on one side, and the code that runs queries on what they make."""

    home: str
    """The folder above: ``impl/catalog``; empty at the root."""
    snapshot: Snapshot
    label: str
    files: dict[str, str] = field(default_factory=dict)
    """Texts of the migrations by name, in the order of application."""

    @property
    def name(self) -> str:
        """As reports call it."""
        return self.home.removeprefix("impl/") or "database"

    def at(self, name: str, line: int = 1) -> Location:
        """A place in one of its files."""
        folder = f"{self.home}/migrations" if self.home else "migrations"
        return Location(f"{self.label}{folder}/{name}", line)

    @cached_property
    def sources(self) -> dict[str, str]:
        """Its Python files."""
        found: dict[str, str] = {}
        prefix = f"{self.home}/" if self.home else ""
        for name, path in self.snapshot.files.items():
            if name.endswith(".py") and name.startswith(prefix) and is_released(name):
                if len(found) == _MAX_FILES:
                    break
                found[name] = _text(path)
        return found

    @cached_property
    def code(self) -> queries.Found:
        """Its queries; what is no Python has none."""
        found = queries.Found()
        for name, text in self.sources.items():
            try:
                read = queries.read(text, name, self.label)
            except (SyntaxError, ValueError):
                found.built.append(Location(self.label + name))
                continue
            found.queries += read.queries
            found.built += read.built
            found.names |= read.names
        return found


def is_released(name: str) -> bool:
    """Whether a file runs in production: no test, no example."""
    parts = name.split("/")
    return not _NOT_RELEASED & set(parts[:-1]) and not re.match(r"test_|conftest\.py\Z", parts[-1])


def services(snapshot: Snapshot, label: str = "") -> dict[str, Service]:
    """All of one side, by home."""
    found: dict[str, Service] = {}
    if snapshot.only is not None:
        return found
    for name, path in snapshot.files.items():
        match = _FOLDER.match(name)
        if match and is_released(name) and not match["name"].endswith(".down.sql"):
            home = match["home"] or ""
            found.setdefault(home, Service(home, snapshot, label)).files[match["name"]] = _text(path)
    for service in found.values():
        service.files = dict(sorted(service.files.items(), key=lambda item: item[0].removesuffix(".sql")))
    return found


def pairs(old: Mapping[str, Service], new: Mapping[str, Service]) -> list[tuple[Service, Service]]:
    """Each old service with its new self: the same folder, or the one that it was moved to, files and all."""
    found = []
    free = {home: service for home, service in new.items() if home not in old}
    for home, service in old.items():
        there = new.get(home)
        if there is None:
            moved = (each for each in free.values() if service.files.items() <= each.files.items())
            there = next(moved, None)
            if there is not None:
                del free[there.home]
        if there is not None:
            found.append((service, there))
    return found


def runtime_files(service: Service, texts: list[str]) -> list[str]:
    """The runtime's own tables are in every service's database: its files, where these texts speak of them."""
    if service.home == _RUNTIME:
        return []
    own = services_of_runtime(service.snapshot)
    names = {name for text in own for name in _TABLE.findall(text)}
    if not names:
        return []
    speaks = re.compile(rf"\b(?:{'|'.join(sorted(names))})\b")
    return own if any(speaks.search(text) for text in texts) else []


def services_of_runtime(snapshot: Snapshot) -> list[str]:
    """The runtime's migrations: those in the tree, else those installed."""
    prefix = f"{_RUNTIME}/migrations/"
    here = [path for name, path in snapshot.files.items() if name.startswith(prefix) and name.endswith(".sql")]
    if not here:
        spec = importlib.util.find_spec("tenon_runtime")
        if spec is None or spec.origin is None:
            return []
        here = sorted((Path(spec.origin).parent / "store" / "migrations").glob("*.sql"))
    return [_text(path) for path in here]


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n")


def same_query(one: Query) -> tuple[str, str]:
    """What a query is known by on both sides."""
    return one.where, one.sql
