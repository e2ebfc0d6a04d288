"""JSON Schemas as Python types: TypedDict, Literal, unions, list and dict.

A type describes the JSON value itself, which a validator has accepted before anybody sees it; so where Python cannot
say what a schema says, the type is wider, never narrower.
"""

from __future__ import annotations

import ast
import itertools
import keyword
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import orjson

from tenon.lang.python import literal, pascal, unique
from tenon.model.text import Text

MAX_FIELDS = 150_000
"""Fields one document may come to, those that allOf repeats included; past it, types are `Any`. GitHub has 39 000."""
_MAX_DEPTH = 60
_MAX_ALTERNATIVES = 32
_MAX_CHAIN = 100
"""Components that one allOf may come to."""
_PLAIN = (
    "type", "properties", "required", "additionalProperties", "patternProperties", "items", "prefixItems", "enum",
    "const", "format", "contentMediaType", "contentEncoding",
)  # fmt: skip
_SHAPES = frozenset(_PLAIN) - {"required", "format", "contentMediaType", "contentEncoding"}
_SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "null": (type(None),),
}  # fmt: skip
TYPING = frozenset({"Any", "Literal", "Never", "NotRequired", "TypeAlias", "TypedDict"})

_USED = re.compile(r"\b(?:Any|Literal|Never|NotRequired)\b")

Members = tuple[str, ...]
"""The alternatives of a union, each a type expression."""


@dataclass(frozen=True, slots=True)
class TypedDictField:
    """One key. `type` is a type expression, ``NotRequired[…]`` included."""

    key: Text
    type: str
    doc: Text


@dataclass(frozen=True, slots=True)
class Declaration:
    """One named type: a TypedDict with `fields`, or an alias of `type`.

    With `functional` a key is no attribute name and the class is made by a call. An alias is `quoted` when it names
    classes that may stand after it.
    """

    name: str
    doc: Text
    fields: tuple[TypedDictField, ...] = ()
    functional: bool = False
    type: str = ""
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class _Ref:
    """A component, in a conjunction of parts."""

    name: str


@dataclass(frozen=True, slots=True)
class _Choice:
    """anyOf or oneOf, in a conjunction of parts."""

    options: tuple[Any, ...]


_Part = _Ref | _Choice | dict[str, Any]


def union(members: Iterable[str]) -> str:
    """A union's expression."""
    found = dict.fromkeys(members)
    if "Any" in found:
        return "Any"
    literals = [member for member in found if member.startswith("Literal[")]
    if len(literals) > 1:
        values = dict.fromkeys(value for member in literals for value in _literal_values(member))
        merged = f"Literal[{', '.join(values)}]"
        found = dict.fromkeys(merged if member in literals else member for member in found)
    if len(found) > 1:
        found.pop("Never", None)
    if "None" in found:  # last, as people write it
        found.pop("None")
        found["None"] = None
    return " | ".join(found) or "Never"


