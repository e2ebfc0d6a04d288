"""`$ref` inside the contracts folder: relative files and JSON pointers, nothing else."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from tenon.finding import Finding, Severity
from tenon.read.document import Node, escape, load
from tenon.read.tree import Tree

MAX_HOPS = 32
"""References that may lead to each other before something is defined."""
MAX_COMPLAINTS = 200
"""Errors about the references of one document that are told; nothing is written anyway."""
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")


class References:
    """Follows references, and collects what is wrong with them."""

    def __init__(self, tree: Tree, findings: list[Finding]) -> None:
        self._tree = tree
        self._findings = findings
        self._anchors: dict[str, dict[str, Node]] = {}
        self._reported: set[tuple[str, str, str]] = set()

    @property
    def size(self) -> int:
        """Values in all files that were loaded so far."""
        return sum(source.size for source in self._tree.parsed.values() if source is not None)

    def target(self, at: Node, ref: str) -> Node | None:
        """What `ref`, written at `at`, names; None with a finding when that is nothing."""
        path, _, fragment = ref.partition("#")
        if _SCHEME.match(path):
            return self._wrong(at, "ref-outside", "the reference leads to a URL", "copy the document into the folder")
        path = unquote(path)
        if path.startswith(("/", "\\")) or "\\" in path or _SCHEME.match(path):
            return self._wrong(at, "ref-outside", "the reference is absolute", "write it relative to this file")
        source = at.source
        if path:
            relative = self._tree.resolve(source.file, path)
            if relative is None:
                return self._wrong(
                    at,
                    "ref-missing",
                    "the reference names no file inside the contracts folder",
                    "correct the path, or copy the file into the folder",
                )
            loaded = load(self._tree, relative, self._findings)
            if loaded is None:
                return self._wrong(at, "ref-broken", "the referenced file cannot be read", "mend that file first")
            source = loaded
        if fragment and not fragment.startswith("/"):
            found = self._anchored(source.root, fragment)
        else:
            found = source.root.find(unquote(fragment))
        if found is None or (found.parent is None and ("openapi" in found.value or "asyncapi" in found.value)):
            return self._wrong(
                at,
                "ref-missing",
                "the reference names nothing in the file; anything is taken there",
                "correct the pointer",
                Severity.UNSUPPORTED,
            )
        return found

    def follow(self, node: Node, *, siblings: bool) -> Node | None:
        """`node`, or what its chain of references ends at; None with a finding for a chain that has no end.

        With `siblings` an object with other keys beside `$ref` is an end too.
        """
        current: Node | None = node
        for _ in range(MAX_HOPS):
            if current is None or (ref := reference(current)) is None or (siblings and len(current.value) > 1):
                return current
            current = self.target(current, ref)
        message = f"the reference leads to a reference, and so on {MAX_HOPS} times, or back to itself"
        return self._wrong(node, "ref-cycle", message, "refer to a definition")

    def _anchored(self, root: Node, name: str) -> Node | None:
        known = self._anchors.get(root.source.file)
        if known is None:
            known = self._anchors[root.source.file] = {}
            waiting = [root]
            while waiting:
                node = waiting.pop()
                if isinstance(node.value, dict):
                    for key in ("$dynamicAnchor", "$anchor"):
                        if isinstance(anchor := node.value.get(key), str):
                            known[anchor] = node
                waiting.extend(child for _, child in node.children() if isinstance(child.value, (dict, list)))
        return known.get(name)

    def _wrong(
        self, at: Node, rule: str, message: str, remedy: str, severity: Severity = Severity.ERROR
    ) -> Node | None:
        location = at.at
        if severity is Severity.ERROR and len(self._reported) > MAX_COMPLAINTS:
            return None
        if (key := (rule, location.file, location.symbol)) not in self._reported:
            self._reported.add(key)
            self._findings.append(Finding(location, rule, message, remedy, severity))
        return None


def reference(node: Node) -> str | None:
    """The `$ref` of a reference object."""
    ref = node.value.get("$ref") if isinstance(node.value, dict) else None
    return ref if isinstance(ref, str) else None


def local(*keys: str) -> str:
    """A reference into the same document."""
    return "#" + "".join("/" + quote(escape(key), safe="~!$&'()*+,;=:@._-") for key in keys)


def local_keys(ref: str) -> list[str] | None:
    """The keys of a reference that `local` made."""
    if not ref.startswith("#/"):
        return None
    return [unquote(part).replace("~1", "/").replace("~0", "~") for part in ref[2:].split("/")]
