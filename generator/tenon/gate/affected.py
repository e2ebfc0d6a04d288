"""What a change touches: the services, SDKs, tests, crates and docs that CI has to build again.

A path that no rule here knows touches everything: too much is built then, and never too little.
"""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from tenon.gate.context import Context
from tenon.gate.kinds.architecture import contracts
from tenon.gate.policy import Policy
from tenon.gate.snapshot import BadBaseline, Snapshot

KINDS = ("services", "sdks", "tests", "crates", "docs")
_IMPORTED = re.compile(r'(?m)^[ \t]*import\s+(?:public\s+|weak\s+)?"([^"/]+)/')
_REFERRED = re.compile(r"(?:\.\./)+([\w-]+)/")
_WORDS = (".md", ".txt", ".rst", ".png", ".svg")
_NOTHING = re.compile(
    r"bench/|contracts/\.released/|generated/ops/|\.gitignore\Z|\.gitattributes\Z|LICENSE|\.github/CODEOWNERS\Z"
)


@dataclass
class Affected:
    """What has to be built and run again, by kind, each with the changed files that are the reason."""

    targets: dict[str, dict[str, set[str]]] = field(default_factory=lambda: {kind: {} for kind in KINDS})

    def names(self, kind: str) -> list[str]:
        """Sorted names; a test path that stands below another one is left to that."""
        found = sorted(self.targets[kind])
        if kind != "tests":
            return found
        return [path for path in found if not any(path.startswith(f"{other}/") for other in found)]

    def add(self, kind: str, names: Iterable[str], reason: str) -> None:
        for name in names:
            self.targets[kind].setdefault(name, set()).add(reason)


def changed(root: Path, revision: str) -> list[str]:
    """Files that differ between `revision` and what is on disk, new ones included. Raises `BadBaseline`."""
    if revision.startswith("-"):
        raise BadBaseline(f"{revision} is no revision")
    found: set[str] = set()
    for arguments in (
        ("diff", "--name-only", "--no-renames", "--relative", "-z", revision, "--"),
        ("ls-files", "--others", "--exclude-standard", "-z"),
    ):
        try:
            done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=False)
        except OSError:
            raise BadBaseline("git is not installed") from None
        if done.returncode:
            raise BadBaseline(f"{revision} is no revision of this repository (in CI: fetch tags and history)")
        found.update(done.stdout.decode("utf-8", "surrogateescape").split("\0"))
    return sorted(found - {""})


def affected(root: Path, files: Iterable[str]) -> Affected:
    """What these changed files touch, by the repository at `root`."""
    return _Repository(root).touched(files)


