"""Schemas as a graph: parsed keywords, resolved references, and a digest that equal graphs share.

What does not constrain (annotations, definitions, unknown keywords, keywords in their neutral form) is gone, a schema
that is nothing but a reference is its target. The digest is a Merkle hash; in a cycle it is the hash of the coarsest
partition that the keywords tell apart, so that renamed, moved, inlined and unrolled schemas have the same one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

from tenon.schema.budget import Exceeded
from tenon.schema.dialect import DISPUTED, FLAG_LIMITS, Shape
from tenon.schema.documents import Place, Resources
from tenon.schema.values import TYPE_NAMES, canonical, exact, is_number, number

_NEUTRAL: dict[str, Any] = {
    "minLength": 0,
    "minItems": 0,
    "minProperties": 0,
    "uniqueItems": False,
    "required": (),
    "nullable": False,
}


class Node:
    """One schema: keywords with parsed values, in which subschemas are nodes. `true` has none, `false` is `never`.

    `wrong` says why it is no schema, if it is none; that matters only to a question that comes to it.
    """

    __slots__ = ("digest", "guarded", "keywords", "never", "place", "wrong")

    def __init__(self, place: Place) -> None:
        self.place = place
        self.keywords: dict[str, Any] = {}
        self.never = False
        self.wrong = ""
        self.digest: bytes | None = None
        self.guarded: bool | None = None

    def children(self) -> Iterator[Node]:
        """The subschemas, in an order that depends on the keywords alone."""
        for name in sorted(self.keywords):
            yield from _nodes(self.keywords[name])


def _nodes(value: Any) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, dict):
        for name in sorted(value):
            yield from _nodes(value[name])
    elif isinstance(value, list):
        for item in value:
            yield from _nodes(item)


class Graph:
    """The nodes of one root; every place is parsed once."""

    def __init__(self, resources: Resources, asserted: bool = False) -> None:
        self.resources = resources
        self.asserted = asserted
        self.whole_floats = False
        self.integers = False
        self.wrong = ""  # the first fault that was met
        self._nodes: dict[tuple[int, str, tuple[str, ...]], Node] = {}
        self._kept: list[Any] = []

    def node(self, place: Place) -> Node:
        """The node of a place, with the graph below it and its digest; raises `Exceeded` for a bad reference."""
        first = self._reach(place)
        todo = [first]
        while todo:
            node = todo.pop()
            fresh: list[Node] = []
            try:
                self._parse(node, fresh)
            except Exceeded as fault:
                node.keywords, node.wrong = {}, fault.reason
                self.wrong = self.wrong or fault.reason
            todo.extend(fresh)
        if first.digest is None:
            digest(first)
        return first

    def _reach(self, place: Place) -> Node:
        """The node of a place, chains of bare references followed; it may still have to be parsed."""
        passed: set[tuple[int, str, tuple[str, ...]]] = set()
        while True:
            key = (id(place.raw), place.base, place.scope)
            known = self._nodes.get(key)
            if known is not None:
                return known
            raw = place.raw
            if not isinstance(raw, dict) or not isinstance(raw.get("$ref"), str):
                break
            keywords = self.resources.dialect.keywords
            if self.resources.dialect.siblings and any(name in keywords and name != "$ref" for name in raw):
                break
            if key in passed:
                raise Exceeded("$ref: a reference to itself")
            passed.add(key)
            place = self.resources.resolve(place, "$ref", raw["$ref"])
        node = self._nodes[key] = Node(place)
        node.guarded = None
        self._kept.append(place.raw)
        return node

    def _parse(self, node: Node, fresh: list[Node]) -> None:
        """Fill in the keywords of a node, and `fresh` with the subschemas that are met for the first time."""
        raw, dialect = node.place.raw, self.resources.dialect
        if node.keywords or node.never or node.wrong or raw is True:
            return
        if raw is False:
            node.never = True
            return
        if not isinstance(raw, dict):
            raise Exceeded("a schema is an object or a boolean")
        stated = raw.get("$schema")
        if isinstance(stated, str) and dialect.metaschema and stated.rstrip("#") != dialect.metaschema:
            raise Exceeded(f"$schema: {stated} is not {dialect.name}")
        for name, value in raw.items():
            shape = dialect.keywords.get(name)
            if name in DISPUTED and dialect.age >= DISPUTED[name]:
                raise Exceeded(f"{name}: validators differ on whether {dialect.name} still has it")
            if shape is not None and not (name == "format" and not self.asserted):
                try:
                    parsed = self._value(node.place, name, shape, value, fresh)
                except (TypeError, KeyError, ValueError, AttributeError) as wrong:
                    raise Exceeded(f"{name}: its value has the wrong form") from wrong
                if name not in _NEUTRAL or parsed != _NEUTRAL[name]:
                    node.keywords[name] = parsed
        if not node.keywords:
            node.place = Place(True, node.place.base, node.place.scope)

    def _value(self, place: Place, name: str, shape: Shape, value: Any, fresh: list[Node]) -> Any:
        def sub(raw: Any) -> Node:
            _require(isinstance(raw, (dict, bool)), name)
            known = len(self._nodes)
            node = self._reach(self.resources.child(place, raw))
            if len(self._nodes) > known:
                fresh.append(node)
            return node

        match shape:
            case Shape.SCHEMA:
                return sub(value)
            case Shape.SCHEMAS:
                _require(isinstance(value, list), name)
                return [sub(item) for item in value]
            case Shape.SCHEMA_MAP:
                _require(isinstance(value, dict), name)
                return {key: sub(item) for key, item in value.items()}
            case Shape.ITEMS:
                return [sub(item) for item in value] if isinstance(value, list) else sub(value)
            case Shape.DEPENDENCIES:
                _require(isinstance(value, dict), name)
                return {k: _names(v, name) if isinstance(v, list) else sub(v) for k, v in value.items()}
            case Shape.NAMES:
                return _names(value, name)
            case Shape.NAMES_MAP:
                _require(isinstance(value, dict), name)
                return {key: _names(item, name) for key, item in value.items()}
            case Shape.TYPE:
                types = [value] if isinstance(value, str) else value
                _require(isinstance(types, list) and bool(types), name)
                _require(all(item in TYPE_NAMES or item == "integer" for item in types), name)
                self.integers = self.integers or "integer" in types
                return tuple(sorted(set(types)))
            case Shape.VALUE:
                return (exact(value),)
            case Shape.VALUES:
                _require(isinstance(value, list), name)
                self.whole_floats = self.whole_floats or _has_whole_float(value)
                return tuple(sorted([exact(item) for item in value], key=canonical))
            case Shape.NUMBER:
                _require(is_number(value), name)
                return number(value)
            case Shape.POSITIVE:
                _require(is_number(value) and value > 0, name)
                return number(value)
            case Shape.COUNT:
                _require(is_number(value) and value >= 0 and value == int(value), name)
                return int(value)
            case Shape.FLAG:
                _require(isinstance(value, bool), name)
                return value
            case Shape.LIMIT:
                flag = self.resources.dialect.name in FLAG_LIMITS
                _require(isinstance(value, bool) if flag else is_number(value), name)
                return value if flag else number(value)
            case Shape.TEXT:
                _require(isinstance(value, str), name)
                return value
            case Shape.REFERENCE:
                _require(isinstance(value, str), name)
                known = len(self._nodes)
                node = self._reach(self.resources.resolve(place, name, value))
                if len(self._nodes) > known:
                    fresh.append(node)
                return node


def _require(condition: bool, name: str) -> None:
    if not condition:
        raise Exceeded(f"{name}: its value has the wrong form")


def _names(value: Any, name: str) -> tuple[str, ...]:
    _require(isinstance(value, list) and all(isinstance(item, str) for item in value), name)
    return tuple(sorted(set(value)))


def _has_whole_float(value: Any) -> bool:
    """Whether a number is written as `1.0`: draft 4 may tell it from `1`."""
    if isinstance(value, float):
        return value.is_integer()
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(_has_whole_float(item) for item in items)


# Digests.


def _outline(value: Any, child: dict[Node, bytes] | None) -> str:
    """A text of a keyword's value in which subschemas are their digests."""
    match value:
        case Node():
            known = value.digest or (child or {}).get(value, b"")
            return "#" + known.hex()
        case dict():
            return "{" + ",".join([json.dumps(k) + ":" + _outline(value[k], child) for k in sorted(value)]) + "}"
        case list():
            return "[" + ",".join([_outline(item, child) for item in value]) + "]"
        case tuple():
            return canonical(list(value))
    return canonical(value)


