"""A schema in its normal form: one spelling for all schemas that differ only in how they are written.

Annotations, unknown keywords and keywords that say nothing are gone; lists whose order means nothing are sorted;
every reference leads to a definition that is named by its digest, wherever the schema stood before.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from tenon.schema.dialect import Dialect
from tenon.schema.nodes import Node
from tenon.schema.values import plain


def normal_form(root: Node, dialect: Dialect) -> Any:
    """The normal form of a parsed schema, in its own dialect; raises `Exceeded` for a number that no double holds."""
    home = "definitions" if dialect.age < 2019 else "$defs"
    uses: dict[bytes | None, int] = {}
    nodes: dict[bytes | None, Node] = {}
    todo = [root]
    uses[root.digest] = 1
    while todo:
        node = todo.pop()
        if node.digest in nodes:
            continue
        nodes[node.digest] = node
        for child in node.children():
            uses[child.digest] = uses.get(child.digest, 0) + 1
            todo.append(child)
    shared = {digest for digest, count in uses.items() if count > 1 and nodes[digest].keywords}

    def name(node: Node) -> str:
        assert node.digest is not None
        return node.digest.hex()

    def write(value: Any) -> Any:
        match value:
            case Node():
                if value.digest in shared:
                    return {"$ref": f"#/{home}/{name(value)}"}
                return body(value)
            case dict():
                return {key: write(value[key]) for key in sorted(value)}
            case list() | tuple():
                return [write(item) for item in value]
            case Fraction():
                return plain(value)
        return value

    def body(node: Node) -> Any:
        if not node.keywords:
            return {"not": {}} if node.never else {}
        written = {}
        for keyword in sorted(node.keywords):
            value = node.keywords[keyword]
            written[keyword] = write(value[0] if keyword == "const" else value)
        kinds = written.get("type")
        if isinstance(kinds, list) and len(kinds) == 1:
            written["type"] = kinds[0]
        return written

    form = write(root)
    if shared:
        definitions = {name(nodes[digest]): body(nodes[digest]) for digest in shared}
        if "$ref" in form:
            form = {"allOf": [form]}
        form = {**form, home: dict(sorted(definitions.items()))}
    return form
