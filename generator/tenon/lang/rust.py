"""Rust: how contract text becomes string literals, doc comments and identifiers, and nothing else."""

from __future__ import annotations

import re

from tenon.lang import markdown, python
from tenon.model.text import Text

_KEYWORDS = frozenset((
    "as", "async", "await", "break", "const", "continue", "dyn", "else", "enum", "extern", "false", "fn", "for",
    "gen", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "static",
    "struct", "trait", "true", "type", "unsafe", "use", "where", "while", "abstract", "become", "box", "do",
    "final", "macro", "override", "priv", "try", "typeof", "unsized", "virtual", "yield",
))  # fmt: skip
"""Of the 2024 edition, reserved ones included: https://doc.rust-lang.org/reference/keywords.html."""
_NEVER_RAW = frozenset({"self", "Self", "super", "crate", "_"})
_DERIVE = frozenset({"Inner", "ScalarWrapper", "MapWrapper", "KeyWrapper", "ValueWrapper"})
"""Names that prost's derive macros declare around a use of our types."""
WIDTH = 100
"""Columns: rustfmt's default."""


def literal(text: Text | str) -> str:
    """`text` as a string literal, ASCII only."""
    return '"' + "".join(map(_character, python.raw(text))) + '"'


def _character(char: str) -> str:
    match char:
        case "\\" | '"':
            return "\\" + char
        case "\n":
            return "\\n"
        case "\r":
            return "\\r"
        case "\t":
            return "\\t"
    if " " <= char <= "~":
        return char
    return "\\u{" + format(0xFFFD if "\ud800" <= char <= "\udfff" else ord(char), "x") + "}"


def byte_literal(value: bytes) -> str:
    """`value` as a byte string literal."""
    return (
        'b"'
        + "".join(f"\\x{byte:02x}" if byte in b'"\\' or not 32 <= byte < 127 else chr(byte) for byte in value)
        + '"'
    )


def doc(text: Text | str) -> list[str]:
    """`text` as the lines of an outer doc comment, not indented."""
    return [f"/// {line}".rstrip() for line in markdown.prose(text)]


def ident(name: str) -> str:
    """`name` as an identifier: keywords raw, the few that cannot be raw with a trailing underscore."""
    if name in _NEVER_RAW:
        return f"{name}_"
    return f"r#{name}" if name in _KEYWORDS else name


def snake(name: str) -> str:
    """`name` as a field, function or module, before `ident`. What is lower case already stays as it is spelled."""
    if name == name.lower() and name.isascii() and name.isidentifier():
        made = re.sub("(?<=[^_])__+", "_", name)
    else:
        made = python.snake(name, frozenset())
    return made if made.strip("_") else "unnamed"


def pascal(name: str) -> str:
    """`name` as a type; keeps capitals that are there."""
    made = python.pascal(name, frozenset())
    return f"{made}_" if made == "Self" or made in _DERIVE else made


def distinct(name: str, taken: set[str]) -> str:
    """The type or variant `name`, or with the first number from 2 behind it that is free; it is added to `taken`."""
    candidate, number = name, 2
    while candidate in taken:
        candidate, number = f"{name}{number}", number + 1
    taken.add(candidate)
    return candidate


def variants(enum: str, values: list[str]) -> list[str]:
    """The variants of enum `enum`: without its name in front, where all that is left are names that differ."""
    prefix = re.sub("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", enum).upper() + "_"
    short = [value[len(prefix) :] if value.upper().startswith(prefix) else value for value in values]
    for names in (short, values):
        made = [variant(name) for name in names]
        if len(set(made)) == len(made) and all(name[:1].isalpha() for name in names):
            return made
    taken: set[str] = set()
    return [distinct(variant(value), taken) for value in values]


def variant(name: str) -> str:
    """`name` as a variant: ``IN_REVIEW`` and ``in_review`` give ``InReview``."""
    made = python.pascal(name.lower() if name == name.upper() else name, frozenset())
    return f"{made}_" if made == "Self" else made


# The functions below break lines as rustfmt does for text that stands at column `indent`; the lines that they make are
# relative to that column.


def _listed(head: str, items: list[str], tail: str, indent: int, width: int = WIDTH, last: str = ",") -> str:
    """``head(items)tail``: on one line where the items fit in `width`, else one a line, `last` after the last."""
    flat = ", ".join(items)
    if indent + len(f"{head}({flat}){tail}") <= WIDTH and len(flat) <= width:
        return f"{head}({flat}){tail}"
    return f"{head}(\n" + ",\n".join(f"    {item}" for item in items) + f"{last}\n){tail}"


def attribute(name: str, arguments: list[str], indent: int) -> str:
    """``#[name(arguments)]``"""
    return _listed(f"#[{name}", arguments, "]", indent, width=70, last="")


def constant(name: str, type: str, constructor: str, arguments: list[str]) -> str:
    """``pub const name: type = constructor(arguments);`` at column 0."""
    head, flat = typed(f"pub const {name}: ", type, " =", 0), f"{constructor}({', '.join(arguments)});"
    short = sum(map(len, arguments)) + 2 * len(arguments) - 2 <= 60
    if short and len(head.rsplit("\n", 1)[-1]) + 1 + len(flat) <= WIDTH:
        return f"{head} {flat}"
    if short and 4 + len(flat) <= WIDTH:
        return f"{head}\n    {flat}"
    return f"{head} {_listed(constructor, arguments, ';', 0, width=60)}"


def tuple_variant(name: str, type: str, indent: int) -> str:
    """``name(type),``"""
    return _listed(name, [type], ",", indent)


def signature(head: str, parameters: list[str], answer: str, bound: str, indent: int) -> str:
    """``head(parameters) -> answer + bound;``"""
    end = f" -> {answer} + {bound};"
    if indent + len(f" -> {answer}") > WIDTH:  # rustfmt does not count the parenthesis
        return _listed(head, parameters, typed(" -> ", answer, f" + {bound};", indent + 1), indent, width=0)
    if indent + 1 + len(end) > WIDTH:
        return _listed(head, parameters, f" -> {answer}\n+ {bound};", indent, width=0)
    flat = f"{head}({', '.join(parameters)}){end}"
    if indent + len(flat) == WIDTH:  # rustfmt counts the semicolon only after it has placed the parameters
        return f"{head}({', '.join(parameters)})\n{end.lstrip()}"
    return _listed(head, parameters, end, indent)


def typed(head: str, type: str, tail: str, indent: int) -> str:
    """`head`, `type` and `tail`, the type's arguments on lines of their own where it is too long."""
    if indent + len(head) + len(type) + len(tail) <= WIDTH or not type.endswith(">"):
        return head + type + tail
    outer, _, inner = type[:-1].partition("<")
    inside = (typed("", part, ",", indent + 4).replace("\n", "\n    ") for part in _arguments(inner))
    return f"{head}{outer}<\n" + "".join(f"    {part}\n" for part in inside) + f">{tail}"


def _arguments(inner: str) -> list[str]:
    """The arguments of a generic type, split at the commas that are not inside another."""
    found, depth, start = [], 0, 0
    for at, char in enumerate(inner):
        depth += (char == "<") - (char == ">")
        if char == "," and depth == 0:
            found.append(inner[start:at].strip())
            start = at + 1
    return [*found, inner[start:].strip()]


def arm(pattern: str, value: str, indent: int) -> str:
    """An arm of a `match`."""
    flat = f"{pattern} => {value},"
    return flat if indent + len(flat) <= WIDTH else f"{pattern} => {{\n    {value}\n}}"
