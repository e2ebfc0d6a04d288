"""The formats of JSON Schema whose strings are a regular set, exactly as their specifications define them."""

from __future__ import annotations

from functools import cache

from tenon.schema.budget import Budget
from tenon.schema.strings.language import Language

_MONTH_DAY = (
    r"(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))"
)
_LEAP_YEAR = r"(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
_DATE = rf"(?:\d{{4}}-{_MONTH_DAY}|{_LEAP_YEAR}-02-29)"
_BYTE = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HEX16 = r"[0-9A-Fa-f]{1,4}"
_IPV4 = rf"{_BYTE}(?:\.{_BYTE}){{3}}"

# RFC 3339 (date), RFC 2673 3.2 (ipv4), RFC 4122 (uuid), RFC 6901 (pointers). `time` is not here: a leap second
# depends on the offset from UTC, and judges differ on it.
_PATTERNS = {
    "date": rf"^{_DATE}$",
    "ipv4": rf"^{_IPV4}$",
    "uuid": r"^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$",
    "json-pointer": r"^(?:/(?:[^~/]|~[01])*)*$",
    "relative-json-pointer": r"^(?:0|[1-9]\d*)(?:#|(?:/(?:[^~/]|~[01])*)*)$",
}


@cache
def format_language(name: str) -> Language | None:
    """The exact set of a format's strings; None where it is not regular, not known, or judges differ."""
    pattern = _PATTERNS.get(name)
    return None if pattern is None else Language.pattern(pattern, Budget())
