"""What the contract cannot say of a creator's words: its own rules are judged before any of this is reached."""

from __future__ import annotations

from tenon_runtime import errors

_RESERVED = frozenset({"admin", "api", "help", "root", "support", "system", "tenon", "well_known", "www"})


def free(handle: str) -> str:
    """A public name that somebody may have. Raises `errors.SchemaViolation` for one that is kept for the platform."""
    if handle in _RESERVED:
        words = "this name is reserved"
        raise errors.SchemaViolation(words, violations=[errors.Violation("/handle", "reserved", words)])
    return handle
