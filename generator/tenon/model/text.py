"""Contract text is hostile input. In the model it is a type of its own that nothing can print by accident."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import NoReturn

# U+2028 and U+2029, vertical tab, form feed, NEL and the separators break lines in one language or another.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True, order=True)
class Text:
    """Text from a contract: a description, a default, a wire name, an enum value.

    Rendering it (``str()``, an f-string, a template) raises TypeError: only a filter of `tenon.lang` may turn it into
    a literal, a comment or an identifier of the target language. `raw` is for comparing and for those filters.
    """

    raw: str

    def __str__(self) -> NoReturn:
        raise TypeError("contract text reaches source only through a filter of tenon.lang")

    def __format__(self, spec: str) -> NoReturn:
        raise TypeError("contract text reaches source only through a filter of tenon.lang")

    def __html__(self) -> NoReturn:
        raise TypeError("contract text reaches source only through a filter of tenon.lang")

    def __bool__(self) -> bool:
        return bool(self.raw)


def forbidden(raw: str) -> str | None:
    """What in `raw` no contract may contain, in words, or None.

    Refused are NUL, lone surrogates and bidirectional controls: no honest contract needs them, and each has been
    used to make source read otherwise than it runs ("Trojan Source", CVE-2021-42574).
    """
    if raw.isascii():
        return "a NUL character" if "\0" in raw else None
    for char in raw:
        if char == "\0":
            return "a NUL character"
        if "\ud800" <= char <= "\udfff":
            return f"a lone surrogate (U+{ord(char):04X})"
        if char in _BIDI:
            return f"a bidirectional control ({unicodedata.name(char, 'unnamed')}, U+{ord(char):04X})"
    return None
