"""What the keywords in place evaluate: the cases of a schema, each with the names or items that it accounts for.

A case is a condition under which the schema holds and the set that is evaluated then. Cases may overlap: a value that
falls under two of them has both sets evaluated, and the case in which both branches hold is one of the cases too, so
that the union over the cases is exact.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from tenon.schema.budget import Exceeded
from tenon.schema.facts import strings
from tenon.schema.nodes import Node
from tenon.schema.terms import Term
from tenon.schema.values import OBJECT, STRING

if TYPE_CHECKING:
    from tenon.schema.translate import Translator

_MOST_CASES = 512

E = TypeVar("E")
Case = tuple[Term, E]
Items = tuple[int | None, tuple[Term, ...]]  # evaluated up to an index (None: all), and wherever a term holds


def evaluated_names(t: Translator, node: Node) -> list[Case[Term]]:
    """The cases of a schema with the property names that are evaluated in each, `unevaluatedProperties` apart."""
    return _Cases(t, t.terms.nothing, t.either, _own_names, "unevaluatedProperties").of(node, top=True)


def evaluated_items(t: Translator, node: Node) -> list[Case[Items]]:
    """The cases of a schema with the items that are evaluated in each, `unevaluatedItems` apart."""

    def join(*parts: Items) -> Items:
        ends = [end for end, _ in parts]
        whole = None if None in ends else max(end for end in ends if end is not None)
        return whole, tuple(dict.fromkeys(term for _, terms in parts for term in terms))

    return _Cases(t, (0, ()), join, _own_items, "unevaluatedItems").of(node, top=True)


def _own_names(t: Translator, node: Node) -> Term:
    keywords = node.keywords
    if "additionalProperties" in keywords:
        return t.terms.kinds(STRING)
    parts = [t.matching(regex) for regex in keywords.get("patternProperties", ())]
    if keywords.get("properties"):
        parts.append(strings(t.terms, keywords["properties"]))
    return t.either(*parts)


def _own_items(t: Translator, node: Node) -> Items:
    keywords = node.keywords
    items = keywords.get("items")
    if isinstance(items, Node) or (isinstance(items, list) and "additionalItems" in keywords):
        return None, ()
    matched: tuple[Term, ...] = ()
    if "contains" in keywords:
        if t.dialect.age < 2020:
            raise Exceeded("contains: draft 2019-09 and its validators differ on whether it evaluates items")
        matched = (t.term(keywords["contains"]),)
    return len(items or keywords.get("prefixItems", ())), matched


class _Cases:
    """Cases by keyword: `join` unites what is evaluated, `own` is what a schema evaluates by itself."""

    def __init__(
        self,
        t: Translator,
        none: Any,
        join: Callable[..., Any],
        own: Callable[[Translator, Node], Any],
        keyword: str,
    ) -> None:
        self.t, self.none, self.join, self.own, self.keyword = t, none, join, own, keyword

    def of(self, node: Node, top: bool = False) -> list[Case[Any]]:
        """The cases in which the schema holds."""
        t, keywords = self.t, node.keywords
        if node.never:
            return []
        if not keywords:
            return [(t.terms.everything, self.none)]
        own = (t.terms.everything if top else t.term(node), self.own(t, node))
        if not top and self.keyword in keywords:
            whole = t.terms.kinds(STRING) if self.keyword == "unevaluatedProperties" else (None, ())
            return [(t.term(node), whole)]
        cases = [own]
        for name in ("$ref", "$dynamicRef", "$recursiveRef"):
            if name in keywords:
                cases = self.product(cases, self.of(keywords[name]))
        for branch in keywords.get("allOf", ()):
            cases = self.product(cases, self.of(branch))
        for name in ("anyOf", "oneOf"):
            if name in keywords:
                cases = self.product(cases, self.branches(keywords[name], single=name == "oneOf"))
        if "if" in keywords:
            cases = self.product(cases, self.conditional(keywords))
        for name, value in keywords.get("dependentSchemas", {}).items():
            present = t.both(t.has(name), t.terms.kinds(OBJECT))
            absent = t.terms.complement(present)
            cases = self.product(cases, [(absent, self.none), *[(t.both(present, c), e) for c, e in self.of(value)]])
        return cases

    def branches(self, nodes: list[Node], single: bool) -> list[Case[Any]]:
        """The cases of one branch, or for `anyOf` of any number of them."""
        each = [self.of(node) for node in nodes]
        if single or all(evaluated == self.none for cases in each for _, evaluated in cases):
            return [case for cases in each for case in cases]
        found: list[Case[Any]] = []
        for size in range(1, len(each) + 1):
            for chosen in itertools.combinations(each, size):
                cases = chosen[0]
                for more in chosen[1:]:
                    cases = self.product(cases, more)
                found.extend(cases)
                self.limit(found)
        return found

    def conditional(self, keywords: dict[str, Any]) -> list[Case[Any]]:
        """`if` holds and with it `then`, or it does not, and `else` does."""
        t = self.t
        then = self.of(keywords["then"]) if "then" in keywords else [(t.terms.everything, self.none)]
        other = self.of(keywords["else"]) if "else" in keywords else [(t.terms.everything, self.none)]
        refused = t.terms.complement(t.term(keywords["if"]))
        return self.product(self.of(keywords["if"]), then) + [(t.both(refused, c), e) for c, e in other]

    def product(self, some: list[Case[Any]], others: list[Case[Any]]) -> list[Case[Any]]:
        """Both hold."""
        self.limit([None] * (len(some) * len(others)))
        return [(self.t.both(a, b), self.join(x, y)) for (a, x), (b, y) in itertools.product(some, others)]

    def limit(self, cases: Iterable[object]) -> None:
        """Raise `Exceeded` for too many cases."""
        if sum(1 for _ in cases) > _MOST_CASES:
            raise Exceeded(f"{self.keyword}: too many combinations of branches")
