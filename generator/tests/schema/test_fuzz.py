"""Random pairs of schemas against sampling: no sampled value may contradict an answer.

`TENON_SCHEMA_PAIRS` sets how many pairs are drawn (a few hundred by default, so that the run stays short).
"""

from __future__ import annotations

import os
import random
from collections import Counter
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
from tenon import schema

PAIRS = int(os.environ.get("TENON_SCHEMA_PAIRS", "300"))
SEED = int(os.environ.get("TENON_SCHEMA_SEED", "1"))
SAMPLES = 60

NAMES = ["a", "b", "ab", "c"]
PATTERNS = ["^a", "b$", "^a*$", "^[ab]+$", "^.{2}$", "a"]
SCALARS: list[Any] = [None, True, False, 0, 1, 2, 3, -1, 0.5, 1.5, 6, "", "a", "b", "ab", "aa", "c"]

PYTHON = {
    "draft4": jsonschema.Draft4Validator,
    "draft6": jsonschema.Draft6Validator,
    "draft7": jsonschema.Draft7Validator,
    "draft2019-09": jsonschema.Draft201909Validator,
    "draft2020-12": jsonschema.Draft202012Validator,
}
RUST = {
    "draft4": jsonschema_rs.Draft4Validator,
    "draft6": jsonschema_rs.Draft6Validator,
    "draft7": jsonschema_rs.Draft7Validator,
    "draft2019-09": jsonschema_rs.Draft201909Validator,
    "draft2020-12": jsonschema_rs.Draft202012Validator,
}


class Draw:
    """Random schemas and values of one dialect over a small vocabulary, so that keywords meet."""

    def __init__(self, seed: object, dialect: str) -> None:
        self.random = random.Random(str(seed))
        self.dialect = dialect
        self.age = {"draft4": 4, "draft6": 6, "draft7": 7, "draft2019-09": 2019, "draft2020-12": 2020}[dialect]

    def value(self, depth: int = 2) -> Any:
        kind = self.random.random()
        if depth == 0 or kind < 0.6:
            return self.random.choice(SCALARS)
        if kind < 0.8:
            return [self.value(depth - 1) for _ in range(self.random.randrange(4))]
        return {self.random.choice(NAMES): self.value(depth - 1) for _ in range(self.random.randrange(4))}

    def schema(self, depth: int, names: int = 3) -> Any:
        """A schema with one to `names` keywords."""
        if self.age > 4 and self.random.random() < 0.06:
            return self.random.random() < 0.5
        written: dict[str, Any] = {}
        for _ in range(self.random.randint(1, names)):
            written.update(self.keyword(depth))
        return written

    def keyword(self, depth: int) -> dict[str, Any]:
        pick, leaf = self.random, depth <= 0
        sub = lambda: self.schema(depth - 1)  # noqa: E731
        some = lambda: [sub() for _ in range(pick.randint(1, 3))]  # noqa: E731
        types = ["null", "boolean", "integer", "number", "string", "array", "object"]
        leaves = [
            lambda: {"type": pick.choice(types)},
            lambda: {"type": sorted(pick.sample(types, 2))},
            lambda: {"minimum": pick.choice([-1, 0, 0.5, 2])},
            lambda: {"maximum": pick.choice([0, 1, 1.5, 3])},
            lambda: {"multipleOf": pick.choice([0.5, 1, 2, 3])},
            lambda: {"minLength": pick.randrange(3)},
            lambda: {"maxLength": pick.randrange(3)},
            lambda: {"pattern": pick.choice(PATTERNS)},
            lambda: {"enum": [self.value(1) for _ in range(pick.randint(1, 4))]},
            lambda: {"required": sorted(set(pick.choices(NAMES, k=pick.randint(1, 2))))},
            lambda: {"minItems": pick.randrange(4)},
            lambda: {"maxItems": pick.randrange(4)},
            lambda: {"uniqueItems": True},
            lambda: {"minProperties": pick.randrange(3)},
            lambda: {"maxProperties": pick.randrange(4)},
        ]
        if self.age == 4:
            leaves.append(lambda: {"minimum": 0, "exclusiveMinimum": True})
        else:
            leaves.append(lambda: {"const": self.value(2)})
            leaves.append(lambda: {"exclusiveMinimum": pick.choice([-1, 0, 1])})
            leaves.append(lambda: {"exclusiveMaximum": pick.choice([1, 2, 2.5])})
        if self.age >= 2019:
            leaves.append(lambda: {"dependentRequired": {pick.choice(NAMES): [pick.choice(NAMES)]}})
        if leaf:
            return pick.choice(leaves)()
        nested = [
            lambda: {"properties": {name: sub() for name in pick.sample(NAMES, pick.randint(1, 2))}},
            lambda: {"additionalProperties": sub()},
            lambda: {"properties": {pick.choice(NAMES): sub()}, "additionalProperties": False},
            lambda: {"patternProperties": {pick.choice(PATTERNS): sub()}},
            lambda: {"items": sub()},
            lambda: {"allOf": some()},
            lambda: {"anyOf": some()},
            lambda: {"oneOf": some()},
            lambda: {"not": sub()},
            lambda: {"properties": {pick.choice(NAMES): {"$ref": "#"}}},
        ]
        if self.age <= 7:
            nested.append(lambda: {"dependencies": {pick.choice(NAMES): pick.choice([sub(), [pick.choice(NAMES)]])}})
        if self.age <= 2019:
            nested.append(lambda: {"items": some(), "additionalItems": sub()})
        else:
            nested.append(lambda: {"prefixItems": some(), "items": sub()})
        if self.age > 4:
            nested.append(lambda: {"contains": sub()})
            nested.append(lambda: {"propertyNames": sub()})
        if self.age >= 7:
            nested.append(lambda: {"if": sub(), "then": sub(), "else": sub()})
        if self.age >= 2019:
            nested.append(lambda: {"contains": sub(), "minContains": pick.randrange(3), "maxContains": pick.randint(1, 3)})
            nested.append(lambda: {"dependentSchemas": {pick.choice(NAMES): sub()}})
            nested.append(lambda: {"unevaluatedProperties": sub(), **self.keyword(depth - 1)})
            nested.append(lambda: {"unevaluatedItems": sub(), **self.keyword(depth - 1)})
        return pick.choice(leaves if pick.random() < 0.4 else nested)()

    def pair(self) -> tuple[Any, Any]:
        """Two schemas; often the second is a variation of the first, so that inclusions are not rare."""
        a = self.schema(2)
        shape = self.random.random()
        if shape < 0.35 or not isinstance(a, dict):
            return a, self.schema(2)
        if shape < 0.55:
            return {"allOf": [a, self.schema(1)]}, a
        if shape < 0.75:
            return a, {"anyOf": [self.schema(1), a]}
        changed = dict(a)
        changed.update(self.keyword(1))
        if len(changed) > 1 and self.random.random() < 0.5:
            del changed[self.random.choice(sorted(changed))]
        return (a, changed) if self.random.random() < 0.5 else (changed, a)


