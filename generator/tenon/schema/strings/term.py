"""Terms of regular languages, and the only functions that build them.

A term is immutable and interned: equal terms are the same object, so that a set of derivatives is a set of objects.
What a term denotes is a set of *rests* of a string at one position: a suffix that may follow, given the prefix read
so far. Only `Ahead` and `Behind` look at more than the piece that they match; a term without them is `pure`.
"""

from __future__ import annotations

from collections.abc import Iterable

from tenon.schema.strings.chars import EVERY, NONE, CharSet, meet, union

FAR = 1 << 60
MOST_TERMS = 200_000


class Term:
    """Base of all terms: what every node knows of itself.

    `nullable`: the empty rest belongs to it, nothing more being read. `shortest`, `longest`: bounds of the lengths
    (`longest` None: unbounded). `behind`: a `Behind` is somewhere below.
    """

    __slots__ = ("behind", "edges", "empty", "longest", "nullable", "pure", "shifts", "shortest")
    nullable: bool
    shortest: int
    longest: int | None
    pure: bool
    behind: bool
    edges: tuple[tuple[CharSet, Term], ...] | None
    shifts: tuple[tuple[CharSet, Term], ...] | None
    empty: bool | None


class Chars(Term):
    """One character of a set."""

    __slots__ = ("chars",)
    chars: CharSet


class Words(Term):
    """A finite set of strings: an `enum`, a literal, the empty language, the empty word."""

    __slots__ = ("words",)
    words: frozenset[str]


class Cat(Term):
    """A piece and then the rest. Right-nested: the head is never a `Cat`."""

    __slots__ = ("head", "tail")
    head: Term
    tail: Term


class Repeat(Term):
    """The body `low` to `high` times (`high` None: without bound)."""

    __slots__ = ("body", "high", "low")
    body: Term
    low: int
    high: int | None


class Or(Term):
    """Any of two or more."""

    __slots__ = ("parts",)
    parts: frozenset[Term]


class And(Term):
    """All of two or more; never the head of a `Cat`."""

    __slots__ = ("parts",)
    parts: frozenset[Term]


class Not(Term):
    """Every rest but these; never the head of a `Cat`."""

    __slots__ = ("body",)
    body: Term


class Ahead(Term):
    """Reads nothing; the whole rest belongs to `body`."""

    __slots__ = ("body",)
    body: Term


class Behind(Term):
    """Reads nothing; `body` is what of its language is left after the prefix read so far, which must be all."""

    __slots__ = ("body",)
    body: Term


class Lengths(Term):
    """Strings of `low` to `high` code points. Stands only under `Or`, `And`, `Not` of a whole language."""

    __slots__ = ("high", "low")
    low: int
    high: int | None


_interned: dict[object, Term] = {}


def _fill(
    term: Term, nullable: bool, shortest: int, longest: int | None, pure: bool = True, behind: bool = False
) -> None:
    term.nullable, term.shortest, term.longest, term.pure, term.behind = nullable, shortest, longest, pure, behind
    term.edges = term.shifts = term.empty = None


def words(items: Iterable[str]) -> Term:
    """The finite language of these strings."""
    chosen = items if isinstance(items, frozenset) else frozenset(items)
    key = (Words, chosen)
    if (known := _interned.get(key)) is None:
        known = Words()
        known.words = chosen
        lengths = [len(word) for word in chosen] or [FAR]
        _fill(known, "" in chosen, min(lengths), max(lengths))
        _interned[key] = known
    return known


EMPTY = words(())
EPSILON = words(("",))


def char(chars: CharSet) -> Term:
    """One character of the set."""
    if chars == NONE:
        return EMPTY
    key = (Chars, chars)
    if (known := _interned.get(key)) is None:
        known = Chars()
        known.chars = chars
        _fill(known, False, 1, 1)
        _interned[key] = known
    return known


ANY = char(EVERY)


def repeat(body: Term, low: int, high: int | None) -> Term:
    """`body{low,high}`. The minimum of a body with assertions is written out: its copies differ."""
    if high == 0 or body is EPSILON:
        return EPSILON
    if body is EMPTY:
        return EPSILON if low == 0 else EMPTY
    if not body.pure:
        # An iteration that reads nothing may be asked for by the minimum only: the rest always reads something.
        result = _repeat(body, 0, None if high is None else high - low) if high != low else EPSILON
        for _ in range(low):
            result = cat(body, result)
        return result
    if body.nullable:
        low = 0
    if low == 1 and high == 1:
        return body
    if isinstance(body, Repeat):
        # The counts that two nested repetitions reach are an interval when no gap opens after the smallest.
        inner_low, inner_high = body.low, body.high
        if high == low or inner_high is None or low * inner_high + 1 >= (low + 1) * inner_low:
            both = None if high is None or inner_high is None else high * inner_high
            if inner_high is not None or low > 0 or inner_low <= 1:
                return repeat(body.body, low * inner_low, both)
    return _repeat(body, low, high)


