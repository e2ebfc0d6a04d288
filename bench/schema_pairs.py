"""Pairs of schemas whose containment is known by construction, in every dialect, from a seed.

A random schema is rewritten step by step, each step with a known effect: `EQUAL` keeps the set of valid values,
`narrow` takes some away (or none), `widen` is the other way round. What is narrowed is contained in what is widened.
That one schema is *not* contained in another is known by a value, which both judges have found in the one only.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bench.schema_random import DIALECTS, TYPES, Dialect, Judges, Maker, Sampler

MISSING = object()


@dataclass(frozen=True)
class Pair:
    """Two schemas of one dialect, and whether all that is valid under `left` is valid under `right`."""

    dialect: str
    left: Any
    right: Any
    contained: bool
    rule: str
    """The steps that made it."""
    witness: Any = MISSING
    """Valid under `left` only, unless `contained`."""


def pairs(seed: int, number: int, dialects: tuple[str, ...] = DIALECTS) -> Iterator[Pair]:
    """So many pairs, about half of them contained, the dialects in turn."""
    made = attempt = 0
    while made < number:
        rng = random.Random(f"{seed}/{attempt}")
        attempt += 1
        pair = _pair(rng, Dialect(dialects[made % len(dialects)]))
        if pair is not None:
            made += 1
            yield pair


def _pair(rng: random.Random, dialect: Dialect) -> Pair | None:
    maker = Maker(rng, dialect)
    steps = Steps(maker)
    first = maker.schema(rng.choice([1, 2, 2, 3]))
    left = right = first
    rule: list[str] = []
    contained = rng.random() < 0.5
    for _ in range(rng.randint(1, 3)):
        side = rng.choice(["left", "right"])
        effect = rng.choice(["equal", "equal", "less", "more"])
        if side == "left":
            effect = {"more": "less" if contained else "more", "less": "less" if contained else "more"}.get(
                effect, effect
            )
            left, name = steps.take(left, effect)
        else:
            effect = {"more": "more" if contained else "less", "less": "more" if contained else "less"}.get(
                effect, effect
            )
            right, name = steps.take(right, effect)
        rule.append(f"{side}: {name}")
    witness: Any = MISSING
    if not contained:
        witness = _witness(rng, maker.rooted(first), maker.rooted(first), dialect, valid_only=True)
        if witness is not MISSING and not rule[1:]:  # One value is taken out, the rest stays.
            right, name = steps.take({"allOf": [right, {"not": dialect.const(witness)}]}, "equal")
            rule.append("right: without one value, " + name)
        witness = _witness(rng, maker.rooted(left), maker.rooted(right), dialect, witness)
        if witness is MISSING:
            return None
    return Pair(dialect.name, maker.rooted(left), maker.rooted(right), contained, "; ".join(rule), witness)


def _witness(
    rng: random.Random, left: Any, right: Any, dialect: Dialect, first: Any = MISSING, *, valid_only: bool = False
) -> Any:
    """A value that both judges find in `left` only (`valid_only`: in `left`)."""
    sampler = Sampler(rng, left, right)
    inside, outside = Judges(left, dialect), Judges(right, dialect)
    for attempt in range(40):
        value = first if attempt == 0 and first is not MISSING else sampler.value(left, left)
        if inside(value) and (valid_only or outside(value) is False):
            return value
    return MISSING


Step = Callable[[Any], Any]


class Steps:
    """The rewritings. Each takes a schema and gives another, or the same object where it does not apply."""

    def __init__(self, maker: Maker) -> None:
        self.maker, self.rng, self.dialect = maker, maker.rng, maker.dialect
        self.equal: dict[str, Step] = {
            "double negation": lambda s: {"not": {"not": s}},
            "De Morgan": self.de_morgan,
            "reference": maker.reference,
            "split in two": self.split,
            "split by type": self.by_type,
            "impossible branch": self.impossible_branch,
            "sure conjunct": lambda s: self.shuffled("allOf", [s, self.sure()]),
            "said twice": lambda s: {"allOf": [s, s]},
            "one branch": lambda s: {self.rng.choice(["anyOf", "oneOf", "allOf"]): [s]},
            "listed": self.listed,
            "exclusive bounds": self.exclusive,
            "distributed": self.distributed,
            "by cases": self.by_cases,
            "named by pattern": self.by_pattern,
            "order": self.reordered,
        }

    def take(self, schema: Any, effect: str) -> tuple[Any, str]:
        """One step with the effect `equal`, `less` or `more`, at the top or at a place inside; with its name."""
        if effect == "equal":
            for _ in range(8):
                name = self.rng.choice(sorted(self.equal))
                result = self.inside(schema, lambda s, e: self.equal[name](s), "equal")  # noqa: B023
                if result is not schema:
                    return result, name
            return schema, "same"
        return self.inside(schema, lambda s, e: self.less(s) if e == "less" else self.more(s), effect), effect

    def inside(self, schema: Any, step: Callable[[Any, str], Any], effect: str) -> Any:
        """Apply the step here, or below where the effect on the whole is known; under `not` it is turned round."""
        if self.rng.random() < 0.45 or not isinstance(schema, dict) or "$ref" in schema or _looks_back(schema):
            return step(schema, effect)
        turned = {"less": "more", "more": "less"}.get(effect, effect)
        places: list[tuple[str, Any, str]] = []
        for word, inner in schema.items():
            if word in ("properties", "patternProperties", "dependentSchemas", "dependencies"):
                places += [(word, key, effect) for key, one in inner.items() if not isinstance(one, list)]
            elif word in ("allOf", "anyOf", "prefixItems") or (word == "items" and isinstance(inner, list)):
                places += [(word, index, effect) for index in range(len(inner))]
            elif word in ("items", "additionalItems", "additionalProperties", "propertyNames", "then", "else"):
                if not isinstance(inner, bool):
                    places.append((word, None, effect))
            elif word == "not":
                places.append((word, None, turned))
            elif word == "oneOf" and effect == "equal":
                places += [(word, index, effect) for index in range(len(inner))]
            elif word in ("contains", "if") and effect == "equal":
                places.append((word, None, effect))
        if not places:
            return step(schema, effect)
        word, key, effect = self.rng.choice(places)
        if key is None:
            return {**schema, word: self.inside(schema[word], step, effect)}
        parts = dict(schema[word]) if isinstance(schema[word], dict) else list(schema[word])
        parts[key] = self.inside(parts[key], step, effect)
        return {**schema, word: parts}

    # Smaller and larger sets.

    def less(self, schema: Any) -> Any:
        """A schema of the same values or fewer."""
        changes = self._tighter(schema) if isinstance(schema, dict) and not _looks_back(schema) else []
        if changes and self.rng.random() < 0.75:
            return self.rng.choice(changes)
        return self.shuffled("allOf", [schema, self.maker.schema(1)])

    def more(self, schema: Any) -> Any:
        """A schema of the same values or more."""
        changes = self._looser(schema) if isinstance(schema, dict) and not _looks_back(schema) else []
        if changes and self.rng.random() < 0.75:
            return self.rng.choice(changes)
        return self.shuffled("anyOf", [schema, self.maker.schema(1)])

    def _tighter(self, schema: dict[str, Any]) -> list[Any]:
        if "$ref" in schema:
            return []
        found: list[Any] = []
        for word, value in schema.items():
            if word in ("minimum", "minLength", "minItems", "minProperties"):
                found.append({**schema, word: value + 1})
            elif word in ("maximum", "maxLength", "maxItems", "maxProperties") and (value > 0 or word == "maximum"):
                found.append({**schema, word: value - 1})
            elif word == "multipleOf":
                found.append({**schema, word: value * self.rng.choice([2, 3])})
            elif word == "required":
                found.append({**schema, word: [*value, *({"a", "zz"} - set(value))][: len(value) + 1]})
            elif (word == "enum" or (word in ("type", "anyOf") and isinstance(value, list))) and len(value) > 1:
                gone = self.rng.randrange(len(value))
                found.append({**schema, word: value[:gone] + value[gone + 1 :]})
            elif word == "type" and value == "number":
                found.append({**schema, word: "integer"})
        if schema.get("type") == "object" and "additionalProperties" not in schema:
            found.append({**schema, "additionalProperties": False})
            free = [key for key in ("a", "b", "zz") if key not in schema.get("properties", {})]
            if free:
                fresh = {self.rng.choice(free): self.maker.schema(1)}
                found.append({**schema, "properties": {**schema.get("properties", {}), **fresh}})
        if schema.get("type") == "array" and "uniqueItems" not in schema:
            found.append({**schema, "uniqueItems": True})
        return found

    def _looser(self, schema: dict[str, Any]) -> list[Any]:
        if "$ref" in schema:
            return []
        found: list[Any] = []
        for word, value in schema.items():
            rest = {key: inner for key, inner in schema.items() if key != word}
            if word == "minimum" or (word in ("minLength", "minItems", "minProperties") and value > 0):
                found.append({**schema, word: value - 1})
            elif word in ("maximum", "maxLength", "maxItems", "maxProperties"):
                found.append({**schema, word: value + 1})
            elif word in ("enum", "type") and isinstance(value, list):
                more = ["zz", -7] if word == "enum" else [one for one in TYPES if one not in value]
                found.append({**schema, word: [*value, self.rng.choice(more)]} if more[0] not in value else rest)
            elif word == "type" and value == "integer":
                found.append({**schema, word: "number"})
            elif word in ("required", "pattern", "uniqueItems", "not", "propertyNames", "multipleOf", "oneOf", "anyOf",
                          "additionalProperties", "dependentRequired", "const"):  # fmt: skip
                found.append(rest)
        return found

    # The same set.

    def shuffled(self, word: str, parts: list[Any]) -> Any:
        """The parts in any order under one keyword."""
        self.rng.shuffle(parts)
        return {word: parts}

    def de_morgan(self, schema: Any) -> Any:
        """`anyOf` as `not allOf not`, and the other way round."""
        for word, other in (("anyOf", "allOf"), ("allOf", "anyOf")):
            if isinstance(schema, dict) and set(schema) == {word}:
                return {"not": {other: [{"not": one} for one in schema[word]]}}
        return schema

    def split(self, schema: Any) -> Any:
        """The keywords of one schema in two schemas, those that look at each other kept together."""
        if not isinstance(schema, dict) or "$ref" in schema or _looks_back(schema) or len(schema) < 2:
            return schema
        groups: list[dict[str, Any]] = [{}, {}]
        side: dict[str, int] = {}
        for word, value in schema.items():
            group = next((number for number, words in enumerate(_TOGETHER) if word in words), None)
            key = word if group is None else str(group)
            groups[side.setdefault(key, self.rng.randint(0, 1))][word] = value
        return {"allOf": groups} if all(groups) else schema

    def by_type(self, schema: Any) -> Any:
        """The schema once for each type, or for two groups of types."""
        types = list(TYPES if self.rng.random() < 0.5 else TYPES[:2] + TYPES[3:])
        if "integer" in types:
            types.remove("number")
            types.append("number")
        cut = self.rng.randint(1, len(types) - 1)
        groups = [[one] for one in types] if self.rng.random() < 0.5 else [types[:cut], types[cut:]]
        return self.shuffled("anyOf", [{"allOf": [self.dialect.of_types(group), schema]} for group in groups])

    def never(self) -> Any:
        """A schema that nothing is valid under."""
        integer, string = {"type": "integer"}, {"type": "string"}
        return self.rng.choice([
            self.dialect.never(), {"allOf": [integer, string]}, {**string, "minLength": 3, "maxLength": 2},
            {**string, "enum": [1, True]}, {**integer, "minimum": 1, "maximum": 4, "multipleOf": 5}, {"not": {}},
            {**string, "pattern": "^[a-c]$", "allOf": [{"pattern": "[d-f]"}]}, {"allOf": [string, {"not": string}]},
            {"type": "object", "required": ["q"], "properties": {"q": {"not": {}}}},
            {"type": "object", "required": ["p", "q"], "maxProperties": 1},
            {"type": "array", "minItems": 3, "uniqueItems": True, "items": {"enum": [0, "x"]}},
            {"type": "array", "minItems": 1, "items": {"allOf": [{"enum": ["u", "v"]}, {"not": {"enum": ["v", "u"]}}]}},
            {"type": "number", "minimum": 2.5, "maximum": 2},
        ])  # fmt: skip

    def sure(self) -> Any:
        """A schema that everything is valid under."""
        other = self.maker.schema(1)
        return self.rng.choice([
            {}, {"minLength": 0, "minItems": 0}, {"anyOf": [other, {"not": other}]}, {"not": self.never()},
            {"anyOf": [{"minLength": 2}, {"maxLength": 3}]}, {"anyOf": [{"minimum": 0}, {"maximum": 0}]},
            {"anyOf": [{"required": ["a"]}, {"not": {"required": ["a"]}}]},
            {"anyOf": [{"pattern": "a"}, {"not": {"pattern": "a"}}]},
        ])  # fmt: skip

    def impossible_branch(self, schema: Any) -> Any:
        """One more branch, that is never taken."""
        return self.shuffled(self.rng.choice(["anyOf", "oneOf"]), [schema, self.never()])

    def listed(self, schema: Any) -> Any:
        """A list of values as values one by one; a finite type as its values."""
        if not isinstance(schema, dict):
            return schema
        if set(schema) == {"enum"}:
            return self.shuffled("anyOf", [self.dialect.const(value) for value in schema["enum"]])
        if set(schema) == {"const"}:
            return {"enum": [schema["const"]]}
        if schema == {"type": "boolean"}:
            return {"enum": [True, False]}
        if schema == {"type": "null"}:
            return {"enum": [None]}
        if isinstance(schema.get("type"), list) and len(schema["type"]) > 1:
            return {"anyOf": [{**schema, "type": one} for one in schema["type"]]}
        return schema

    def exclusive(self, schema: Any) -> Any:
        """An integer's inclusive bound as an exclusive one."""
        if (
            not isinstance(schema, dict)
            or schema.get("type") != "integer"
            or not isinstance(schema.get("minimum"), int)
        ):
            return schema
        if "exclusiveMinimum" in schema:
            return schema
        if self.dialect.age == 4:
            return {**schema, "minimum": schema["minimum"] - 1, "exclusiveMinimum": True}
        rest = {word: value for word, value in schema.items() if word != "minimum"}
        return {**rest, "exclusiveMinimum": schema["minimum"] - 1}

    def distributed(self, schema: Any) -> Any:
        """`S` as `S and T, or S and not T`."""
        other = self.maker.schema(1)
        both = [{"allOf": [schema, other]}, {"allOf": [{"not": other}, schema]}]
        return self.shuffled(self.rng.choice(["anyOf", "oneOf"]), both)

    def by_cases(self, schema: Any) -> Any:
        """`if` written out, or what is the same in both cases put under `if`."""
        if self.dialect.age < 7:
            return schema
        if isinstance(schema, dict) and "if" in schema and not _looks_back(schema):
            rest = {word: value for word, value in schema.items() if word not in ("if", "then", "else")}
            met = [schema["if"], schema.get("then", {})]
            return {
                "allOf": [rest, {"anyOf": [{"allOf": met}, {"allOf": [{"not": schema["if"]}, schema.get("else", {})]}]}]
            }
        return {"if": self.maker.schema(1), "then": schema, "else": schema}

    def by_pattern(self, schema: Any) -> Any:
        """Properties given by patterns that each match one name."""
        if not isinstance(schema, dict) or "patternProperties" in schema or "properties" not in schema:
            return schema
        if self.dialect.openapi or "unevaluatedProperties" in schema:
            return schema
        rest = {word: value for word, value in schema.items() if word != "properties"}
        return {**rest, "patternProperties": {f"^{key}$": value for key, value in schema["properties"].items()}}

    def reordered(self, schema: Any) -> Any:
        """Keywords and branches in another order."""
        if not isinstance(schema, dict) or len(schema) < 2:
            return schema
        words = list(schema)
        self.rng.shuffle(words)
        orderless = ("anyOf", "allOf", "oneOf", "enum", "required")
        return {word: schema[word][::-1] if word in orderless else schema[word] for word in words}


_TOGETHER = (
    {"properties", "patternProperties", "additionalProperties"}, {"items", "prefixItems", "additionalItems"},
    {"contains", "minContains", "maxContains"}, {"if", "then", "else"}, {"minimum", "exclusiveMinimum"},
    {"maximum", "exclusiveMaximum"}, {"type", "nullable", "enum"},
)  # fmt: skip


def _looks_back(schema: Any) -> bool:
    """Whether a keyword of the schema, or of one that it applies in place, sees what others have looked at."""
    if isinstance(schema, dict):
        return any(word.startswith("unevaluated") or _looks_back(inner) for word, inner in schema.items())
    return isinstance(schema, list) and any(map(_looks_back, schema))