def judge(dialect: str, written: Any) -> Any:
    """The verdicts of both validators as one function; None where they differ or fail."""
    first, second = PYTHON[dialect](written), RUST[dialect](written, validate_formats=False)

    def valid(value: Any) -> bool | None:
        try:
            verdict = bool(first.is_valid(value))
            return verdict if verdict is bool(second.is_valid(value)) else None
        except Exception:
            return None

    return valid


def contradictions(dialect: str, pairs: int, seed: int) -> tuple[list[tuple[Any, ...]], Counter[str]]:
    """The answers that a sampled value contradicts, and how many answers of each kind there were."""
    wrong: list[tuple[Any, ...]] = []
    kinds: Counter[str] = Counter()
    for number in range(pairs):
        draw = Draw((seed, dialect, number), dialect)
        a, b = draw.pair()
        verdict = schema.is_subset(a, b, dialect=dialect)
        kinds[type(verdict).__name__] += 1
        if isinstance(verdict, schema.Unproven):
            kinds[verdict.reason] += 1
            continue
        try:
            in_a, in_b = judge(dialect, a), judge(dialect, b)
        except Exception:
            continue
        if isinstance(verdict, schema.Refuted):
            if not (in_a(verdict.witness) is True and in_b(verdict.witness) is False):
                wrong.append((a, b, verdict))
            continue
        for _ in range(SAMPLES):
            value = draw.value(3)
            if in_a(value) is True and in_b(value) is False:
                wrong.append((a, b, value))
                break
    return wrong, kinds


@pytest.mark.parametrize("dialect", PYTHON)
def test_no_sampled_value_contradicts_an_answer(dialect: str) -> None:
    wrong, kinds = contradictions(dialect, PAIRS, SEED)
    assert wrong == []
    assert kinds["Unproven"] <= PAIRS // 20
    assert min(kinds["Proved"], kinds["Refuted"]) >= PAIRS // 6
