"""A whole body that shows a break: built around the refused part, and replayed by two judges.

What stands around the part is the smallest thing that the sender's schema asks for. It is a proposal: the judges
decide whether it was good and is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from tenon.gate.documents import canonical
from tenon.gate.json.causes import refusal
from tenon.gate.json.compare import Step
from tenon.gate.json.judge import Judge
from tenon.gate.json.view import Opaque, Schema, View

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

JUDGES = ("jsonschema", "jsonschema-rs")
_MAX_DEPTH = 24
_MAX_PATH = 200
_MAX_BRANCHES = 60
_MAX_LEAVES = 500


@dataclass(frozen=True, slots=True)
class Replay:
    """What the judges say of a value: good at the sender's, refused at the receiver's."""

    value: Any
    after: str
    """``refused: /age: 0 is less than the minimum of 1``."""
    keyword: str
    path: tuple[str | int, ...] = ()
    """Where in the value it is refused."""


@dataclass
class Builder:
    """Makes values that a view's schemas take."""

    view: View
    judge: Judge
    rich: bool = False
    """Puts in what has one of few values, as the tags are by which the branches of a union are told apart."""
    good: dict[bytes, Any] = field(default_factory=dict)

    def around(self, schema: Schema, steps: tuple[Step, ...], part: Any, stubs: Schema = True) -> Any:
        """A value of `schema` with `part` where `steps` lead. Raises `Opaque`.

        What `stubs`, the schema that `part` was found with, left open in it is filled.
        """
        if len(steps) > _MAX_PATH:
            raise Opaque("the place is too deep")
        inner = 0
        choices: list[Any] = []
        here = schema
        while inner < len(steps) and steps[inner][0] in ("allOf", "anyOf", "oneOf"):
            keyword, index, _ = steps[inner]
            if index is not None:
                here = self._plain(here)
                here = here[keyword][index] if isinstance(here, dict) else here
                if keyword != "allOf":
                    choices.append(here)
            inner += 1
        if inner == len(steps):
            return self._filled(schema, choices, part, stubs)
        here = self._plain(here)
        keyword, key, _ = steps[inner]
        below = self._child(here, keyword, key)
        value = self.around(below, steps[inner + 1 :], part, stubs)
        if keyword in ("items", "prefixItems"):
            flat = self._flat(schema, choices)
            fill = max(_count(flat.get("minItems")), (key or 0) + 1)
            array = [self.smallest(self._item(flat, index), 1) for index in range(min(fill, 50))]
            array[key or 0] = value
            return array
        whole = self.smallest({**(schema if isinstance(schema, dict) else {}), "type": "object"}, choices=choices)
        name = key if keyword == "properties" else self._name(here, keyword, key)
        return {**(whole if isinstance(whole, dict) else {}), name: value}

    def _filled(self, schema: Schema, choices: list[Any], part: Any, stubs: Schema) -> Any:
        """The part with good values where the question had none: it was asked without its children."""
        if not isinstance(part, dict | list):
            return part
        flat = self._flat(schema, choices)
        if isinstance(part, list):
            if isinstance(stubs, dict) and (stubs.get("items") is True or "prefixItems" in stubs):
                return [self.smallest(self._item(flat, index), 1) for index in range(len(part))]
            return part
        open_to = stubs.get("properties", {}) if isinstance(stubs, dict) else {}
        properties, rest = flat.get("properties", {}), flat.get("additionalProperties", True)
        found = dict(part)
        for name in part:
            if open_to.get(name) is True or (name not in open_to and isinstance(rest, dict)):
                found[name] = self.smallest(properties.get(name, rest), 1)
        for name in flat.get("required", ()):
            if name not in found:
                found[name] = self.smallest(properties.get(name, rest if rest is not False else True), 1)
        return found

    def smallest(self, schema: Schema, depth: int = 0, choices: list[Any] | None = None) -> Any:
        """A value with nothing in it that is not asked for."""
        if depth > _MAX_DEPTH:
            raise Opaque("the schema has no small value")
        union = self._plain(schema)
        branches = union.get("oneOf") if isinstance(union, dict) else None
        if isinstance(branches, list) and len(branches) > 1 and not choices:
            return self._of_one(union, branches, depth)
        flat = self._flat(schema, choices or [])
        if "const" in flat:
            return flat["const"]
        if isinstance(flat.get("enum"), list) and flat["enum"]:
            return next((member for member in flat["enum"] if member is not None), None)
        kinds = flat.get("type") or self._kinds(flat)
        kinds = [kinds] if isinstance(kinds, str) else [*kinds]
        kind = next((each for each in kinds if each != "null"), kinds[0] if kinds else "string")
        match kind:
            case "object":
                properties = flat.get("properties", {})
                rest = flat.get("additionalProperties", True)
                names = list(flat.get("required", ()))
                if self.rich:
                    names += [name for name, each in properties.items() if name not in names and _tag(each)]
                return {
                    name: self.smallest(properties.get(name, rest if rest is not False else True), depth + 1)
                    for name in names
                }
            case "array":
                return [
                    self.smallest(self._item(flat, index), depth + 1)
                    for index in range(min(_count(flat.get("minItems")), 50))
                ]
            case "boolean":
                return True
            case "null":
                return None
        return self._scalar(kind, flat)

    def _of_one(self, schema: Schema, branches: list[Any], depth: int) -> Any:
        """A value that exactly one branch takes, with its tags where it needs them."""
        key = canonical(schema)
        if key not in self.good:
            self.good[key] = None
            for branch in branches[:_MAX_BRANCHES]:
                for rich in (self.rich, True):
                    value = Builder(self.view, self.judge, rich, self.good).smallest(schema, depth + 1, [branch])
                    if self.good[key] is None or self._valid(schema, value):
                        self.good[key] = value
                    if self._valid(schema, value):
                        return value
        return self.good[key]

    def _valid(self, schema: Schema, value: Any) -> bool:
        from jsonschema import Draft202012Validator

        try:
            return bool(Draft202012Validator(_cut(self.view, schema, _names(value))).is_valid(value))
        except Exception:  # a pattern that the validator does not read
            return False

    def _scalar(self, kind: str, flat: dict[str, Any]) -> Any:
        words = (
            ("minLength", "maxLength", "pattern", "format")
            if kind == "string"
            else ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
        )
        asked = {word: flat[word] for word in words if word in flat}
        if not asked:
            return "a" if kind == "string" else 1
        answer = self.judge.member({"type": kind, **asked})
        if not answer.refuted:
            raise Opaque("the schema has no small value")
        return answer.witness

    def _kinds(self, flat: dict[str, Any]) -> list[str]:
        if any(key in flat for key in ("properties", "required", "additionalProperties", "minProperties")):
            return ["object"]
        if any(key in flat for key in ("items", "prefixItems", "minItems")):
            return ["array"]
        if any(key in flat for key in ("minimum", "maximum", "multipleOf")):
            return ["number"]
        return ["string"]

    def _plain(self, schema: Schema) -> Schema:
        """Without a reference at the top."""
        for _ in range(_MAX_DEPTH):
            name = schema.get("$ref") if isinstance(schema, dict) else None
            if not isinstance(name, str):
                break
            schema = self.view.definition(name.removeprefix("#/$defs/"))
        return schema

    def _flat(self, schema: Schema, choices: list[Any]) -> dict[str, Any]:
        """The keywords of all parts that hold for one value: of a union, the chosen branch or the first."""
        flat: dict[str, Any] = {}
        for part in self._parts(schema, choices, 0):
            for key, value in part.items():
                if key == "required" and isinstance(value, list):
                    flat[key] = [*flat.get(key, []), *(name for name in value if name not in flat.get(key, []))]
                elif key == "properties" and isinstance(value, dict):
                    merged = dict(flat.get(key, {}))
                    for name, each in value.items():
                        merged[name] = {"allOf": [merged[name], each]} if name in merged else each
                    flat[key] = merged
                elif key == "minItems" or key == "minLength":
                    flat[key] = max(_count(flat.get(key)), _count(value))
                else:
                    flat[key] = value
        return flat

    def _parts(self, schema: Schema, choices: list[Any], depth: int) -> Iterator[dict[str, Any]]:
        schema = self._plain(schema)
        if not isinstance(schema, dict) or depth > _MAX_DEPTH:
            return
        yield schema
        for each in schema.get("allOf", ()):
            yield from self._parts(each, choices, depth + 1)
        for key in ("anyOf", "oneOf"):
            branches = schema.get(key)
            if isinstance(branches, list) and branches:
                chosen = next((each for each in branches if any(each is one for one in choices)), None)
                if chosen is None:
                    plain = [each for each in branches if not (isinstance(each, dict) and each.get("type") == "null")]
                    chosen = (plain or branches)[0]
                yield from self._parts(chosen, choices, depth + 1)

    def _child(self, schema: Schema, keyword: str, key: Any) -> Schema:
        below: Any = schema.get(keyword, True) if isinstance(schema, dict) else True
        if keyword in ("properties", "patternProperties") and isinstance(below, dict):
            below = below.get(key, True)
        found: Schema = below[key] if keyword == "prefixItems" else below
        return found

    def _item(self, flat: dict[str, Any], index: int) -> Schema:
        first = flat.get("prefixItems", [])
        found: Schema = first[index] if index < len(first) else flat.get("items", True)
        return found

    def _name(self, schema: Schema, keyword: str, key: Any) -> str:
        """A name that `patternProperties` or `additionalProperties` speaks of."""
        wanted: dict[str, Any] = {"type": "string"}
        if isinstance(schema, dict):
            patterns = [key] if keyword == "patternProperties" else []
            others = [*schema.get("patternProperties", ())] if keyword == "additionalProperties" else []
            wanted["allOf"] = [{"pattern": each} for each in patterns]
            taken = [*schema.get("properties", ())]
            wanted["not"] = {"anyOf": [{"enum": taken}, *({"pattern": each} for each in others)]}
            if not taken:
                wanted["not"] = {"anyOf": [{"pattern": each} for each in others]} if others else False
            if not patterns:
                del wanted["allOf"]
        answer = self.judge.member(wanted)
        if not answer.refuted or not isinstance(answer.witness, str):
            raise Opaque("no name was found for a property")
        return answer.witness