def _hash(node: Node, child: dict[Node, bytes] | None = None) -> bytes:
    if node.never:
        return b"never"
    if node.wrong:
        text = repr((node.wrong, node.place.raw, node.place.base))
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    text = ";".join([name + "=" + _outline(node.keywords[name], child) for name in sorted(node.keywords)])
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def digest(root: Node) -> None:
    """Give every node below `root` its digest: components of the graph from the leaves up, without recursion."""
    index: dict[Node, int] = {}
    lowest: dict[Node, int] = {}
    component: list[Node] = []
    waiting: set[Node] = set()
    index[root] = lowest[root] = 0
    component.append(root)
    waiting.add(root)
    path = [(root, root.children())]
    while path:
        node, children = path[-1]
        for child in children:
            if child.digest is not None:
                continue
            if child not in index:
                index[child] = lowest[child] = len(index)
                component.append(child)
                waiting.add(child)
                path.append((child, child.children()))
                break
            if child in waiting:
                lowest[node] = min(lowest[node], index[child])
        else:
            path.pop()
            if path:
                lowest[path[-1][0]] = min(lowest[path[-1][0]], lowest[node])
            if lowest[node] == index[node]:
                members = []
                while True:
                    member = component.pop()
                    waiting.discard(member)
                    members.append(member)
                    if member is node:
                        break
                _settle(members)


def _settle(members: list[Node]) -> None:
    if len(members) == 1 and members[0] not in set(members[0].children()):
        members[0].digest = _hash(members[0])
        return
    colours = dict.fromkeys(members, b"")
    classes = 1
    while True:
        colours = {node: _hash(node, colours) for node in members}
        if len(set(colours.values())) == classes:
            break
        classes = len(set(colours.values()))
    quotient = {colours[node]: _hash(node, colours) for node in members}
    whole = blake2b(b"".join(sorted(c + h for c, h in quotient.items())), digest_size=16).digest()
    for node in members:
        node.digest = blake2b(whole + colours[node], digest_size=16).digest()
