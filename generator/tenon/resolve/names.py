"""Names that are two in a contract and would be one in code: an error naming both places, never a silent suffix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tenon.finding import Finding
from tenon.lang import naming
from tenon.lang.python import module_name
from tenon.model.graph import Model, Package
from tenon.model.proto import Service
from tenon.source import Location

_NOWHERE = Location("contracts")


def check(model: Model) -> Iterator[Finding]:
    """Packages, services and RPCs whose Python names collide."""
    # Folders: not every file system tells capitals apart.
    places = {**{f.package: f.at for f in reversed(model.protobuf.files)}, **_documents(model.packages)}
    folders = ((module_name(p.name).casefold(), p.name, places.get(p.name, _NOWHERE)) for p in model.packages)
    yield from _twice("package", folders)
    for package in model.packages:
        yield from _twice("service", _classes(package.services))
        for service in package.services:
            attributes = naming.method_attributes(service)
            yield from _twice("RPC", ((attributes[m.name], m.name, m.at) for m in service.methods))


def _classes(services: tuple[Service, ...]) -> Iterator[tuple[str, str, Location]]:
    for service in services:
        yield naming.service_class(service), service.name, service.at
        yield naming.client_class(service), service.name, service.at


def _twice(kind: str, names: Iterable[tuple[str, str, Location]]) -> Iterator[Finding]:
    """Takes (name in code, name in the contract, place)."""
    first: dict[str, tuple[str, Location]] = {}
    for made, name, at in names:
        other, place = first.setdefault(made, (name, at))
        if other != name:
            yield Finding(at, "name-collision", f"the {kind}s {other} and {name} would both be {made} in code",
                          "rename one of them", also=place)  # fmt: skip


def _documents(packages: Iterable[Package]) -> dict[str, Location]:
    return {p.name: d.at for p in packages if (d := p.document or p.event_document) is not None}