class JsonTypes:
    """The types of one document: its named schemas, and the inline ones that are asked for."""

    def __init__(self, schemas: Mapping[str, Any], taken: set[str]) -> None:
        self._schemas = schemas
        self._taken = taken | TYPING
        self.names = {name: unique(pascal(name), self._taken) for name in schemas}
        self._declarations: list[Declaration | None] = []
        self._aliases: dict[str, tuple[int, Text, Members]] = {}
        self._merging: set[bytes] = set()
        self._depth = 0
        self._count = 0
        for name, schema in schemas.items():
            self.declare(self.names[name], schema)

    def declarations(self) -> tuple[Declaration, ...]:
        """All that was declared, a class before the inline classes of its fields."""
        looping = self._loops()
        for name, (index, doc, members) in self._aliases.items():
            expression = "Any" if name in looping else union(members)
            quoted = any(node.id in self._taken and node.id not in TYPING for node in _names(expression))
            self._declarations[index] = Declaration(name, doc, type=expression, quoted=quoted)
        return tuple(each for each in self._declarations if each is not None)

    def of(self, schema: Any, hint: str) -> Members:
        """The type of an inline schema, for a module that has imported this one's as ``types``.

        Classes that it needs are declared, and named after `hint`.
        """
        return tuple(self._qualified(member) for member in self._members(schema, pascal(hint), None))

    def declare(self, name: str, schema: Any) -> None:
        """Declare an inline schema under `name`, which was among the names taken from the start."""
        index = len(self._declarations)
        self._declarations.append(None)
        members = self._members(schema, name, name)
        if members != (name,):
            self._aliases[name] = (index, _doc(schema), members)

    def _qualified(self, expression: str) -> str:
        own = [node.col_offset for node in _names(expression) if node.id in self._taken and node.id not in TYPING]
        for offset in sorted(own, reverse=True):
            expression = f"{expression[:offset]}types.{expression[offset:]}"
        return expression

    def _loops(self) -> set[str]:
        """Aliases that are alternatives of themselves, which no type checker can resolve."""
        looping: set[str] = set()
        done: set[str] = set()
        for start in self._aliases:
            path = {} if start in done else {start: self._alternatives(start)}
            while path:
                last = next(reversed(path))
                name = next(path[last], None)
                if name is None:
                    done.add(last)
                    del path[last]
                elif name in path:
                    names = list(path)
                    looping.update(names[names.index(name) :])
                elif name not in done:
                    path[name] = self._alternatives(name)
        return looping

    def _alternatives(self, name: str) -> Iterator[str]:
        return (member for member in self._aliases[name][2] if member in self._aliases)

    def _members(self, schema: Any, hint: str, own: str | None) -> Members:
        """The alternatives that `schema` allows. `own`: the name for its class, if it is one class."""
        if schema is False:
            return ("Never",)
        if not isinstance(schema, dict) or self._depth > _MAX_DEPTH or self._count > MAX_FIELDS:
            return ("Any",)
        parts = self._parts(schema)
        self._depth += 1
        try:
            match parts:
                case []:
                    return ("Any",)
                case [_Ref(name)]:
                    return (self.names[name],)
                case [_Choice(options)]:
                    return tuple(
                        member
                        for index, option in enumerate(options, 1)
                        for member in self._members(option, f"{hint}Option{index}", None)
                    )
                case [dict() as plain]:
                    return self._plain(plain, hint, own, _doc(schema))
            return self._all_of(parts, hint, own, schema)
        finally:
            self._depth -= 1

    def _parts(self, schema: dict[str, Any]) -> list[_Part]:
        """What has to hold at the same time. Parts that say nothing about the shape are left out."""
        parts: list[_Part] = []
        ref = schema.get("$ref")
        if isinstance(ref, str):
            name = _component(ref)
            if name is not None and name in self._schemas:
                parts.append(_Ref(name))
        for member in schema.get("allOf") or ():
            if isinstance(member, dict):
                parts += [part for part in self._parts(member) if part not in parts]
        for key in ("anyOf", "oneOf"):
            options = schema.get(key)
            if isinstance(options, list) and any(self._says(option) for option in options):
                parts.append(_Choice(tuple(options)))
        if any(key in schema for key in _PLAIN):
            plain = {key: schema[key] for key in _PLAIN if key in schema}
            if not _SHAPES.isdisjoint(plain) or (parts and "required" in plain):
                parts.append(plain)
        if len(parts) > 1:  # `type: object` beside a reference says nothing new
            parts = [p for p in parts if not (isinstance(p, dict) and p.keys() <= {"type", "format"})] or parts[:1]
        return parts

    def _says(self, option: Any) -> bool:
        return isinstance(option, dict) and bool(self._parts(option))

    def _all_of(self, parts: list[_Part], hint: str, own: str | None, schema: dict[str, Any]) -> Members:
        """One class for each way to fulfil all `parts`."""
        key = orjson.dumps(schema)
        if key in self._merging:
            return ("Any",)
        self._merging.add(key)
        try:
            plains: list[dict[str, Any]] = []
            choices: list[_Choice] = []
            self._expand(parts, plains, choices, set())
            ways = 1
            for choice in choices:
                ways *= len(choice.options)
            base = _merged(plains)
            if ways > _MAX_ALTERNATIVES:
                choices = []
            if not choices:
                return self._plain(base, hint, own, _doc(schema))
            members: list[str] = []
            for index, options in enumerate(itertools.product(*(choice.options for choice in choices)), 1):
                inner: list[dict[str, Any]] = []
                more: list[_Choice] = []
                for option in options:
                    if isinstance(option, dict):
                        self._expand(self._parts(option), inner, more, set())
                members += self._plain(_merged([base, *inner]), f"{hint}Option{index}", None, _doc(options[0]))
            return tuple(members)
        finally:
            self._merging.discard(key)

    def _expand(
        self, parts: Iterable[_Part], plains: list[dict[str, Any]], choices: list[_Choice], seen: set[str]
    ) -> None:
        for part in parts:
            self._count += 1
            match part:
                case _Ref(name):
                    if name not in seen and len(seen) < _MAX_CHAIN and isinstance(self._schemas[name], dict):
                        seen.add(name)
                        self._expand(self._parts(self._schemas[name]), plains, choices, seen)
                case _Choice():
                    choices.append(part)
                case _:
                    plains.append(part)

    def _plain(self, schema: dict[str, Any], hint: str, own: str | None, doc: Text) -> Members:
        types = schema.get("type")
        kinds = [types] if isinstance(types, str) else list(types) if isinstance(types, list) else []
        for values in ([schema["const"]] if "const" in schema else None, schema.get("enum")):
            if isinstance(values, list):
                return _literals(values, kinds)
        if not kinds:
            if not {"properties", "additionalProperties", "patternProperties"}.isdisjoint(schema):
                kinds = ["object"]
            elif "items" in schema or "prefixItems" in schema:
                kinds = ["array"]
            else:
                return ("Any",)
        found: list[str] = []
        for kind in kinds:
            if kind == "object":
                found += self._object(schema, hint, own if len(kinds) == 1 else None, doc)
            elif kind == "array":
                found.append(self._array(schema, hint))
            elif kind == "string" and is_binary(schema):
                found.append("bytes")
            else:
                found.append(_SCALARS.get(kind, "Any"))
        return tuple(found)

    def _array(self, schema: dict[str, Any], hint: str) -> str:
        first = schema.get("prefixItems")
        members: list[str] = []
        for index, item in enumerate(first if isinstance(first, list) else (), 1):
            members += self._members(item, f"{hint}Item{index}", None)
        if schema.get("items") is not False or not members:
            members += self._members(schema.get("items", True), f"{hint}Item", None)
        return f"list[{union(members)}]"

    def _object(self, schema: dict[str, Any], hint: str, own: str | None, doc: Text) -> Members:
        properties = schema.get("properties")
        if not isinstance(properties, dict) or not properties:
            values = [*(schema.get("patternProperties") or {}).values()]
            extra = schema.get("additionalProperties", True)
            if extra is not False or not values:
                values.append(extra if extra is not False else True)
            members = [m for value in values for m in self._members(value, f"{hint}Value", None)]
            return (f"dict[str, {union(members)}]",)
        name = own if own is not None else unique(hint, self._taken)
        index = len(self._declarations)
        self._declarations.append(None)
        required = set(schema.get("required") or ())
        fields: list[TypedDictField] = []
        for key, value in properties.items():
            expression = union(self._members(value, name + pascal(key), None))
            fields.append(
                TypedDictField(Text(key), expression if key in required else f"NotRequired[{expression}]", _doc(value))
            )
        self._count += len(fields)
        functional = not all(map(_is_attribute, properties))
        self._declarations[index] = Declaration(name, doc, tuple(fields), functional)
        return (name,)


