"""A schema cut out of its document so that any validator can read it: every reference leads into its own definitions.

What a metaschema forbids but everybody understands is mended: a name that is required twice, an empty list of branches.
OpenAPI 3.0 is written as draft 7 on the way: `nullable` becomes a type, a flag of an exclusive bound the bound.
"""

from __future__ import annotations

from typing import Any

from tenon.schema.dialect import DIALECTS, Shape
from tenon.schema.documents import Place, Resources
from tenon.schema.values import canonical, exact

_Key = tuple[int, str, tuple[str, ...]]


class _Writer:
    def __init__(self, resources: Resources) -> None:
        self.resources = resources
        self.keywords = resources.dialect.keywords
        self.home = "$defs" if resources.dialect.age >= 2019 else "definitions"
        self.names: dict[_Key, str] = {}
        self.waiting: list[tuple[str, Place]] = []

    def reference(self, place: Place) -> str:
        key = (id(place.raw), place.base, place.scope)
        if key not in self.names:
            self.names[key] = f"s{len(self.names)}"
            self.waiting.append((self.names[key], place))
        return f"#/{self.home}/{self.names[key]}"

    def write(self, place: Place) -> Any:
        raw = place.raw
        if isinstance(raw, bool) and self.resources.dialect.age == 4:
            return {} if raw else {"not": {}}
        if not isinstance(raw, dict):
            return raw
        if isinstance(raw.get("$ref"), str) and not self.resources.dialect.siblings:
            return {"$ref": self.reference(self.resources.resolve(place, "$ref", raw["$ref"]))}
        written: dict[str, Any] = {}
        for name, value in raw.items():
            shape = self.keywords.get(name)
            if shape is None:
                continue
            if shape is Shape.REFERENCE:
                target = {"$ref": self.reference(self.resources.resolve(place, name, value))}
                if "$ref" in written:
                    written.setdefault("allOf", []).append(target)
                else:
                    written.update(target)
            elif shape in (Shape.SCHEMA, Shape.SCHEMAS, Shape.SCHEMA_MAP, Shape.ITEMS, Shape.DEPENDENCIES):
                inner = self._inner(place, name, shape, value)
                written[name] = [*inner, *written["allOf"]] if name == "allOf" and "allOf" in written else inner
            elif shape in (Shape.NAMES, Shape.VALUES) and isinstance(value, list):
                if value:
                    written[name] = list({canonical(exact(item)): item for item in value}.values())
                elif shape is Shape.VALUES:
                    written["not"] = {}
            else:
                written[name] = value
        for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            if bound not in written and isinstance(written.get(exclusive), bool):
                del written[exclusive]
        return _modern(written) if self.resources.dialect.name == "openapi3.0" else written

    def _inner(self, place: Place, name: str, shape: Shape, value: Any) -> Any:
        def sub(raw: Any) -> Any:
            return self.write(self.resources.child(place, raw))

        if shape is Shape.SCHEMA or not isinstance(value, (list, dict)):
            return sub(value)
        if isinstance(value, list):
            return [sub(item) for item in value] or [{"not": {}} if name in ("anyOf", "oneOf") else {}]
        if shape is Shape.ITEMS:
            return sub(value)
        return {name: item if isinstance(item, list) else sub(item) for name, item in value.items()}


def portable(resources: Resources, place: Place) -> Any:
    """The schema at a place, with all that it refers to."""
    writer = _Writer(resources)
    if place.raw is resources.root:
        writer.names[id(place.raw), place.base, place.scope] = ""
    root = writer.write(place)
    definitions: dict[str, Any] = {}
    while writer.waiting:
        name, target = writer.waiting.pop()
        definitions[name] = writer.write(target)
    if not definitions:
        return _rooted(root, writer.home)
    if not isinstance(root, dict) or ("$ref" in root and not resources.dialect.siblings):
        root = {"allOf": [root]}
    return _rooted({**root, writer.home: definitions}, writer.home)


def _rooted(schema: Any, home: str) -> Any:
    """References to the nameless definition are references to the root."""
    match schema:
        case dict():
            return {k: "#" if k == "$ref" and v == f"#/{home}/" else _rooted(v, home) for k, v in schema.items()}
        case list():
            return [_rooted(item, home) for item in schema]
    return schema


def _modern(schema: dict[str, Any]) -> dict[str, Any]:
    if schema.pop("nullable", False) is True and isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if schema.pop(exclusive, False) is True and bound in schema:
            schema[exclusive] = schema.pop(bound)
    return schema


JUDGED_AS = {name: name for name in DIALECTS} | {"openapi3.0": "draft7"}
