"""A root's schemas as one party to an exchange means them, all in draft 2020-12.

A view translates the dialect, leaves out what is not sent in its direction, closes what a sender names, and opens what
a receiver is declared to take. Definitions are made when they are asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tenon.gate.documents import canonical
from tenon.gate.json.site import Root, Site

DIALECT = "draft2020-12"
Schema = dict[str, Any] | bool

_OF_OPENAPI_3_0 = frozenset(
    [
        "type",
        "enum",
        "multipleOf",
        "maximum",
        "minimum",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "maxLength",
        "minLength",
        "pattern",
        "maxItems",
        "minItems",
        "uniqueItems",
        "maxProperties",
        "minProperties",
        "required",
        "allOf",
        "oneOf",
        "anyOf",
        "not",
        "items",
        "properties",
        "additionalProperties",
        "format",
    ]
)
_OF_DRAFT_7 = _OF_OPENAPI_3_0 | frozenset(
    ["const", "contains", "additionalItems", "patternProperties", "propertyNames", "dependencies", "if", "then", "else"]
)
_OF_2020_12 = (_OF_DRAFT_7 - {"dependencies", "additionalItems"}) | frozenset(
    [
        "prefixItems",
        "minContains",
        "maxContains",
        "dependentRequired",
        "dependentSchemas",
        "unevaluatedProperties",
        "unevaluatedItems",
        "$dynamicRef",
    ]
)
KEYWORDS = {"openapi3.0": _OF_OPENAPI_3_0, "draft7": _OF_DRAFT_7, "draft2020-12": _OF_2020_12}
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_MAPS = ("properties", "patternProperties", "dependentSchemas")
_SINGLE = ("items", "additionalProperties", "unevaluatedProperties", "unevaluatedItems", "contains", "propertyNames")
_GUARDED = ("not", "if")
IN_PLACE = ("allOf", "anyOf", "oneOf", "then", "else", "dependentSchemas")
UNREADABLE = "x-unreadable"
"""Stands for what is no schema at all."""
CLOSED = ".closed"
_MAX_DEPTH = 60
_MAX_CHAIN = 32


class Opaque(Exception):
    """A schema that cannot be judged; the message names why."""


@dataclass
class View:
    """One party's reading of a root's schemas."""

    root: Root
    dialect: str
    """``openapi3.0``, ``draft7`` or ``draft2020-12``: what the root is written in."""
    absent: str = ""
    """``readOnly`` in requests, ``writeOnly`` in answers: properties with it are neither sent nor required."""
    receiver: bool = False
    """It is the one who takes, and not the one who sends."""
    closed: bool = False
    """What a schema names is all that is sent."""
    lenient: bool = False
    """A property that no schema names is never refused."""
    extensible: bool = False
    """A value that an enum does not list is taken, if it has the type."""
    formats: bool = False
    """`format` refuses."""
    names: dict[str, str] = field(default_factory=dict)
    """The name of a definition, by its reference."""
    references: dict[str, str] = field(default_factory=dict)
    """And the other way."""
    sites: dict[str, Site] = field(default_factory=dict)
    _definitions: dict[str, Schema] = field(default_factory=dict)

    def of(self, site: Site) -> Schema:
        """The schema at a place, as the root of a question. Raises `Opaque`."""
        return self._position(site.value, 0)

    def definition(self, name: str) -> Schema:
        """What ``#/$defs/<name>`` stands for. Raises `Opaque`."""
        if name not in self._definitions:
            plain = name.removesuffix(CLOSED)
            value = self.sites[plain].value
            self._definitions[name] = self._schema(value, 0) if plain == name else self._position(value, 0)
        return self._definitions[name]

    def knows(self, name: str) -> bool:
        """Whether a definition has this name."""
        return name.removesuffix(CLOSED) in self.sites

    def place(self, name: str) -> Site:
        """Where a definition stands in the root."""
        return self.sites[name.removesuffix(CLOSED)]

    def reference(self, name: str) -> str:
        """The `$ref` that a definition was named by."""
        return self.references[name.removesuffix(CLOSED)]

    def name(self, reference: str) -> str:
        """The definition that a `$ref` leads to. Raises `Opaque`."""
        name = self.names.get(reference)
        if name is None:
            site = self.root.find(reference)
            if site is None:
                raise Opaque(f"the reference {reference} leads nowhere")
            words = re.sub(r"[^A-Za-z0-9_-]+", ".", reference).strip(".")
            name = words
            while name in self.sites or name.endswith(CLOSED):
                name += "_"
            self.names[reference] = name
            self.references[name] = reference
            self.sites[name] = site
        return name

    def _position(self, value: Any, depth: int) -> Schema:
        """A schema where a value of its own begins: the root, a property, an item."""
        value = self.unwrapped(value)
        reference = value.get("$ref") if isinstance(value, dict) else None
        if isinstance(reference, str) and not self._siblings(value):
            name = self.name(reference)
            return {"$ref": f"#/$defs/{name}{CLOSED if self.closed else ''}"}
        schema = self._schema(value, depth)
        if self.closed and isinstance(schema, dict):
            return self._close(value, schema)
        return schema

    def unwrapped(self, value: Any) -> Any:
        """``allOf: [X]`` that says nothing else is X."""
        for _ in range(_MAX_CHAIN):
            parts = value.get("allOf") if isinstance(value, dict) and "$ref" not in value else None
            if not isinstance(parts, list) or len(parts) != 1 or not isinstance(parts[0], dict):
                break
            if any(key in KEYWORDS[self.dialect] and key not in ("allOf", "format") for key in value):
                break
            value = parts[0]
        return value

    def _siblings(self, value: dict[str, Any]) -> bool:
        return self.dialect == DIALECT and any(key in _OF_2020_12 for key in value)

    def _schema(self, value: Any, depth: int) -> Schema:
        if depth > _MAX_DEPTH:
            raise Opaque("it is nested too deeply")
        value = self.unwrapped(value)
        if isinstance(value, bool):
            return value
        if value is None:
            return True
        if not isinstance(value, dict):
            return {UNREADABLE: value}
        reference = value.get("$ref")
        pointed: Schema | None = None
        if isinstance(reference, str):
            pointed = {"$ref": f"#/$defs/{self.name(reference)}"}
            if not self._siblings(value):
                return pointed
        if self.dialect == DIALECT and isinstance(value.get("$dynamicRef"), str):
            value = {**value, "$ref": value["$dynamicRef"]}  # the same, where the anchor has one meaning in the root
            return self._schema({key: each for key, each in value.items() if key != "$dynamicRef"}, depth)
        known = KEYWORDS[self.dialect]
        schema: dict[str, Any] = {}
        for key, inner in value.items():
            if key not in known or (key == "required" and not isinstance(inner, list)):
                continue  # `required: true` is of the third draft: no validator of these reads it
            if not _shaped(key, inner):
                schema[f"{UNREADABLE}-{key}"] = inner
                continue
            if key in _LISTS and isinstance(inner, list):
                build = self._position if key == "prefixItems" else self._schema
                schema[key] = [build(each, depth + 1) for each in inner]
            elif key in _MAPS and isinstance(inner, dict):
                build = self._schema if key == "dependentSchemas" else self._position
                schema[key] = {name: build(each, depth + 1) for name, each in inner.items()}
            elif key in ("then", "else"):
                schema[key] = self._schema(inner, depth + 1)
            elif key in _GUARDED:
                schema[key] = self._guarded(inner, depth + 1)
            elif key == "items" and isinstance(inner, list):
                schema["prefixItems"] = [self._position(each, depth + 1) for each in inner]
            elif key in _SINGLE and isinstance(inner, dict | bool):
                build = self._schema if key == "propertyNames" else self._position  # a name is no object to close
                schema[key] = build(inner, depth + 1)
            else:
                schema[key] = inner
        self._adapt(value, schema, depth)
        if pointed is not None:
            schema["allOf"] = [pointed, *schema.get("allOf", [])]
        return schema

    def _guarded(self, inner: Any, depth: int) -> Schema:
        """Below `not` and `if` a schema is meant as it is written."""
        plain = View(self.root, self.dialect, self.absent, formats=self.formats)
        plain.names, plain.references, plain.sites = self.names, self.references, self.sites
        return plain._schema(inner, depth)

    def _adapt(self, value: dict[str, Any], schema: dict[str, Any], depth: int) -> None:
        if self.dialect == "openapi3.0":
            _from_openapi_3_0(value, schema)
        elif self.dialect == "draft7":
            self._from_draft_7(value, schema, depth)
        if not self.formats:
            schema.pop("format", None)
        if self.absent:
            self._leave_out(value, schema)
        if self.lenient:
            for key in ("additionalProperties", "unevaluatedProperties"):
                if schema.get(key) is False:
                    del schema[key]
        marked = value.get("x-extensible-enum") is True or value.get("x-extensible") is True
        if self.receiver and "enum" in schema and (self.extensible or marked):
            members = schema.pop("enum")
            if "type" not in schema and isinstance(members, list):
                schema["type"] = sorted({type_of(member) for member in members})

    def _leave_out(self, value: dict[str, Any], schema: dict[str, Any]) -> None:
        properties = value.get("properties")
        if not isinstance(properties, dict):
            return
        gone = {name for name, each in properties.items() if self.is_absent(each)}
        if gone:
            schema["properties"] = {name: each for name, each in schema["properties"].items() if name not in gone}
            if isinstance(schema.get("required"), list):
                schema["required"] = [name for name in schema["required"] if name not in gone]

    def is_absent(self, value: Any) -> bool:
        """Whether a property is not sent in this direction."""
        if not self.absent or not isinstance(value, dict):
            return False
        if value.get(self.absent) is True:
            return True
        reference = value.get("$ref")
        if isinstance(reference, str):
            found = self.root.find(reference)
            return found is not None and isinstance(found.value, dict) and found.value.get(self.absent) is True
        return False

    def _from_draft_7(self, value: dict[str, Any], schema: dict[str, Any], depth: int) -> None:
        rest = schema.pop("additionalItems", None)
        if "prefixItems" in schema and rest is not None:
            schema["items"] = self._position(rest, depth + 1)
        dependencies = schema.pop("dependencies", None)
        if isinstance(dependencies, dict):
            names = {name: each for name, each in dependencies.items() if isinstance(each, list)}
            others = {name: self._schema(each, depth + 1) for name, each in dependencies.items() if name not in names}
            schema.update(
                {"dependentRequired": names} if names else {}, **({"dependentSchemas": others} if others else {})
            )

    def _close(self, value: Any, schema: dict[str, Any]) -> Schema:
        """With nothing allowed that no branch names, where the author left it open."""
        found = self._named(value, set())
        if found is None or not (found[0] or found[1]):
            return schema
        names, patterns = found
        if not any(key in schema for key in (*IN_PLACE, "$ref", "not", "if")):
            return {**schema, "additionalProperties": False}
        allowed: list[Any] = [{"enum": sorted(names)}] if names else []
        allowed += [{"pattern": pattern} for pattern in sorted(patterns)]
        closing: dict[str, Any] = {"propertyNames": allowed[0] if len(allowed) == 1 else {"anyOf": allowed}}
        if "propertyNames" in schema:
            return {"allOf": [schema, closing]}
        return {**schema, **closing}

    def _named(self, value: Any, seen: set[str]) -> tuple[set[str], set[str]] | None:
        """The names and patterns that the in-place parts declare; None where one says itself what else may be there."""
        names: set[str] = set()
        patterns: set[str] = set()
        if not isinstance(value, dict):
            return names, patterns
        reference = value.get("$ref")
        inner: list[Any] = []
        if isinstance(reference, str):
            site = None if reference in seen else self.root.find(reference)
            seen.add(reference)
            inner = [] if site is None else [site.value]
        if reference is None or self._siblings(value):
            if "additionalProperties" in value or "unevaluatedProperties" in value:
                return None
            properties = value.get("properties")
            if isinstance(properties, dict):
                names = {name for name, each in properties.items() if not (self.absent and self.is_absent(each))}
            known = KEYWORDS[self.dialect]
            if "patternProperties" in known and isinstance(value.get("patternProperties"), dict):
                patterns = set(value["patternProperties"])
            lists = [value[key] for key in ("allOf", "anyOf", "oneOf") if isinstance(value.get(key), list)]
            inner += [each for branches in lists for each in branches]
            inner += [value[key] for key in ("then", "else") if key in value and key in known]
            if "dependentSchemas" in known and isinstance(value.get("dependentSchemas"), dict):
                inner += list(value["dependentSchemas"].values())
        alternatives = [each for key in ("anyOf", "oneOf") for each in value.get(key) or () if isinstance(each, dict)]
        for each in inner:
            found = self._named(each, seen)
            if found is None or (not found[0] and not found[1] and each in alternatives and self._free(each)):
                return None
            names |= found[0]
            patterns |= found[1]
        return names, patterns

    def _free(self, value: Any, depth: int = 0) -> bool:
        """Whether a branch that names nothing is a free-form object: `{type: "null"}` and `{required: [a]}` are not."""
        if not isinstance(value, dict) or depth > _MAX_CHAIN:
            return False
        reference = value.get("$ref")
        if isinstance(reference, str):
            site = self.root.find(reference)
            return site is not None and self._free(site.value, depth + 1)
        types = value.get("type")
        return types == "object" or (isinstance(types, list) and "object" in types)