def is_binary(schema: Any) -> bool:
    """Whether a text schema stands for bytes: `format: binary`, or a media type that is not encoded as text."""
    if not isinstance(schema, dict):
        return False
    media = schema.get("contentMediaType")
    return schema.get("format") == "binary" or (media == "application/octet-stream" and "contentEncoding" not in schema)


def _is_attribute(name: str) -> bool:
    return name.isascii() and name.isidentifier() and not keyword.iskeyword(name) and not name.startswith("__")


def _component(ref: str) -> str | None:
    """The name in ``#/components/schemas/<name>``, as the readers write it."""
    prefix = "#/components/schemas/"
    if not ref.startswith(prefix):
        return None
    return unquote(ref[len(prefix) :]).replace("~1", "/").replace("~0", "~")


def _literals(values: list[Any], kinds: list[str]) -> Members:
    """Values as one Literal; a value that `kinds` do not allow cannot occur."""
    allowed = tuple(kind for name in kinds for kind in _KINDS.get(name, (object,)))
    fitting = [
        value
        for value in values
        if not kinds or (isinstance(value, allowed) and (not isinstance(value, bool) or "boolean" in kinds))
    ]
    if not fitting:
        return tuple(_SCALARS.get(kind, "Any") for kind in kinds) or ("Any",)
    members: list[str] = []
    plain = [value for value in fitting if isinstance(value, (str, int)) or value is None]
    named = [value for value in plain if value is not None]
    if named:
        written = dict.fromkeys(literal(value) for value in named)
        members.append(f"Literal[{', '.join(written)}]")
    if len(named) < len(plain):
        members.append("None")
    for value in fitting:
        if isinstance(value, float):
            members.append("float")
        elif isinstance(value, list):
            members.append("list[Any]")
        elif isinstance(value, dict):
            members.append("dict[str, Any]")
    return tuple(dict.fromkeys(members))


