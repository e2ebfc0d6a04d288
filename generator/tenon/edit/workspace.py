"""What an edit sees of a repository, and where it puts what it changed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

from tenon.edit.text import Buffer
from tenon.finding import Finding
from tenon.model.graph import Model, Package
from tenon.model.proto import ProtoFile, Service
from tenon.read.document import Node, load
from tenon.read.refs import References
from tenon.read.tree import Tree
from tenon.source import Location


class Refused(Exception):
    """The edit cannot be made; the finding says why and what to do."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def refuse(at: Location, rule: str, message: str, remedy: str, also: Location | None = None) -> Refused:
    return Refused(Finding(at, f"add-{rule}", message, remedy, also=also))


class Workspace:
    """A repository's contracts, read once, and the texts that an edit makes of them; nothing is written."""

    def __init__(self, root: Path, contracts: str, model: Model) -> None:
        self.root, self.contracts, self.model = root, contracts, model
        self.tree = Tree.scan(root / contracts, contracts)
        self.references = References(self.tree, [])
        self._buffers: dict[str, Buffer] = {}
        self._created: dict[str, str] = {}

    def buffer(self, file: str) -> Buffer:
        """The text of a file, by its path from the repository's root."""
        if file not in self._buffers:
            self._buffers[file] = Buffer((self.root / file).read_bytes().decode("utf-8"))
        return self._buffers[file]

    def create(self, file: str, text: str) -> None:
        """A new file. Raises Refused when it is there."""
        if (self.root / file).exists():
            raise refuse(Location(file), "exists", "this file exists", "edit it, or choose another name")
        self._created[file] = text

    def changes(self) -> dict[str, str]:
        """The new text of every file that changes, by its path from the root."""
        edited = {file: buffer.result() for file, buffer in self._buffers.items() if buffer.changed}
        return edited | self._created

    def node(self, at: Location) -> Node | None:
        """The value at a place in a document, by the pointer in `at`."""
        source = load(self.tree, at.file.removeprefix(f"{self.contracts}/"), [])
        return source.root.find(at.symbol) if source else None

    def follow(self, node: Node | None) -> Node | None:
        """`node` with its references followed."""
        return self.references.follow(node, siblings=False) if node is not None else None

    def package(self, name: str) -> Package:
        """The package called ``catalog.v1``, or the newest of domain ``catalog``. Raises Refused."""
        found = self.model.package(name)
        if found is None:
            of_domain = [p for p in self.model.packages if p.domain == name and p.name != name]
            found = max(of_domain, key=lambda p: (len(p.name), p.name), default=None)
        if found is None:
            domains = sorted({p.domain for p in self.model.packages if not p.name.startswith("tenon.")})
            near = nearest(name.split(".")[0], domains)
            known = f"there are: {', '.join(domains)}" if domains else "there is none yet"
            raise refuse(
                Location(self.contracts),
                "domain",
                f"there is no domain {name!a}; {known}",
                f"did you mean {near}?" if near else f"make it: tenon add domain {name.split('.')[0]}",
            )
        return found

    def service(self, package: Package, wanted: str | None) -> Service:
        """The service of `package` that is called `wanted`, or its only one. Raises Refused."""
        names = [service.name.rsplit(".", 1)[-1] for service in package.services]
        for name, service in zip(names, package.services, strict=True):
            if wanted in (name, service.name) or (wanted is None and len(names) == 1):
                return service
        at = package.services[0].at if package.services else Location(f"{self.contracts}/{package.domain}")
        if not names:
            raise refuse(at, "service", f"{package.name} has no protobuf service", "write `service … {}` in its .proto")
        raise refuse(at, "service", f"which service of {package.name}?", f"--service {' or '.join(names)}")

    def file(self, path: str) -> ProtoFile:
        """The protobuf file that imports name `path`."""
        return next(file for file in self.model.protobuf.files if file.path == path)

    def proto_of(self, package: Package) -> ProtoFile:
        """The protobuf file that a new message of `package` goes to. Raises Refused."""
        if package.services:
            return self.file(package.services[0].file)
        own = [f for f in self.model.protobuf.files if f.package == package.name and not f.imported_only]
        if not own:
            at = Location(f"{self.contracts}/{package.domain}")
            raise refuse(at, "proto", f"{package.name} has no .proto file", f"write {package.domain}/v1/…proto first")
        return own[0]


def nearest(name: str, known: Iterable[str]) -> str | None:
    """What was probably meant."""
    return next(iter(difflib.get_close_matches(name, list(known), 1)), None)
