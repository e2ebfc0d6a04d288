"""What the compiler is not even shown: text that no contract may hold, and files that would exhaust it.

The compiler recurses per level of nesting, needs time that grows with the square of the tokens on one line, and a
hundred microseconds and 2 KB for each statement (measured with buf 1.75).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from tenon.finding import Finding
from tenon.model.text import forbidden
from tenon.read.tree import DEFAULT_BUDGET, Tree

MAX_NESTING = 100
"""Brackets that may be open at once in a file. Hand-written files stay under 10."""
MAX_STATEMENTS = 150_000
"""Semicolons in a file, at the default budget. The largest file of googleapis has 50,000."""
MAX_PER_FILE = 100
"""Complaints about characters in one file."""
_MAX_LINE_COST = 100_000_000
"""Sum over the lines of bytes times tokens: about a second."""
_LONG = 2000
"""Bytes of a line from which on its cost matters."""

_TOKEN = re.compile(rb"""//[^\n]*+|/\*|"(?:[^"\\\n]|\\.)*+"?|'(?:[^'\\\n]|\\.)*+'?|[{}<>\[\]()]""", re.DOTALL)
"""Comments, literals and brackets. What is not closed ends with the line: nothing is scanned twice. A block comment is
only begun: early releases of Python 3.11 lose long ones in a possessive group."""
_WORD = re.compile(rb"""//.*+|/\*.*?(?:\*/|$)|"(?:[^"\\]|\\.)*+"?|'(?:[^'\\]|\\.)*+'?|[\w.]++|[^\s]""")


def check(tree: Tree, name: str) -> Iterator[Finding]:
    """Why the file `name` of `tree` is not compiled; nothing if it may be.

    Raises:
        OSError: the file cannot be read.
    """
    content = tree.files[name].read_bytes()
    yield from _characters(tree, name, content)
    if content.count(b";") > MAX_STATEMENTS * (tree.budget / DEFAULT_BUDGET):
        yield Finding(tree.location(name), "too-many-statements", f"more than {MAX_STATEMENTS:,} statements",
                      "split the file, or raise --max-bytes")  # fmt: skip
    if finding := _structure(tree, name, content):
        yield finding
        return
    cost = 0
    for number, line in enumerate(content.split(b"\n"), 1):
        if len(line) > _LONG:
            cost += len(line) * sum(1 for _ in _WORD.finditer(line))
            if cost > _MAX_LINE_COST:
                yield Finding(tree.location(name, number), "too-dense", "the line is too long to be compiled",
                              "break it into lines")  # fmt: skip
                return


def _characters(tree: Tree, name: str, content: bytes) -> Iterator[Finding]:
    if content.isascii() and b"\0" not in content:
        return
    # What is not UTF-8 is the compiler's to report.
    lines = enumerate(content.decode("utf-8", "replace").split("\n"), 1)
    suspects = ((number, words) for number, line in lines if (words := forbidden(line)))
    for number, words in itertools.islice(suspects, MAX_PER_FILE):
        yield Finding(tree.location(name, number), "forbidden-text", f"the line contains {words}",
                      "remove the character")  # fmt: skip


def _structure(tree: Tree, name: str, content: bytes) -> Finding | None:
    """What is nested too deep, or a comment without an end, after which nothing can be said."""
    depth = position = 0
    while match := _TOKEN.search(content, position):
        token, position = match[0], match.end()
        if token == b"/*":
            position = content.find(b"*/", position) + 2
            if position < 2:
                line = content.count(b"\n", 0, match.start()) + 1
                return Finding(tree.location(name, line), "proto-compile", "the comment has no end", "close it with */")
        elif token in b"{<[(":
            depth += 1
            if depth > MAX_NESTING:
                line = content.count(b"\n", 0, match.start()) + 1
                return Finding(tree.location(name, line), "too-deep", f"more than {MAX_NESTING} levels of nesting",
                               "flatten the contract")  # fmt: skip
        elif token in b"}>])":
            depth = max(depth - 1, 0)
    return None