def replay(
    sender: View, sent: Schema, receiver: View, taken: Schema, value: Any, keyword: str = "", token: str = ""
) -> Replay | None:
    """The value at both sides by two judges; None unless both say that it was good and is refused.

    Of several refusals the one by `keyword` for `token` is told.
    """
    import jsonschema_rs
    from jsonschema import Draft202012Validator

    names = _names(value)
    good = _cut(sender, sent, names)
    bad = _cut(receiver, taken, names)
    try:
        errors = list(islice(Draft202012Validator(bad).iter_errors(value), 50))
        if not errors or not Draft202012Validator(good).is_valid(value):
            return None
        if jsonschema_rs.Draft202012Validator(bad).is_valid(value):
            return None
        if not jsonschema_rs.Draft202012Validator(good).is_valid(value):
            return None
    except Exception:  # each judge has expressions of its own that it does not read: then nothing is proved
        return None
    told = [each for each in _leaves(errors) if each.validator == keyword and f"'{token}'" in each.message]
    told = told or [each for each in _leaves(errors) if each.validator == keyword]
    deep = told[0] if told else refusal(errors[0])
    path = "".join(f"/{key}" for key in deep.absolute_path)
    text = " ".join(deep.message.split())
    shown = text if len(text) <= 160 else text[:157] + "..."
    return Replay(value, f"refused: {path or '(the whole)'}: {shown}", str(deep.validator), tuple(deep.absolute_path))


