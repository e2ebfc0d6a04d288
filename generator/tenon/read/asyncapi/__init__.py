"""AsyncAPI 2.0 to 2.6, 3.0 and 3.1, from one file or many, in 3.0's terms."""

from __future__ import annotations

import re

from tenon.finding import Finding, Severity
from tenon.model.events import EventDocument
from tenon.read import packages
from tenon.read.asyncapi.reader import Reader
from tenon.read.bundle import TooLarge
from tenon.read.document import Source, declaring
from tenon.read.tree import Tree


def read(tree: Tree) -> tuple[tuple[EventDocument, ...], list[Finding]]:
    """Every AsyncAPI document of `tree`, and what is wrong with them."""
    findings: list[Finding] = []
    sources: list[tuple[Source, int]] = []
    for source, named in declaring(tree, findings, "asyncapi"):
        version = _version(source, named, findings)
        if version is not None:
            sources.append((source, version))
    assigned = packages.assign(tree, [source.file for source, _ in sources], findings)
    documents = []
    for source, version in sources:
        if source.file in assigned:
            try:
                documents.append(Reader(tree, source.root, version, findings).read(assigned[source.file]))
            except TooLarge:
                message = "references repeat so much that the document would be many times as large as its files"
                findings.append(Finding(source.root.at, "too-large", message, "refer to components"))
    return tuple(documents), findings


def _version(source: Source, named: bool, findings: list[Finding]) -> int | None:
    """2 or 3; None when this is no AsyncAPI document that can be read, with a finding if it is one."""
    root = source.root
    declared = root.get("asyncapi")
    if declared is None:
        if named:
            message = "the document does not say its version"
            findings.append(Finding(root.at, "asyncapi-version", message, "begin it with `asyncapi: 3.0.0`"))
        return None
    if match := re.fullmatch(r"(?:(2)\.[0-6]|(3)\.[01])(?:\.[0-9]{1,3}(?:-[a-z0-9.]{1,20})?)?", str(declared.value)):
        return int(match[1] or match[2])
    message, remedy = "this version of AsyncAPI is not read", "convert the document to AsyncAPI 3.0"
    findings.append(Finding(declared.at, "asyncapi-version", message, remedy, Severity.UNSUPPORTED))
    return None
