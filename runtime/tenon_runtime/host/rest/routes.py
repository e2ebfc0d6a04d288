"""Which operation a method and a path mean: a tree by segments, literal ones before templates (OpenAPI's rule)."""

from __future__ import annotations

import re
from typing import Generic, TypeVar
from urllib.parse import unquote

T = TypeVar("T")

_PARAMETER = re.compile(r"\{([^{}]+)\}")


class _Node(Generic[T]):
    __slots__ = ("literals", "methods", "templates")

    def __init__(self) -> None:
        self.literals: dict[str, _Node[T]] = {}
        self.templates: list[tuple[str, re.Pattern[str], _Node[T]]] = []
        self.methods: dict[str, tuple[T, tuple[str, ...]]] = {}


class Routes(Generic[T]):
    """Filled at start-up, then only read."""

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()

    def add(self, method: str, path: str, target: T) -> None:
        """`path` has templates as OpenAPI writes them: ``/videos/{id}:publish``. Raises ValueError on a repetition."""
        node = self._root
        for segment in path.split("/")[1:]:
            if "{" not in segment:
                node = node.literals.setdefault(unquote(segment), _Node())
                continue
            shape = _PARAMETER.sub("{}", segment)
            known = next((n for s, _, n in node.templates if s == shape), None)
            if known is None:
                known = _Node()
                pattern = "".join(
                    "(.+?)" if index % 2 else re.escape(part) for index, part in enumerate(_PARAMETER.split(segment))
                )
                node.templates.append((shape, re.compile(pattern, re.DOTALL), known))
                # The one with most literal text is the most specific.
                node.templates.sort(key=lambda entry: -len(entry[0]))
            node = known
        if method in node.methods:
            raise ValueError(f"{method} {path} is there twice")
        node.methods[method] = (target, tuple(_PARAMETER.findall(path)))

    def find(self, method: str, path: str) -> tuple[T, dict[str, str]] | frozenset[str]:
        """The target and the raw text of its path parameters; otherwise the methods that the path has (404: none).

        `path` is as sent: a percent-encoded slash belongs to its segment.
        """
        allowed: set[str] = set()
        found = _walk(self._root, path.split("/"), 1, method, (), allowed)
        if found is None:
            return frozenset(allowed)
        (target, names), values = found
        return target, dict(zip(names, values, strict=True))


def _walk(
    node: _Node[T], segments: list[str], at: int, method: str, values: tuple[str, ...], allowed: set[str]
) -> tuple[tuple[T, tuple[str, ...]], tuple[str, ...]] | None:
    if at == len(segments):
        allowed.update(node.methods)
        route = node.methods.get(method)
        return None if route is None else (route, values)
    segment = segments[at]
    child = node.literals.get(unquote(segment) if "%" in segment else segment)
    if child is not None:
        found = _walk(child, segments, at + 1, method, values, allowed)
        if found is not None:
            return found
    for _, pattern, child in node.templates:
        match = pattern.fullmatch(segment)
        if match is not None:
            found = _walk(child, segments, at + 1, method, values + match.groups(), allowed)
            if found is not None:
                return found
    return None
