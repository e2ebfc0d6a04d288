"""Who owns a bounded context: Backstage's component descriptors, ``<domain>/catalog-info.yaml``."""

from __future__ import annotations

from pathlib import PurePosixPath

from tenon.finding import Finding
from tenon.model.catalog import Component
from tenon.model.text import Text
from tenon.read.document import Node, load
from tenon.read.tree import Tree

_NAMES = ("catalog-info.yaml", "catalog-info.yml")


def read(tree: Tree) -> tuple[tuple[Component, ...], list[Finding]]:
    """Every component descriptor of `tree`, and what is wrong with them."""
    findings: list[Finding] = []
    found: list[Component] = []
    for name, _ in tree.matching(*_NAMES):
        if PurePosixPath(name).name in _NAMES and (source := load(tree, name, findings)) is not None:
            component = _component(source.root, name, findings)
            if component is not None:
                found.append(component)
    return tuple(found), findings


def _component(root: Node, name: str, findings: list[Finding]) -> Component | None:
    if not isinstance(root.value, dict):
        findings.append(Finding(root.at, "catalog", "this is no descriptor", "write a Backstage component descriptor"))
        return None
    if root.value.get("kind") != "Component":
        return None
    title = _text(root, "metadata", "name")
    if not title:
        findings.append(Finding(root.at, "catalog", "the component has no name", "add `metadata.name`"))
    owns = _text(root, "metadata", "annotations", "tenon.dev/owns").raw
    return Component(
        name=title,
        domain=(PurePosixPath(name).parts[:-1] or ("",))[0],
        owner=_text(root, "spec", "owner"),
        lifecycle=_text(root, "spec", "lifecycle"),
        language=_text(root, "metadata", "annotations", "tenon.dev/language"),
        description=_text(root, "metadata", "description"),
        tables=tuple(Text(part.strip()) for part in owns.split(",") if part.strip()),
        at=root.at,
    )


def _text(node: Node, *keys: str) -> Text:
    found: Node | None = node
    for key in keys:
        found = found.get(key) if found else None
    return Text(found.value) if found and isinstance(found.value, str) else Text("")
