"""Random JSON schemas of every dialect, random values near them, and the two judges who know which value is valid."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import jsonschema
import jsonschema_rs

DIALECTS = ("draft4", "draft6", "draft7", "draft2019-09", "draft2020-12", "openapi3.0")
TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
KEYS = ("a", "b", "ab", "c1", "é")
VALUES: tuple[Any, ...] = (None, True, False, 0, 1, 2, 3, 1.5, -1, 10, "", "a", "ab", "b", "7", [], [1], ["a", 1], {},
                           {"a": 1}, {"b": "a"}, 2**53, "é", [[]], {"a": {"b": 1}}, [{"a": 1}, 1])  # fmt: skip
PATTERNS: dict[str, tuple[str, ...]] = {
    "^a": ("a", "ab", "a1"), "^[a-z]+$": ("a", "zz", "abc"), "^[a-z]{1,3}$": ("a", "abc"), "b": ("b", "ab", "bb"),
    "^[0-9]{2,4}$": ("12", "1234"), "^(a|b)*$": ("", "ab", "aab"), "^x?y$": ("y", "xy"), "[0-9]": ("1", "a1", "c1"),
}  # fmt: skip

_OPENAPI_NULL = {"type": "string", "nullable": True, "enum": [None]}


@dataclass(frozen=True)
class Dialect:
    """What a dialect can say."""

    name: str

    @cached_property
    def age(self) -> int:
        """4, 6, 7, 2019 or 2020; OpenAPI 3.0 is of the age of draft 4."""
        return {"draft4": 4, "draft6": 6, "draft7": 7, "draft2019-09": 2019, "draft2020-12": 2020}.get(self.name, 4)

    @property
    def openapi(self) -> bool:
        return self.name == "openapi3.0"

    @property
    def definitions(self) -> tuple[str, ...]:
        """The path of reusable schemas."""
        return ("components", "schemas") if self.openapi else ("$defs",) if self.age >= 2019 else ("definitions",)

    def never(self) -> Any:
        """The schema of nothing."""
        return False if self.age >= 6 else {"not": {}}

    def of_types(self, types: list[str]) -> Any:
        """The schema of some types."""
        if not self.openapi:
            return {"type": types[0] if len(types) == 1 else types}
        single: list[Any] = [_OPENAPI_NULL if one == "null" else {"type": one} for one in types]
        return single[0] if len(single) == 1 else {"anyOf": single}

    def const(self, value: Any) -> Any:
        """The schema of one value."""
        if self.openapi and value is None:
            return _OPENAPI_NULL
        return {"const": value} if self.age >= 6 else {"enum": [value]}


@dataclass
class Maker:
    """Random schemas of one dialect."""

    rng: random.Random
    dialect: Dialect
    shared: dict[str, Any] = field(default_factory=dict)
    """Schemas that are referred to by name; `rooted` adds them."""

    def schema(self, depth: int = 3) -> Any:
        """A random schema; most allow something."""
        rng = self.rng
        kind = rng.random()
        if depth <= 0 or kind < 0.1:
            return self._leaf()
        if kind < 0.75:
            return self._typed(depth)
        if kind < 0.83:
            return {rng.choice(["anyOf", "allOf"]): [self.schema(depth - 1) for _ in range(rng.randint(1, 3))]}
        if kind < 0.87:
            return {"oneOf": [self.schema(depth - 1) for _ in range(rng.randint(1, 3))]}
        if kind < 0.91:
            return {"not": self.schema(depth - 1)}
        if kind < 0.93:
            return {
                **self._typed(depth - 1),
                self.rng.choice(["anyOf", "allOf", "oneOf"]): [
                    self.schema(depth - 1) for _ in range(rng.randint(1, 2))
                ],
            }
        if kind < 0.95 and self.dialect.age >= 7:
            parts = {word: self.schema(depth - 2) for word in ("then", "else") if rng.random() < 0.7}
            return {"if": self.schema(depth - 2), **parts}
        if kind < 0.98:
            return self.reference(self.schema(depth - 1))
        return self._recursive()

    def rooted(self, schema: Any) -> Any:
        """The schema as a document of its own, with the named schemas that it may refer to."""
        if not self.shared:
            return schema
        within: Any = dict(self.shared)
        for step in reversed(self.dialect.definitions[1:]):
            within = {step: within}
        first = self.dialect.definitions[0]
        if isinstance(schema, bool) or first in schema or "$ref" in schema:
            schema = {"allOf": [schema]}
        return {**schema, first: within}

    def reference(self, target: Any) -> Any:
        """A reference to a named copy of `target`, by its place or by an anchor."""
        name = f"n{len(self.shared)}"
        if self.rng.random() < 0.2 and isinstance(target, dict) and target and "$ref" not in target:
            word = {4: "id", 6: "$id", 7: "$id"}.get(self.dialect.age, "$anchor")
            if not self.dialect.openapi and word not in target:
                self.shared[name] = {word: name if word == "$anchor" else f"#{name}", **target}
                return {"$ref": f"#{name}"}
        self.shared[name] = target
        return {"$ref": "#/" + "/".join((*self.dialect.definitions, name))}

    def _recursive(self) -> Any:
        name = f"n{len(self.shared)}"
        here = {"$ref": "#/" + "/".join((*self.dialect.definitions, name))}
        self.shared[name] = self.rng.choice([
            {"type": "object", "properties": {"a": here, "b": self._leaf()}},
            {"anyOf": [self._leaf(), {"type": "array", "items": here, "maxItems": 2}]},
            {"type": "object", "required": ["b"], "properties": {"b": self._leaf()}, "additionalProperties": here},
        ])  # fmt: skip
        return here

    def _leaf(self) -> Any:
        rng = self.rng
        kind = rng.random()
        if kind < 0.15:
            return rng.choice([{}, {}, self.dialect.never()])
        if kind < 0.4:
            return self.dialect.const(rng.choice(VALUES))
        if kind < 0.6:
            chosen = list({repr(value): value for value in rng.sample(VALUES, rng.randint(1, 4))}.values())
            if self.dialect.openapi:
                chosen = [value for value in chosen if value is not None] or [1]
            return {"enum": chosen}
        return self.dialect.of_types(rng.sample(TYPES, rng.choice([1, 1, 1, 2])))

    def _typed(self, depth: int) -> Any:
        builders = {"integer": self._number, "number": self._number, "string": self._string, "array": self._array}
        kind = self.rng.choice([*builders, "object", "object"])
        build = builders.get(kind, self._object)
        result = build(depth)
        if self.rng.random() < 0.85:
            result = {"type": kind, **result}
            if self.rng.random() < 0.15:
                if self.dialect.openapi:
                    result["nullable"] = True
                else:
                    result["type"] = [kind, "null" if self.rng.random() < 0.5 else "boolean"]
        return result

    def _some(self, options: dict[str, Callable[[], Any]], least: int = 0) -> dict[str, Any]:
        number = self.rng.choice([1, 1, 2, 2, 3])
        names = self.rng.sample(sorted(options), min(max(least, number), len(options)))
        return {name: options[name]() for name in names}

    def _number(self, depth: int) -> dict[str, Any]:
        rng = self.rng
        result = self._some({
            "minimum": lambda: rng.choice([-1, 0, 1, 1.5, 2]), "maximum": lambda: rng.choice([0, 1, 3, 2.5, 10]),
            "multipleOf": lambda: rng.choice([1, 2, 3, 0.5, 5, 0.25, 7, 1e3]),
            "exclusiveMinimum": lambda: rng.choice([-1, 0, 1, 0.5]),
            "exclusiveMaximum": lambda: rng.choice([1, 2, 3.5, 11]),
        })  # fmt: skip
        if self.dialect.age == 4:  # There `exclusive…` is a flag of the bound.
            for flag, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
                if flag in result:
                    result[bound], result[flag] = result[flag], True
        return result

    def _string(self, depth: int) -> dict[str, Any]:
        rng = self.rng
        return self._some({
            "minLength": lambda: rng.randint(0, 3), "maxLength": lambda: rng.randint(0, 4),
            "pattern": lambda: rng.choice(list(PATTERNS)),
        })  # fmt: skip

    def _array(self, depth: int) -> dict[str, Any]:
        rng, dialect = self.rng, self.dialect
        options: dict[str, Callable[[], Any]] = {
            "minItems": lambda: rng.randint(0, 2), "maxItems": lambda: rng.randint(0, 3), "uniqueItems": lambda: True,
            "items": lambda: self.schema(depth - 1),
        }  # fmt: skip
        if dialect.age >= 6:
            options["contains"] = lambda: self.schema(depth - 2)
        if dialect.age >= 2019:
            options["unevaluatedItems"] = lambda: False if rng.random() < 0.5 else self.schema(depth - 2)
        result = self._some(options)
        if "contains" in result and dialect.age >= 2019:
            result |= {word: rng.randint(0, 2) for word in ("minContains", "maxContains") if rng.random() < 0.3}
        if "items" in result and not dialect.openapi and rng.random() < 0.4:
            tuple_, rest = ("prefixItems", "items") if dialect.age == 2020 else ("items", "additionalItems")
            others = result.pop("items")
            result[tuple_] = [self.schema(depth - 1) for _ in range(rng.randint(1, 2))]
            if rng.random() < 0.6:
                result[rest] = others if rng.random() < 0.6 or dialect.age == 4 else False
        return result

    def _object(self, depth: int) -> dict[str, Any]:
        rng, dialect = self.rng, self.dialect
        options: dict[str, Callable[[], Any]] = {
            "properties": lambda: {key: self.schema(depth - 1) for key in rng.sample(KEYS, rng.randint(1, 3))},
            "required": lambda: rng.sample(KEYS, rng.randint(1, 2)),
            "minProperties": lambda: rng.randint(0, 2), "maxProperties": lambda: rng.randint(0, 3),
            "additionalProperties": lambda: False if rng.random() < 0.5 else self.schema(depth - 1),
        }  # fmt: skip
        if not dialect.openapi:
            options["patternProperties"] = lambda: {
                one: self.schema(depth - 1) for one in rng.sample(["^a", "b", "[0-9]", "^[a-b]+$"], rng.randint(1, 2))
            }
            word = "dependencies" if dialect.age < 2019 else "dependentSchemas"
            options[word] = lambda: {rng.choice(KEYS): self._at_least_object(depth - 2)}
        if dialect.age >= 6:
            options["propertyNames"] = lambda: self._string(0)
        if dialect.age >= 2019:
            options["dependentRequired"] = lambda: {rng.choice(KEYS): [rng.choice(KEYS)]}
            options["unevaluatedProperties"] = lambda: False if rng.random() < 0.5 else self.schema(depth - 2)
        return self._some(options, least=2)

    def _at_least_object(self, depth: int) -> Any:
        found = self.schema(depth)
        return found if isinstance(found, dict) else {}


def constants(schema: Any) -> Iterator[Any]:
    """The values and the numbers that a schema mentions, with their neighbours."""
    if isinstance(schema, dict):
        for word, inner in schema.items():
            if word == "enum" and isinstance(inner, list):
                yield from inner
            elif word in ("const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"):
                yield inner
                if isinstance(inner, int | float) and not isinstance(inner, bool):
                    yield from (inner - 1, inner + 1, inner + 0.5, inner * 2)
            elif word == "pattern" and isinstance(inner, str):
                yield from PATTERNS.get(inner, ())
            else:
                yield from constants(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from constants(inner)


class Sampler:
    """Random values near some schemas."""

    def __init__(self, rng: random.Random, *schemas: Any) -> None:
        self.rng = rng
        self.roots = schemas
        mentioned = {repr(value): value for schema in schemas for value in constants(schema)}
        self.pool = [*VALUES, "abc", "12", "aaaa", "y", "é", 4, -2.5, *mentioned.values()]

    def value(self, schema: Any, root: Any, depth: int = 3) -> Any:
        """A value that has a fair chance to be valid."""
        rng = self.rng
        if not isinstance(schema, dict) or depth <= 0 or rng.random() < 0.08:
            return self._any(depth)
        if isinstance(reference := schema.get("$ref"), str):
            target = root
            for step in reference.split("/")[1:]:
                target = target.get(step, {}) if isinstance(target, dict) else {}
            if "/" not in reference:
                homes = (root.get(home, {}) for home in ("definitions", "$defs"))
                target = next((home[reference[1:]] for home in homes if reference[1:] in home), {})
            return self.value(target, root, depth - 1)
        for word in ("anyOf", "oneOf", "allOf"):
            if schema.get(word) and rng.random() < 0.8:
                branch = rng.choice(schema[word])
                if word == "allOf" and isinstance(branch, dict):
                    branch = {
                        **{k: v for one in schema[word] if isinstance(one, dict) for k, v in one.items()},
                        **branch,
                    }
                others = {key: inner for key, inner in schema.items() if key != word}
                return self.value({**others, **branch} if isinstance(branch, dict) else others, root, depth)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return rng.choice(schema["enum"])
        types = schema.get("type") or next((t for w, t in _HINTS.items() if w in schema), rng.choice(TYPES))
        kind = rng.choice(types) if isinstance(types, list) else types
        if kind == "object":
            return self._object(schema, root, depth)
        if kind == "array":
            return self._array(schema, root, depth)
        fitting = [value for value in self.pool if jsonschema_rs.is_valid({"type": kind}, value)]
        return rng.choice(fitting) if fitting else self._any(depth)

    def _any(self, depth: int) -> Any:
        rng = self.rng
        kind = rng.random()
        if depth <= 0 or kind < 0.7:
            return rng.choice(self.pool)
        if kind < 0.85:
            return [self._any(depth - 1) for _ in range(rng.randint(0, 3))]
        return {rng.choice(KEYS): self._any(depth - 1) for _ in range(rng.randint(0, 3))}

    def _object(self, schema: dict[str, Any], root: Any, depth: int) -> Any:
        rng = self.rng
        keys = {key for key in (*KEYS, "zz", "b2") if rng.random() < 0.25} | set(schema.get("required", ()))
        properties = schema.get("properties", {})
        keys |= {key for key in properties if rng.random() < 0.6}
        rest = schema.get("additionalProperties", {})
        found = {}
        for key in sorted(keys):
            if key not in properties and rest is False and rng.random() < 0.8:
                continue
            found[key] = self.value(properties.get(key, rest), root, depth - 1)
        return found

    def _array(self, schema: dict[str, Any], root: Any, depth: int) -> Any:
        least, most = schema.get("minItems", 0), schema.get("maxItems", 3)
        size = self.rng.randint(least, max(least, most)) if least < 6 else least
        items = schema.get("items", {})
        first = schema.get("prefixItems", items if isinstance(items, list) else [])
        rest = schema.get("additionalItems", schema.get("contains", {})) if isinstance(items, list) else items
        return [self.value(first[i] if i < len(first) else rest, root, depth - 1) for i in range(min(size, 8))]


_WORDS = {
    "object": "properties required additionalProperties patternProperties minProperties maxProperties propertyNames",
    "array": "items prefixItems minItems maxItems contains uniqueItems",
    "number": "minimum maximum multipleOf exclusiveMinimum exclusiveMaximum",
    "string": "pattern minLength maxLength",
}
_HINTS = {word: kind for kind, words in _WORDS.items() for word in words.split()}


def plain(schema: Any, dialect: Dialect) -> Any:
    """A schema of OpenAPI 3.0 said in draft 7 (where `1.0` is an integer), for the judges; others as they are."""
    if not dialect.openapi:
        return schema
    if isinstance(schema, list):
        return [plain(inner, dialect) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}
    result = {
        word: {key: plain(inner, dialect) for key, inner in value.items()}
        if word in ("properties", "schemas")
        else value
        if word in ("enum", "required")
        else plain(value, dialect)
        for word, value in schema.items()
        if word != "nullable"
    }
    for flag, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if result.pop(flag, False) and bound in result:
            result[flag] = result.pop(bound)
    if isinstance(result.get("type"), str) and schema.get("nullable") is True:
        result["type"] = [result["type"], "null"]
    return result


class Judges:
    """Two independent validators of one schema; `__call__` is None where they differ or one gives up."""

    def __init__(self, schema: Any, dialect: Dialect) -> None:
        schema = plain(schema, dialect)
        draft = 7 if dialect.openapi else {4: 4, 6: 6, 7: 7, 2019: 201909, 2020: 202012}[dialect.age]
        self.rust = getattr(jsonschema_rs, f"Draft{draft}Validator")(schema)
        self.python = getattr(jsonschema, f"Draft{draft}Validator")(schema)

    def __call__(self, value: Any) -> bool | None:
        try:
            rust = self.rust.is_valid(value)
            return rust if rust == self.python.is_valid(value) else None
        except Exception:  # Neither validator is without faults of its own.
            return None
