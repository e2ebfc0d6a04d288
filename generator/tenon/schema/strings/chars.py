"""Sets of code points as inversion lists: `(lo, hi, lo, hi, …)`, half-open, ascending, never touching."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from itertools import pairwise

CharSet = tuple[int, ...]

TOP = 0x110000
NONE: CharSet = ()
EVERY: CharSet = (0, TOP)
SURROGATES: CharSet = (0xD800, 0xE000)


def has(chars: CharSet, code: int) -> bool:
    """Whether the code point is in the set."""
    return bisect_right(chars, code) % 2 == 1


def size(chars: CharSet) -> int:
    """How many code points."""
    return sum(chars[1::2]) - sum(chars[::2])


def invert(chars: CharSet) -> CharSet:
    """Every other code point."""
    low = chars[1:] if chars[:1] == (0,) else (0, *chars)
    return low[:-1] if low[-1:] == (TOP,) else (*low, TOP)


def union(sets: Iterable[CharSet]) -> CharSet:
    """Code points of any of the sets."""
    bounds: list[int] = []
    for low, high in sorted((item[i], item[i + 1]) for item in sets for i in range(0, len(item), 2)):
        if bounds and low <= bounds[-1]:
            bounds[-1] = max(bounds[-1], high)
        else:
            bounds += (low, high)
    return tuple(bounds)


@lru_cache(maxsize=4096)
def meet(left: CharSet, right: CharSet) -> CharSet:
    """Code points of both sets."""
    bounds: list[int] = []
    i = j = 0
    while i < len(left) and j < len(right):
        low, high = max(left[i], right[j]), min(left[i + 1], right[j + 1])
        if low < high:
            bounds += (low, high)
        if left[i + 1] < right[j + 1]:
            i += 2
        else:
            j += 2
    return tuple(bounds)


def between(first: str, last: str) -> CharSet:
    """From one character to another, both included."""
    return (ord(first), ord(last) + 1)


DIGIT = between("0", "9")
WORD = union([DIGIT, between("a", "z"), between("A", "Z"), between("_", "_")])
LINE_ENDS = union([between("\n", "\n"), between("\r", "\r"), between("\u2028", "\u2029")])
DOT = invert(LINE_ENDS)
# ECMA-262 WhiteSpace and LineTerminator.
SPACE = union(
    [between("\t", "\r"), between("\u2000", "\u200a"), between("\u2028", "\u2029")]
    + [between(one, one) for one in "\x20\xa0\u1680\u202f\u205f\u3000\ufeff"]
)
PRINTABLE = between(" ", "~")

# What a reader likes to see in an example, best first; surrogates never. Of the line ends only "\n" is one everywhere.
_LIKED: tuple[CharSet, ...] = (
    between("a", "z"), DIGIT, between("A", "Z"), between("!", "~"), between(" ", " "),
    (0xA1, 0xAD, 0xAE, 0x300), between("\n", "\n"), (0x370, 0x10000), (0x10000, TOP), EVERY,
)  # fmt: skip
_SAFE = invert(SURROGATES)


def examples(chars: CharSet) -> Iterator[str]:
    """The set's characters but surrogates, those a reader likes first, each once."""
    rest = meet(chars, _SAFE)
    for liked in _LIKED:
        if not rest:
            return
        part = meet(rest, liked)
        for i in range(0, len(part), 2):
            yield from map(chr, range(part[i], part[i + 1]))
        rest = meet(rest, invert(part))


def rank(one: str) -> tuple[int, int]:
    """Orders characters: letters, digits, the rest, as `examples` does."""
    return (0 if "a" <= one <= "z" else 1 if one.isdigit() else 2 if one.isalpha() else 3, ord(one))


@cache
def _categories() -> dict[str, CharSet]:
    """Code points by General_Category, two letters each, as this Python's Unicode has them."""
    found: dict[str, list[int]] = {}
    names = [unicodedata.category(chr(code)) for code in range(TOP)]
    cuts = [0, *(code for code in range(1, TOP) if names[code] != names[code - 1]), TOP]
    for low, high in pairwise(cuts):
        found.setdefault(names[low], []).extend((low, high))
    return {name: tuple(bounds) for name, bounds in found.items()}


_LONG_NAMES = {
    "Letter": "L", "Cased_Letter": "LC", "Uppercase_Letter": "Lu", "Lowercase_Letter": "Ll", "Titlecase_Letter": "Lt",
    "Modifier_Letter": "Lm", "Other_Letter": "Lo", "Mark": "M", "Combining_Mark": "M", "Nonspacing_Mark": "Mn",
    "Spacing_Mark": "Mc", "Enclosing_Mark": "Me", "Number": "N", "Decimal_Number": "Nd", "digit": "Nd",
    "Letter_Number": "Nl", "Other_Number": "No", "Punctuation": "P", "punct": "P", "Connector_Punctuation": "Pc",
    "Dash_Punctuation": "Pd", "Open_Punctuation": "Ps", "Close_Punctuation": "Pe", "Initial_Punctuation": "Pi",
    "Final_Punctuation": "Pf", "Other_Punctuation": "Po", "Symbol": "S", "Math_Symbol": "Sm", "Currency_Symbol": "Sc",
    "Modifier_Symbol": "Sk", "Other_Symbol": "So", "Separator": "Z", "Space_Separator": "Zs", "Line_Separator": "Zl",
    "Paragraph_Separator": "Zp", "Other": "C", "Control": "Cc", "cntrl": "Cc", "Format": "Cf", "Surrogate": "Cs",
    "Private_Use": "Co", "Unassigned": "Cn",
}  # fmt: skip


@cache
def unicode_property(name: str) -> CharSet | None:
    """The set of `\\p{name}` for General_Category, `Any`, `ASCII` and `Assigned`; None for what Python cannot tell."""
    if name == "Any":
        return EVERY
    if name == "ASCII":
        return (0, 0x80)
    if name == "Assigned":
        return invert(_categories()["Cn"])
    key, _, value = name.rpartition("=")
    if key not in ("", "gc", "General_Category"):
        return None
    short = _LONG_NAMES.get(value, value)
    wanted = ("Lu", "Ll", "Lt") if short == "LC" else (short,)
    chosen = [chars for name, chars in _categories().items() if name.startswith(wanted)] if short else []
    return union(chosen) if chosen else None
