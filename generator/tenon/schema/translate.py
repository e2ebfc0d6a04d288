"""One schema as a term: every keyword of every draft in the language of `facts`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from tenon.schema.budget import Exceeded
from tenon.schema.dialect import IN_PLACE, IN_PLACE_MAPS, Dialect
from tenon.schema.facts import (
    AtLeast,
    AtMost,
    CountFrom,
    Distinct,
    Fact,
    HasFormat,
    ItemAt,
    ItemsFrom,
    Matches,
    Multiple,
    NoneOf,
    OneOf,
    Properties,
    Size,
    SomeProperty,
    WrittenInteger,
    strings,
)
from tenon.schema.nodes import Node
from tenon.schema.terms import Term, Terms
from tenon.schema.unevaluated import evaluated_items, evaluated_names
from tenon.schema.values import ALL_TYPES, ARRAY, BOOLEAN, NULL, NUMBER, OBJECT, STRING, TYPE_NAMES, Value, key, type_of


class Translator:
    """Terms for the nodes of one dialect, one level deep: a subschema is a named term."""

    def __init__(self, terms: Terms, dialect: Dialect, nodes: dict[object, tuple[Translator, Node]]) -> None:
        self.terms = terms
        self.dialect = dialect
        self._nodes = nodes

    def term(self, node: Node) -> Term:
        """The term that stands for a schema."""
        if node.never:
            return self.terms.nothing
        if not node.keywords and not node.wrong:
            return self.terms.everything
        name = (self.dialect.name, node.digest)
        self._nodes.setdefault(name, (self, node))
        return self.terms.named(name, types=self._types(node))

    def _types(self, node: Node) -> int:
        """What `type` says; a bound that needs no unfolding."""
        if "type" not in node.keywords:
            return ALL_TYPES
        types = 0
        for name in node.keywords["type"]:
            types |= NUMBER if name == "integer" else TYPE_NAMES[name]
        return types | NULL if "nullable" in node.keywords else types

    def define(self, node: Node) -> Term:
        """The term of a schema, its subschemas left as names."""
        if node.wrong:
            raise Exceeded(node.wrong)
        require_guarded(node)
        parts = []
        for name, value in node.keywords.items():
            translate = _KEYWORDS.get(name)
            if translate is not None:
                parts.append(translate(self, value, node.keywords))
        parts.extend(self._unevaluated(node))
        return self.terms.all_of(parts)

    def lax(self, of: int, fact: Fact) -> Term:
        """`fact` for values of its type, nothing said about others."""
        return self.terms.claim(of, fact)

    def either(self, *terms: Term) -> Term:
        """Union."""
        return self.terms.any_of(terms)

    def both(self, *terms: Term) -> Term:
        """Intersection."""
        return self.terms.all_of(terms)

    def size(self, of: int, low: int, high: int | None) -> Term:
        """Length, items or properties from `low` to `high`."""
        lower = self.lax(of, Size(low, None)) if low else self.terms.everything
        return lower if high is None else self.both(lower, self.lax(of, Size(0, high)))

    def rule(self, names: Term, term: Term) -> Term:
        """All properties of these names have their value in `term`."""
        if not names.types & STRING or term is self.terms.everything:
            return self.terms.everything
        return self.lax(OBJECT, Properties(names, term))

    def matching(self, regex: str, holds: bool = True) -> Term:
        """The names in which the expression is found."""
        return self.terms.claim(STRING, Matches(regex, holds), strict=True)

    def has(self, name: str) -> Term:
        """An object has the property."""
        return self.lax(OBJECT, SomeProperty(strings(self.terms, [name]), self.terms.everything))

    def lacks(self, name: str) -> Term:
        """An object does not have the property."""
        return self.rule(strings(self.terms, [name]), self.terms.nothing)

    def other_names(self, listed: list[str], patterns: list[str]) -> Term:
        """The names that are neither listed nor matched."""
        parts = [self.matching(regex, False) for regex in patterns]
        if listed:
            parts.append(self.terms.claim(STRING, NoneOf(frozenset(listed)), strict=True))
        return self.terms.all_of([self.terms.kinds(STRING), *parts])

    def value(self, value: Value) -> Term:
        """The set of one value."""
        of = type_of(value)
        if of == NULL:
            return self.terms.kinds(NULL)
        if of in (BOOLEAN, NUMBER, STRING):
            return self.terms.claim(of, OneOf(frozenset([value])), strict=True)
        count = self.size(of, len(value), len(value))
        if of == ARRAY:
            inner = [self.lax(ARRAY, ItemAt(index, self.value(item))) for index, item in enumerate(value)]
        else:
            inner = [
                self.lax(OBJECT, SomeProperty(strings(self.terms, [name]), self.value(item)))
                for name, item in value.items()
            ]
        return self.both(self.terms.kinds(of), count, *inner)

    def values(self, values: tuple[Value, ...]) -> Term:
        """The set of these values: one claim per scalar type."""
        scalars: dict[int, set[object]] = {}
        parts: list[Term] = []
        for value in values:
            of = type_of(value)
            if of in (BOOLEAN, NUMBER, STRING):
                scalars.setdefault(of, set()).add(value)
            else:
                parts.append(self.value(value))
        for of, members in scalars.items():
            if len(members) == 2 and of == BOOLEAN:
                parts.append(self.terms.kinds(BOOLEAN))
            else:
                parts.append(self.terms.claim(of, OneOf(frozenset(members)), strict=True))
        return self.terms.any_of(parts)

    def _unevaluated(self, node: Node) -> list[Term]:
        parts: list[Term] = []
        if (rest := node.keywords.get("unevaluatedProperties")) is not None:
            parts.append(
                self.either(
                    *[
                        self.both(condition, self.rule(self.terms.complement(names), self.term(rest)))
                        for condition, names in evaluated_names(self, node)
                    ]
                )
            )
        if (rest := node.keywords.get("unevaluatedItems")) is not None:
            branches = []
            for condition, (start, matched) in evaluated_items(self, node):
                free = self.either(self.term(rest), *matched)
                items = self.terms.everything
                if start is not None and free is not self.terms.everything:
                    items = self.lax(ARRAY, ItemsFrom(start, free))
                branches.append(self.both(condition, items))
            parts.append(self.either(*branches))
        return parts


def require_guarded(node: Node) -> None:
    """Raise `Exceeded` for a schema that refers to itself without a step into a child."""
    if node.guarded:
        return
    done: set[Node] = set()
    path: list[tuple[Node, list[Node]]] = [(node, _in_place(node))]
    active = {node}
    while path:
        top, todo = path[-1]
        if not todo:
            path.pop()
            active.discard(top)
            done.add(top)
            top.guarded = True
            continue
        child = todo.pop()
        if child in active:
            raise Exceeded("$ref: a recursion without a step into a child")
        if child not in done and not child.guarded:
            active.add(child)
            path.append((child, _in_place(child)))


def _in_place(node: Node) -> list[Node]:
    found: list[Node] = []
    for name in IN_PLACE:
        value = node.keywords.get(name)
        found.extend([value] if isinstance(value, Node) else value or [])
    for name in IN_PLACE_MAPS:
        found.extend(value for value in node.keywords.get(name, {}).values() if isinstance(value, Node))
    return found


# Keywords: the translator, the parsed value and the keywords beside it.

Keywords = dict[str, Any]
_KEYWORDS: dict[str, Callable[[Translator, Any, Keywords], Term]] = {}


def _keyword(*names: str) -> Callable[[Callable[[Translator, Any, Keywords], Term]], Any]:
    def register(function: Callable[[Translator, Any, Keywords], Term]) -> Any:
        for name in names:
            _KEYWORDS[name] = function
        return function

    return register


@_keyword("$ref", "$dynamicRef", "$recursiveRef")
def _reference(t: Translator, target: Node, beside: Keywords) -> Term:
    return t.term(target)


@_keyword("type")
def _type(t: Translator, names: tuple[str, ...], beside: Keywords) -> Term:
    types = sum(TYPE_NAMES[name] for name in names if name != "integer")
    if beside.get("nullable"):
        types |= NULL
    if "integer" not in names or types & NUMBER:
        return t.terms.kinds(types)
    whole: Fact = WrittenInteger() if t.dialect.age == 4 else Multiple(1)
    return t.both(t.terms.kinds(types | NUMBER), t.lax(NUMBER, whole))


@_keyword("const", "enum")
def _enum(t: Translator, values: tuple[Value, ...], beside: Keywords) -> Term:
    return t.values(values)


@_keyword("multipleOf")
def _multiple_of(t: Translator, step: Any, beside: Keywords) -> Term:
    return t.lax(NUMBER, Multiple(step))


@_keyword("minimum")
def _minimum(t: Translator, bound: Any, beside: Keywords) -> Term:
    return t.lax(NUMBER, AtLeast(bound, beside.get("exclusiveMinimum") is True))


@_keyword("maximum")
def _maximum(t: Translator, bound: Any, beside: Keywords) -> Term:
    return t.lax(NUMBER, AtMost(bound, beside.get("exclusiveMaximum") is True))


@_keyword("exclusiveMinimum")
def _exclusive_minimum(t: Translator, bound: Any, beside: Keywords) -> Term:
    return t.terms.everything if isinstance(bound, bool) else t.lax(NUMBER, AtLeast(bound, True))


@_keyword("exclusiveMaximum")
def _exclusive_maximum(t: Translator, bound: Any, beside: Keywords) -> Term:
    return t.terms.everything if isinstance(bound, bool) else t.lax(NUMBER, AtMost(bound, True))


def _sizes(low: str, high: str, of: int) -> None:
    _keyword(low)(lambda t, bound, beside: t.size(of, bound, None))
    _keyword(high)(lambda t, bound, beside: t.size(of, 0, bound))


_sizes("minLength", "maxLength", STRING)
_sizes("minItems", "maxItems", ARRAY)
_sizes("minProperties", "maxProperties", OBJECT)


@_keyword("pattern")
def _pattern(t: Translator, regex: str, beside: Keywords) -> Term:
    return t.lax(STRING, Matches(regex))


@_keyword("format")
def _format(t: Translator, name: str, beside: Keywords) -> Term:
    return t.lax(STRING, HasFormat(name))


@_keyword("items")
def _items(t: Translator, items: Any, beside: Keywords) -> Term:
    if isinstance(items, list):
        return t.both(*_prefix(t, items))
    start = len(beside.get("prefixItems", ()))
    return _from(t, start, t.term(items))


@_keyword("prefixItems")
def _prefix_items(t: Translator, items: list[Node], beside: Keywords) -> Term:
    return t.both(*_prefix(t, items))


@_keyword("additionalItems")
def _additional_items(t: Translator, items: Node, beside: Keywords) -> Term:
    prefix = beside.get("items")
    return _from(t, len(prefix), t.term(items)) if isinstance(prefix, list) else t.terms.everything


def _prefix(t: Translator, items: list[Node]) -> list[Term]:
    terms = [t.term(item) for item in items]
    return [t.lax(ARRAY, ItemAt(index, term)) for index, term in enumerate(terms) if term is not t.terms.everything]


def _from(t: Translator, start: int, term: Term) -> Term:
    if term is t.terms.everything:
        return term
    return t.lax(ARRAY, ItemsFrom(start, term))


@_keyword("contains")
def _contains(t: Translator, item: Node, beside: Keywords) -> Term:
    low, high = beside.get("minContains", 1), beside.get("maxContains")
    term = t.term(item)
    parts = [t.lax(ARRAY, CountFrom(0, term, low, None))] if low else []
    if high == 0:
        parts.append(_from(t, 0, t.terms.complement(term)))
    elif high is not None:
        parts.append(t.lax(ARRAY, CountFrom(0, term, 0, high)))
    return t.both(*parts)


@_keyword("uniqueItems")
def _unique_items(t: Translator, unique: bool, beside: Keywords) -> Term:
    return t.lax(ARRAY, Distinct())


@_keyword("properties")
def _properties(t: Translator, properties: dict[str, Node], beside: Keywords) -> Term:
    return t.both(*[t.rule(strings(t.terms, [name]), t.term(node)) for name, node in properties.items()])


@_keyword("patternProperties")
def _pattern_properties(t: Translator, patterns: dict[str, Node], beside: Keywords) -> Term:
    return t.both(*[t.rule(t.matching(regex), t.term(node)) for regex, node in patterns.items()])


@_keyword("additionalProperties")
def _additional_properties(t: Translator, rest: Node, beside: Keywords) -> Term:
    names = t.other_names(list(beside.get("properties", ())), list(beside.get("patternProperties", ())))
    return t.rule(names, t.term(rest))


@_keyword("propertyNames")
def _property_names(t: Translator, names: Node, beside: Keywords) -> Term:
    return t.rule(t.both(t.terms.kinds(STRING), t.terms.complement(t.term(names))), t.terms.nothing)


@_keyword("required")
def _required(t: Translator, names: tuple[str, ...], beside: Keywords) -> Term:
    return t.both(*[t.has(name) for name in names])


@_keyword("dependentRequired", "dependentSchemas", "dependencies")
def _dependencies(t: Translator, dependencies: dict[str, Any], beside: Keywords) -> Term:
    def wanted(value: Any) -> Term:
        return t.term(value) if isinstance(value, Node) else t.both(*[t.has(name) for name in value])

    return t.both(*[t.either(t.lacks(name), wanted(value)) for name, value in dependencies.items()])


@_keyword("allOf")
def _all_of(t: Translator, branches: list[Node], beside: Keywords) -> Term:
    return t.both(*[t.term(branch) for branch in branches])


@_keyword("anyOf")
def _any_of(t: Translator, branches: list[Node], beside: Keywords) -> Term:
    listed = [_listed(t, branch) for branch in branches]
    values = tuple(value for each in listed if each is not None for value in each)
    others = [t.term(branch) for branch, each in zip(branches, listed, strict=True) if each is None]
    return t.either(t.values(values), *others)


def _listed(t: Translator, node: Node) -> list[Value] | None:
    """The values of a schema that does nothing but list them."""
    keywords = node.keywords
    if not ("const" in keywords or "enum" in keywords) or len(keywords) > 1:
        return None
    return list(keywords.get("const", ())) or list(keywords.get("enum", ()))


@_keyword("oneOf")
def _one_of(t: Translator, branches: list[Node], beside: Keywords) -> Term:
    listed = [each for each in [_listed(t, branch) for branch in branches] if each is not None]
    if len(listed) == len(branches):
        times = Counter(key(value) for values in listed for value in {key(value): value for value in values}.values())
        return t.values(tuple(value for values in listed for value in values if times[key(value)] == 1))
    terms = [t.term(branch) for branch in branches]
    return t.either(
        *[
            t.both(term, *[t.terms.complement(other) for other in _without(terms, index) if other.types & term.types])
            for index, term in enumerate(terms)
        ],
    )


def _without(terms: list[Term], index: int) -> list[Term]:
    return terms[:index] + terms[index + 1 :]


@_keyword("not")
def _not(t: Translator, node: Node, beside: Keywords) -> Term:
    return t.terms.complement(t.term(node))


@_keyword("if")
def _if(t: Translator, condition: Node, beside: Keywords) -> Term:
    test = t.term(condition)
    then = t.term(beside["then"]) if "then" in beside else t.terms.everything
    other = t.term(beside["else"]) if "else" in beside else t.terms.everything
    return t.both(t.either(t.terms.complement(test), then), t.either(test, other))
