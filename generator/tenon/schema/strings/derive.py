"""Symbolic derivatives: the edges of a term are its automaton's transitions, made when asked for and kept on the term.

Brzozowski's derivative of a term by a character is the set of what may follow that character. Taken by sets of
characters, all derivatives of one term are a short list. Assertions fit in: what is ahead is met (intersected) with
the rest, what is behind is read along with every character (`shift`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tenon.schema.budget import Budget
from tenon.schema.strings.chars import EVERY, TOP, CharSet, invert, meet, union
from tenon.schema.strings.term import (
    ALL,
    EMPTY,
    EPSILON,
    Ahead,
    And,
    Behind,
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
    not_,
    or_,
    repeat,
    words,
)

Edges = tuple[tuple[CharSet, Term], ...]


def edges(term: Term, budget: Budget) -> Edges:
    """The derivatives of a whole language: disjoint sets of characters, each with what may follow; none is EMPTY."""
    if term.edges is None:
        term.edges = _edges(term, budget)
        budget.spend(1 + len(term.edges))
    return term.edges


def _edges(term: Term, budget: Budget) -> Edges:
    match term:
        case Chars():
            return ((term.chars, EPSILON),)
        case Words():
            starts: dict[str, set[str]] = {}
            for word in term.words:
                if word:
                    starts.setdefault(word[0], set()).add(word[1:])
            budget.spend(len(term.words))
            return tuple(((ord(one), ord(one) + 1), words(starts[one])) for one in sorted(starts))
        case Or():
            return _any([edges(part, budget) for part in term.parts], budget)
        case And():
            return _all([edges(part, budget) for part in term.parts], budget, distribute=not term.pure)
        case Not():
            inner = edges(term.body, budget)
            rest = invert(union(chars for chars, _ in inner))
            return _gathered([*((chars, not_(after)) for chars, after in inner), (rest, ALL)])
        case Cat():
            first = _read(term.head, term.tail, budget)
            if term.head.pure and not term.head.nullable:
                return first
            skipped = _unread(term.head)
            if skipped is EMPTY:
                return first
            second = edges(term.tail, budget)
            if skipped is not ALL:
                second = _all([edges(skipped, budget), second], budget, distribute=True)
            return _any([first, second], budget)
        case Repeat():
            return _read(term, EPSILON, budget)
        case Behind():
            return ()
    raise AssertionError(term)


def _read(piece: Term, tail: Term, budget: Budget) -> Edges:
    """The edges of `piece` and then `tail` where the first character is read by `piece`."""
    match piece:
        case Chars() if not tail.behind:
            return ((piece.chars, tail),)
        case Repeat():
            high = None if piece.high is None else piece.high - 1
            more = repeat(piece.body, max(piece.low - 1, 0), high)
            return _read(piece.body, cat(more, tail), budget)
        case Ahead() | Behind():
            return ()
        case Or() if not piece.pure:
            return _any([_read(part, tail, budget) for part in piece.parts], budget)
        case Cat() if not piece.pure:
            first = _read(piece.head, close(piece.tail, tail), budget)
            skipped = _unread(piece.head)
            if skipped is EMPTY:
                return first
            second = _read(piece.tail, tail, budget)
            if skipped is not ALL:
                second = _all([edges(skipped, budget), second], budget, distribute=True)
            return _any([first, second], budget)
        case _:
            if not tail.behind:
                return _gathered([(chars, cat(after, tail)) for chars, after in edges(piece, budget)])
            pairs = overlay([edges(piece, budget), shifts(tail, budget)], budget)
            return _gathered([(chars, cat(one, two)) for chars, (one, two) in pairs if one is not None and two])


def _unread(piece: Term) -> Term:
    """What must hold of the rest where `piece` reads nothing."""
    match piece:
        case Ahead():
            return piece.body
        case _ if piece.pure or isinstance(piece, Behind):
            return ALL if piece.nullable else EMPTY
        case Or():
            return or_(_unread(part) for part in piece.parts)
        case Cat():
            return and_((_unread(piece.head), _unread(piece.tail)))
        case Repeat():
            return ALL if piece.low == 0 else _unread(piece.body)
    raise AssertionError(piece)


def close(piece: Term, tail: Term) -> Term:
    """The whole language of `piece` and then `tail`, with what is ahead met with the rest."""
    match piece:
        case Ahead():
            return _guarded(piece.body, tail)
        case Cat() if not piece.pure:
            return close(piece.head, close(piece.tail, tail))
        case Or() if not piece.pure:
            return or_(close(part, tail) for part in piece.parts)
    return cat(piece, tail)


def _guarded(guard: Term, tail: Term) -> Term:
    """Both; over an `Or` term by term, so that only finitely many different terms can come of a loop."""
    if isinstance(tail, Or) and not tail.pure:
        return or_(and_((guard, part)) for part in tail.parts)
    return and_((guard, tail))


def shifts(term: Term, budget: Budget) -> Edges:
    """What becomes of a term that is still to come when a character is read before it; covers all characters."""
    if not term.behind:
        return ((EVERY, term),)
    if term.shifts is None:
        term.shifts = _shifts(term, budget)
        budget.spend(1 + len(term.shifts))
    return term.shifts


def _shifts(term: Term, budget: Budget) -> Edges:
    def through(parts: Sequence[Term], build: Callable[[Sequence[Term]], Term]) -> Edges:
        pairs = overlay([shifts(part, budget) for part in parts], budget)
        return _gathered([(chars, build([part for part in after if part])) for chars, after in pairs], keep=True)

    match term:
        case Behind():
            inner = edges(term.body, budget)
            rest = invert(union(chars for chars, _ in inner))
            return _gathered([*((chars, behind(after)) for chars, after in inner), (rest, EMPTY)], keep=True)
        case Cat():
            return through((term.head, term.tail), lambda after: cat(after[0], after[1]))
        case Or():
            return through(tuple(term.parts), or_)
        case And():
            return through(tuple(term.parts), and_)
        case Repeat():
            return through((term.body,), lambda after: repeat(after[0], term.low, term.high))
        case Not():
            return through((term.body,), lambda after: not_(after[0]))
        case Ahead():
            return through((term.body,), lambda after: ahead(after[0]))
    raise AssertionError(term)


def overlay(lists: Sequence[Edges], budget: Budget) -> list[tuple[CharSet, tuple[Term | None, ...]]]:
    """The common refinement: sets of characters, each with what every list has for it (None: nothing)."""
    events: list[tuple[int, int, int, Term | None]] = []
    active: list[Term | None] = [None] * len(lists)
    for place, items in enumerate(lists):
        if items and items[0][0] == EVERY:
            active[place] = items[0][1]
            continue
        for chars, after in items:
            for i in range(0, len(chars), 2):
                # Where one set of a list ends and another begins, the end comes first.
                events.append((chars[i], 1, place, after))
                events.append((chars[i + 1], 0, place, None))
    found: dict[tuple[Term | None, ...], list[int]] = {}
    last = 0
    for here, _, place, target in sorted(events):
        if here > last:
            key = tuple(active)
            if (bounds := found.get(key)) is None:
                found[key] = [last, here]
            elif bounds[-1] == last:
                bounds[-1] = here
            else:
                bounds += (last, here)
            last = here
        active[place] = target
    if last < TOP:
        bounds = found.setdefault(tuple(active), [])
        if bounds and bounds[-1] == last:
            bounds[-1] = TOP
        else:
            bounds += (last, TOP)
    budget.spend((len(events) + len(found) * len(lists)) // 16)
    return [(tuple(bounds), after) for after, bounds in found.items() if any(after)]


def _any(lists: Sequence[Edges], budget: Budget) -> Edges:
    lists = [items for items in lists if items]
    if len(lists) < 2:
        return lists[0] if lists else ()
    pairs = overlay(lists, budget)
    return _gathered([(chars, or_(part for part in after if part)) for chars, after in pairs])


def _all(lists: Sequence[Edges], budget: Budget, *, distribute: bool) -> Edges:
    if not all(lists):
        return ()
    if len(lists) == 2 and len(lists[0]) == len(lists[1]) == 1:
        pairs = [(meet(lists[0][0][0], lists[1][0][0]), (lists[0][0][1], lists[1][0][1]))]
    else:
        pairs = [(chars, after) for chars, after in overlay(lists, budget) if None not in after]  # type: ignore[misc]
    build = _spread if distribute else and_
    return _gathered([(chars, build(after)) for chars, after in pairs])


def _spread(parts: Sequence[Term]) -> Term:
    """All of the parts, as an `Or` of `And` as far as assertions are in them."""
    result: Term = ALL
    for part in sorted(parts, key=lambda part: isinstance(part, Or) and not part.pure):
        choices = part.parts if isinstance(part, Or) and not part.pure else (part,)
        known = result.parts if isinstance(result, Or) and not result.pure else (result,)
        result = or_(and_((one, two)) for one in known for two in choices)
    return result


def _gathered(items: Sequence[tuple[CharSet, Term]], *, keep: bool = False) -> Edges:
    """Edges with each target once; without those that lead nowhere unless `keep`."""
    found: dict[Term, CharSet] = {}
    for chars, after in items:
        if chars and (keep or after is not EMPTY):
            found[after] = union((found[after], chars)) if after in found else chars
    return tuple((chars, after) for after, chars in found.items())
