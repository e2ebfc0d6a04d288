"""Python: how contract text becomes literals, docstrings, comments and identifiers, and nothing else."""

from __future__ import annotations

import keyword
import math
import re
import textwrap
import unicodedata
from collections.abc import Iterable
from typing import Any

from tenon.model.text import Text

_BREAKS = re.compile("\r\n|[\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_QUOTES = re.compile(r'"{3,}|"+\Z')
_DIRECTIVE = re.compile(r"\s*(?:(?:type|mypy|ruff|flake8|pylint|pyright|ty|fmt|isort|yapf|pragma)\s*:|noqa\b)", re.I)
"""How comments begin that a tool obeys."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")

WIDTH = 120
"""Columns of a generated line, where text can be broken."""
KEYWORDS = frozenset(keyword.kwlist)
RESERVED_ATTRIBUTES = KEYWORDS | {"self", "cls", "spec", "operations", "subscriptions", "mro", "abstractmethod"}
"""Names that no handler method or request attribute may have: keywords, and what the runtime's base classes use."""


def raw(text: Text | str) -> str:
    """The characters behind `text`, for the filters below."""
    return text.raw if isinstance(text, Text) else text


def literal(value: Any) -> str:
    """`value` (JSON, a Text, bytes, tuples of those) as a Python literal.

    Raises:
        TypeError: the value has no literal form (non-finite floats included).
    """
    match value:
        case Text():
            return ascii(value.raw)
        case str() | bytes() | bool() | int() | None:
            return ascii(value)
        case float() if math.isfinite(value):
            return repr(value)
        case tuple():
            return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
        case list():
            return f"[{', '.join(map(literal, value))}]"
        case dict():
            return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items()) + "}"
    raise TypeError(f"no literal for {type(value).__name__}")


def lines(text: Text | str) -> list[str]:
    """`text` split at everything that any tool takes for a line break, without control characters."""
    found = [_CONTROL.sub(" ", line).rstrip().expandtabs(4) for line in _BREAKS.split(raw(text))]
    while found and not found[-1]:
        found.pop()
    while found and not found[0]:
        found.pop(0)
    margin = min((len(line) - len(line.lstrip()) for line in found if line), default=0)
    return [line[margin:] for line in found]


def docstring(text: Text | str, indent: int = 4, extra: Iterable[str] = (), *, fallback: str = "") -> str:
    """`text` as a docstring, quotes included, continued lines indented by `indent` spaces.

    `extra` are lines of our own that follow after an empty one; `fallback` stands where there is no text. Backslashes
    and quotes are escaped so that the literal ends where we end it and its value is the text.
    """
    width = WIDTH - indent - 6
    body = [_escape(part) for line in lines(text) or lines(fallback) for part in _wrap(line, width)]
    more = [_escape(part) for line in extra for part in lines(line)]
    if body and more:
        body.append("")
    body += more
    if not body:
        return '""""""'
    pad = " " * indent
    if len(body) == 1:
        return f'"""{body[0]}"""'
    return '"""' + ("\n").join([body[0], *(pad + line if line else "" for line in body[1:])]) + f'\n{pad}"""'


def _wrap(line: str, width: int) -> list[str]:
    if len(line) <= width:
        return [line]
    margin = line[: len(line) - len(line.lstrip())]
    return textwrap.wrap(line, width, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False)


def _escape(line: str) -> str:
    """`line` so that no quote in it can end the docstring: each that stands in a row of three, or last."""
    return _QUOTES.sub(lambda quotes: '\\"' * len(quotes[0]), line.replace("\\", "\\\\"))


def comment(text: Text | str, indent: int = 0) -> str:
    """`text` as comment lines, none of which a tool takes for a directive (``# mypy: ignore-errors``)."""
    pad = " " * indent
    return "\n".join(f"{pad}# {'| ' if _DIRECTIVE.match(line) else ''}{line}".rstrip() for line in lines(text))


def plain(module: str) -> str:
    """The text of a module that somebody else's emitter made, with a space for each control character.

    Contract text has them only in docstrings and comments there; in a literal they are escapes.
    """
    return _CONTROL.sub(" ", _BREAKS.sub(lambda found: "\n" if found[0].endswith("\n") else " ", module))


def _ascii_words(name: str) -> list[str]:
    folded = unicodedata.normalize("NFKD", name)
    plain = "".join(c if c.isascii() else f" u{ord(c):x} " for c in folded if not unicodedata.combining(c))
    return _WORD.findall(plain)


def snake(name: Text | str, reserved: frozenset[str] = RESERVED_ATTRIBUTES) -> str:
    """`name` as a function, method or attribute: ``getHTTPUser-id`` gives ``get_http_user_id``.

    Never a keyword, never a dunder, never empty, ASCII only; what `reserved` holds gets a trailing underscore.
    """
    made = "_".join(word.lower() for word in _ascii_words(raw(name)))
    if not made:
        made = "unnamed"
    if made[0].isdigit():
        made = f"n{made}"
    return f"{made}_" if made in reserved else made


def pascal(name: Text | str, reserved: frozenset[str] = KEYWORDS) -> str:
    """`name` as a class: ``video_published`` gives ``VideoPublished``; keeps capitals that are there."""
    words = _ascii_words(raw(name))
    made = "".join(word[0].upper() + word[1:] for word in words) or "Unnamed"
    if made[0].isdigit():
        made = f"N{made}"
    return f"{made}_" if made in reserved else made


def key(name: Text | str) -> str:
    """A wire name that is an attribute name as it stands.

    Raises:
        ValueError: it is none.
    """
    given = raw(name)
    if not given.isascii() or not given.isidentifier() or given in KEYWORDS or given.startswith("__"):
        raise ValueError("the name cannot stand in a class body")
    return given


def unique(name: str, taken: set[str]) -> str:
    """`name`, or with the first suffix ``_2``, ``_3`` … that is free; the result is added to `taken`."""
    candidate, number = name, 2
    while candidate in taken:
        candidate, number = f"{name}_{number}", number + 1
    taken.add(candidate)
    return candidate


def module_path(package: str) -> str:
    """The folder of a package's generated code: ``identity.v1`` gives ``generated/python/api/identity/v1``."""
    return "/".join(["generated/python/api", *module_parts(package)])


def module_name(package: str) -> str:
    """The import name of a package's generated code."""
    return ".".join(["api", *module_parts(package)])


def module_parts(package: str) -> list[str]:
    """The parts of a package's name as Python modules.

    Keywords get a trailing underscore and what begins with one gets ``pb_`` in front, as in the message plugin's
    rules: no two names become one, and none is a dunder or our own ``api._pb``.
    """
    return [_module_part(part) for part in package.split(".") if part]


def _module_part(part: str) -> str:
    made = f"{part}_" if part.rstrip("_") in KEYWORDS else part
    return f"pb_{made}" if made.startswith(("_", "pb_")) else made


FILTERS = {"literal": literal, "key": key, "docstring": docstring, "comment": comment, "snake": snake, "pascal": pascal}
"""For templates."""
