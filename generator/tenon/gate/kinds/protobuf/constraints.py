"""Field rules of protovalidate as sets of values: as JSON Schema where it can say the same, and what it cannot."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import FieldDescriptor as _F

from tenon import schema as sets
from tenon.gate.kinds.protobuf import samples

FIELD, MESSAGE, ONEOF = "buf.validate.field", "buf.validate.message", "buf.validate.oneof"
_IF_ZERO, _ALWAYS = 1, 3
"""Values of buf.validate.Ignore."""
_ZERO = {_F.CPPTYPE_STRING: "", _F.CPPTYPE_BOOL: False, _F.CPPTYPE_ENUM: 0}
_ESCAPE = re.compile(r"\\(.)|(\[\^?)|(\(\?)|(\.)|(\])", re.DOTALL)
_DROPPED = ("example",)


@dataclass(frozen=True, slots=True)
class Constraint:
    """What a field's rules take: a schema of its value (null: not set), and rules that no schema says."""

    schema: Any
    opaque: frozenset[str]
    frame: tuple[bool, int]
    """Whether it is required and what is ignored: how the two above are put together."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether all that the old rules take is taken by the new ones; `example` is what is not."""

    proved: bool
    example: Any = None
    refuted: bool = False
    reason: str = ""


def compare(old: Constraint, new: Constraint) -> Comparison:
    """Whether the new rules take whatever the old ones took."""
    extra = new.opaque - old.opaque
    match sets.is_subset(old.schema, new.schema):
        case sets.Proved() if not extra and (not new.opaque or old.frame == new.frame):
            return Comparison(True)
        case sets.Proved():
            return Comparison(False, reason=", ".join(sorted(each.partition("=")[0] for each in extra or new.opaque)))
        case sets.Refuted(witness=example):
            return Comparison(False, example, refuted=True)
        case unproven:
            return Comparison(False, reason=unproven.reason)


def of_field(field: Any, rules: Any) -> Constraint:
    """The constraint of `rules`, a buf.validate.FieldRules or None, on a field."""
    opaque: set[str] = set()
    value = _value(field, rules, opaque, "")
    required, ignore = (bool(rules.required), int(rules.ignore)) if rules is not None else (False, 0)
    if ignore == _ALWAYS:
        return Constraint({}, frozenset(), (False, ignore))
    zero = _zero(field)
    if ignore == _IF_ZERO:
        value = {"anyOf": [value, {"const": zero}]} if zero is not None else value
        if zero is None or required:
            opaque.add(f"ignore={zero is None}{required}")
    if field.has_presence:
        value = value if required else {"anyOf": [{"type": "null"}, value]}
    elif required:
        value = {"allOf": [value, {"not": {"const": zero}}]} if zero is not None else value
        if zero is None:
            opaque.add("required=")
    return Constraint(value, frozenset(opaque), (required, ignore))


def _zero(field: Any) -> Any:
    if field.is_repeated:
        return {} if samples.entry(field) is not None else []
    if field.type in samples.INTEGERS or field.type in (_F.TYPE_FLOAT, _F.TYPE_DOUBLE):
        return 0
    return None if field.type == _F.TYPE_BYTES else _ZERO.get(field.cpp_type)


def _value(field: Any, rules: Any, opaque: set[str], path: str) -> Any:
    pairs = samples.entry(field)
    kind = rules.WhichOneof("type") if rules is not None else None
    stated = getattr(rules, kind) if kind is not None else None
    for each, value in rules.ListFields() if rules is not None else ():
        if each.name in ("cel", "cel_expression") or each.is_extension:
            opaque.update(f"{path}{each.name}={item}" for item in (value if each.is_repeated else [value]))
    if pairs is not None:
        return _map(pairs, stated if kind == "map" else None, opaque, path)
    if field.is_repeated:
        return _list(field, stated if kind == "repeated" else None, opaque, path)
    return _single(field, stated, opaque, path)


def _list(field: Any, stated: Any, opaque: set[str], path: str) -> Any:
    items = stated.items if stated is not None and stated.HasField("items") else None
    found: dict[str, Any] = {"type": "array", "items": _item(field, items, opaque, f"{path}items.")}
    for each, value in stated.ListFields() if stated is not None else ():
        if each.name in ("min_items", "max_items"):
            found["minItems" if each.name == "min_items" else "maxItems"] = int(value)
        elif each.name == "unique" and field.type not in (_F.TYPE_FLOAT, _F.TYPE_DOUBLE, _F.TYPE_BYTES):
            found["uniqueItems"] = bool(value)
        elif each.name != "items":
            opaque.add(f"{path}{each.name}={value}")
    return found


def _map(pairs: Any, stated: Any, opaque: set[str], path: str) -> Any:
    key, value = pairs.fields_by_number[1], pairs.fields_by_number[2]
    rules = [
        getattr(stated, name) if stated is not None and stated.HasField(name) else None for name in ("keys", "values")
    ]
    names = _item(key, rules[0], opaque, f"{path}keys.")
    found = {"type": "object", "additionalProperties": _item(value, rules[1], opaque, f"{path}values.")}
    if key.type == _F.TYPE_STRING:
        found["propertyNames"] = names
    elif rules[0] is not None:
        opaque.add(f"{path}keys={rules[0]}")
    for each, bound in stated.ListFields() if stated is not None else ():
        if each.name in ("min_pairs", "max_pairs"):
            found["minProperties" if each.name == "min_pairs" else "maxProperties"] = int(bound)
        elif each.name not in ("keys", "values"):
            opaque.add(f"{path}{each.name}={bound}")
    return found


