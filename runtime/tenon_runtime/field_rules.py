"""The rules of a contract's fields for code that judges a message itself: one of many in a stream that goes on.

Every call's request is judged before its handler is reached; nothing has to be done for that.
"""

from __future__ import annotations

from typing import Any

from protobuf import Message

from tenon_runtime.call.rules import Rules

_RULES = Rules()
_has_rules: dict[type[Message[Any]], bool] = {}


def check(message: Message[Any]) -> None:
    """Raises `errors.SchemaViolation` naming every field of `message` that breaks a rule of its contract."""
    kind = type(message)
    if kind not in _has_rules:
        _has_rules[kind] = _RULES.apply_to(kind)
    if _has_rules[kind]:
        _RULES.check(message)
