"""The rules for what creators say about themselves. They hold on every protocol; REST callers meet the schema first."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tenon_runtime import errors

_HANDLE = re.compile(r"[a-z0-9][a-z0-9_]{2,29}")
_EMAIL = re.compile(r"[^@\s\0]+@[^@\s\0]+")
_SCOPE = re.compile(r"[a-z][a-z-]*:[a-z][a-z-]*")
_RESERVED = frozenset({"admin", "api", "help", "root", "support", "system", "tenon", "well_known", "www"})
MAX_SCOPES = 32


def handle(value: str) -> str:
    """A public name that somebody may have."""
    _require(bool(_HANDLE.fullmatch(value)), "/handle", "pattern", "use 3 to 30 of a-z, 0-9 and underscore")
    _require(value not in _RESERVED, "/handle", "reserved", "this name is reserved")
    return value


def display_name(value: str) -> str:
    """A name as shown, trimmed."""
    return _text(value, "/displayName", 80, needed=True)


def bio(value: str) -> str:
    """A creator's own words, trimmed."""
    return _text(value, "/bio", 1000)


def email(value: str) -> str:
    """An address that looks like one. Whether it exists is found out by writing to it."""
    fine = len(value) <= 254 and _EMAIL.fullmatch(value)
    _require(bool(fine), "/contactEmail", "format", "this is no e-mail address")
    return value


def evidence(value: str) -> str:
    """What proved an identity, trimmed."""
    return _text(value, "/evidence", 500, needed=True)


def label(value: str) -> str:
    """What an API key is called, trimmed."""
    return _text(value, "/label", 80, needed=True)


def scopes(values: Sequence[str]) -> list[str]:
    """Scopes, sorted."""
    _require(len(values) <= MAX_SCOPES, "/scopes", "maxItems", f"use at most {MAX_SCOPES} scopes")
    for i, value in enumerate(values):
        _require(bool(_SCOPE.fullmatch(value)), f"/scopes/{i}", "pattern", "a scope looks like videos:write")
    return sorted(set(values))


def _text(value: str, pointer: str, most: int, *, needed: bool = False) -> str:
    value = value.strip()
    _require(bool(value) or not needed, pointer, "minLength", "this cannot be empty")
    _require(len(value) <= most and "\0" not in value, pointer, "maxLength", f"use at most {most} characters of text")
    return value


def _require(fine: bool, pointer: str, rule: str, detail: str) -> None:
    if not fine:
        raise errors.SchemaViolation(detail, violations=[errors.Violation(pointer, rule, detail)])