def _shaped(key: str, value: Any) -> bool:
    """Whether a keyword's value is of its kind."""
    if key in _LISTS or key == "enum":
        return isinstance(value, list)
    if key in _MAPS or key == "dependencies":
        return isinstance(value, dict)
    if key in _SINGLE or key in ("then", "else", *_GUARDED):
        return isinstance(value, dict | bool) or (key == "items" and isinstance(value, list))
    if key == "type":
        return isinstance(value, str) or (isinstance(value, list) and all(isinstance(each, str) for each in value))
    if key == "pattern":
        return isinstance(value, str)
    return True


def _from_openapi_3_0(value: dict[str, Any], schema: dict[str, Any]) -> None:
    if value.get("nullable") is True and isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        said = schema.pop(exclusive, None)
        if said is True and bound in schema:
            schema[exclusive] = schema.pop(bound)
        elif said is not None and not isinstance(said, bool):
            schema[exclusive] = said  # as 3.1 writes it; validators of both take it


def type_of(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def reaches(schema: Any, found: set[str] | None = None) -> set[str]:
    """The definitions that a schema names."""
    names: set[str] = set() if found is None else found
    stack = [schema]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            reference = value.get("$ref")
            if isinstance(reference, str):
                names.add(reference.removeprefix("#/$defs/"))
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)
    return names


def self_contained(view: View, schema: Schema) -> Schema:
    """The schema with every definition that it reaches."""
    definitions: dict[str, Schema] = {}
    if UNREADABLE.encode() in canonical(schema):
        raise Opaque("it holds a keyword of a wrong shape")
    waiting = sorted(reaches(schema))
    while waiting:
        name = waiting.pop()
        if name not in definitions and view.knows(name):  # else it is data: a `const` that looks like a reference
            definitions[name] = view.definition(name)
            waiting.extend(sorted(reaches(definitions[name])))
    if not definitions or not isinstance(schema, dict):
        return schema
    return {**schema, "$defs": dict(sorted(definitions.items()))}
