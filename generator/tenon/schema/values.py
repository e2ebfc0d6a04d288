"""JSON values as mathematics: numbers are exact, `1` and `1.0` are one value, `true` is not `1`."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from tenon.schema.budget import Exceeded

Value: TypeAlias = Any  # a JSON value; inside this package its numbers are int or Fraction

NULL, BOOLEAN, NUMBER, STRING, ARRAY, OBJECT = (1 << bit for bit in range(6))
ALL_TYPES = (1 << 6) - 1
TYPES = (NULL, BOOLEAN, NUMBER, STRING, ARRAY, OBJECT)
TYPE_NAMES = {"null": NULL, "boolean": BOOLEAN, "number": NUMBER, "string": STRING, "array": ARRAY, "object": OBJECT}
_LARGEST_EXPONENT = 330


def number(raw: int | float | Decimal) -> int | Fraction:
    """The exact value of a JSON number as it was written; raises `Exceeded` for one that no double can hold."""
    if isinstance(raw, int):
        if raw.bit_length() > 1100:
            raise Exceeded("a number beyond the range of doubles")
        return raw
    if not math.isfinite(raw) or (isinstance(raw, Decimal) and raw and abs(raw.adjusted()) > _LARGEST_EXPONENT):
        raise Exceeded("a number beyond the range of doubles")
    exact = Fraction(repr(raw)) if isinstance(raw, float) else Fraction(raw)
    return exact.numerator if exact.denominator == 1 else exact


def is_number(raw: object) -> bool:
    """True for a JSON number; a boolean is none."""
    return isinstance(raw, (int, float, Decimal)) and not isinstance(raw, bool)


def type_of(value: Value) -> int:
    """The type bit of a JSON value; raises `Exceeded` for what JSON does not have."""
    match value:
        case None:
            return NULL
        case bool():
            return BOOLEAN
        case int() | float() | Fraction() | Decimal():
            return NUMBER
        case str():
            return STRING
        case list() | tuple():
            return ARRAY
        case Mapping():
            return OBJECT
    raise Exceeded(f"not a JSON value: {type(value).__name__}")


def exact(value: Value) -> Value:
    """`value` with exact numbers, its containers copied."""
    match value:
        case None | bool() | str() | Fraction():
            return value
        case int() | float() | Decimal():
            return number(value)
        case list() | tuple():
            return [exact(item) for item in value]
        case Mapping():
            if not all(isinstance(name, str) for name in value):
                raise Exceeded("not a JSON value: a member's name is not a string")
            return {name: exact(item) for name, item in value.items()}
    raise Exceeded(f"not a JSON value: {type(value).__name__}")


def key(value: Value) -> Any:
    """A hashable key, equal for equal JSON values."""
    match value:
        case bool():
            return ("b", value)
        case list():
            return ("a", tuple([key(item) for item in value]))
        case dict():
            return ("o", frozenset([(name, key(item)) for name, item in value.items()]))
    return value


def plain(value: Value) -> Value:
    """`value` as the `json` module writes it; raises `Exceeded` where no double is that number."""
    match value:
        case Fraction():
            try:
                near = float(value)
            except OverflowError:
                near = math.inf
            if not math.isfinite(near) or Fraction(repr(near)) != value:
                raise Exceeded("a number that no double can hold")
            return near
        case list():
            return [plain(item) for item in value]
        case dict():
            return {name: plain(item) for name, item in value.items()}
    return value


def canonical(value: Value) -> str:
    """A text that equal exact values share and others do not."""
    match value:
        case bool() | None | str():
            return json.dumps(value)
        case list():
            return "[" + ",".join([canonical(item) for item in value]) + "]"
        case dict():
            return "{" + ",".join([f"{json.dumps(name)}:{canonical(value[name])}" for name in sorted(value)]) + "}"
    return str(value)
