"""JSON values as text, exactly as an attacker would spell them."""

from __future__ import annotations

import json
from typing import Any


def as_json(value: Any) -> str:
    """Everything that is not ASCII as an escape; a lone surrogate stays one."""
    return json.dumps(value, ensure_ascii=True, indent=1)


def as_yaml(value: Any) -> str:
    """In flow style and in double quotes, which no JSON reader would take for its own."""
    return f"# YAML\n{_flow(value)}\n"


def _flow(value: Any) -> str:
    match value:
        case dict():
            return "{" + ",\n".join(f"{_key(key)}: {_flow(item)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ",\n".join(map(_flow, value)) + "]"
        case str():
            return _quoted(value)
    return json.dumps(value)


def _key(key: str) -> str:
    """A key of more than 1024 characters has to be announced."""
    return f"? {_quoted(key)} " if len(key) > 100 else _quoted(key)


def _quoted(text: str) -> str:
    return '"' + "".join(_character(c) for c in text) + '"'


def _character(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if char.isascii() and char.isprintable():
        return char
    return f"\\U{ord(char):08x}" if ord(char) > 0xFFFF else f"\\u{ord(char):04x}"
