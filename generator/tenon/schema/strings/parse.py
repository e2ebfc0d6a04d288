"""Regular expressions of ECMA-262 (with the `u` flag, as JSON Schema asks) read into terms.

Where an expression is an error under `u` but every engine that takes it means the same (`\\-`, a lone `{`), it is
taken so too; what engines read in different ways is refused.
"""

from __future__ import annotations

import re

from tenon.schema.budget import Exceeded
from tenon.schema.strings.chars import DIGIT, DOT, SPACE, WORD, CharSet, invert, unicode_property, union
from tenon.schema.strings.derive import close
from tenon.schema.strings.term import (
    ALL,
    BEGIN,
    END,
    EPSILON,
    Ahead,
    And,
    Cat,
    Chars,
    Not,
    Or,
    Repeat,
    Term,
    Words,
    ahead,
    and_,
    behind,
    cat,
    char,
    lengths,
    not_,
    or_,
    repeat,
    words,
)

LONGEST = 50_000
DEEPEST = 60
MOST_WORDS = 256
MOST_COPIED = 5_000

_COUNTS = re.compile(r"\{([0-9]{1,9})(?:(,)([0-9]{1,9})?)?\}")
_NAME = re.compile(r"\?<([A-Za-z_$][\w$]*)>")
_CLASSES: dict[str, CharSet] = {
    "d": DIGIT, "D": invert(DIGIT), "w": WORD, "W": invert(WORD), "s": SPACE, "S": invert(SPACE),
}  # fmt: skip
_CONTROLS = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13}


def whole(regex: str) -> Term:
    """The strings in which the expression is found somewhere; raises `Exceeded` with the construct that is not read."""
    if len(regex) > LONGEST:
        raise Exceeded("pattern: longer than is read")
    found = close(_Reader(regex).read(), ALL)
    anchored: list[Term] = []
    floating: list[Term] = []
    for part in found.parts if isinstance(found, Or) else (found,):
        if isinstance(part, Cat) and part.head is BEGIN:
            anchored.append(part.tail)
        else:
            floating.append(part)
    return counted(or_((*anchored, cat(ALL, or_(floating)))))


def counted(term: Term) -> Term:
    """The term with a single count (`[a-z]{1,63}`) told by the length of the string, not by states."""
    match term:
        case Or():
            spelled = _spelled(term)
            return words(spelled) if spelled is not None else or_(counted(part) for part in term.parts)
        case And():
            return and_(counted(part) for part in term.parts)
        case Not():
            return not_(counted(term.body))
        case Cat() | Repeat() if term.pure:
            spelled = _spelled(term)
            return _by_length(term) if spelled is None else words(spelled)
    return term


def _by_length(term: Term) -> Term:
    """`a{2,5}b` is `aa+b` of 3 to 6 characters: so it is where all pieces but one have one length each."""
    pieces: list[Term] = []
    rest = term
    while isinstance(rest, Cat):
        pieces.append(rest.head)
        rest = rest.tail
    pieces.append(rest)
    loose = [place for place, piece in enumerate(pieces) if piece.shortest != piece.longest]
    if len(loose) != 1:
        return term
    loop = pieces[loose[0]]
    if not isinstance(loop, Repeat) or loop.body.shortest != loop.body.longest:
        return term
    low, high = loop.low, loop.high
    if high is None and low < 2:
        return term
    step, others = loop.body.shortest, term.shortest - loop.shortest
    pieces[loose[0]] = repeat(loop.body, min(low, 1), None)
    free = EPSILON
    for piece in reversed(pieces):
        free = cat(piece, free)
    return and_((free, lengths(others + low * step, None if high is None else others + high * step)))


def _spelled(term: Term) -> frozenset[str] | None:
    """The words of a small finite term without loops."""
    match term:
        case Words():
            return term.words
        case Chars():
            spans = [range(term.chars[i], term.chars[i + 1]) for i in range(0, len(term.chars), 2)]
            single = sum(map(len, spans)) == 1
            return frozenset(chr(code) for span in spans for code in span) if single else None
        case Or():
            every = [_spelled(part) for part in term.parts]
            chosen = [items for items in every if items is not None]
            return frozenset().union(*chosen) if len(chosen) == len(every) else None
        case Repeat() if term.low == term.high and term.low <= MOST_WORDS:
            one = _spelled(term.body)
            return frozenset({next(iter(one)) * term.low}) if one is not None and len(one) == 1 else None
        case Cat():
            heads: list[frozenset[str]] = []
            rest: Term = term
            while isinstance(rest, Cat):
                found = _spelled(rest.head)
                if found is None:
                    return None
                heads.append(found)
                rest = rest.tail
            result = _spelled(rest)
            for items in reversed(heads):
                if result is None or len(items) * len(result) > MOST_WORDS:
                    return None
                result = frozenset(one + two for one in items for two in result)
            return result
    return None