def _merged(plains: list[dict[str, Any]]) -> dict[str, Any]:
    """The conjunction of schemas without references or choices, as far as the shape goes."""
    out: dict[str, Any] = {}
    for plain in plains:
        for key, value in plain.items():
            if key not in out:
                out[key] = value
            elif key == "properties" and isinstance(value, dict) and isinstance(out[key], dict):
                both = dict(out[key])
                for name, schema in value.items():
                    both[name] = {"allOf": [both[name], schema]} if both.get(name, schema) != schema else schema
                out[key] = both
            elif key == "required":
                out[key] = list(dict.fromkeys([*out[key], *value]))
            elif key == "type":
                out[key] = _narrower(out[key], value)
            elif key == "enum" and isinstance(value, list):
                out[key] = [each for each in out[key] if each in value] or value
            elif key == "items" and out[key] != value:
                out[key] = {"allOf": [out[key], value]}
            else:
                out[key] = value
    return out


def _narrower(one: Any, other: Any) -> Any:
    ones, others = ([each] if isinstance(each, str) else list(each) for each in (one, other))
    kept = [kind for kind in ones if kind in others or (kind == "integer" and "number" in others)]
    kept += [kind for kind in others if kind == "integer" and "number" in ones and kind not in kept]
    return kept or other


def _doc(schema: Any) -> Text:
    if isinstance(schema, dict):
        for key in ("description", "title"):
            if isinstance(schema.get(key), str) and schema[key].strip():
                return Text(schema[key])
    return Text("")


def _literal_values(expression: str) -> list[str]:
    """The values in one Literal, as they are written."""
    index = ast.parse(expression, mode="eval").body
    assert isinstance(index, ast.Subscript)
    items = index.slice.elts if isinstance(index.slice, ast.Tuple) else [index.slice]
    return [ascii(ast.literal_eval(item)) for item in items]


def _names(expression: str) -> list[ast.Name]:
    """The names in a type expression, which is ASCII."""
    return [node for node in ast.walk(ast.parse(expression, mode="eval")) if isinstance(node, ast.Name)]


def typing_imports(declarations: Iterable[Declaration]) -> str:
    """What a module of `declarations` imports from `typing`."""
    used: set[str] = set()
    for each in declarations:
        used.add("TypedDict" if each.fields else "TypeAlias")
        for expression in (each.type, *(field.type for field in each.fields)):
            used.update(_USED.findall(expression))
    return ", ".join(sorted(used))
