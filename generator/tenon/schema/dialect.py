"""What every draft calls its keywords, and of which shape their values are."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Shape(enum.Enum):
    """Of what form the value of a keyword must be."""

    SCHEMA = enum.auto()
    SCHEMAS = enum.auto()
    SCHEMA_MAP = enum.auto()
    ITEMS = enum.auto()  # a schema or a list of them
    DEPENDENCIES = enum.auto()  # a map to a schema or a list of names
    NAMES = enum.auto()
    NAMES_MAP = enum.auto()
    TYPE = enum.auto()
    VALUE = enum.auto()
    VALUES = enum.auto()
    NUMBER = enum.auto()
    POSITIVE = enum.auto()
    COUNT = enum.auto()
    FLAG = enum.auto()
    LIMIT = enum.auto()  # exclusiveMinimum: a flag in draft 4, a number later
    TEXT = enum.auto()
    REFERENCE = enum.auto()


@dataclass(frozen=True)
class Dialect:
    """One dialect: `age` orders the drafts, `keywords` are those that constrain, `siblings` whether `$ref` has any."""

    name: str
    age: int
    identifier: str
    keywords: dict[str, Shape]
    siblings: bool
    metaschema: str


_ANY: dict[str, Shape] = {
    "$ref": Shape.REFERENCE,
    "type": Shape.TYPE,
    "enum": Shape.VALUES,
    "multipleOf": Shape.POSITIVE,
    "minimum": Shape.NUMBER,
    "maximum": Shape.NUMBER,
    "exclusiveMinimum": Shape.LIMIT,
    "exclusiveMaximum": Shape.LIMIT,
    "minLength": Shape.COUNT,
    "maxLength": Shape.COUNT,
    "pattern": Shape.TEXT,
    "format": Shape.TEXT,
    "items": Shape.ITEMS,
    "minItems": Shape.COUNT,
    "maxItems": Shape.COUNT,
    "uniqueItems": Shape.FLAG,
    "properties": Shape.SCHEMA_MAP,
    "additionalProperties": Shape.SCHEMA,
    "required": Shape.NAMES,
    "minProperties": Shape.COUNT,
    "maxProperties": Shape.COUNT,
    "allOf": Shape.SCHEMAS,
    "anyOf": Shape.SCHEMAS,
    "oneOf": Shape.SCHEMAS,
    "not": Shape.SCHEMA,
}
_DRAFT4 = _ANY | {
    "additionalItems": Shape.SCHEMA,
    "patternProperties": Shape.SCHEMA_MAP,
    "dependencies": Shape.DEPENDENCIES,
}
_DRAFT6 = _DRAFT4 | {"const": Shape.VALUE, "contains": Shape.SCHEMA, "propertyNames": Shape.SCHEMA}
_DRAFT7 = _DRAFT6 | {"if": Shape.SCHEMA, "then": Shape.SCHEMA, "else": Shape.SCHEMA}
_DRAFT2019 = {name: shape for name, shape in _DRAFT7.items() if name != "dependencies"} | {
    "$recursiveRef": Shape.REFERENCE,
    "minContains": Shape.COUNT,
    "maxContains": Shape.COUNT,
    "dependentRequired": Shape.NAMES_MAP,
    "dependentSchemas": Shape.SCHEMA_MAP,
    "unevaluatedItems": Shape.SCHEMA,
    "unevaluatedProperties": Shape.SCHEMA,
}
_DRAFT2020 = {n: s for n, s in _DRAFT2019.items() if n not in ("additionalItems", "$recursiveRef")} | {
    "$dynamicRef": Shape.REFERENCE,
    "prefixItems": Shape.SCHEMAS,
    "items": Shape.SCHEMA,
}
_OPENAPI30 = _ANY | {"items": Shape.SCHEMA, "nullable": Shape.FLAG}

DIALECTS = {
    dialect.name: dialect
    for dialect in (
        Dialect("draft4", 4, "id", _DRAFT4, False, "http://json-schema.org/draft-04/schema"),
        Dialect("draft6", 6, "$id", _DRAFT6, False, "http://json-schema.org/draft-06/schema"),
        Dialect("draft7", 7, "$id", _DRAFT7, False, "http://json-schema.org/draft-07/schema"),
        Dialect("draft2019-09", 2019, "$id", _DRAFT2019, True, "https://json-schema.org/draft/2019-09/schema"),
        Dialect("draft2020-12", 2020, "$id", _DRAFT2020, True, "https://json-schema.org/draft/2020-12/schema"),
        Dialect("openapi3.0", 5, "", _OPENAPI30, False, ""),
    )
}

FLAG_LIMITS = frozenset({"draft4", "openapi3.0"})  # exclusiveMinimum is a flag there
DISPUTED = {"dependencies": 2019}  # validators differ on whether these keywords still count from that draft on
DEFINITIONS = ("definitions", "$defs")
IN_PLACE = ("$ref", "$dynamicRef", "$recursiveRef", "allOf", "anyOf", "oneOf", "not", "if", "then", "else")
IN_PLACE_MAPS = ("dependentSchemas", "dependencies")
