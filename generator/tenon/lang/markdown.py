"""Markdown: how contract text becomes words on a page, and never markup, a link, HTML or a directive.

Rustdoc and GitHub both pass raw HTML through, rustdoc runs code blocks as tests, and Mermaid takes directives from
inside a diagram: each is closed here. Grammar: https://spec.commonmark.org/0.31.2/.
"""

from __future__ import annotations

import re

from tenon.lang.python import lines
from tenon.model.text import Text

_MARKUP = re.compile(r"[\\`*_{}\[\]<>|~&#$]|:(?=//)|(?<=\bwww)\.")
"""What a backslash keeps from being markup, GitHub's tables, autolinks and mathematics included."""
_PROSE = re.compile(r"[\\<\[]|`{3,}|~{3,}")
_BLOCK = re.compile(r"\A([0-9]*)([-+=.)])")
_UNDRAWABLE = re.compile(r"[^\w .,:/()+-]")


def inline(text: Text | str) -> str:
    """`text` on one line as itself: what Markdown would take for markup is escaped. For cells, headings and lists."""
    words = " ".join(" ".join(lines(text)).split())
    return _BLOCK.sub(r"\1\\\2", _MARKUP.sub(r"\\\g<0>", words))


def code(text: Text | str) -> str:
    """`text` as a code span that fits in a table: nothing in it is read as markup."""
    words = " ".join(" ".join(lines(text)).split()).replace("|", "\\|")
    if not words:
        return ""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", words)), default=0))
    space = " " if words[0] == "`" or words[-1] == "`" else ""
    return f"{fence}{space}{words}{space}{fence}"


def prose(text: Text | str) -> list[str]:
    """`text` as lines of Markdown that keep lists, emphasis and code spans, but no HTML, link, fence or code block.

    A code block is four columns of space after whatever precedes it, so no line keeps a run of spaces that long.
    """
    found = []
    for line in lines(text):
        indent = min(len(line) - len(line.lstrip()), 3)
        body = " ".join(line.split())
        found.append(" " * indent * bool(body) + _PROSE.sub(_escaped, body))
    return found


def _escaped(found: re.Match[str]) -> str:
    return "".join("\\" + char for char in found[0])


def label(text: Text | str, limit: int = 80) -> str:
    """`text` as a double-quoted Mermaid string of at most `limit` characters; what could end it or open a directive,
    an entity or a tag is left out."""
    words = " ".join(_UNDRAWABLE.sub(" ", " ".join(lines(text))).split())
    return '"' + (words if len(words) <= limit else words[: limit - 1].rstrip() + "…") + '"'


def alias(*parts: str) -> str:
    """A Mermaid node's name made of accepted identifiers."""
    return re.sub(r"\W", "_", "_".join(parts), flags=re.ASCII)
