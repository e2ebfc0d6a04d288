"""One document as one value, whatever files it is made of, and places in it.

References to other files of the same side are bundled: the named file is put under a key of the root's own and the
reference rewritten, only where there are any. A place knows the way back to its file and line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote, unquote

from tenon.gate.documents import Document, Documents, Unreadable
from tenon.gate.json.lines import LARGE, Lines
from tenon.source import Location

Keys = tuple[str | int, ...]
FILES = "x-bundled-files"
"""The root's key that other files are embedded under."""
_OUTWARD = re.compile(r"""\$ref["']?\s*:\s*["']?[^#"'\s]""")
_MAX_FILES = 2000
_MAX_CHAIN = 32


@dataclass
class Root:
    """A document with everything that it references inside its side."""

    document: Document
    value: dict[str, Any]
    problems: list[str] = field(default_factory=list)
    files: dict[str, Document] = field(default_factory=dict)
    """The embedded files by path."""
    _lines: dict[str, Lines] = field(default_factory=dict)

    @property
    def site(self) -> Site:
        return Site(self, (), self.value)

    def find(self, reference: str) -> Site | None:
        """What ``#/…`` names; None where there is nothing."""
        keys = pointer(reference)
        value: Any = self.value
        if keys is None:
            return self._anchors.get(reference)
        for key in keys:
            if isinstance(value, dict) and key in value:
                value = value[key]
            elif isinstance(value, list) and str(key).isdigit() and int(key) < len(value):
                value = value[int(key)]
            else:
                return None
        return Site(self, keys, value)

    @cached_property
    def _anchors(self) -> dict[str, Site]:
        """The schemas that are named by an anchor, where it is the only one of that name; and by their `$id`."""
        found: dict[str, Site | None] = {}
        waiting: list[Site] = [self.site]
        while waiting:
            site = waiting.pop()
            children: Any = ()
            if isinstance(site.value, dict):
                children = site.value.items()
                names = {"#" + str(site.value[key]) for key in ("$anchor", "$dynamicAnchor") if key in site.value}
                names |= {site.value["$id"]} if isinstance(site.value.get("$id"), str) else set()
                for name in names:
                    found[name] = None if name in found else site
            elif isinstance(site.value, list):
                children = enumerate(site.value)
            waiting += [
                Site(self, (*site.keys, key), child) for key, child in children if isinstance(child, dict | list)
            ]
        return {name: site for name, site in found.items() if site is not None}

    def at(self, keys: Keys) -> Location:
        """The file and line of a place."""
        document = self.document
        if len(keys) >= 2 and keys[0] == FILES:
            document, keys = self.files[str(keys[1])], keys[2:]
        found = None
        if keys and len(document.text) >= LARGE:
            found = self._lines.setdefault(document.file, Lines(document.text)).locate(keys)
        if found is None:
            return document.at(*keys)
        symbol = "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in keys)
        return Location(document.label + document.file, *found, symbol)


@dataclass(frozen=True)
class Site:
    """A value in a root and the keys that lead there. Never raises: what is absent is an empty site."""

    root: Root
    keys: Keys
    value: Any

    def child(self, *keys: str | int) -> Site:
        """The value below; references on the way are followed."""
        here = self
        for key in keys:
            here = here.follow()
            inner: Any = None
            if isinstance(here.value, dict):
                inner = here.value.get(key)
            elif isinstance(here.value, list) and isinstance(key, int) and key < len(here.value):
                inner = here.value[key]
            here = Site(here.root, (*here.keys, key), inner)
        return here

    def follow(self) -> Site:
        """What a Reference Object stands for; the site itself where it is none."""
        here = self
        for _ in range(_MAX_CHAIN):
            reference = here.value.get("$ref") if isinstance(here.value, dict) else None
            if not isinstance(reference, str):
                return here
            found = here.root.find(reference)
            if found is None:
                return Site(here.root, here.keys, None)
            here = found
        return Site(here.root, here.keys, None)

    def items(self) -> Iterator[tuple[str, Site]]:
        """The children of a mapping, by name; each followed."""
        here = self.follow()
        if isinstance(here.value, dict):
            for key in here.value:
                yield key, here.child(key).follow()

    def elements(self) -> Iterator[Site]:
        """The children of a list; each followed."""
        here = self.follow()
        if isinstance(here.value, list):
            for index in range(len(here.value)):
                yield here.child(index).follow()

    def text(self, key: str, default: str = "") -> str:
        """The text under `key`."""
        value = self.mapping.get(key)
        return value if isinstance(value, str) else default

    @property
    def mapping(self) -> dict[str, Any]:
        """The value, where it is a mapping; else an empty one."""
        value = self.follow().value
        return value if isinstance(value, dict) else {}

    @property
    def there(self) -> bool:
        return self.value is not None

    @property
    def location(self) -> Location:
        return self.root.at(self.keys)


def pointer(reference: str) -> Keys | None:
    """The keys of ``#/a/b``; None for an anchor or another file."""
    if reference == "#":
        return ()
    if not reference.startswith("#/"):
        return None
    return tuple(unquote(key).replace("~1", "/").replace("~0", "~") for key in reference[2:].split("/"))


def reference(keys: Keys) -> str:
    """``#/a/b`` of keys."""
    return "#" + "".join("/" + quote(str(key).replace("~", "~0").replace("/", "~1"), safe="~$-._{}") for key in keys)


def load(documents: Documents, file: str) -> Root | str:
    """The document as one root, or why it cannot be read."""
    document = documents.load(file)
    if document is None:
        return f"{file}: there is no such file"
    try:
        value = document.value
        if not isinstance(value, dict):
            return f"{file}:1: it is no mapping"
        if not _OUTWARD.search(document.text):
            return Root(document, value)
        return _Bundler(documents, document).root()
    except Unreadable as error:
        return str(error)
    except RecursionError:
        return f"{file}: it is nested too deeply"


class _Bundler:
    """Embeds the files that references name."""

    def __init__(self, documents: Documents, document: Document) -> None:
        self.documents, self.document = documents, document
        self.problems: dict[str, None] = {}
        self.files: dict[str, Document] = {}
        self.embedded: dict[str, Any] = {}
        self.waiting: list[Document] = []

    def root(self) -> Root:
        value = self.copy(self.document.value, self.document)
        while self.waiting:
            document = self.waiting.pop()
            try:
                self.embedded[document.file] = self.copy(document.value, document)
            except Unreadable as error:
                self.problems[str(error)] = None
        if self.embedded:
            value = {**value, FILES: self.embedded}
        return Root(self.document, value, list(self.problems), self.files)

    def copy(self, value: Any, document: Document) -> Any:
        if isinstance(value, dict):
            copied = {key: self.copy(child, document) for key, child in value.items()}
            target = copied.get("$ref")
            if isinstance(target, str) and not (target.startswith("#") and document is self.document):
                copied["$ref"] = self.rewritten(target, document)
            return copied
        if isinstance(value, list):
            return [self.copy(child, document) for child in value]
        return value

    def rewritten(self, target: str, document: Document) -> str:
        found = self.documents.resolve(document, target)
        if found is None:
            if not target.partition("#")[0].endswith(".proto"):
                self.problems[f"{document.file}: the reference {target} leads out of the contracts or to no file"] = (
                    None
                )
            return target
        other, keys = found
        if other is self.document:
            return reference(keys)
        if other.file not in self.files:
            if len(self.files) >= _MAX_FILES:
                self.problems[f"{document.file}: references lead to more than {_MAX_FILES} files"] = None
                return target
            self.files[other.file] = other
            self.waiting.append(other)
        return reference((FILES, other.file, *keys))
