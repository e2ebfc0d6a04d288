"""A JSON document that holds schemas: identifiers, anchors and references in it, resolved without leaving it.

The published metaschemas of the drafts are known by their address; nothing else outside the document is.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

from tenon.schema.budget import Exceeded
from tenon.schema.dialect import DEFINITIONS, Dialect, Shape

_NESTED = {
    Shape.SCHEMA,
    Shape.SCHEMAS,
    Shape.SCHEMA_MAP,
    Shape.ITEMS,
    Shape.DEPENDENCIES,
}


@dataclass(frozen=True, slots=True)
class Place:
    """A schema as it stands in a document: its raw value, the base address in force, the resources passed through."""

    raw: Any
    base: str
    scope: tuple[str, ...]


class Resources:
    """All that a reference inside one root can reach."""

    def __init__(self, root: Any, dialect: Dialect) -> None:
        self.dialect = dialect
        self.root = root
        self._roots: dict[str, Any] = {"": root}
        self._anchors: dict[tuple[str, str], tuple[Any, str]] = {}
        self._dynamic: dict[tuple[str, str], tuple[Any, str]] = {}
        self._recursive: set[str] = set()
        self._unscanned: list[tuple[Any, str]] = []
        base = self.enter(root, "")
        self._roots.setdefault(base, root)
        self.scan(root, "")
        self.place = Place(root, base, (base,) if dialect.age >= 2019 else ())

    def enter(self, raw: Any, base: str) -> str:
        """The base address inside a schema: its own identifier counts, a fragment is none."""
        name = self.dialect.identifier
        own = raw.get(name) if name and isinstance(raw, dict) else None
        if not isinstance(own, str) or (not self.dialect.siblings and isinstance(raw.get("$ref"), str)):
            return base
        address, fragment = _split(base, own)
        return base if fragment and not urldefrag(own)[0] else address

    def child(self, place: Place, raw: Any) -> Place:
        """The place of a subschema."""
        base = self.enter(raw, place.base)
        return self._at(raw, base, place.scope)

    def _at(self, raw: Any, base: str, scope: tuple[str, ...]) -> Place:
        if self.dialect.age >= 2019 and base not in scope:
            scope = (*scope, base)
        return Place(raw, base, scope)

    def scan(self, raw: Any, base: str) -> None:
        """Register the identifiers and anchors of a schema and of those inside it, when a reference asks for one."""
        if self.dialect.identifier:
            self._unscanned.append((raw, base))

    def _register(self) -> None:
        stack, self._unscanned = self._unscanned[::-1], []
        while stack:
            raw, base = stack.pop()
            if not isinstance(raw, dict):
                continue
            inside = self.enter(raw, base)
            if inside != base:
                self._roots.setdefault(inside, raw)
            own = raw.get(self.dialect.identifier)
            if self.dialect.age <= 7 and isinstance(own, str) and "#" in own and "$ref" not in raw:
                self._anchors.setdefault((inside, unquote(urldefrag(own)[1])), (raw, inside))
            if self.dialect.age >= 2019:
                for keyword in ("$anchor", "$dynamicAnchor"):
                    anchor = raw.get(keyword)
                    if isinstance(anchor, str) and (keyword == "$anchor" or self.dialect.age >= 2020):
                        self._anchors.setdefault((inside, anchor), (raw, inside))
                        if keyword == "$dynamicAnchor":
                            self._dynamic.setdefault((inside, anchor), (raw, inside))
                if self.dialect.age == 2019 and raw.get("$recursiveAnchor") is True:
                    self._recursive.add(inside)
            if "$ref" in raw and not self.dialect.siblings and isinstance(raw["$ref"], str):
                stack.extend((sub, inside) for name in DEFINITIONS for sub in _values(raw.get(name)))
                continue
            stack.extend((sub, inside) for sub in self._inside(raw))

    def _inside(self, raw: dict[str, Any]) -> Iterator[Any]:
        for name in DEFINITIONS:
            yield from _values(raw.get(name))
        for name, value in raw.items():
            shape = self.dialect.keywords.get(name)
            if shape in _NESTED:
                if shape is Shape.SCHEMA:
                    yield value
                elif isinstance(value, list):
                    yield from value
                elif shape is Shape.ITEMS:
                    yield value
                else:
                    yield from _values(value)

    def resolve(self, place: Place, keyword: str, reference: str) -> Place:
        """The place that a reference points to; raises `Exceeded` naming the keyword where there is none."""
        address, fragment = _split(place.base, reference)
        if keyword != "$ref" or address not in self._roots or not (fragment == "" or fragment.startswith("/")):
            self._register()
        raw, base = self._target(address, fragment, keyword, reference)
        if keyword == "$dynamicRef" and (address, fragment) in self._dynamic:
            for outer in place.scope:
                if (outer, fragment) in self._dynamic:
                    raw, base = self._dynamic[outer, fragment]
                    break
        elif keyword == "$recursiveRef" and address in self._recursive:
            for outer in place.scope:
                if outer in self._recursive:
                    raw, base = self._roots[outer], outer
                    break
        return self._at(raw, base, place.scope)

    def _target(self, address: str, fragment: str, keyword: str, reference: str) -> tuple[Any, str]:
        root = self._root(address)
        if root is None:
            raise Exceeded(f"{keyword}: {reference} is not in the document")
        if fragment == "" or fragment.startswith("/"):
            found = self._pointer(root, address, fragment)
            if found is not None:
                return found
        elif (address, fragment) in self._anchors:
            return self._anchors[address, fragment]
        raise Exceeded(f"{keyword}: {reference} is not in the document")

    def _root(self, address: str) -> Any:
        if address not in self._roots:
            published = _published().get(address)
            if published is None:
                return None
            if published.get("$schema", "").rstrip("#") != self.dialect.metaschema:
                raise Exceeded(f"$ref: {address} is of another draft than {self.dialect.name}")
            self._roots[address] = published
            self.scan(published, address)
            self._register()
        return self._roots[address]

    def _pointer(self, raw: Any, base: str, pointer: str) -> tuple[Any, str] | None:
        for token in pointer.split("/")[1:]:
            name = token.replace("~1", "/").replace("~0", "~")
            if isinstance(raw, dict) and name in raw:
                raw = raw[name]
            elif isinstance(raw, list) and name.isascii() and name.isdigit() and int(name) < len(raw):
                raw = raw[int(name)]
            else:
                return None
            base = self.enter(raw, base)
        return raw, base


def at_pointer(root: Any, pointer: str) -> Any:
    """The value at a JSON pointer; raises `Exceeded` where there is none."""
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(root, dict) and name in root:
            root = root[name]
        elif isinstance(root, list) and name.isascii() and name.isdigit() and int(name) < len(root):
            root = root[int(name)]
        else:
            raise Exceeded(f"nothing is at {pointer}")
    return root


def _values(raw: Any) -> list[Any]:
    return list(raw.values()) if isinstance(raw, dict) else []


def _split(base: str, reference: str) -> tuple[str, str]:
    try:
        address, fragment = urldefrag(urljoin(base, reference) if base and not reference.startswith("#") else reference)
        return (base if reference.startswith("#") else address), unquote(fragment)
    except ValueError:
        raise Exceeded("$ref: not an address") from None


@functools.cache
def _published() -> dict[str, Any]:
    """The metaschemas of all drafts by address."""
    from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]

    return {uri.rstrip("#"): REGISTRY.contents(uri) for uri in REGISTRY}
