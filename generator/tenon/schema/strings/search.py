"""Questions about a term's automaton, which is made state by state and only as far as the question needs it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from heapq import heappop, heappush
from itertools import count as counter
from itertools import islice

from tenon.schema.budget import Budget, Exceeded
from tenon.schema.strings.chars import EVERY, PRINTABLE, SURROGATES, CharSet, examples, invert, meet, rank, size
from tenon.schema.strings.derive import edges
from tenon.schema.strings.term import ALL, EMPTY, FAR, And, Lengths, Not, Or, Term, and_, not_, or_

Segment = tuple[int, int | None, Term]
LONGEST_MEMBER = 100_000


def segments(term: Term, budget: Budget) -> list[Segment]:
    """The term as disjoint cases: lengths from `low` to `high`, and a term without `Lengths` that holds for them."""
    bounds = _bounds(term)
    if not bounds:
        return [(0, None, term)] if term is not EMPTY else []
    cuts = sorted({0, *bounds})
    result: list[Segment] = []
    parts = _parts(term)
    for low, after in zip(cuts, [*cuts[1:], None], strict=True):
        budget.spend(parts // 8)
        inside = _at_length(term, low)
        if inside is EMPTY:
            continue
        high = None if after is None else after - 1
        if result and result[-1][1] == low - 1 and result[-1][2] is inside:
            result[-1] = (result[-1][0], high, inside)
        else:
            result.append((low, high, inside))
    return result


def _bounds(term: Term) -> set[int]:
    match term:
        case Lengths():
            return {term.low} if term.high is None else {term.low, term.high + 1}
        case Or() | And():
            return set().union(*(_bounds(part) for part in term.parts))
        case Not():
            return _bounds(term.body)
    return set()


def _parts(term: Term) -> int:
    match term:
        case Or() | And():
            return sum(map(_parts, term.parts))
        case Not():
            return _parts(term.body)
    return 1


def _at_length(term: Term, length: int) -> Term:
    match term:
        case Lengths():
            return ALL if term.low <= length and (term.high is None or length <= term.high) else EMPTY
        case Or():
            return or_(_at_length(part, length) for part in term.parts)
        case And():
            return and_(_at_length(part, length) for part in term.parts)
        case Not():
            return not_(_at_length(term.body, length))
    return term


def is_empty(term: Term, budget: Budget) -> bool:
    """Whether no string belongs to the term."""
    if term.empty is None:
        term.empty = not any(_reaches(*segment, budget) for segment in segments(term, budget))
    return term.empty


def _reaches(low: int, high: int | None, term: Term, budget: Budget) -> bool:
    starts = _after(term, low, budget)
    return any(True for _ in _accepting(starts, None if high is None else high - low, budget))


def _after(term: Term, steps: int, budget: Budget) -> Collection[Term]:
    """The states after exactly so many characters; the sequence of such sets repeats itself sooner or later."""
    layer = frozenset((term,))
    seen: dict[frozenset[Term], int] = {}
    history: list[frozenset[Term]] = []
    for step in range(steps):
        if layer in seen:
            first = seen[layer]
            return history[first + (steps - first) % (step - first)]
        seen[layer] = step
        history.append(layer)
        budget.spend(len(layer))
        layer = frozenset(after for state in layer for _, after in edges(state, budget))
    return layer


def _accepting(starts: Collection[Term], most: int | None, budget: Budget) -> Iterator[Term]:
    """States that accept, nearest first, at most so many characters away: best first by the least length left."""
    depth = dict.fromkeys(starts, 0)
    order = counter()
    heap = [(state.shortest, 0, next(order), state) for state in starts]
    heap.sort(key=lambda entry: entry[:3])
    if heap and budget.left < heap[0][0] < FAR:
        budget.spend(heap[0][0])  # Every character on the way is a step at least.
    while heap:
        total, negative, _, state = heappop(heap)
        here = -negative
        if depth[state] < here:
            continue
        if most is not None and total > most:
            return
        if state.nullable:
            yield state
        for _, after in edges(state, budget):
            if here + 1 < depth.get(after, here + 2):
                depth[after] = here + 1
                heappush(heap, (here + 1 + after.shortest, -here - 1, next(order), after))


def contains(term: Term, text: str, budget: Budget) -> bool:
    """Whether the string belongs to the term."""
    if _bounds(term):
        term = _at_length(term, len(text))
    for one in text:
        code = ord(one)
        for chars, after in edges(term, budget):
            if any(chars[i] <= code < chars[i + 1] for i in range(0, len(chars), 2)):
                term = after
                break
        else:
            return False
        if term is ALL:
            return True
    return term.nullable


class Graph:
    """Part of an automaton: states in the order found, their arrows, and for each how to come back from it."""

    def __init__(self, start: Term, alphabet: CharSet, most: int, budget: Budget) -> None:
        """Explore at most `most` states, those next to acceptance first; `whole` tells whether that was all."""
        self.states = [start]
        self.arrows: list[list[tuple[CharSet, int]]] = []
        index = {start: 0}
        heap = [(start.shortest, 0, 0)]
        found: dict[int, list[tuple[CharSet, int]]] = {}
        while heap and len(found) < most:
            _, negative, place = heappop(heap)
            arrows = []
            for chars, after in edges(self.states[place], budget):
                budget.spend(len(chars) // 64)
                if not (inside := meet(chars, alphabet)):
                    continue
                if after not in index:
                    index[after] = len(self.states)
                    self.states.append(after)
                    heappush(heap, (1 - negative + after.shortest, negative - 1, index[after]))
                arrows.append((inside, index[after]))
            found[place] = arrows
        self.whole = not heap
        self.arrows = [found.get(place, []) for place in range(len(self.states))]
        self.sources: list[set[int]] = [set() for _ in self.states]
        for place, arrows in enumerate(self.arrows):
            for _, target in arrows:
                self.sources[target].add(place)
        self.final = frozenset(place for place, state in enumerate(self.states) if state.nullable)
        self._before: dict[frozenset[int], frozenset[int]] = {}
        self._choices: dict[tuple[int, frozenset[int]], list[tuple[str, CharSet, int]]] = {}

    def back(self, layer: frozenset[int], budget: Budget) -> frozenset[int]:
        """The states one character before those of the layer."""
        if (known := self._before.get(layer)) is None:
            budget.spend(1 + len(layer) // 8)
            known = self._before[layer] = frozenset().union(*(self.sources[place] for place in layer))
        return known

    def choices(self, place: int, layer: frozenset[int]) -> list[tuple[str, CharSet, int]]:
        """The arrows from a state into a layer, the nicest first, each with its nicest character."""
        if (known := self._choices.get((place, layer))) is None:
            known = [(next(examples(chars)), chars, to) for chars, to in self.arrows[place] if to in layer]
            known.sort(key=lambda choice: rank(choice[0]))
            self._choices[place, layer] = known
        return known

    def useful(self) -> set[int]:
        """The states from which acceptance can be reached."""
        result, pending = set(self.final), list(self.final)
        while pending:
            fresh = self.sources[pending.pop()] - result
            result |= fresh
            pending += fresh
        return result


def members(term: Term, wanted: int, budget: Budget) -> list[str]:
    """Up to so many distinct members, those of printable ASCII first, the short ones first among these and among the
    others; fewer when the budget ends."""
    found: dict[str, None] = {}
    try:
        for alphabet in (PRINTABLE, invert(SURROGATES)):
            for low, high, inside in segments(term, budget):
                for text in _members(inside, low, high, alphabet, budget):
                    if len(found) >= wanted:
                        return list(found)
                    found[text] = None
    except Exceeded:
        pass
    return list(found)[:wanted]


def _members(term: Term, low: int, high: int | None, alphabet: CharSet, budget: Budget) -> Iterator[str]:
    """Members of the alphabet by length, as far as twice the states found; again of a larger part of the automaton."""
    for most in (64, 256, 1024, 4096, 16384):
        graph = Graph(term, alphabet, most, budget)
        layers = [graph.final]
        longest = min(LONGEST_MEMBER, LONGEST_MEMBER if high is None else high)
        for length in range(min(low + 2 * len(graph.states), longest) + 1):
            budget.spend(length % 16 == 0)
            if length >= low and 0 in layers[length]:
                yield from _spelled(graph, layers, length, budget)
            if not layers[length]:
                break
            layers.append(graph.back(layers[length], budget))
        if graph.whole:
            return


def _spelled(graph: Graph, layers: list[frozenset[int]], length: int, budget: Budget) -> Iterator[str]:
    """All words of one length; no choice is in vain, as the end can be reached from every state of its layer."""

    def choices(place: int, left: int) -> Iterator[tuple[str, int]]:
        for first, chars, target in graph.choices(place, layers[left - 1]):
            yield first, target
            yield from ((one, target) for one in islice(examples(chars), 1, None))

    if length == 0:
        yield ""
        return
    budget.spend(length // 8)
    text: list[str] = []
    stack = [choices(0, length)]
    while stack:
        step = next(stack[-1], None)
        if step is None:
            stack.pop()
            if text:
                text.pop()
        elif len(stack) == length:
            budget.spend(1 + length // 256)
            yield "".join(text) + step[0]
        else:
            text.append(step[0])
            stack.append(choices(step[1], length - len(stack)))


def count(term: Term, limit: int, budget: Budget) -> int:
    """How many members, surrogates counted, exact below `limit`; `limit` for more."""
    if limit <= 1:
        return 0 if limit < 1 or is_empty(term, budget) else 1
    total = 0
    for low, high, inside in segments(term, budget):
        total += _count(inside, low, high, limit - total, budget)
        if total >= limit:
            return limit
    return total


def _count(term: Term, low: int, high: int | None, limit: int, budget: Budget) -> int:
    graph = Graph(term, EVERY, 1 << 30, budget)
    useful = graph.useful()
    if high is None and _loops(graph, useful):
        return limit
    total, depth = 0, 0
    ways = {0: 1} if 0 in useful else {}
    while ways and (high is None or depth <= high) and total < limit:
        if depth >= low:
            total += sum(number for place, number in ways.items() if place in graph.final)
        following: dict[int, int] = {}
        for place, number in ways.items():
            for chars, target in graph.arrows[place]:
                if target in useful:
                    budget.spend(len(chars) // 64)
                    following[target] = min(limit, following.get(target, 0) + number * size(chars))
        budget.spend(len(ways))
        ways, depth = following, depth + 1
    return min(total, limit)


def _loops(graph: Graph, useful: set[int]) -> bool:
    """Whether a cycle lies on the way to acceptance: leaves are taken off until none is left."""
    left = {place: sum(target in useful for target in {t for _, t in graph.arrows[place]}) for place in useful}
    pending = [place for place, number in left.items() if number == 0]
    removed = 0
    while pending:
        place = pending.pop()
        removed += 1
        for source in graph.sources[place]:
            if source in left:
                left[source] -= 1
                if left[source] == 0:
                    pending.append(source)
    return removed < len(left)


def is_finite(term: Term, budget: Budget) -> bool:
    """Whether the term has finitely many members."""
    for _, high, inside in segments(term, budget):
        if high is None and inside.longest is None:
            graph = Graph(inside, EVERY, 1 << 30, budget)
            if _loops(graph, graph.useful()):
                return False
    return True
