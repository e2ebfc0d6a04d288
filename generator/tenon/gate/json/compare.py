"""Where what one side sends is not what the other takes, place by place.

Two schemas are walked together while their shapes agree: parts that are a conjunction (a property, an item, a branch
of `allOf`, matched branches of a union) are compared one by one, so that what is left at each place is small enough
for a question, and a difference is found where it stands however many operations reach it. The walk is coinductive:
a pair of definitions that is met again is taken as compared.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from tenon.gate.documents import canonical
from tenon.gate.json.alternatives import Matched, matched, pure, types, union
from tenon.gate.json.causes import relevant
from tenon.gate.json.judge import Judge
from tenon.gate.json.overlap import Overlap, conjunction
from tenon.gate.json.reach import Reach
from tenon.gate.json.site import Keys, Site
from tenon.gate.json.touched import Touched
from tenon.gate.json.view import CLOSED, Opaque, Schema, View, reaches, self_contained

Step = tuple[str, Any, Any]
"""A keyword, and the key or index below it at the sender's and at the receiver's."""
_UNEVALUATED = ("unevaluatedProperties", "unevaluatedItems")
_MAX_OVERLAPS = 1000
_NOT_PLAIN = re.compile(
    rb'"(?:anyOf|oneOf|not|if|contains|prefixItems|patternProperties|propertyNames|depend|unevaluated|\$d|\$r[^e]|\$anchor)'
    rb'|"\$ref":"[^"]*",|,"\$ref":|"items":\['
)
"""What a definition may not have to be walked in a short way: a branch, or a reference with something beside it."""
_MAX_REGIONS = 20_000
_MAX_DEREFERENCES = 32


@dataclass(frozen=True)
class Difference:
    """One place where the two schemas differ, and what of each is left to be judged there."""

    sent: dict[str, Any] | bool
    taken: dict[str, Any] | bool
    steps: tuple[Step, ...]
    """From the root of the comparison, or of the region while it is kept there."""
    sender: Site
    """The schema that holds the place: a component, or the root itself."""
    receiver: Site
    inside: tuple[Step, ...] = ()
    """From that schema to the place."""
    settled: bool = False
    """It is harmless at a glance, and there for the changelog."""
    around: Difference | None = None
    """The whole union that the place is a branch of: another branch may take what this one refuses."""

    @property
    def places(self) -> tuple[Site, Site]:
        """The places in the sender's and in the receiver's document."""
        return _below(self.sender, self.inside, 1), _below(self.receiver, self.inside, 2)

    @cached_property
    def key(self) -> tuple[Keys, Keys, bytes]:
        """The same for every root that reaches the place."""
        sender, receiver = self.places
        return sender.keys, receiver.keys, canonical([self.sent, self.taken])


@dataclass
class Region:
    """A pair of definitions without the definitions that they name."""

    differences: list[Difference] = field(default_factory=list)
    edges: list[tuple[tuple[Step, ...], str, str, Difference | None]] = field(default_factory=list)


@dataclass
class Comparer:
    """Compares the schemas of one sender's view with those of one receiver's. Remembers every pair of definitions."""

    sender: View
    receiver: View
    touched: Touched
    judge: Judge
    regions: dict[tuple[str, str], Region] = field(default_factory=dict)
    _numbers: dict[Any, int] = field(default_factory=dict)

    @cached_property
    def opened(self) -> View:
        """The sender's schemas as they are written, not closed."""
        return replace(self.sender, closed=False, names={}, references={}, sites={}, _definitions={})

    def question(self, each: Difference) -> tuple[Schema, Schema]:
        """What is asked of a difference: two schemas with their definitions. Raises `Opaque`.

        Closing branches of a `oneOf` can make a value good that is ambiguous as the schema is written: it has to be
        good both ways.
        """
        sent, taken = relevant(each.sent, each.taken)
        whole = self_contained(self.sender, sent)
        place = each.places[0]
        if self.sender.closed and place.there and isinstance(sent, dict) and isinstance(whole, dict):
            written = self.opened.of(place)
            if "oneOf" in sent or (isinstance(written, dict) and "oneOf" in written):
                return conjunction(whole, self_contained(self.opened, written)), self_contained(self.receiver, taken)
        return whole, self_contained(self.receiver, taken)

    @cached_property
    def _reach(self) -> Reach[tuple[str, str], int]:
        """The differences behind a pair of definitions, by their number in `_found`."""
        return Reach(
            lambda pair: [(edge[1], edge[2]) for edge in self._region(pair).edges],
            lambda pair: [self._number(each) for each in self._region(pair).differences],
        )

    def _number(self, each: Difference) -> int:
        return self._numbers.setdefault(each.key, len(self._numbers))

    def root(self, sent: Site, taken: Site) -> Region:
        """The two roots without the definitions that they name. Raises `Opaque`."""
        first = Region()
        self._walk(self.sender.of(sent), self.receiver.of(taken), (), first, (sent, taken), 0)
        return first

    def numbers(self, first: Region) -> dict[int, None]:
        """The numbers of all differences below a root: the same number is the same difference. Raises `Opaque`."""
        found = dict.fromkeys(self._number(each) for each in first.differences)
        for edge in first.edges:
            found.update(self._reach.of((edge[1], edge[2])))
        return found

    def differences(self, first: Region) -> Iterator[tuple[int, Difference]]:
        """Every place below a root that has to be judged, nearest first, with its number. Raises `Opaque`."""
        seen: set[tuple[str, str]] = set()
        waiting: deque[tuple[tuple[Step, ...], Region, Difference | None]] = deque([((), first, None)])
        while waiting:
            steps, region, outer = waiting.popleft()
            for each in region.differences:
                yield self._number(each), _placed(each, steps, outer)
            for inside, sender, receiver, inner in region.edges:
                pair = (sender, receiver)
                if pair not in seen:
                    seen.add(pair)
                    around = outer if inner is None else _placed(inner, steps, outer)
                    waiting.append((steps + inside, self._region(pair), around))

    def _region(self, pair: tuple[str, str]) -> Region:
        region = self.regions.get(pair)
        if region is None:
            if len(self.regions) >= _MAX_REGIONS:
                raise Opaque("too many schemas changed at once")
            region = self.regions[pair] = Region()
            if self._unchanged(pair, region):
                return region
            sent, taken = self.sender.definition(pair[0]), self.receiver.definition(pair[1])
            self._walk(sent, taken, (), region, (self.sender.place(pair[0]), self.receiver.place(pair[1])), 0)
        return region

    def _unchanged(self, pair: tuple[str, str], region: Region) -> bool:
        """Finds the edges of a definition whose own text is the same at both sides, without making its views."""
        sent, taken = self.sender.place(pair[0]), self.receiver.place(pair[1])
        if self.touched.everything or self.sender.reference(pair[0]) != self.receiver.reference(pair[1]):
            return False
        packed = canonical(sent.value)
        if packed != canonical(taken.value) or _NOT_PLAIN.search(packed):
            return False
        self._edges(sent.value, (), region, pair[0].endswith(CLOSED))
        return True

    def _edges(self, value: Any, steps: tuple[Step, ...], region: Region, closed: bool) -> None:
        value = self.sender.unwrapped(value)
        if not isinstance(value, dict):
            return
        name = value.get("$ref")
        if isinstance(name, str):
            if name in self.touched.targets:
                ours, theirs = self.sender.name(name), self.receiver.name(name)
                region.edges.append((steps, ours + CLOSED if closed else ours, theirs, None))
            return
        inside = self.sender.closed
        properties = value.get("properties")
        if isinstance(properties, dict):
            for key, each in properties.items():
                if not self.sender.is_absent(each):
                    self._edges(each, (*steps, ("properties", key, key)), region, inside)
        for keyword in ("items", "additionalProperties"):
            self._edges(value.get(keyword), (*steps, (keyword, None, None)), region, inside)
        parts = value.get("allOf")
        for index, each in enumerate(parts if isinstance(parts, list) else ()):
            self._edges(each, (*steps, ("allOf", index, index)), region, False)

    def clean(self, sent: str, taken: str) -> bool:
        """Whether two definitions are the same one and reach nothing that changed."""
        name = self.sender.reference(sent)
        same = name == self.receiver.reference(taken) and name not in self.touched.targets
        return same and not self.touched.everything

    def same(self, sent: Any, taken: Any) -> bool:
        """Whether two parts are equal and reach nothing that changed."""
        if canonical(sent) != canonical(taken):
            return False
        return all(
            name in self.sender.sites and name in self.receiver.sites and self.clean(name, name)
            for name in (each.removesuffix(".closed") for each in reaches(sent))
        )

    def _walk(
        self,
        sent: Schema,
        taken: Schema,
        steps: tuple[Step, ...],
        out: Region,
        places: tuple[Site, Site],
        depth: int,
        around: Difference | None = None,
    ) -> None:
        if taken is True or taken == {} or sent is False:
            return
        names = pure(sent), pure(taken)
        if names[0] is not None and names[1] is not None:
            if not self.clean(names[0], names[1]):
                out.edges.append((steps, names[0], names[1], around))
            return
        if depth > _MAX_DEREFERENCES:
            raise Opaque("its definitions stand in each other too deeply")
        if names[0] is not None:
            return self._walk(self.sender.definition(names[0]), taken, steps, out, places, depth + 1, around)
        if names[1] is not None:
            return self._walk(sent, self.receiver.definition(names[1]), steps, out, places, depth + 1, around)
        rest = (dict(sent), dict(taken)) if isinstance(sent, dict) and isinstance(taken, dict) else None
        if rest is None:
            left: tuple[Any, Any] = (sent, taken)
        else:
            left = rest
            if not any(key in sent or key in taken for key in _UNEVALUATED):  # type: ignore[operator]
                walk = _Node(self, rest[0], rest[1], steps, out, places, depth, around)
                if walk.union():
                    return
                walk.children()
            if self._follows(*rest):
                if not _alike(*rest):
                    out.differences.append(Difference(*rest, steps, *places, steps, settled=True))
                return
        out.differences.append(Difference(*left, steps, *places, steps, around=around))

    def _follows(self, sent: dict[str, Any], taken: dict[str, Any]) -> bool:
        """Whether each thing that the receiver asks for is said by the sender in the same words."""
        for key, value in taken.items():
            if key in ("then", "else", "minContains", "maxContains", *_UNEVALUATED):
                return self.same(sent, taken)
            if key == "properties" and all(each is True or each == {} for each in value.values()):
                continue
            if key == "required" and isinstance(value, list) and isinstance(sent.get(key), list):
                if all(name in sent[key] for name in value):
                    continue
                return False
            if key == "items" and len(sent.get("prefixItems", ())) != len(taken.get("prefixItems", ())):
                return False
            if key not in sent or not self.same(sent[key], value):
                return False
            beside = {
                "additionalProperties": ("properties", "patternProperties"),
            }
            for other in beside.get(key, ()):
                ours, theirs = sent.get(other), taken.get(other)
                if value is not True and value != {} and set(ours or ()) != set(theirs or ()):
                    return False
        return True


