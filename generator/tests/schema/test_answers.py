"""Pairs of schemas with their true answer, keyword by keyword; each is asked in every draft that has its keywords."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tenon import schema

DRAFTS = ("draft4", "draft6", "draft7", "draft2019-09", "draft2020-12")
SINCE_6, SINCE_7, SINCE_2019, ONLY_2020 = DRAFTS[1:], DRAFTS[2:], DRAFTS[3:], DRAFTS[4:]
UNTIL_7, UNTIL_2019 = DRAFTS[:3], DRAFTS[:4]
OPENAPI = ("openapi3.0",)

YES, NO, UNKNOWN = schema.Proved, schema.Refuted, schema.Unproven
Case = tuple[Any, Any, type]

STRING, INTEGER, NUMBER, OBJECT, ARRAY = ({"type": t} for t in ("string", "integer", "number", "object", "array"))
NOTHING: dict[str, Any] = {"not": {}}


def where(**properties: Any) -> dict[str, Any]:
    """An object with these properties, all required."""
    return {"type": "object", "properties": properties, "required": sorted(properties)}


EVERYWHERE: list[Case] = [
    # type
    (INTEGER, NUMBER, YES),
    (NUMBER, INTEGER, NO),
    ({"type": ["string", "null"]}, {"anyOf": [STRING, {"type": "null"}]}, YES),
    ({"type": ["string", "null"]}, STRING, NO),
    ({}, {"type": ["null", "boolean", "number", "string", "array", "object"]}, YES),
    ({"type": "boolean"}, {"enum": [True, False]}, YES),
    ({"allOf": [STRING, INTEGER]}, NOTHING, YES),
    # enum: values are mathematical, and typed
    ({"enum": [1, "a"]}, {"enum": ["a", 1, 2]}, YES),
    ({"enum": [1, "a", 3]}, {"enum": ["a", 1, 2]}, NO),
    ({"enum": [1]}, {"enum": [True]}, NO),
    ({"enum": [0]}, {"enum": [False]}, NO),
    ({"enum": [[1, {"a": None}]]}, {"enum": [[1, {"a": None}], 2]}, YES),
    ({"enum": [[False]]}, {"enum": [[0]]}, NO),
    ({"enum": [{"a": 1, "b": 2}]}, {"enum": [{"b": 2, "a": 1}]}, YES),
    ({"enum": [1, 2, 3]}, INTEGER, YES),
    ({"enum": [1, 2, 3.5]}, INTEGER, NO),
    ({"enum": ["a", "bb"]}, {"maxLength": 2}, YES),
    ({"enum": ["a", "bb"]}, {"pattern": "^[ab]+$"}, YES),
    ({"enum": []}, NOTHING, YES),
    # numbers
    ({"minimum": 2}, {"minimum": 1}, YES),
    ({"minimum": 1}, {"minimum": 2}, NO),
    ({"type": "number", "maximum": 3}, {"maximum": 3.5}, YES),
    ({"type": "integer", "minimum": 1}, {"not": {"maximum": 0.5}}, YES),
    ({"type": "integer", "minimum": 0.5, "maximum": 1.5}, {"enum": [1]}, YES),
    ({"type": "number", "minimum": 3, "maximum": 2}, NOTHING, YES),
    ({"type": "integer", "minimum": 1.1, "maximum": 1.9}, NOTHING, YES),
    ({"multipleOf": 6}, {"multipleOf": 3}, YES),
    ({"multipleOf": 3}, {"multipleOf": 6}, NO),
    ({"multipleOf": 0.3}, {"multipleOf": 0.1}, YES),
    ({"allOf": [{"multipleOf": 4}, {"multipleOf": 6}]}, {"multipleOf": 12}, YES),
    ({"allOf": [{"multipleOf": 4}, {"multipleOf": 6}]}, {"multipleOf": 24}, NO),
    ({"type": "number", "multipleOf": 5, "minimum": 1, "maximum": 4}, NOTHING, YES),
    ({"type": "integer", "multipleOf": 2.5, "minimum": 1, "maximum": 9}, {"enum": [5]}, YES),
    ({"type": "integer", "not": {"multipleOf": 2}, "minimum": 2, "maximum": 4}, {"enum": [3]}, YES),
    ({"minimum": 1e300}, {"minimum": 1e299}, YES),
    ({"multipleOf": 1e-300}, {"multipleOf": 1e-301}, YES),
    # strings
    ({"minLength": 3}, {"minLength": 2}, YES),
    ({"minLength": 2}, {"minLength": 3}, NO),
    ({"type": "string", "minLength": 3, "maxLength": 2}, NOTHING, YES),
    ({"type": "string", "maxLength": 0}, {"enum": [""]}, YES),
    ({"pattern": "^a+$"}, {"pattern": "^[ab]+$"}, YES),
    ({"pattern": "^[ab]+$"}, {"pattern": "^a+$"}, NO),
    ({"pattern": "^.{2,4}$"}, {"minLength": 2, "maxLength": 4}, YES),
    ({"type": "string", "minLength": 2}, {"pattern": "^[\\s\\S]{2}"}, YES),
    ({"type": "string", "pattern": "^a", "not": {"pattern": "^a"}}, NOTHING, YES),
    ({"pattern": "ab"}, {"pattern": "b"}, YES),
    ({"pattern": "(a|b)*a(a|b){12}"}, {"minLength": 13}, YES),
    ({"pattern": "^.{1,2000}$"}, {"maxLength": 2000}, YES),
    ({"maxLength": 1000000000}, {"maxLength": 1000000001}, YES),
    ({"type": "string", "format": "date"}, {"maxLength": 10}, NO),
    (STRING, {"format": "date"}, YES),
    ({"pattern": "(?<=a)b"}, {"pattern": "b"}, YES),
    ({"pattern": "^(a|b)\\1$"}, {"pattern": "b"}, UNKNOWN),
    ({"pattern": "("}, STRING, UNKNOWN),
    # arrays
    ({"items": INTEGER}, {"items": NUMBER}, YES),
    ({"items": NUMBER}, {"items": INTEGER}, NO),
    ({"minItems": 2}, {"minItems": 1}, YES),
    ({"maxItems": 2}, {"maxItems": 1}, NO),
    ({"type": "array", "maxItems": 0}, {"items": NOTHING}, YES),
    ({"type": "array", "items": NOTHING}, {"maxItems": 0}, YES),
    ({"type": "array", "items": NOTHING, "minItems": 1}, NOTHING, YES),
    ({"maxItems": 1}, {"uniqueItems": True}, YES),
    ({"uniqueItems": True}, {"maxItems": 9}, NO),
    ({"type": "array", "items": {"enum": [1, 2]}, "uniqueItems": True}, {"maxItems": 2}, YES),
    ({"type": "array", "items": {"enum": [1, 2]}, "uniqueItems": True, "minItems": 3}, NOTHING, YES),
    ({"type": "array", "items": {"type": "boolean"}, "minItems": 3}, {"not": {"uniqueItems": True}}, YES),
    ({"enum": [[0, False]]}, {"uniqueItems": True}, YES),
    ({"enum": [[1, 1]]}, {"uniqueItems": True}, NO),
    ({"type": "array", "uniqueItems": True, "items": {"type": "array", "items": {"enum": [1]}, "maxItems": 1}},
     {"maxItems": 2}, YES),
    ({"type": "array", "minItems": 1000000}, {"minItems": 3}, YES),
    ({"type": "array", "minItems": 1000000}, NOTHING, UNKNOWN),
    # objects
    (where(a=INTEGER), where(a=NUMBER), YES),
    (where(a=NUMBER), where(a=INTEGER), NO),
    (where(a=INTEGER), where(a=INTEGER, b=INTEGER), NO),
    (where(a=INTEGER, b=STRING), where(a=INTEGER), YES),
    ({"required": ["a", "b"]}, {"minProperties": 2}, YES),
    ({"required": ["a"]}, {"minProperties": 2}, NO),
    ({"type": "object", "required": ["a", "b"], "maxProperties": 1}, NOTHING, YES),
    ({"properties": {"a": NOTHING}}, {"not": {"required": ["a"], "type": "object"}}, YES),
    ({"properties": {"a": INTEGER}, "additionalProperties": False}, {"additionalProperties": INTEGER}, YES),
    ({"additionalProperties": INTEGER}, {"properties": {"a": INTEGER}}, YES),
    ({"properties": {"a": INTEGER}}, {"additionalProperties": INTEGER}, NO),
    ({"properties": {"a": STRING}, "additionalProperties": False}, {"maxProperties": 1}, YES),
    ({"additionalProperties": False}, {"maxProperties": 0}, YES),
    ({"additionalProperties": STRING}, {"additionalProperties": {}}, YES),
    # applicators
    ({"allOf": [{"minimum": 1}, {"maximum": 2}]}, {"minimum": 1, "maximum": 2}, YES),
    ({"minimum": 1, "maximum": 2}, {"allOf": [{"minimum": 1}, {"maximum": 2}]}, YES),
    ({"allOf": [OBJECT, {"required": ["a"]}]}, OBJECT, YES),
    (OBJECT, {"allOf": [OBJECT, {"required": ["a"]}]}, NO),
    ({"anyOf": [STRING, INTEGER]}, {"anyOf": [NUMBER, STRING]}, YES),
    ({"anyOf": [STRING, NUMBER]}, {"anyOf": [INTEGER, STRING]}, NO),
    ({"anyOf": [STRING, {"allOf": [STRING, INTEGER]}]}, STRING, YES),
    ({"anyOf": [{"minimum": 0}, {"maximum": 0}]}, {}, YES),
    ({"type": "number"}, {"anyOf": [{"minimum": 0}, {"maximum": 0}]}, YES),
    ({"type": "number"}, {"oneOf": [{"minimum": 0}, {"maximum": 0}]}, NO),
    ({"oneOf": [STRING, NUMBER]}, {"anyOf": [STRING, NUMBER]}, YES),
    ({"anyOf": [STRING, NUMBER]}, {"oneOf": [STRING, NUMBER]}, YES),
    ({"anyOf": [INTEGER, NUMBER]}, {"oneOf": [INTEGER, NUMBER]}, NO),
    ({"oneOf": [STRING, NUMBER]}, {"oneOf": [STRING, NUMBER, {"type": "boolean"}]}, YES),
    ({"oneOf": [STRING, NUMBER]}, {"oneOf": [STRING, NUMBER, {"minimum": 3}]}, NO),
    ({"oneOf": [{"enum": ["x"]}, {"enum": ["y"]}]}, {"enum": ["x", "y"]}, YES),
    ({"enum": ["x", "y"]}, {"oneOf": [{"enum": ["x"]}, {"enum": ["y"]}]}, YES),
    ({"enum": ["x", "y"]}, {"oneOf": [{"enum": ["x", "y"]}, {"enum": ["y"]}]}, NO),
    ({"not": {"not": STRING}}, STRING, YES),
    ({"not": NUMBER}, {"not": INTEGER}, YES),
    ({"not": INTEGER}, {"not": NUMBER}, NO),
    ({"not": {"minimum": 2}}, {"not": {"minimum": 3}}, YES),
    ({"not": {"minimum": 3}}, {"not": {"minimum": 2}}, NO),
    # annotations and unknown keywords say nothing
    ({"title": "a", "default": 3, "description": "b", "x-unknown": {"type": "string"}}, {"examples": [1]}, YES),
    ({}, {"x-unknown": False}, YES),
    # references
    ({"allOf": [{"$ref": "#/definitions/a"}], "definitions": {"a": INTEGER}}, NUMBER, YES),
    ({"properties": {"x": {"$ref": "#/definitions/a~1b%25"}}, "definitions": {"a/b%": INTEGER}},
     {"properties": {"x": NUMBER}}, YES),
    ({"properties": {"a": {"$ref": "#"}}, "additionalProperties": False},
     {"properties": {"a": {"properties": {"a": {"$ref": "#"}}, "additionalProperties": False}},
      "additionalProperties": False}, YES),
    (where(a={"$ref": "#"}), NOTHING, YES),
    ({"anyOf": [where(a={"$ref": "#"}), {"type": "null"}]}, {"type": ["object", "null"]}, YES),
    ({"anyOf": [where(a={"$ref": "#"}), {"type": "null"}]}, {"type": "null"}, NO),
    ({"properties": {"a": {"$ref": "#"}, "b": STRING}},
     {"properties": {"a": {"properties": {"a": {"$ref": "#"}, "b": NUMBER}}, "b": STRING}}, NO),
    ({"not": {"properties": {"a": {"$ref": "#"}}}}, OBJECT, YES),
    ({"allOf": [{"$ref": "#"}]}, STRING, UNKNOWN),
    ({"not": {"$ref": "#"}}, STRING, UNKNOWN),
    ({"$ref": "#"}, STRING, UNKNOWN),
    ({"$ref": "#/nowhere"}, STRING, UNKNOWN),
    ({"$ref": "http://example.com/other"}, STRING, UNKNOWN),
    # what is no schema
    ({"minimum": "x"}, STRING, UNKNOWN),
    ({"type": "text"}, STRING, UNKNOWN),
    ({"properties": []}, STRING, UNKNOWN),
    ({"required": "a"}, STRING, UNKNOWN),
    ({"multipleOf": 0}, STRING, UNKNOWN),
    ({"properties": {"a": {"minLength": -1}}}, STRING, UNKNOWN),
    (5, STRING, UNKNOWN),
    (STRING, "x", UNKNOWN),
    ([], STRING, UNKNOWN),
]  # fmt: skip

DRAFT4: list[Case] = [
    ({"type": "number", "minimum": 0, "exclusiveMinimum": True}, {"not": {"enum": [0]}}, YES),
    ({"type": "integer", "minimum": 0, "exclusiveMinimum": True}, {"minimum": 1}, YES),
    ({"maximum": 0, "exclusiveMaximum": True}, {"maximum": 0}, YES),
    ({"maximum": 0}, {"maximum": 0, "exclusiveMaximum": True}, NO),
    ({"exclusiveMinimum": 3}, {}, UNKNOWN),
    ({"id": "http://x/y", "allOf": [{"$ref": "#/definitions/a"}], "definitions": {"a": STRING}}, STRING, YES),
    ({"type": "integer"}, {"multipleOf": 1}, YES),
    ({"type": "number", "multipleOf": 1}, INTEGER, UNKNOWN),  # 1.0
    ({"const": 1}, NOTHING, NO),  # no keyword here
    ({}, {"contains": NOTHING}, YES),
]
PATTERNS: list[Case] = [
    ({"patternProperties": {"^a": INTEGER}}, {"properties": {"ab": NUMBER}}, YES),
    ({"properties": {"ab": NUMBER}}, {"patternProperties": {"^a": INTEGER}}, NO),
    ({"patternProperties": {"a": STRING}}, {"patternProperties": {"aa": STRING}}, YES),
    ({"patternProperties": {"": INTEGER}}, {"additionalProperties": INTEGER}, YES),
    ({"patternProperties": {"^[ab]$": {}}, "additionalProperties": False}, {"maxProperties": 2}, YES),
    ({"patternProperties": {"^[ab]$": {}}, "additionalProperties": False}, {"maxProperties": 1}, NO),
    ({"patternProperties": {"^a": STRING, "b$": INTEGER}}, {"properties": {"ab": NOTHING}}, YES),
    ({"properties": {"a": STRING}, "patternProperties": {"^b": STRING}, "additionalProperties": False},
     {"additionalProperties": STRING}, YES),
]  # fmt: skip
TUPLES_UNTIL_2019: list[Case] = [
    ({"items": [INTEGER], "additionalItems": False}, {"maxItems": 1}, YES),
    ({"items": [INTEGER]}, {"maxItems": 1}, NO),
    ({"items": [INTEGER, STRING]}, {"items": [NUMBER]}, YES),
    ({"items": [INTEGER], "additionalItems": INTEGER}, {"items": INTEGER}, YES),
    ({"additionalItems": False}, {"maxItems": 0}, NO),  # without a tuple it says nothing
    ({"type": "array", "items": [{"enum": [1]}, {"enum": [1]}], "minItems": 2}, {"not": {"uniqueItems": True}}, YES),
]
DEPENDENCIES: list[Case] = [
    ({"dependencies": {"a": ["b"]}}, {"anyOf": [{"not": {"required": ["a"]}}, {"required": ["b"]}]}, YES),
    ({"dependencies": {"a": {"required": ["b"]}}}, {"dependencies": {"a": ["b"]}}, YES),
    ({"dependencies": {"a": ["b"]}, "required": ["a"]}, {"required": ["b"]}, YES),
    ({"dependencies": {"a": ["b"]}}, {"dependencies": {"b": ["a"]}}, NO),
]
FROM_DRAFT6: list[Case] = [
    (True, {}, YES),
    (False, NOTHING, YES),
    (True, False, NO),
    ({"const": 1}, {"enum": [1, 2]}, YES),
    ({"const": 1.0}, INTEGER, YES),
    ({"const": {"a": [1]}}, {"properties": {"a": {"items": INTEGER}}}, YES),
    ({"exclusiveMinimum": 0}, {"minimum": 0}, YES),
    ({"minimum": 0}, {"exclusiveMinimum": 0}, NO),
    ({"type": "integer", "minimum": 1}, {"exclusiveMinimum": 0}, YES),
    ({"type": "integer", "exclusiveMinimum": 0}, {"minimum": 1}, YES),
    ({"type": "number", "exclusiveMinimum": 0}, {"minimum": 1}, NO),
    ({"type": "number", "exclusiveMinimum": 1, "exclusiveMaximum": 1}, False, YES),
    ({"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 3}, {"const": 2}, YES),
    ({"exclusiveMinimum": True}, {}, UNKNOWN),
    ({"contains": INTEGER}, {"minItems": 1}, YES),
    ({"contains": INTEGER}, {"contains": NUMBER}, YES),
    ({"contains": NUMBER}, {"contains": INTEGER}, NO),
    ({"type": "array", "contains": False}, False, YES),
    ({"type": "array", "items": INTEGER, "minItems": 1}, {"contains": INTEGER}, YES),
    ({"type": "array", "items": {"enum": [1, 2]}, "uniqueItems": True, "minItems": 2}, {"contains": {"const": 2}}, YES),
    ({"type": "array", "allOf": [{"contains": {"const": 1}}, {"contains": {"const": 2}}]}, {"minItems": 2}, YES),
    ({"propertyNames": {"maxLength": 1}}, {"properties": {"ab": False}}, YES),
    ({"propertyNames": {"enum": ["a", "b"]}}, {"maxProperties": 2}, YES),
    ({"propertyNames": {"pattern": "^[ab]$"}, "minProperties": 2}, {"required": ["a", "b"]}, YES),
    ({"propertyNames": INTEGER}, {"maxProperties": 0}, YES),
    ({"type": "object", "propertyNames": {"maxLength": 0}, "minProperties": 2}, False, YES),
    ({"properties": {"a": True}, "additionalProperties": False}, {"propertyNames": {"const": "a"}}, YES),
    ({"$id": "http://x/root", "allOf": [{"$ref": "item"}], "definitions": {"i": {"$id": "item", "type": "string"}}},
     STRING, YES),
]  # fmt: skip
FROM_DRAFT7: list[Case] = [
    ({"if": INTEGER, "then": {"minimum": 1}, "else": False}, {"minimum": 0}, YES),
    ({"if": STRING, "then": {"minLength": 1}}, {"minLength": 1}, YES),
    ({"if": {"required": ["a"]}, "then": {"required": ["b"]}},
     {"anyOf": [{"not": {"required": ["a"]}}, {"required": ["b"]}]}, YES),
    ({"if": True, "then": STRING, "else": INTEGER}, STRING, YES),
    ({"then": STRING}, STRING, NO),
    ({"else": STRING}, {}, YES),
    ({"if": {"minimum": 0}, "else": {"maximum": -5}}, {"not": {"const": -3}}, YES),
]  # fmt: skip
FROM_2019: list[Case] = [
    ({"dependentRequired": {"a": ["b"]}}, {"if": {"required": ["a"]}, "then": {"required": ["b"]}}, YES),
    ({"if": {"required": ["a"]}, "then": {"required": ["b"]}}, {"dependentRequired": {"a": ["b"]}}, YES),
    ({"dependentSchemas": {"a": {"required": ["b"]}}}, {"dependentRequired": {"a": ["b"]}}, YES),
    ({"dependentSchemas": {"a": {"maxProperties": 1}}}, {"dependentSchemas": {"a": {"maxProperties": 2}}}, YES),
    ({"contains": INTEGER, "minContains": 2}, {"minItems": 2}, YES),
    ({"contains": INTEGER, "minContains": 2}, {"contains": INTEGER}, YES),
    ({"contains": INTEGER, "minContains": 0}, {"contains": INTEGER}, NO),
    ({"minContains": 3}, {"minItems": 3}, NO),
    ({"type": "array", "items": INTEGER, "contains": NUMBER, "maxContains": 2}, {"maxItems": 2}, YES),
    ({"type": "array", "contains": INTEGER, "minContains": 3, "maxContains": 2}, False, YES),
    ({"contains": True, "maxContains": 2}, {"maxItems": 2}, YES),
    ({"contains": INTEGER, "maxContains": 1}, {"contains": NUMBER, "maxContains": 1}, NO),
    ({"unevaluatedProperties": False}, {"maxProperties": 0}, YES),
    ({"properties": {"a": {}}, "unevaluatedProperties": False}, {"maxProperties": 1}, YES),
    ({"allOf": [{"properties": {"a": STRING}}], "unevaluatedProperties": False}, {"additionalProperties": STRING}, YES),
    ({"allOf": [{"properties": {"a": STRING}}], "additionalProperties": False}, {"maxProperties": 0}, YES),
    ({"anyOf": [{"required": ["a"], "properties": {"a": {}}}, {"properties": {"b": {}}}],
      "unevaluatedProperties": False}, {"maxProperties": 2}, YES),
    ({"if": {"required": ["a"]}, "then": {"properties": {"a": {}}}, "unevaluatedProperties": False},
     {"maxProperties": 1}, YES),
    ({"not": {"properties": {"a": STRING}}, "unevaluatedProperties": False, "type": "object"}, False, YES),
    ({"$ref": "#/$defs/a", "unevaluatedProperties": False, "$defs": {"a": {"properties": {"x": {}}}}},
     {"propertyNames": {"const": "x"}}, YES),
    ({"$ref": "#/$defs/a", "minimum": 3, "$defs": {"a": INTEGER}}, {"type": "integer", "minimum": 3}, YES),
    ({"$ref": "#there", "$defs": {"a": {"$anchor": "there", "type": "string"}}}, STRING, YES),
    ({"dependencies": {"a": ["b"]}}, {}, UNKNOWN),
]  # fmt: skip
IN_2019: list[Case] = [
    ({"items": [INTEGER], "unevaluatedItems": False}, {"maxItems": 1}, YES),
    ({"$recursiveAnchor": True, "properties": {"a": {"$recursiveRef": "#"}}, "additionalProperties": False},
     {"properties": {"a": OBJECT}}, NO),
    ({"$recursiveAnchor": True, "type": "object", "additionalProperties": {"$recursiveRef": "#"}},
     {"additionalProperties": OBJECT}, YES),
]  # fmt: skip
IN_2020: list[Case] = [
    ({"prefixItems": [INTEGER], "items": False}, {"maxItems": 1}, YES),
    ({"prefixItems": [INTEGER, STRING]}, {"prefixItems": [NUMBER]}, YES),
    ({"prefixItems": [INTEGER], "unevaluatedItems": False}, {"maxItems": 1}, YES),
    ({"contains": INTEGER, "unevaluatedItems": STRING}, {"items": {"type": ["integer", "string"]}}, YES),
    ({"items": [INTEGER]}, {}, UNKNOWN),
    ({"$dynamicAnchor": "n", "type": "object", "additionalProperties": {"$dynamicRef": "#n"}},
     {"additionalProperties": OBJECT}, YES),
    ({"$id": "http://x/strict", "$dynamicAnchor": "n", "$ref": "tree", "additionalProperties": False,
      "properties": {"kids": {}}, "$defs": {"tree": {"$id": "tree", "$dynamicAnchor": "n", "type": "object",
      "properties": {"kids": {"items": {"$dynamicRef": "#n"}}}}}},
     {"properties": {"kids": {"items": {"maxProperties": 1}}}}, YES),
    ({"type": "boolean"}, {"$ref": "https://json-schema.org/draft/2020-12/schema"}, YES),
]  # fmt: skip
IN_OPENAPI: list[Case] = [
    ({"type": "string", "nullable": True}, STRING, NO),
    (STRING, {"type": "string", "nullable": True}, YES),
    ({"nullable": True}, {"type": ["string"]}, NO),
    ({"type": "integer", "minimum": 0, "exclusiveMinimum": True}, {"type": "integer", "minimum": 1}, YES),
    ({"allOf": [{"$ref": "#/components/schemas/A"}], "components": {"schemas": {"A": STRING}}}, STRING, YES),
    ({"$ref": "#/components/schemas/A", "nullable": True, "components": {"schemas": {"A": STRING}}}, STRING, YES),
    ({"type": "string", "enum": ["a"], "nullable": True}, {"type": "string", "enum": ["a"]}, YES),
    ({"type": "object", "properties": {"a": {"type": "number", "nullable": True}}},
     {"type": "object", "properties": {"a": {"type": "number"}}}, NO),
]  # fmt: skip

TABLE: list[tuple[tuple[str, ...], list[Case]]] = [
    (DRAFTS, EVERYWHERE),
    (("draft4",), DRAFT4),
    (DRAFTS, PATTERNS),
    (UNTIL_2019, TUPLES_UNTIL_2019),
    (UNTIL_7, DEPENDENCIES),
    (SINCE_6, FROM_DRAFT6),
    (SINCE_7, FROM_DRAFT7),
    (SINCE_2019, FROM_2019),
    (("draft2019-09",), IN_2019),
    (ONLY_2020, IN_2020),
    (OPENAPI, IN_OPENAPI),
]


@pytest.mark.parametrize(
    ("dialect", "a", "b", "answer"),
    [
        pytest.param(dialect, a, b, answer, id=f"{dialect} {json.dumps(a)} in {json.dumps(b)}"[:160])
        for dialects, cases in TABLE
        for a, b, answer in cases
        for dialect in dialects
    ],
)
def test_the_answer_is_the_true_one(dialect: str, a: Any, b: Any, answer: type) -> None:
    verdict = schema.is_subset(a, b, dialect=dialect)
    assert isinstance(verdict, answer), verdict


def test_there_are_cases_enough() -> None:
    assert sum(len(cases) for _, cases in TABLE) >= 200
