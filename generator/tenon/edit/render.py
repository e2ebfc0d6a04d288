"""JSON values as YAML that a person would have written."""

from __future__ import annotations

import json
import re
from typing import Any

from tenon.read.parse import parse

_PLAIN = re.compile(r"[A-Za-z_/$<>(][^\x00-\x1f]*")
_FLOW = re.compile(r"[A-Za-z_][A-Za-z0-9_. /-]*")
WIDTH = 120


def scalar(value: Any, *, flow: bool = False) -> str:
    """`value` on one line: plain where it reads back as itself, else in double quotes."""
    if not isinstance(value, str):
        return json.dumps(value)
    pattern = _FLOW if flow else _PLAIN
    if pattern.fullmatch(value):
        read, *_, problems = parse(f"x: {value}\n", json=False)
        if not problems and read == {"x": value}:
            return value
    return json.dumps(value, ensure_ascii=False)


def block(value: Any, indent: int) -> list[str]:
    """`value` (a mapping or sequence that is not empty) as lines, `indent` spaces deep."""
    pad = " " * indent
    lines: list[str] = []
    if isinstance(value, dict):
        for key, child in value.items():
            lines += entry(key, child, indent)
    else:
        for child in value:
            if inner := short(child):
                lines.append(f"{pad}- {inner}")
            else:
                first, *rest = block(child, indent + 2)
                lines += [f"{pad}- {first[indent + 2 :]}", *rest]
    return lines


def entry(key: str, value: Any, indent: int) -> list[str]:
    """``key: value`` as lines."""
    head = f"{' ' * indent}{scalar(key)}:"
    if (inner := short(value)) is not None:
        return [f"{head} {inner}"]
    return [head, *block(value, indent + 2)]


def short(value: Any) -> str | None:
    """`value` on one line where that is how it is written: scalars, empty ones and short lists of scalars."""
    if isinstance(value, dict):
        return "{}" if not value else None
    if isinstance(value, list):
        if any(isinstance(child, (dict, list)) for child in value):
            return None
        inner = f"[{', '.join(scalar(child, flow=True) for child in value)}]"
        return inner if len(inner) < WIDTH - 20 or not value else None
    return scalar(value)