def _item(field: Any, rules: Any, opaque: set[str], path: str) -> Any:
    """One element of a list or map: `field` is the list's own, whose element type counts."""
    if rules is None:
        return _single(field, None, opaque, path)
    if rules.ignore == _ALWAYS:
        return {}
    for each, value in rules.ListFields():
        if each.name in ("cel", "cel_expression", "required", "ignore") or each.is_extension:
            opaque.add(f"{path}{each.name}={value}")
    kind = rules.WhichOneof("type")
    return _single(field, getattr(rules, kind) if kind is not None else None, opaque, path)


def _single(field: Any, stated: Any, opaque: set[str], path: str) -> Any:
    given = [(each.name, value) for each, value in stated.ListFields()] if stated is not None else []
    if field.type in samples.INTEGERS:
        low, high = samples.bounds(field.type)
        found: list[Any] = [{"type": "integer", "minimum": low, "maximum": high}]
    elif field.type in (_F.TYPE_FLOAT, _F.TYPE_DOUBLE):
        found = [{"type": "number"}]
    elif field.type == _F.TYPE_ENUM:
        numbers = sorted({value.number for value in field.enum_type.values})
        defined = field.enum_type.is_closed or ("defined_only", True) in given
        found = [{"enum": numbers} if defined else {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}]
        given = [(name, value) for name, value in given if name != "defined_only"]
    elif field.type == _F.TYPE_BOOL:
        found = [{"type": "boolean"}]
    elif field.type == _F.TYPE_STRING:
        found = [{"type": "string"}]
    else:
        opaque.update(f"{path}{name}={value}" for name, value in given if name not in _DROPPED)
        return {"type": "object"}  # bytes and messages: one opaque set
    limits = {}
    for name, value in given:
        if name in ("lt", "lte", "gt", "gte") and math.isfinite(value):
            limits[name] = value
        elif (term := _term(name, value)) is not None:
            found.append(term)
        elif name not in _DROPPED:
            opaque.add(f"{path}{name}={value}")
    return {"allOf": found + _limits(limits)}


def _limits(given: dict[str, Any]) -> list[Any]:
    words = {"lt": "exclusiveMaximum", "lte": "maximum", "gt": "exclusiveMinimum", "gte": "minimum"}
    terms = {name: {words[name]: value} for name, value in given.items()}
    upper = next((given[name] for name in ("lt", "lte") if name in given), None)
    lower = next((given[name] for name in ("gt", "gte") if name in given), None)
    if upper is not None and lower is not None and upper < lower:
        return [{"anyOf": list(terms.values())}]  # outside of the range, as protovalidate defines it
    return list(terms.values())


def _term(name: str, value: Any) -> Any:
    match name:
        case "const":
            return {"const": value}
        case "in":
            return {"enum": list(value)}
        case "not_in":
            return {"not": {"enum": list(value)}}
        case "len":
            return {"minLength": int(value), "maxLength": int(value)}
        case "min_len":
            return {"minLength": int(value)}
        case "max_len":
            return {"maxLength": int(value)}
        case "pattern":
            found = pattern(value)
            return {"pattern": found} if found is not None else None
        case "prefix" | "suffix" | "contains" | "not_contains" if value:
            text = re.sub(r"[\\^$.|?*+()\[\]{}/]", r"\\\g<0>", value)
            term = {"pattern": f"{'^' if name == 'prefix' else ''}{text}{'$' if name == 'suffix' else ''}"}
            return {"not": term} if name == "not_contains" else term
    return None


def pattern(text: str) -> str | None:
    """An RE2 expression as ECMA-262 writes it, or None where the two differ in what is not translated."""
    found, end, inside = [], 0, False
    for match in _ESCAPE.finditer(text):
        found.append(text[end : match.start()])
        end = match.end()
        escaped, opening, group, dot, _ = match.groups()
        if escaped is not None:
            if escaped in "s":
                found.append(r"\t\n\f\r " if inside else r"[\t\n\f\r ]")
            elif escaped in "dDwW" or not escaped.isalnum() or escaped in "tnrf":
                found.append(match[0])
            elif escaped in "Az" and not inside:
                found.append("^" if escaped == "A" else "$")
            else:
                return None
        elif opening is not None and inside and text[end : end + 1] == ":":
            return None
        elif opening is not None and not inside:
            inside = True
            found.append(match[0])
        elif group is not None and not inside:
            if text[end : end + 1] != ":":
                return None
            found.append(match[0])
        elif dot is not None and not inside:
            found.append(r"[^\n]")
        elif match[0] == "]":
            inside = False
            found.append("]")
        else:
            found.append(match[0])
    return "".join((*found, text[end:]))