@dataclass
class _Node:
    """Two schema objects: takes out of both what can be compared part by part."""

    comparer: Comparer
    sent: dict[str, Any]
    taken: dict[str, Any]
    steps: tuple[Step, ...]
    out: Region
    places: tuple[Site, Site]
    depth: int
    around: Difference | None
    whole: Difference | None = None

    def walk(self, sent: Schema, taken: Schema, *step: Any) -> None:
        keyword, ours, theirs = step
        around = self.whole if keyword in ("anyOf", "oneOf") else self.around
        place = (*self.steps, (keyword, ours, theirs))
        self.comparer._walk(sent, taken, place, self.out, self.places, self.depth, around)

    def children(self) -> None:
        self._maps()
        self._unnamed()
        self._arrays()
        self._all_of()

    def _maps(self) -> None:
        closed_alike = True
        for key in ("properties", "patternProperties"):
            ours, theirs = self.sent.get(key), self.taken.get(key)
            if isinstance(ours, dict) and isinstance(theirs, dict):
                common = ours.keys() & theirs.keys()
                for name in ours:
                    if name in common:
                        self.walk(ours[name], theirs[name], key, name, name)
                self.sent[key] = {name: True if name in common else each for name, each in ours.items()}
                self.taken[key] = {name: True if name in common else each for name, each in theirs.items()}
            closed_alike = closed_alike and (ours or {}).keys() == (theirs or {}).keys()
        ours, theirs = self.sent.get("additionalProperties"), self.taken.get("additionalProperties")
        if closed_alike and isinstance(ours, dict) and isinstance(theirs, dict):
            self.walk(ours, theirs, "additionalProperties", None, None)
            self.sent["additionalProperties"] = self.taken["additionalProperties"] = True

    def _unnamed(self) -> None:
        """Free for more is no name: what only the receiver names is not sent by one who sends what it names."""
        ours, theirs = self.sent.get("properties"), self.taken.get("properties")
        free = self.sent.get("additionalProperties") in (True, {}) and "additionalProperties" in self.sent
        free = free and self.comparer.sender.closed and "patternProperties" not in self.sent
        if free and isinstance(ours, dict) and ours and isinstance(theirs, dict):
            self.sent["properties"] = {**dict.fromkeys(theirs, False), **ours}

    def _arrays(self) -> None:
        ours, theirs = self.sent.get("prefixItems"), self.taken.get("prefixItems")
        if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
            for index, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
                self.walk(mine, other, "prefixItems", index, index)
            self.sent["prefixItems"] = self.taken["prefixItems"] = [True] * len(ours)
        elif ours is not None or theirs is not None:
            return
        ours, theirs = self.sent.get("items"), self.taken.get("items")
        if isinstance(ours, dict) and isinstance(theirs, dict):
            self.walk(ours, theirs, "items", None, None)
            self.sent["items"] = self.taken["items"] = True

    def _all_of(self) -> None:
        ours, theirs = self.sent.get("allOf"), self.taken.get("allOf")
        if not isinstance(ours, list) or not isinstance(theirs, list):
            return
        pairs, left, right = self.matched(ours, theirs)
        for mine, other in pairs:
            self.walk(ours[mine], theirs[other], "allOf", mine, other)
        for schema, parts, rest in ((self.sent, ours, left), (self.taken, theirs, right)):
            schema["allOf"] = [parts[index] for index in rest]
            if not rest:
                del schema["allOf"]

    def matched(self, ours: list[Any], theirs: list[Any]) -> Matched:
        return matched((self.comparer.sender, ours), (self.comparer.receiver, theirs))

    def union(self) -> bool:
        """Takes matched branches out; whether nothing is left."""
        self.whole = Difference(
            dict(self.sent), dict(self.taken), self.steps, *self.places, self.steps, around=self.around
        )
        ours, theirs = union(self.sent), union(self.taken)
        if ours is None and theirs is None:
            return False
        if theirs is None and ours is not None and len(self.sent) == 1:
            for index, mine in enumerate(self.sent[ours]):
                self.walk(mine, dict(self.taken), ours, index, None)
            return True
        if ours is None and theirs is not None and len(self.taken) == 1:
            return self._one_among(theirs)
        if ours is None or theirs is None:
            return False
        mine, other = self.sent[ours], self.taken[theirs]
        pairs, left, right = self.matched(mine, other)
        if theirs == "oneOf" and not self._apart(other, pairs if ours == "oneOf" else [], mine, right):
            return False
        for index, twin in pairs:
            if not self.comparer.same(mine[index], other[twin]):
                self.walk(mine[index], other[twin], ours, index, twin)
        if left:
            self.sent.pop(ours)
            self.sent["anyOf"] = [mine[index] for index in left]
        else:
            self.sent.pop(ours)
            self.taken.pop(theirs)
        return False

    def _one_among(self, key: str) -> bool:
        """One schema against a union of which a single branch can take it."""
        kinds = types(self.comparer.sender, self.sent)
        possible = [
            index
            for index, branch in enumerate(self.taken[key])
            if kinds is None
            or (theirs := types(self.comparer.receiver, branch)) is None
            or not theirs.isdisjoint(kinds)
        ]
        if len(possible) != 1:
            return False
        self.walk(dict(self.sent), self.taken[key][possible[0]], key, None, possible[0])
        return True

    def _apart(self, branches: list[Any], pairs: list[tuple[int, int]], mine: list[Any], right: list[int]) -> bool:
        """Whether what one branch takes is taken by no other, but for `pairs` that a `oneOf` kept apart before."""
        alike = {twin for index, twin in pairs if self.comparer.same(mine[index], branches[twin])}
        changed = set(range(len(branches))) - alike
        if len(changed) * len(mine) > _MAX_OVERLAPS:
            return False
        before = {twin: mine[index] for index, twin in pairs}
        overlap = Overlap(self.comparer, self.sent.get("propertyNames"))
        return all(
            overlap.no_more(branches[one], before.get(one, False), other)
            for one in changed
            for index, other in enumerate(mine)
            if not any(pair == (index, one) for pair in pairs)
        )


