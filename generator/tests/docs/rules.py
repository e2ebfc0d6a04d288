"""The rule of every finding that the generator can make, read from its source."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from generator.tests.docs.pages import ROOT

MAKERS = {"Finding": 1, "_complain": 1, "_wrong": 1, "Problem": 0, "refuse": 1}
"""Functions that make a finding, and which argument is its rule. `refuse` puts ``add-`` before it."""


def rules() -> set[str]:
    """Every rule."""
    found = set()
    for path in (ROOT / "generator" / "tenon").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = _name(node.func)
                index = MAKERS.get(name)
                if index is not None and len(node.args) > index:
                    prefix = "add-" if name == "refuse" else ""
                    found |= {prefix + text for text in _texts(node.args[index])}
    return found


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _texts(node: ast.expr) -> Iterator[str]:
    """The texts that an argument can be; a name is a parameter of a maker that another call fills."""
    match node:
        case ast.Constant(value=str() as text):
            if " " not in text and not text.endswith(":"):
                yield text
        case ast.IfExp(body=body, orelse=orelse):
            yield from _texts(body)
            yield from _texts(orelse)