def _looks_ahead(term: Term) -> bool:
    match term:
        case Ahead():
            return True
        case Or():
            return any(_looks_ahead(part) for part in term.parts)
        case Cat():
            return _looks_ahead(term.head) or _looks_ahead(term.tail)
        case Repeat():
            return _looks_ahead(term.body)
    return False


class _Reader:
    """Recursive descent over one expression."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self.copied = 0

    def read(self) -> Term:
        result = self._choice()
        if self.at < len(self.text):
            raise self._wrong("unmatched )")
        return result

    def _wrong(self, what: str) -> Exceeded:
        return Exceeded(f"pattern: not a regular expression, {what} at {self.at}")

    def _next(self, size: int = 1) -> str:
        return self.text[self.at : self.at + size]

    def _take(self, token: str) -> bool:
        if self.text.startswith(token, self.at):
            self.at += len(token)
            return True
        return False

    def _choice(self) -> Term:
        choices = [self._sequence()]
        while self._take("|"):
            choices.append(self._sequence())
        return choices[0] if len(choices) == 1 else or_(choices)

    def _sequence(self) -> Term:
        pieces: list[Term] = []
        while self.at < len(self.text) and self._next() not in "|)":
            pieces.append(self._piece())
        result = EPSILON
        for piece in reversed(pieces):
            result = cat(piece, result)
        return result

    def _piece(self) -> Term:
        start, copied = self.at, self.copied
        atom, repeatable = self._atom()
        low, high = self._counts()
        if low is None:
            return atom
        if not repeatable:
            self.at = start
            raise self._wrong("a repeated assertion")
        if high is not None and high < low:
            raise self._wrong("numbers out of order")
        if not atom.pure:  # Its minimum is written out.
            self.copied += low * (self.at - start + self.copied - copied)
            if self.copied > MOST_COPIED:
                raise Exceeded("pattern: assertions repeated more often than is followed")
        self._take("?")
        if self._next() in ("*", "+", "?") and self._next():
            raise self._wrong("nothing to repeat")
        return repeat(atom, low, high)

    def _counts(self) -> tuple[int | None, int | None]:
        if self._take("*"):
            return 0, None
        if self._take("+"):
            return 1, None
        if self._take("?"):
            return 0, 1
        if found := _COUNTS.match(self.text, self.at):
            self.at = found.end()
            low = int(found[1])
            return low, (int(found[3]) if found[3] else None) if found[2] else low
        return None, None

    def _atom(self) -> tuple[Term, bool]:
        one = self._next()
        if one == "(":
            return self._group()
        if one == "[":
            return char(self._class()), True
        if one == "\\":
            return self._escape()
        if one in "*+?" or _COUNTS.match(self.text, self.at):
            raise self._wrong("nothing to repeat")
        if re.compile(r"\{,?[0-9]*,?[0-9]*\}").match(self.text, self.at):
            raise Exceeded("pattern: braces that engines read in different ways")
        self.at += 1
        if one == "^":
            return BEGIN, False
        if one == "$":
            return END, False
        return char(DOT if one == "." else (ord(one), ord(one) + 1)), True

    def _group(self) -> tuple[Term, bool]:
        start = self.at
        self.at += 1
        kind = ""
        if self._next() == "?":
            kind = next((k for k in ("?:", "?=", "?!", "?<=", "?<!") if self._take(k)), "")
            if not kind:
                named = _NAME.match(self.text, self.at)
                if named is None:
                    raise self._wrong("a group of no known kind")
                self.at = named.end()
        self.depth += 1
        if self.depth > DEEPEST:
            raise Exceeded("pattern: groups nested deeper than is read")
        inner = self._choice()
        self.depth -= 1
        if not self._take(")"):
            self.at = start
            raise self._wrong("unmatched (")
        match kind:
            case "?=":
                return ahead(close(inner, ALL)), False
            case "?!":
                return ahead(not_(close(inner, ALL))), False
            case "?<=" | "?<!":
                if _looks_ahead(inner):
                    raise Exceeded("pattern: lookbehind at what is ahead")
                before = close(cat(ALL, inner), EPSILON)
                return behind(before if kind == "?<=" else not_(before)), False
        return inner, True

    def _escape(self) -> tuple[Term, bool]:
        """The atom of a backslash and what follows, outside of a class."""
        one = self._next(2)[1:]
        if one in ("b", "B"):
            self.at += 2
            before, after = cat(ALL, char(WORD)), cat(char(WORD), ALL)
            same = or_((cat(behind(before), ahead(after)), cat(behind(not_(before)), ahead(not_(after)))))
            edge = or_((cat(behind(before), ahead(not_(after))), cat(behind(not_(before)), ahead(after))))
            return (edge if one == "b" else same), False
        if one and one in "123456789":
            raise Exceeded(f"pattern: backreference \\{one}")
        if one == "k":
            raise Exceeded("pattern: backreference \\k")
        return char(self._escaped()), True

    def _escaped(self) -> CharSet:
        """The characters of a backslash and what follows, in a class or outside."""
        self.at += 1
        one = self._next()
        self.at += 1
        if not one:
            raise self._wrong("a backslash at the end")
        if one in _CLASSES:
            return _CLASSES[one]
        if one in ("p", "P"):
            end = self.text.find("}", self.at)
            if self._next() != "{" or end < 0:
                raise self._wrong("\\p without a name")
            name = self.text[self.at + 1 : end]
            chars = unicode_property(name)
            if chars is None:
                raise Exceeded(f"pattern: Unicode property {name[:40]}")
            self.at = end + 1
            return chars if one == "p" else invert(chars)
        code = self._code(one)
        return (code, code + 1)

    def _code(self, one: str) -> int:
        if one in _CONTROLS:
            return _CONTROLS[one]
        if one == "0" and not self._next().isdigit():
            return 0
        if one == "c" and re.match(r"[A-Za-z]", self._next()):
            self.at += 1
            return ord(self.text[self.at - 1]) % 32
        if one == "x":
            return self._hex(2)
        if one == "u":
            if self._take("{"):
                end = self.text.find("}", self.at)
                digits = self.text[self.at : end] if end > 0 else ""
                if not re.fullmatch(r"[0-9A-Fa-f]{1,40}", digits) or int(digits, 16) > 0x10FFFF:
                    raise self._wrong("a code point that is none")
                self.at = end + 1
                return int(digits, 16)
            code = self._hex(4)
            if 0xD800 <= code < 0xDC00 and (low := re.match(r"\\u([dD][c-fC-F][0-9A-Fa-f]{2})", self._next(6))):
                self.at += 6
                return 0x10000 + ((code - 0xD800) << 10) + int(low[1], 16) - 0xDC00
            return code
        if one.isalnum() and one.isascii():
            raise self._wrong(f"the escape \\{one}")
        return ord(one)

    def _hex(self, size: int) -> int:
        digits = self._next(size)
        if not re.fullmatch(rf"[0-9A-Fa-f]{{{size}}}", digits):
            raise self._wrong("hexadecimal digits missing")
        self.at += size
        return int(digits, 16)

    def _class(self) -> CharSet:
        start = self.at
        self.at += 1
        negative = self._take("^")
        found: list[CharSet] = []
        while not self._take("]"):
            if self.at >= len(self.text):
                self.at = start
                raise self._wrong("unmatched [")
            low = self._class_atom()
            if self._next() == "-" and self._next(2) not in ("-", "-]"):
                self.at += 1
                high = self._class_atom()
                if low[1:] != (low[0] + 1,) or high[1:] != (high[0] + 1,) or high < low:
                    raise self._wrong("a range out of order")
                low = (low[0], high[1])
            found.append(low)
        chars = union(found)
        return invert(chars) if negative else chars

    def _class_atom(self) -> CharSet:
        if self._next(2) == "\\b":
            self.at += 2
            return (8, 9)
        if self._next() == "\\":
            if self._next(2)[1:] == "B":
                raise self._wrong("the escape \\B in a class")
            return self._escaped()
        if not self._next():
            raise self._wrong("unmatched [")
        self.at += 1
        code = ord(self.text[self.at - 1])
        return (code, code + 1)