def _alike(sent: dict[str, Any], taken: dict[str, Any]) -> bool:
    """Whether two schemas say the same, but for what a view adds."""
    added = ("additionalProperties", "propertyNames")
    return canonical({**sent, **dict.fromkeys(added)}) == canonical({**taken, **dict.fromkeys(added)})


def _placed(each: Difference, steps: tuple[Step, ...], outer: Difference | None) -> Difference:
    """A difference of a region that `steps` lead to, inside the union `outer`."""
    around = outer if each.around is None else _placed(each.around, steps, outer)
    return replace(each, steps=steps + each.inside, around=around)


def _below(site: Site, steps: tuple[Step, ...], side: int) -> Site:
    here = site
    for step in steps:
        keyword, key = step[0], step[side]
        if key is None and keyword in ("anyOf", "oneOf"):
            continue  # this side is not a union
        below = _within(here)
        here = below.child(keyword) if key is None else below.child(keyword, key)
    return _within(here) if here.there else here


def _within(site: Site) -> Site:
    """Through references, and an `allOf` of one."""
    here = site.follow()
    for _ in range(_MAX_DEREFERENCES):
        parts = here.mapping.get("allOf")
        if not isinstance(parts, list) or len(parts) != 1 or "properties" in here.mapping:
            break
        here = here.child("allOf", 0).follow()
    return here
