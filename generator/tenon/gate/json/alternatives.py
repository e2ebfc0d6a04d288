"""What can be said of branches of a union at a glance."""

from __future__ import annotations

from typing import Any

from tenon.gate.documents import canonical
from tenon.gate.json.view import Schema, View, type_of

_ALL = frozenset({"null", "boolean", "number", "string", "array", "object"})
_MAX_DEPTH = 8


def types(view: View, schema: Schema, depth: int = 0) -> frozenset[str] | None:
    """The JSON types that a schema takes at most (an integer is a number); None where it does not say."""
    if not isinstance(schema, dict):
        return None if schema else frozenset()
    found: frozenset[str] | None = None
    said = schema.get("type")
    if isinstance(said, str | list):
        names = [said] if isinstance(said, str) else said
        found = frozenset("number" if name == "integer" else name for name in names if isinstance(name, str))
    members = [schema["const"]] if "const" in schema else schema.get("enum")
    if isinstance(members, list):
        kinds = frozenset(type_of(member) for member in members)
        found = kinds if found is None else found & kinds
    if depth < _MAX_DEPTH:
        inner: list[frozenset[str] | None] = []
        name = schema.get("$ref")
        if isinstance(name, str):
            inner.append(types(view, view.definition(name.removeprefix("#/$defs/")), depth + 1))
        inner += [types(view, each, depth + 1) for each in _list(schema, "allOf")]
        for key in ("anyOf", "oneOf"):
            branches = [types(view, each, depth + 1) for each in _list(schema, key)]
            known = [each for each in branches if each is not None]
            if branches and len(known) == len(branches):
                inner.append(frozenset().union(*known))
        for each in inner:
            if each is not None:
                found = each if found is None else found & each
    return found


def apart(first: tuple[View, Schema], second: tuple[View, Schema]) -> bool:
    """Whether two schemas share no value, as far as their types and their tags tell."""
    left, right = types(*first), types(*second)
    if left is not None and right is not None and left.isdisjoint(right):
        return True
    if left != frozenset({"object"}) and right != frozenset({"object"}):
        members = _members(*first, 0), _members(*second, 0)
        return members[0] is not None and members[1] is not None and members[0].isdisjoint(members[1])
    tags = _tags(*first, 0), _tags(*second, 0)
    return any(tags[0][name].isdisjoint(tags[1][name]) for name in tags[0].keys() & tags[1].keys())


Matched = tuple[list[tuple[int, int]], list[int], list[int]]
"""Branches that belong together, and those that are left on both sides, by index."""


def matched(first: tuple[View, list[Any]], second: tuple[View, list[Any]]) -> Matched:
    """Branches of a sender's and a receiver's union: those that are alike, then those of one type."""
    (sender, ours), (receiver, theirs) = first, second
    pairs: list[tuple[int, int]] = []
    right = list(range(len(theirs)))
    left: list[int] = []
    for index, mine in enumerate(ours):
        twin = next((other for other in right if _alike(sender, mine, receiver, theirs[other])), None)
        if twin is None:
            left.append(index)
        else:
            right.remove(twin)
            pairs.append((index, twin))
    for index in list(left):
        kinds = types(sender, ours[index])
        twin = next((o for o in right if types(receiver, theirs[o]) == kinds), None)
        if twin is not None and (len(left) == len(right) or index == twin):
            right.remove(twin)
            left.remove(index)
            pairs.append((index, twin))
    return pairs, left, right


def _alike(sender: View, mine: Any, receiver: View, other: Any) -> bool:
    names = pure(mine), pure(other)
    if names[0] is not None and names[1] is not None:
        return sender.reference(names[0]) == receiver.reference(names[1])
    return canonical(mine) == canonical(other)


def pure(schema: Schema) -> str | None:
    """The definition that a schema is nothing but."""
    if isinstance(schema, dict) and len(schema) == 1:
        name = schema.get("$ref")
        return name.removeprefix("#/$defs/") if isinstance(name, str) else None
    return None


def plain(view: View, schema: Schema) -> Schema:
    """The schema without references at its top."""
    for _ in range(_MAX_DEPTH):
        name = pure(schema)
        if name is None:
            break
        schema = view.definition(name)
    return schema


def union(schema: dict[str, Any]) -> str | None:
    """The keyword of the alternatives, where there is one such."""
    found = [key for key in ("anyOf", "oneOf") if isinstance(schema.get(key), list) and schema[key]]
    return found[0] if len(found) == 1 else None


def _tags(view: View, schema: Schema, depth: int) -> dict[str, set[bytes]]:
    """The properties that are always there and have one of few values."""
    if not isinstance(schema, dict) or depth > _MAX_DEPTH:
        return {}
    found: dict[str, set[bytes]] = {}
    name = schema.get("$ref")
    inner = [view.definition(name.removeprefix("#/$defs/"))] if isinstance(name, str) else []
    for each in (*inner, *_list(schema, "allOf")):
        found.update(_tags(view, each, depth + 1))
    properties, required = schema.get("properties"), schema.get("required")
    if isinstance(properties, dict) and isinstance(required, list):
        for key in required:
            members = _members(view, properties.get(key, True), 0) if isinstance(key, str) else None
            if members is not None:
                found[key] = members
    return found


def _members(view: View, schema: Schema, depth: int) -> set[bytes] | None:
    if not isinstance(schema, dict) or depth > _MAX_DEPTH:
        return None
    if "const" in schema:
        return {canonical(schema["const"])}
    if isinstance(schema.get("enum"), list):
        return {canonical(member) for member in schema["enum"]}
    name = schema.get("$ref")
    inner = [view.definition(name.removeprefix("#/$defs/"))] if isinstance(name, str) else _list(schema, "allOf")
    return next((found for each in inner if (found := _members(view, each, depth + 1)) is not None), None)


def _list(schema: dict[str, Any], key: str) -> list[Any]:
    value = schema.get(key)
    return value if isinstance(value, list) else []