class _Repository:
    """Who depends on whom."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def touched(self, files: Iterable[str]) -> Affected:
        found = Affected()
        for file in files:
            self._file(found, file)
        return found

    def _file(self, found: Affected, file: str) -> None:
        parts = file.split("/")
        if file.startswith(f"{self._contracts}/"):
            parts = ["contracts", *file.removeprefix(f"{self._contracts}/").split("/")]
        match parts:
            case _ if _NOTHING.match(file):
                return
            case ["contracts", domain, _, *_] if domain in self.domains:
                self._contract(found, domain, file)
            case ["contracts", *_] | ["buf.yaml"] | ["buf.gen.yaml"]:
                for domain in self.domains:
                    self._contract(found, domain, file)
            case ["generated", *rest]:
                self._generated(found, rest, file)
            case ["impl", service, "tests", *_] if service in self.services:
                found.add("tests", self._paths(f"impl/{service}/tests"), file)
            case ["impl", service, _, *_] if service in self.services:
                self._service(found, [service], file)
            case ["impl", _, _, *_]:
                self._service(found, [], file)  # a service that is gone: what runs them all together
            case ["impl", *_]:
                self._service(found, self.services, file)
            case ["runtime", "tests", *rest]:
                found.add("tests", self._paths(_part("runtime/tests", rest)), file)
            case ["runtime", *_]:
                self._runtime(found, file)
            case ["generator", "tests", *rest]:
                found.add("tests", self._paths(_part("generator/tests", rest)), file)
            case ["generator", *_]:
                found.add("tests", self._paths("generator/tests"), file)
                for domain in self.domains:
                    self._contract(found, domain, file)
            case ["rust", "crates", crate, *_]:
                self._crate(found, crate, file)
            case ["Cargo.toml"] | ["Cargo.lock"] | ["rust", *_]:
                for crate in self.crates:
                    self._crate(found, crate, file)
            case ["contract-tests", *rest]:
                found.add("tests", self._paths(_part("contract-tests", rest)), file)
            case ["docs", *_]:
                self._words(found, file)
            case [name] if name.endswith(_WORDS):
                self._words(found, file)
            case _:
                self._everything(found, file)

    def _contract(self, found: Affected, domain: str, file: str) -> None:
        """Code of the domain and of those whose contracts are made of it, and the services that receive its events."""
        for each in self._dependants(domain):
            self._service(found, [name for name in (each, *self._receivers(each)) if name in self.services], file)
            found.add("sdks", [each] if each in self.published else [], file)
        found.add("tests", self._paths("generated/tests"), file)
        found.add("docs", self._paths("generated/docs"), file)
        if "api" in self.crates:
            self._crate(found, "api", file)

    def _service(self, found: Affected, services: Iterable[str], file: str) -> None:
        listed = list(services)
        found.add("services", listed, file)
        found.add("tests", [path for name in listed for path in self._paths(f"impl/{name}/tests")], file)
        found.add("tests", self._paths("contract-tests"), file)

    def _runtime(self, found: Affected, file: str) -> None:
        self._service(found, self.services, file)
        found.add("tests", [*self._paths("runtime/tests"), *self._paths("generated/tests")], file)

    def _generated(self, found: Affected, rest: list[str], file: str) -> None:
        domain = next((part for part in rest if part in self.domains), None)
        match rest:
            case ["tests", *_]:
                found.add("tests", self._paths("generated/tests"), file)
            case ["docs", *_]:
                found.add("docs", self._paths("generated/docs"), file)
            case ["sdk", *_] if domain in self.published:
                found.add("sdks", [str(domain)], file)
            case ["rust", *_] if "api" in self.crates:
                self._crate(found, "api", file)
            case ["python", *_] if domain is not None:
                self._contract(found, domain, file)
            case _:
                for each in self.domains:
                    self._contract(found, each, file)

    def _crate(self, found: Affected, crate: str, file: str) -> None:
        """The crate and whatever is built on it; a crate that is a Python module is part of the runtime."""
        waiting, seen = [crate], set[str]()
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            waiting += [other for other, needed in self.crates.items() if name in needed]
            if (self._root / "rust" / "crates" / name / "pyproject.toml").is_file():
                self._runtime(found, file)
        found.add("crates", seen & self.crates.keys(), file)
        if file.startswith(("rust/", "Cargo.")):
            found.add("tests", self._paths("generator/tests/rust"), file)

    def _words(self, found: Affected, file: str) -> None:
        found.add("docs", [file] if (self._root / file).is_file() else [], file)
        found.add("tests", self._paths("generator/tests/docs"), file)

    def _everything(self, found: Affected, file: str) -> None:
        found.add("services", self.services, file)
        found.add("sdks", self.published, file)
        found.add("crates", self.crates, file)
        found.add("docs", [*self._paths("docs"), *self._paths("generated/docs")], file)
        tests = [
            path
            for top in ("generator/tests", "runtime/tests", "contract-tests", "generated/tests")
            for path in self._paths(top)
        ]
        found.add(
            "tests", [*tests, *(path for name in self.services for path in self._paths(f"impl/{name}/tests"))], file
        )

    def _paths(self, path: str) -> list[str]:
        """The path, or the folder above it for what is gone; nothing for what this repository has not."""
        here = Path(path)
        return [each.as_posix() for each in (here, here.parent) if each.parts and (self._root / each).exists()][:1]

    @cached_property
    def _contracts(self) -> str:
        return Snapshot("here", self._root).config.contracts

    @cached_property
    def services(self) -> list[str]:
        """Folders of ``impl/`` that can be started."""
        return sorted(path.parent.name for path in self._root.glob("impl/*/__main__.py"))

    @cached_property
    def domains(self) -> dict[str, contracts.Domain]:
        here = Snapshot("here", self._root)
        return contracts.read(Context(here, here, Policy(ours=True), date.min))

    @cached_property
    def published(self) -> list[str]:
        """Domains with a public REST face: each has SDKs."""
        return sorted(name for name in self.domains if any((self._root / self._contracts / name).glob("**/*openapi*")))

    @cached_property
    def crates(self) -> dict[str, set[str]]:
        """Every crate of the workspace by its folder's name, and those that it needs by path."""
        try:
            root = tomllib.loads((self._root / "Cargo.toml").read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        shared = root.get("workspace", {}).get("dependencies", {})
        members = [*self._root.glob("rust/crates/*/Cargo.toml"), *self._root.glob("generated/rust/*/Cargo.toml")]
        return {path.parent.name: set(_needed(path, shared)) for path in sorted(members)}

    @cached_property
    def _made_of(self) -> Mapping[str, set[str]]:
        """By domain: others whose contract files it names."""
        found: dict[str, set[str]] = {name: set() for name in self.domains}
        for name in found:
            for path in (self._root / self._contracts / name).rglob("*"):
                known = path.suffix in (".proto", ".yaml", ".yml", ".json") and "asyncapi" not in path.name
                if known and path.is_file():  # who receives events is told by their addresses
                    pattern = _IMPORTED if path.suffix == ".proto" else _REFERRED
                    found[name].update(pattern.findall(path.read_bytes().decode("utf-8", "replace")))
            found[name] &= self.domains.keys() - {name}
        return found

    def _dependants(self, domain: str) -> set[str]:
        """The domain and all that are made of it, directly or not."""
        found, waiting = set[str](), [domain]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += [other for other, named in self._made_of.items() if name in named]
        return found

    def _receivers(self, domain: str) -> Iterator[str]:
        sent = self.domains[domain].sends.keys()
        for name, other in self.domains.items():
            if name != domain and sent & other.receives.keys():
                yield name


def _needed(path: Path, shared: Mapping[str, Any]) -> Iterator[str]:
    """Folders of the crates that this one needs by path, its own or the workspace's."""
    try:
        manifest = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return
    for table in ("dependencies", "dev-dependencies", "build-dependencies"):
        for name, said in manifest.get(table, {}).items():
            told = shared.get(name) if isinstance(said, dict) and said.get("workspace") else said
            if isinstance(told, dict) and isinstance(told.get("path"), str):
                yield Path(told["path"]).name


def _part(top: str, rest: list[str]) -> str:
    """The part of a folder of tests that holds a changed file; helpers beside the parts concern all of them."""
    if len(rest) > 1 or (rest and rest[0].startswith("test_")):
        return f"{top}/{rest[0]}"
    return top
