"""What changed between two roots, found from bytes: whoever reaches nothing that changed need not be looked at."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import orjson

from tenon.gate.documents import canonical
from tenon.gate.json.site import Root

_REFERENCE = re.compile(rb'"\$ref":("(?:[^"\\]|\\.)*")')
_NOTES = frozenset({"description", "summary", "title", "example", "examples", "externalDocs", "tags", "$comment"})
_NAMED = frozenset(
    [
        "properties",
        "patternProperties",
        "$defs",
        "definitions",
        "dependentSchemas",
        "schemas",
        "responses",
        "parameters",
        "requestBodies",
        "headers",
        "securitySchemes",
        "links",
        "callbacks",
        "pathItems",
        "paths",
        "webhooks",
        "channels",
        "operations",
        "messages",
        "replies",
        "correlationIds",
        "mapping",
        "scopes",
        "variables",
        "servers",
        "encoding",
        "content",
    ]
)
"""Keywords whose keys are names that the author chose: `description` there is a property, not a note."""
_DATA = frozenset({"enum", "const", "default"})


def references(packed: bytes) -> set[str]:
    """Every `$ref` in canonical bytes."""
    return {orjson.loads(found) for found in _REFERENCE.findall(packed)}


def stripped(value: Any, named: bool = False) -> Any:
    """The value without what only people read."""
    if isinstance(value, dict):
        return {
            key: child if key in _DATA and not named else stripped(child, key in _NAMED and not named)
            for key, child in value.items()
            if named or key not in _NOTES or (key == "title" and not isinstance(child, str))
        }
    if isinstance(value, list):
        return [stripped(child) for child in value]
    return value


class Touched:
    """The references whose meaning may differ between the two roots."""

    def __init__(self, old: Root, new: Root) -> None:
        self.everything = False
        """Equal words do not mean the same, as where the two are written in different dialects."""
        self.targets: set[str] = set()
        """References that lead, directly or not, to something that changed."""
        packed = [(root, references(canonical(root.value))) for root in (old, new)]
        names = packed[0][1] | packed[1][1]
        users: dict[str, set[str]] = {}
        changed: list[str] = []
        for name in names:
            sides = [root.find(name) for root, _ in packed]
            raw = [b"" if side is None else canonical(side.value) for side in sides]
            for inner in references(raw[0]) | (references(raw[1]) if raw[0] != raw[1] else set()):
                users.setdefault(inner, set()).add(name)
            if raw[0] != raw[1] and (
                sides[0] is None
                or sides[1] is None
                or canonical(stripped(sides[0].value)) != canonical(stripped(sides[1].value))
            ):
                changed.append(name)
        while changed:
            name = changed.pop()
            if name not in self.targets:
                self.targets.add(name)
                changed.extend(users.get(name, ()))

    def same(self, old: Any, new: Any) -> bool:
        """Whether two values mean the same for certain."""
        if self.everything:
            return old is None and new is None
        packed = canonical(old)
        if packed != canonical(new):
            packed = canonical(stripped(old))
            if packed != canonical(stripped(new)):
                return False
        return not self.any(references(packed))

    def any(self, names: Iterable[str]) -> bool:
        """Whether one of these references leads to something that changed."""
        return not self.targets.isdisjoint(names)
