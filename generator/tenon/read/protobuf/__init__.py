"""Protobuf contracts, through the compiler's own descriptors."""

from __future__ import annotations

from tenon.finding import Finding
from tenon.model.proto import Protobuf
from tenon.read.protobuf import buf
from tenon.read.tree import Tree

__all__ = ["read"]


def read(tree: Tree) -> tuple[Protobuf, list[Finding]]:
    """Compile the tree's .proto files and turn the descriptors into the model."""
    image, findings = buf.build(tree)
    if not image:
        return Protobuf(), findings
    from tenon.read.protobuf.descriptors import convert  # costs 0.1 s: only where there is something to convert

    part, more = convert(image, tree)
    return part, findings + more
