"""JSON without what makes two readers disagree: duplicate keys, NaN, infinities, lone surrogates, deep nesting."""

from __future__ import annotations

import json
import math
from typing import Any

from tenon_runtime import native

MAX_DEPTH = 64


class NotJson(ValueError):
    """The text is not JSON that we accept; the message says why."""


def parse(text: bytes) -> Any:
    """The value. Raises NotJson."""
    if native.parse_json is not None:
        try:
            return native.parse_json(text)
        except ValueError:
            pass  # not JSON, which is said in our words below, or a number that is only read there
    return in_python(text)


def in_python(text: bytes) -> Any:
    """The same without `tenon_core`."""
    try:
        value = _decoder.decode(text.decode("utf-8"))
        if text.count(b"[") + text.count(b"{") > MAX_DEPTH and _deeper_than(value, MAX_DEPTH):
            raise NotJson(f"nested deeper than {MAX_DEPTH}")
        if b"\\u" in text:
            # An escaped half of a surrogate pair is no character: nothing after us could write it down.
            json.dumps(value, ensure_ascii=False).encode()
    except NotJson:
        raise
    except UnicodeDecodeError:
        raise NotJson("not UTF-8") from None
    except UnicodeEncodeError:
        raise NotJson("a lone surrogate") from None
    except RecursionError:
        raise NotJson(f"nested deeper than {MAX_DEPTH}") from None
    except ValueError as error:
        raise NotJson(str(error)) from None
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise NotJson("an object has the same key twice")
    return value


def _constant(name: str) -> Any:
    raise NotJson(f"{name} is not a JSON number")


def _float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise NotJson("a number is too large")
    return number


def _deeper_than(value: Any, levels: int) -> bool:
    layer = [value] if isinstance(value, (dict, list)) else []
    for _ in range(levels):
        if not layer:
            return False
        layer = [
            inner
            for outer in layer
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
    return bool(layer)


_decoder = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=_float)
