"""Values to try a query with: by type, and by what a table's own constraints say of a column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tenon.gate.kinds.migrations.queries import Parameter
from tenon.gate.kinds.migrations.scratch import Session
from tenon.gate.kinds.migrations.statements import split

Value = str | None
"""As PostgreSQL reads it."""

_WHOLE = ("1", "0", "2", "-1")
_BY_TYPE: dict[str, tuple[str, ...]] = {
    "int2": (*_WHOLE, "30000"),
    "int4": (*_WHOLE, "40000", "2000000000"),
    "int8": (*_WHOLE, "40000", "3000000000"),
    "oid": ("1",),
    "numeric": ("1", "0", "2", "-1", "1.5", "123456789012.345"),
    "float4": ("1", "0", "0.5", "-1"),
    "float8": ("1", "0", "0.5", "-1", "1e300"),
    "money": ("1", "0"),
    "bool": ("t", "f"),
    "bytea": (r"\x01", r"\x", r"\x" + "ab" * 64),
    "date": ("2026-01-01", "1970-01-01"),
    "time": ("12:00:00", "00:00:00"),
    "timetz": ("12:00:00+00", "00:00:00+00"),
    "timestamp": ("2026-01-01 00:00:00", "1970-01-01 00:00:00"),
    "timestamptz": ("2026-01-01 00:00:00+00", "1970-01-01 00:00:00+00"),
    "interval": ("1 day", "0"),
    "uuid": ("00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"),
    "json": ("{}", "[]", '{"a": 1}'),
    "jsonb": ("{}", "[]", '{"a": 1}'),
    "inet": ("10.0.0.1", "::1"),
    "cidr": ("10.0.0.0/8",),
    "macaddr": ("08:00:2b:01:02:03",),
    "xml": ("<a/>",),
    "bit": ("0", "1"),
    "varbit": ("0", "1"),
    "tsvector": ("a",),
    "tsquery": ("a",),
    "point": ("(0,0)",),
}
_TEXT = ("a", "sample", "sample@example.com", "", "x" * 64, "x" * 300, "Ä")
_FIXED = {"int2": 21, "int4": 21, "int8": 21, "bool": 16, "float4": 701, "float8": 701, "numeric": 1700, "bytea": 17,
          "timestamptz": 1184, "timestamp": 1114, "date": 1082,
          "_int2": 1005, "_int4": 1007, "_int8": 1016}  # fmt: skip
"""Types that a Python driver sends as such; a `str` goes without a type, and PostgreSQL infers one."""

_TYPES = """
SELECT t.oid, t.typname, t.typtype, t.typcategory, coalesce(nullif(t.typbasetype, 0), t.typelem),
       (SELECT string_agg(e.enumlabel, E'\\x1f' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)
  FROM pg_type t"""
_CHECKS = """
SELECT c.relname, a.attname, pg_get_constraintdef(k.oid)
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (k.conkey)
 WHERE k.contype = 'c'"""
_LITERAL = re.compile(r"'((?:[^']|'')*)'::")


@dataclass(frozen=True, slots=True)
class _Type:
    name: str
    kind: str
    category: str
    inner: int
    labels: tuple[str, ...]


class Samples:
    """What can be tried on one database."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @cached_property
    def _types(self) -> dict[int, _Type]:
        found = {}
        for number, name, kind, category, inner, labels in self._session.rows(_TYPES):
            split_labels = tuple((labels or "").split("\x1f")) if labels else ()
            found[int(number or 0)] = _Type(name or "", kind or "", category or "", int(inner or 0), split_labels)
        return found

    @cached_property
    def _literals(self) -> dict[str, tuple[str, ...]]:
        """By column's name: the literals that CHECK constraints compare it with."""
        found: dict[str, list[str]] = {}
        for _, column, text in self._session.rows(_CHECKS):
            literals = [literal.replace("''", "'") for literal in _LITERAL.findall(text or "")]
            found.setdefault(column or "", []).extend(literals[:12])
        return {column: tuple(dict.fromkeys(literals)) for column, literals in found.items()}

    def values(self, number: int, column: str = "") -> tuple[str, ...]:
        """Values of this type, likely ones first. Empty for a type that nothing is known of."""
        type_ = self._types.get(number)
        hints = self._literals.get(column, ())
        if type_ is None or number == 0:
            return (*hints, *_TEXT)
        if type_.kind == "e":
            return type_.labels
        if type_.kind == "d":
            return self.values(type_.inner, column)
        if type_.category == "A":
            inner = [value for value in self.values(type_.inner, column)[:2] if value]
            return ("{}", *("{" + '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"}' for value in inner))
        if type_.category == "R":
            return ("empty",)
        if type_.category == "S" or type_.name == "unknown":
            limit = 1 if type_.name == "char" else None
            return tuple(value[:limit] for value in (*hints, *_TEXT))
        return _BY_TYPE.get(type_.name, ())

    def fixed(self, number: int) -> int:
        """The type that a driver would send for such a value; 0: none, PostgreSQL infers it."""
        type_ = self._types.get(number)
        return _FIXED.get(type_.name, 0) if type_ else 0

    def name(self, number: int) -> str:
        """A type's name; ``unknown`` where none was declared."""
        return self._types[number].name if number in self._types else "unknown"

    def other(self, value: str, number: int, type_: int) -> str:
        """Another value like this one, a different one for each number."""
        if type_ in (20, 21, 23, 1700):
            return str(1000 + number)
        if re.fullmatch(r"[0-9a-f]{8}-[0-9a-f-]{27}", value):
            return f"{number:08x}{value[8:]}"
        return f"{value[:40]}{number}" if type_ == 0 else value

    def plain(self, number: int, value: Value) -> Any:
        """The value as JSON has it."""
        name = self.name(number)
        if value is None or not re.fullmatch(r"-?\d+|t|f", value):
            return value
        if name == "bool":
            return value == "t"
        return int(value) if name in ("int2", "int4", "int8", "numeric") and value not in ("t", "f") else value


def wire_type(number: int, value: Value) -> int:
    """The type sent along: a driver takes the smallest that a whole number fits."""
    if number != 21 or value is None:
        return number
    if not re.fullmatch(r"-?\d{1,18}", value):
        return 0  # a text of the source's own: a driver leaves its type open
    size = abs(int(value))
    return 21 if size < 2**15 else 23 if size < 2**31 else 20


@dataclass(frozen=True, slots=True)
class Vector:
    """Values for all parameters of one query."""

    values: tuple[Value, ...]
    certain: bool = True
    """False: it holds a NULL of which the source does not tell whether it is ever passed."""


def vectors(
    samples: Sequence[Sequence[Value]], parameters: Sequence[Parameter], base: tuple[Value, ...]
) -> Iterator[Vector]:
    """`base`, then each parameter changed alone, then each as NULL. Values that the source tells stay its own."""
    yield Vector(base)
    for index, choices in enumerate(samples):
        for value in choices:
            if value != base[index]:
                yield Vector((*base[:index], value, *base[index + 1 :]))
    for index, parameter in enumerate(parameters[: len(base)]):
        if parameter.nullable is not False and not parameter.constants and base[index] is not None:
            yield Vector((*base[:index], None, *base[index + 1 :]), parameter.nullable is True)


def bases(samples: Sequence[Sequence[Value]]) -> Iterator[tuple[Value, ...]]:
    """Whole sets of values to begin with, until one is accepted."""
    for step in range(4):
        yield tuple(choices[min(step, len(choices) - 1)] if choices else None for choices in samples)


def spelled(constant: object) -> Value:
    """A Python constant as PostgreSQL reads it."""
    if constant is None:
        return None
    if isinstance(constant, bool):
        return "t" if constant else "f"
    return str(constant)


_INSERT = re.compile(
    r"(?:with .*? )?insert into (?P<table>[^ (]+)(?: as \w+)? (?:\((?P<columns>[^()]*)\) )?", re.DOTALL
)
_EQUAL = re.compile(r"(?:^|[ ,(])(?:\w+\.)?(?P<column>\w+) (?:=|<>|!=|is distinct from|in \() \$(?P<number>\d+)\b")


def columns(sql: str) -> dict[int, str]:
    """Which column each parameter is written to or compared with, where that is plain; counted from 0."""
    found: dict[int, str] = {}
    parts = split(sql)
    if not parts:
        return found
    text = parts[0].text
    for match in _EQUAL.finditer(text):
        found.setdefault(int(match["number"]) - 1, match["column"])
    insert = _INSERT.match(text)
    if insert and insert["columns"]:
        names = [name.strip().strip('"') for name in insert["columns"].split(",")]
        rest = text[insert.end() :]
        if rest.startswith("values ("):
            for name, value in zip(names, _values(rest[len("values (") :].strip()), strict=False):
                if number := re.match(r"\$(\d+)\b", value):
                    found[int(number[1]) - 1] = name
    return found


def _values(text: str) -> list[str]:
    """The expressions of the first row."""
    values: list[str] = []
    words: list[str] = []
    depth = 0
    for word in text.split(" "):
        if word == ")" and depth == 0:
            break
        depth += (word == "(") - (word == ")")
        if word == "," and depth == 0:
            values.append(" ".join(words))
            words = []
        else:
            words.append(word)
    return [*values, " ".join(words)]


def target(sql: str) -> str | None:
    """The table that an INSERT fills."""
    parts = split(sql)
    match = _INSERT.match(parts[0].text) if parts else None
    return match["table"] if match else None
