"""OpenAPI 3.0 and 3.1, from one file or many, as bundled 3.1 documents with their operations."""

from __future__ import annotations

import re
from typing import Any

from tenon.finding import Finding, Severity
from tenon.model.rest import Document, Schema
from tenon.model.text import Text
from tenon.read import packages
from tenon.read.bundle import Bundler, TooLarge
from tenon.read.document import Node, Source, declaring
from tenon.read.openapi.grammar import GRAMMAR
from tenon.read.openapi.operations import Operations
from tenon.read.refs import References
from tenon.read.tree import Tree


def read(tree: Tree) -> tuple[tuple[Document, ...], list[Finding]]:
    """Every OpenAPI document of `tree`, and what is wrong with them."""
    findings: list[Finding] = []
    sources: list[Source] = []
    for source, named in declaring(tree, findings, "openapi", "swagger"):
        if _is_supported(source, named, findings):
            sources.append(source)
    assigned = packages.assign(tree, [source.file for source in sources], findings)
    documents = []
    for source in sources:
        if source.file in assigned:
            try:
                documents.append(_document(tree, source, assigned[source.file], findings))
            except TooLarge:
                message = "references repeat so much that the document would be many times as large as its files"
                findings.append(Finding(source.root.at, "too-large", message, "refer to components"))
    return tuple(documents), findings


def _is_supported(source: Source, named: bool, findings: list[Finding]) -> bool:
    """Whether this is OpenAPI 3.0 or 3.1; a finding when it seems to want to be OpenAPI and is not."""
    root = source.root
    declared = root.get("openapi") or root.get("swagger")
    if declared is None:
        if named:
            message = "the document does not say its version"
            findings.append(Finding(root.at, "openapi-version", message, "begin it with `openapi: 3.1.1`"))
        return False
    if declared.key == "openapi" and re.fullmatch(r"3\.[01](\.[0-9]{1,3}(-[a-z0-9.]{1,20})?)?", str(declared.value)):
        return True
    message = f"{'Swagger 2.0' if declared.key == 'swagger' else 'this version of OpenAPI'} is not read"
    remedy = "convert the document to OpenAPI 3.1"
    findings.append(Finding(declared.at, "openapi-version", message, remedy, Severity.UNSUPPORTED))
    return False


def _document(tree: Tree, source: Source, package: str, findings: list[Finding]) -> Document:
    root = source.root
    v30 = str(root.value["openapi"]).startswith("3.0")
    bundler = Bundler(References(tree, findings), GRAMMAR, root, v30, findings)
    bundler.own_components(root.get("components"))
    bundled = bundler.copy(root, "document")
    bundler.finish()
    for key in ("components", "jsonSchemaDialect", "$self"):
        bundled.pop(key, None)
    bundled["openapi"] = "3.1.1"
    if any(bundler.components.values()):
        bundled["components"] = {section: entries for section, entries in bundler.components.items() if entries}
    info = root.get("info")
    operations = Operations(bundler, bundled, findings).read()
    return Document(
        package=package,
        title=_text(info, "title"),
        version=_text(info, "version"),
        operations=operations,
        schemas=tuple(
            (Text(name), Schema(value, _origin(bundler, value, root).at))
            for name, value in bundler.components.get("schemas", {}).items()
        ),
        bundled=bundled,
        at=root.at,
    )


def _origin(bundler: Bundler, value: Any, default: Node) -> Node:
    return bundler.origins.get(id(value), default)


def _text(node: Node | None, key: str) -> Text:
    child = node.get(key) if node else None
    return Text(str(child.value)) if child and isinstance(child.value, (str, int, float)) else Text("")
