"""What a team starts from: `impl/<domain>/`, written once and never touched again.

The classes are empty on purpose: `tenon todo`, mypy and the start-up check each name what is missing and give the
method to paste, so a scaffold never answers as if it were done.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tenon.emit.templating import template
from tenon.file import File
from tenon.lang import naming
from tenon.lang.python import module_name, module_parts
from tenon.model.graph import Model, Package

REPOSITORY_ONLY = True


@dataclass(frozen=True, slots=True)
class ClassView:
    """One class to fill in, in module `module` of the implementation."""

    module: str
    name: str
    base: str
    doc: str


def emit(model: Model) -> Iterator[File]:
    """The files of every bounded context that is written in Python."""
    folders: set[str] = set()
    for package in model.packages:
        if (package.component is None or package.component.language.raw in ("", "python")) and (
            classes := tuple(_classes(package))
        ):
            yield from _files(package, classes, _folder(package, folders))


def _folder(package: Package, taken: set[str]) -> str:
    """``identity`` for the first package of that context, ``identity_v2`` for another beside it."""
    first = module_parts(package.domain)
    folder = first[0] if first and first[0] not in taken else "_".join(module_parts(package.name)) or "root"
    taken.add(folder)
    return folder


def _classes(package: Package) -> Iterator[ClassView]:
    domain = naming.domain_class(package)
    for service in package.services:
        base = naming.service_class(service)
        name = base.removesuffix("Service") or base
        yield ClassView("service", name if name != base else f"{base}Impl", base, f"Implements {base}.")
    if any(operation.rpc is None for operation in package.operations):
        yield ClassView("service", f"{domain}Rest", f"{domain}Handlers", "The REST operations that no RPC answers.")
    if package.receives:
        yield ClassView("events", f"{domain}Receiver", f"{domain}Events", "What happens when an event arrives.")


def _files(package: Package, classes: tuple[ClassView, ...], name: str) -> Iterator[File]:
    folder = f"impl/{name}"
    values = {"package": package.name, "domain": name, "api": module_name(package.name)}
    yield File(f"{folder}/__init__.py", f'"""The implementation of {name}."""\n', package.name, once=True)
    for module in ("service", "events"):
        chosen = tuple(view for view in classes if view.module == module)
        if chosen:
            text = template(__file__, "module.py.jinja").render(**values, module=module, classes=chosen)
            yield File(f"{folder}/{module}.py", text, package.name, once=True)
    text = template(__file__, "main.py.jinja").render(**values, classes=classes)
    yield File(f"{folder}/__main__.py", text, package.name, once=True)
