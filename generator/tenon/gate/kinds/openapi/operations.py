"""The operations of a document, and which of two documents belong together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from tenon.gate.json.site import Root, Site
from tenon.gate.kinds.openapi.pairs import Operation

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_PARAMETER = re.compile(r"\{[^{}]*\}")


def template(path: str) -> str:
    """The path without the names of its parameters, which nobody sees on the wire."""
    return _PARAMETER.sub("{}", path)


def base_path(root: Root) -> str:
    """What the first server puts before every path."""
    for server in root.site.child("servers").elements():
        try:
            return urlsplit(server.text("url")).path.rstrip("/")
        except ValueError:
            return ""
    return ""


def names(root: Root) -> set[str]:
    """The paths, by which a moved document is known again."""
    paths = root.site.child("paths").mapping
    return {template(str(path)) for path in paths} | {f"webhook {name}" for name in root.site.child("webhooks").mapping}


def of_item(item: Site, path: str) -> Iterator[Operation]:
    """The operations of a path item."""
    item = item.follow()
    for method in METHODS:
        if isinstance(item.mapping.get(method), dict):
            yield Operation(item.child(method), method.upper(), path, item)


def paths(root: Root) -> dict[str, Site]:
    """The path items by path."""
    return {path: item for path, item in root.site.child("paths").items() if path.startswith("/")}


def paired(old: Root, new: Root) -> Iterator[tuple[tuple[str, Site] | None, tuple[str, Site] | None]]:
    """Path items of two documents: by path, by template, then by the path with the server's before it."""
    left, right = paths(old), paths(new)
    bases = base_path(old), base_path(new)
    for path in [path for path in left if path in right]:
        yield (path, left.pop(path)), (path, right.pop(path))
    for before in ("", ""), bases:
        known = {template(before[1] + path): path for path in right}
        for path in list(left):
            twin = known.pop(template(before[0] + path), None)
            if twin is not None:
                yield (path, left.pop(path)), (twin, right.pop(twin))
    for path, item in left.items():
        yield (path, item), None
    for path, item in right.items():
        yield None, (path, item)