def _repeat(body: Term, low: int, high: int | None) -> Term:
    key = (Repeat, body, low, high)
    if (known := _interned.get(key)) is None:
        known = Repeat()
        known.body, known.low, known.high = body, low, high
        longest = None if high is None or body.longest is None else body.longest * high
        _fill(known, low == 0 or body.nullable, body.shortest * low, longest, body.pure, body.behind)
        _interned[key] = known
    return known


ALL = repeat(ANY, 0, None)


def _plus(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else left + right


def cat(head: Term, tail: Term) -> Term:
    """`head` and then `tail`, in the form that makes equal languages equal terms most often."""
    pieces = []
    while isinstance(head, Cat):
        pieces.append(head.head)
        head = head.tail
    pieces.append(head)
    for piece in reversed(pieces):
        tail = _cat(piece, tail)
    return tail


def _cat(head: Term, tail: Term) -> Term:
    if head is EMPTY or tail is EMPTY:
        return EMPTY
    if head is EPSILON:
        return tail
    if tail is EPSILON:
        return head
    if head.pure:
        first, rest = (tail.head, tail.tail) if isinstance(tail, Cat) else (tail, EPSILON)
        body, low, high = _counted(head)
        if first.pure:
            next_body, next_low, next_high = _counted(first)
            if body is next_body:
                return cat(repeat(body, low + next_low, _plus(high, next_high)), rest)
        if first is ALL:
            if head.nullable:
                return tail
            if low != high:  # What more repetitions read, `.*` reads too.
                return cat(repeat(body, low, low), tail)
        if head is ALL:
            if tail.pure and tail.nullable:
                return ALL
            if isinstance(first, Repeat) and first.pure and first.low != first.high:
                return _cat(head, cat(repeat(first.body, first.low, first.low), rest))
    key = (Cat, head, tail)
    if (known := _interned.get(key)) is None:
        known = Cat()
        known.head, known.tail = head, tail
        shortest, longest = head.shortest + tail.shortest, _plus(head.longest, tail.longest)
        _fill(known, head.nullable and tail.nullable, min(shortest, FAR), longest,
              head.pure and tail.pure, head.behind or tail.behind)  # fmt: skip
        _interned[key] = known
    return known


def _counted(term: Term) -> tuple[Term, int, int | None]:
    return (term.body, term.low, term.high) if isinstance(term, Repeat) else (term, 1, 1)


def or_(items: Iterable[Term]) -> Term:
    """Any of the items."""
    parts: set[Term] = set()
    finite: list[frozenset[str]] = []
    singles: list[CharSet] = []
    loops: dict[tuple[Term, Term], list[tuple[int, int | None]]] = {}
    pending = list(items)
    while pending:
        item = pending.pop()
        if item is ALL:
            return ALL
        if isinstance(item, Or):
            pending.extend(item.parts)
        elif isinstance(item, Words):
            finite.append(item.words)
        elif isinstance(item, Chars):
            singles.append(item.chars)
        elif isinstance(item, Repeat) and item.pure:
            loops.setdefault((item.body, EPSILON), []).append((item.low, item.high))
        elif isinstance(item, Cat) and isinstance(item.head, Repeat) and item.head.pure:
            loops.setdefault((item.head.body, item.tail), []).append((item.head.low, item.head.high))
        else:
            parts.add(item)
    for (body, tail), spans in loops.items():
        parts.update(cat(repeat(body, low, high), tail) for low, high in _joined(spans))
    if singles:
        parts.add(char(union(singles)))
    if finite:
        chosen = frozenset().union(*finite)
        if "" in chosen and any(part.nullable and part.pure for part in parts):
            chosen -= {""}
        if chosen:
            parts.add(words(chosen))
    if len(parts) < 2:
        return parts.pop() if parts else EMPTY
    if any(isinstance(part, Not) and part.body in parts for part in parts):
        return ALL
    key = (Or, frozenset(parts))
    if (known := _interned.get(key)) is None:
        known = Or()
        known.parts = key[1]
        longest = [part.longest for part in parts]
        _fill(known, any(part.nullable for part in parts), min(part.shortest for part in parts),
              None if None in longest else max(filter(None, longest), default=0),
              all(part.pure for part in parts), any(part.behind for part in parts))  # fmt: skip
        _interned[key] = known
    return known


def _joined(spans: list[tuple[int, int | None]]) -> list[tuple[int, int | None]]:
    """Spans of counts, those that touch made one."""
    if len(spans) == 1:
        return spans
    result: list[tuple[int, int | None]] = []
    for low, high in sorted(spans, key=lambda span: span[0]):
        if result and (result[-1][1] is None or low <= result[-1][1] + 1):
            last = result[-1][1]
            result[-1] = (result[-1][0], None if last is None or high is None else max(last, high))
        else:
            result.append((low, high))
    return result


def and_(items: Iterable[Term]) -> Term:
    """All of the items."""
    parts: set[Term] = set()
    low, high = 0, FAR
    pending = list(items)
    while pending:
        item = pending.pop()
        if item is EMPTY:
            return EMPTY
        if isinstance(item, And):
            pending.extend(item.parts)
        elif isinstance(item, Lengths):
            low, high = max(low, item.low), min(high, FAR if item.high is None else item.high)
        elif item is not ALL:
            parts.add(item)
    parts = _finite(parts)
    if low > high or EMPTY in parts or any(isinstance(part, Not) and part.body in parts for part in parts):
        return EMPTY
    if (low, high) != (0, FAR):
        parts.add(lengths(low, None if high == FAR else high))
    if len(parts) < 2:
        return parts.pop() if parts else ALL
    key = (And, frozenset(parts))
    if (known := _interned.get(key)) is None:
        known = And()
        known.parts = key[1]
        bounds = [part.longest for part in parts if part.longest is not None]
        _fill(known, all(part.nullable for part in parts), max(part.shortest for part in parts),
              min(bounds, default=None),
              all(part.pure for part in parts), any(part.behind for part in parts))  # fmt: skip
        _interned[key] = known
    return known


def _finite(parts: set[Term]) -> set[Term]:
    """The parts, the finite ones and the single characters met at once."""
    sets = [part.words for part in parts if isinstance(part, Words)]
    singles = [part for part in parts if isinstance(part, Chars)]
    if sets:
        chosen = frozenset.intersection(*sets)
        for part in parts:
            if isinstance(part, Not) and isinstance(part.body, Words):
                chosen -= part.body.words
        if chosen == {""} and not any(part.behind for part in parts):
            return {EPSILON} if all(part.nullable for part in parts) else {EMPTY}
        keep = {p for p in parts if not (isinstance(p, Words) or (isinstance(p, Not) and isinstance(p.body, Words)))}
        return {*keep, words(chosen)}
    if len(singles) > 1:
        both = EVERY
        for single in singles:
            both = meet(both, single.chars)
        return {*(part for part in parts if not isinstance(part, Chars)), char(both)}
    return parts


def not_(item: Term) -> Term:
    """Every rest but the item's."""
    if isinstance(item, Not):
        return item.body
    if item is ALL:
        return EMPTY
    if item is EMPTY:
        return ALL
    if isinstance(item, Lengths):
        above = EMPTY if item.high is None else lengths(item.high + 1, None)
        return or_((above, lengths(0, item.low - 1) if item.low else EMPTY))
    key = (Not, item)
    if (known := _interned.get(key)) is None:
        known = Not()
        known.body = item
        _fill(known, not item.nullable, 0, None, item.pure, item.behind)
        if not item.behind and item.nullable:
            known.shortest = 1
        _interned[key] = known
    return known


def ahead(body: Term) -> Term:
    """Asserts that the whole rest belongs to `body`."""
    if body is ALL:
        return EPSILON
    if body is EMPTY:
        return EMPTY
    key = (Ahead, body)
    if (known := _interned.get(key)) is None:
        known = Ahead()
        known.body = body
        _fill(known, body.nullable, 0, 0, False, body.behind)
        _interned[key] = known
    return known


def behind(body: Term) -> Term:
    """Asserts that the prefix read so far is a word of `body`, read at that position."""
    if body is ALL:
        return EPSILON
    if body is EMPTY:
        return EMPTY
    key = (Behind, body)
    if (known := _interned.get(key)) is None:
        known = Behind()
        known.body = body
        _fill(known, body.nullable, 0, 0, False, True)
        _interned[key] = known
    return known


def lengths(low: int, high: int | None) -> Term:
    """Strings of `low` to `high` code points."""
    if high is not None and high < low:
        return EMPTY
    if low == 0 and high is None:
        return ALL
    if high == 0:
        return EPSILON
    key = (Lengths, low, high)
    if (known := _interned.get(key)) is None:
        known = Lengths()
        known.low, known.high = low, high
        _fill(known, low == 0, low, high)
        _interned[key] = known
    return known


BEGIN = behind(EPSILON)
END = ahead(EPSILON)
_CONSTANTS = dict(_interned)


def forget() -> None:
    """Bounds the memory of the interned terms; called between questions."""
    if len(_interned) > MOST_TERMS:
        _interned.clear()
        _interned.update(_CONSTANTS)
