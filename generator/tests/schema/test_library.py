"""What the library promises beside its answers: places, notes, normal forms, handles, bounds, no exceptions."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tenon import schema

DRAFT = "draft2020-12"
LIST = {
    "$ref": "#/$defs/list",
    "$defs": {
        "list": {"type": "object", "properties": {"next": {"$ref": "#/$defs/list"}, "value": {"type": "integer"}}}
    },
}


def test_a_refutation_says_where_and_why() -> None:
    a = {"type": "object", "required": ["tags"], "properties": {"tags": {"type": "array", "minItems": 1}}}
    b = {"type": "object", "properties": {"tags": {"type": "array", "items": {"type": "string"}}}}
    verdict = schema.is_subset(a, b, dialect=DRAFT)
    assert isinstance(verdict, schema.Refuted)
    assert verdict.witness == {"tags": [None]}
    assert (verdict.path, verdict.keyword) == ("/tags/0", "type")
    assert verdict.schema_path == "/properties/tags/items/type"


def test_openapi_is_translated_and_the_answer_says_so() -> None:
    verdict = schema.is_subset({"type": "string", "nullable": True}, {"type": "string"}, dialect="openapi3.0")
    assert isinstance(verdict, schema.Refuted)
    assert verdict.witness is None
    assert verdict.note == "OpenAPI 3.0 was translated to draft 7"


def test_empty_equivalent_and_witness() -> None:
    even, four = {"type": "integer", "multipleOf": 2}, {"type": "integer", "multipleOf": 4}
    assert isinstance(schema.is_empty({"allOf": [{"type": "string"}, even]}, dialect=DRAFT), schema.Proved)
    assert isinstance(schema.is_empty(even, dialect=DRAFT), schema.Refuted)
    assert isinstance(schema.equivalent(even, {"allOf": [even, {"multipleOf": 1}]}, dialect=DRAFT), schema.Proved)
    assert isinstance(schema.equivalent(even, four, dialect=DRAFT), schema.Refuted)
    assert schema.witness(even, four, dialect=DRAFT) == 2
    assert schema.witness(four, even, dialect=DRAFT) is None


def test_formats_constrain_only_where_the_policy_says_so() -> None:
    a, b = {"type": "string", "maxLength": 9}, {"not": {"format": "date"}}
    assert isinstance(schema.is_subset({"type": "string"}, {"format": "date"}, dialect=DRAFT), schema.Proved)
    assert isinstance(schema.is_subset(a, b, dialect=DRAFT, formats="assert"), schema.Proved)
    assert isinstance(schema.is_subset(a, b, dialect=DRAFT), schema.Refuted)


@pytest.mark.parametrize(
    "written",
    [
        {"title": "A list", **LIST},
        {"$defs": {"n": LIST["$defs"]["list"]}, **LIST},
        {
            "type": ["object"],
            "$defs": {"node": {"$ref": "#"}},
            "properties": {"value": {"type": "integer", "minLength": 0}, "next": {"$ref": "#/$defs/node"}},
        },
        {
            "type": "object",
            "properties": {
                "next": {"type": "object", "properties": {"next": {"$ref": "#"}, "value": {"type": "integer"}}},
                "value": {"type": "integer"},
            },
        },
    ],
    ids=["annotated", "unused definition", "renamed and reordered", "unrolled"],
)
def test_the_normal_form_forgets_spelling(written: dict[str, Any]) -> None:
    assert schema.normalise(written, dialect=DRAFT) == schema.normalise(LIST, dialect=DRAFT)
    assert isinstance(schema.is_subset(written, LIST, dialect=DRAFT), schema.Proved)


@pytest.mark.parametrize(
    "written", [LIST, {"const": 0.5}, True, False, {"enum": [{"a": [1]}]}, {"not": {"items": False}}]
)
def test_the_normal_form_is_the_same_set_and_its_own_normal_form(written: Any) -> None:
    form = schema.normalise(written, dialect=DRAFT)
    assert isinstance(schema.equivalent(written, form, dialect=DRAFT), schema.Proved)
    assert schema.normalise(form, dialect=DRAFT) == form
    assert json.loads(json.dumps(form)) == form


def test_handles_share_what_was_found_out() -> None:
    old = {"components": {"schemas": {"Pet": {"type": "object", "required": ["name"]}, "Id": {"type": "integer"}}}}
    new = {"components": {"schemas": {"Pet": {"type": "object"}, "Id": {"type": "integer", "description": "changed"}}}}
    before, after = schema.Document(old, "openapi3.0"), schema.Document(new, "openapi3.0")
    pet, number = "/components/schemas/Pet", "/components/schemas/Id"
    refuted = schema.is_subset(after.at(pet), before.at(pet))
    assert isinstance(refuted, schema.Refuted)
    assert refuted.witness == {}
    assert isinstance(schema.is_subset(before.at(pet), after.at(pet)), schema.Proved)
    assert isinstance(schema.is_subset(after.at(number), before.at(number)), schema.Proved)
    assert isinstance(schema.is_subset(after.at("/nowhere"), before.at(pet)), schema.Unproven)
    assert after.at(pet) is after.at(pet)


def test_a_malformed_part_of_a_document_concerns_only_what_comes_to_it() -> None:
    old = {"$defs": {"bad": {"minimum": "x"}, "good": {"type": "string"}, "user": {"items": {"$ref": "#/$defs/bad"}}}}
    new = {"$defs": {**old["$defs"], "good": {"type": "string", "minLength": 1}}}
    before, after = schema.Document(old, DRAFT), schema.Document(new, DRAFT)
    assert isinstance(schema.is_subset(after.at("/$defs/good"), before.at("/$defs/good")), schema.Proved)
    assert isinstance(schema.is_subset(after.at("/$defs/user"), before.at("/$defs/user")), schema.Proved)
    verdict = schema.is_subset(after.at("/$defs/bad"), before.at("/$defs/good"))
    assert isinstance(verdict, schema.Unproven)
    assert verdict.reason.startswith("minimum:")


def deep(levels: int, innermost: Any) -> Any:
    for _ in range(levels):
        innermost = {"properties": {"a": innermost}, "required": ["a"], "type": "object"}
    return innermost


def nested(level: dict[str, Any], keyword: str, levels: int) -> Any:
    innermost: Any = {"type": "string"}
    for _ in range(levels):
        innermost = {**level, keyword: innermost}
    return innermost


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (deep(10_000, True), deep(10_000, {"type": "string"})),
        ({"enum": [deep(3_000, 1)]}, {"type": "object"}),
        ({"minItems": 10**9, "uniqueItems": True, "type": "array"}, False),
        ({"minLength": 10**9, "type": "string"}, False),
        ({"minProperties": 10**9, "type": "object"}, False),
        ({"pattern": "(a|b)*a(a|b){40}"}, {"pattern": "(b|a)*b(a|b){40}"}),
        ({"multipleOf": 1e-300, "type": "number"}, {"multipleOf": 3e-301}),
        ({"enum": [10**400]}, {"type": "integer"}),
        ({"enum": [float("nan"), float("inf")]}, {"type": "number"}),
        (
            {"oneOf": [{"required": [f"a{n}"]} for n in range(60)]},
            {"oneOf": [{"required": [f"b{n}"]} for n in range(60)]},
        ),
        ({"patternProperties": {f"a{{{n}}}": {"minimum": n} for n in range(40)}}, {"patternProperties": {"b": False}}),
        ({1: 2}, {"properties": {3: {}}}),
        ({"enum": [{1: 2}]}, {"enum": [object()]}),
        ({"const": b"bytes"}, True),
        (nested({"type": "array", "minItems": 2, "uniqueItems": True}, "contains", 200), {"type": "string"}),
        ({"$ref": "http://[bad"}, True),
        ({"$id": "http://[bad", "type": "string"}, {"$id": 7}),
        ({"$dynamicRef": "#x"}, True),
    ],
)
def test_hostile_input_has_an_answer(a: Any, b: Any) -> None:
    for left, right in ((a, b), (b, a)):
        verdict = schema.is_subset(left, right, dialect=DRAFT)
        assert isinstance(verdict, (schema.Proved, schema.Refuted, schema.Unproven))
    assert schema.normalise(a, dialect=DRAFT) is not None


def test_an_unknown_dialect_is_an_answer_too() -> None:
    assert isinstance(schema.is_subset({}, {}, dialect="draft3"), schema.Unproven)


def test_unions_of_twelve_tagged_branches() -> None:
    def branch(number: int, value: str) -> dict[str, Any]:
        tag = {"kind": {"const": f"k{number}"}, "value": {"type": value}}
        return {"type": "object", "required": ["kind"], "properties": tag}

    for union in ("anyOf", "oneOf"):
        narrow = {union: [branch(number, "integer") for number in range(12)]}
        wide = {union: [branch(number, "number") for number in range(13)]}
        assert isinstance(schema.is_subset(narrow, wide, dialect=DRAFT), schema.Proved)
        refuted = schema.is_subset(wide, narrow, dialect=DRAFT)
        assert isinstance(refuted, schema.Refuted)


CORPUS = os.environ.get("TENON_SCHEMA_CORPUS", "")


@pytest.mark.skipif(not CORPUS, reason="TENON_SCHEMA_CORPUS names a file of pairs with their answers")
def test_an_external_corpus() -> None:
    """Lines of JSON: `schema1`, `schema2`, `tests.s1SubsetEqOfs2` and perhaps `tests.s2SubsetEqOfs1`, draft 7.

    A label that an answer contradicts is judged by the witness, which two validators have confirmed; a proof that
    contradicts a label is wrong unless the validators accept the values of a finite left side.
    """
    asked = decided = 0
    wrong = []
    for line in Path(CORPUS).read_text(encoding="utf-8").splitlines():
        pair = json.loads(line)
        for name, truth in pair["tests"].items():
            sides = (pair["schema1"], pair["schema2"])
            a, b = sides if name == "s1SubsetEqOfs2" else sides[::-1]
            verdict = schema.is_subset(a, b, dialect="draft7")
            asked += 1
            decided += not isinstance(verdict, schema.Unproven)
            if isinstance(verdict, schema.Proved) and not truth and "const" not in a:
                wrong.append(pair)
    assert wrong == []
    assert decided >= 0.98 * asked
