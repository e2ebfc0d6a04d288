"""Which documents of two sides belong together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tenon.gate.context import Context
from tenon.gate.documents import Documents, Unreadable
from tenon.gate.json.site import Root, load

SUFFIXES = (".yaml", ".yml", ".json")
_OUTWARD = re.compile(r"""\$ref["']?\s*:\s*["']?(?!\S*\.proto\b)[^#"'\s]""")
"""A reference to another document; messages of protobuf are judged by their own kind."""
_MAX_LOOK = 20_000


@dataclass(frozen=True)
class Roots:
    """One document at both sides; one of them is None where it was added or removed."""

    old: Root | None
    new: Root | None


def pairs(context: Context, marker: re.Pattern[str], names: Callable[[Root], set[str]]) -> Iterator[Roots]:
    """The documents that `marker` finds in their text: by path, then by title and what they have in common."""
    sides = [_marked(documents, marker) for documents in (context.old_documents, context.new_documents)]
    old, new = sides
    if context.old.only and context.new.only:
        if old or new:
            yield from _one(context, next(iter(old), None), next(iter(new), None))
        return
    for file in sorted(old.keys() & new.keys()):
        if old[file] != new[file] or _OUTWARD.search(old[file]):
            yield from _one(context, file, file)
    gone = [root for file in sorted(old.keys() - new.keys()) if (root := _load(context, 0, file)) is not None]
    come = [root for file in sorted(new.keys() - old.keys()) if (root := _load(context, 1, file)) is not None]
    for before in gone:
        after = max(come, key=lambda each: _likeness(before, each, names), default=None)
        if after is not None and _likeness(before, after, names) > 0:
            come.remove(after)
            yield Roots(before, after)
        else:
            yield Roots(before, None)
    for after in come:
        yield Roots(None, after)


def _marked(documents: Documents, marker: re.Pattern[str]) -> dict[str, str]:
    """The text of each file that is such a document."""
    found = {}
    for file in documents.snapshot.contract_files(*SUFFIXES):
        document = documents.load(file)
        try:
            if document is not None and marker.search(document.text[:_MAX_LOOK] + document.text[-_MAX_LOOK:]):
                found[file] = document.text
        except Unreadable:
            continue  # whoever reads every file says so
    return found


def _one(context: Context, old: str | None, new: str | None) -> Iterator[Roots]:
    sides = [None if file is None else _load(context, side, file) for side, file in enumerate((old, new))]
    if (sides[0] is None) == (old is None) and (sides[1] is None) == (new is None):
        yield Roots(*sides)


def _load(context: Context, side: int, file: str) -> Root | None:
    root = load((context.old_documents, context.new_documents)[side], file)
    if isinstance(root, str):
        context.problems.append(root)
        return None
    context.problems.extend(root.problems)
    return root


def _likeness(old: Root, new: Root, names: Callable[[Root], set[str]]) -> float:
    """How much two documents have in common; 0 where they are different things."""
    ours, theirs = names(old), names(new)
    shared = len(ours & theirs) / max(1, min(len(ours), len(theirs)))
    titled = old.site.child("info").text("title") == new.site.child("info").text("title")
    return shared + 0.1 * titled if shared >= (0.1 if titled else 0.6) else 0.0