def good(view: View, schema: Schema, value: Any) -> bool:
    """Whether both judges take the value."""
    import jsonschema_rs
    from jsonschema import Draft202012Validator

    cut = _cut(view, schema, _names(value))
    try:
        return bool(Draft202012Validator(cut).is_valid(value)) and bool(
            jsonschema_rs.Draft202012Validator(cut).is_valid(value)
        )
    except Exception:  # a judge that does not read an expression takes nothing
        return False


def _leaves(errors: Iterable[ValidationError]) -> list[ValidationError]:
    """The errors as a reader understands them first, then all that are behind them."""
    found = [refusal(each) for each in errors]
    waiting = list(errors)
    while waiting and len(found) < _MAX_LEAVES:
        error = waiting.pop(0)
        found.append(error)
        waiting += error.context or ()
    return found


def _names(value: Any) -> set[str]:
    found: set[str] = set()
    stack = [value]
    while stack:
        each = stack.pop()
        if isinstance(each, dict):
            found.update(each)
            stack.extend(each.values())
        elif isinstance(each, list):
            stack.extend(each)
    return found


def _cut(view: View, schema: Schema, names: set[str]) -> Schema:
    """The schema without properties that the value does not have: they say nothing about it."""
    cut = _Cut(view, names)
    whole = cut.of(schema)
    waiting = list(cut.reached)
    definitions: dict[str, Any] = {}
    while waiting:
        name = waiting.pop()
        if name not in definitions:
            cut.reached.clear()
            definitions[name] = cut.of(view.definition(name))
            waiting.extend(cut.reached)
    return {**whole, "$defs": definitions} if isinstance(whole, dict) and definitions else whole


@dataclass
class _Cut:
    view: View
    names: set[str]

    def __post_init__(self) -> None:
        self.reached: list[str] = []

    def of(self, schema: Any) -> Any:
        if isinstance(schema, list):
            return [self.of(each) for each in schema]
        if not isinstance(schema, dict):
            return schema
        found: dict[str, Any] = {}
        for key, value in schema.items():
            if key == "properties" and isinstance(value, dict):
                found[key] = {name: self.of(each) for name, each in value.items() if name in self.names}
            elif key in ("enum", "const", "required"):
                found[key] = value
            elif key == "$ref" and isinstance(value, str):
                self.reached.append(value.removeprefix("#/$defs/"))
                found[key] = value
            else:
                found[key] = self.of(value)
        return found


def _tag(schema: Schema) -> bool:
    return isinstance(schema, dict) and ("const" in schema or len(schema.get("enum", ())) == 1)


def _count(value: Any) -> int:
    return int(value) if isinstance(value, int | float) and 0 <= value <= 1e6 else 0
