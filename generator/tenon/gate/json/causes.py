"""Every cause for which one schema refuses what another sends: ask, note what refused, mend it, ask again."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tenon.gate.documents import canonical
from tenon.gate.json.judge import Judge
from tenon.gate.json.view import Schema

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_MAX_CAUSES = 20
_OF_OBJECTS = frozenset(
    [
        "properties",
        "patternProperties",
        "additionalProperties",
        "propertyNames",
        "required",
        "minProperties",
        "maxProperties",
        "dependentRequired",
        "dependentSchemas",
    ]
)
_OF_ARRAYS = frozenset(
    ["items", "prefixItems", "contains", "minContains", "maxContains", "minItems", "maxItems", "uniqueItems"]
)


@dataclass(frozen=True, slots=True)
class Cause:
    """One keyword that refuses something that is sent."""

    keyword: str
    token: str
    """The property that is missing or not known; empty elsewhere."""
    path: tuple[str | int, ...]
    """Where in the value it is refused."""
    instance: Any
    """What is sent at the place of the difference, and refused."""
    said: str
    """What the validator says."""
    sent: Any = None
    """What the sender's schema has for the keyword."""
    taken: Any = None
    """What the receiver's has."""


@dataclass(frozen=True, slots=True)
class Found:
    """The causes at one place; `reason` where the question was not decided to its end."""

    causes: tuple[Cause, ...]
    reason: str = ""


def find(judge: Judge, sent: Schema, taken: Schema) -> Found:
    """All causes for which `taken` refuses what `sent` sends; both hold their definitions."""
    mended = copy.deepcopy(taken)
    causes: list[Cause] = []
    for _ in range(_MAX_CAUSES):
        answer = judge.ask(sent, mended)
        if answer.proved:
            return Found(tuple(causes))
        if not answer.refuted:
            return Found(tuple(causes), answer.reason)
        before = canonical(mended)
        for error in _errors(mended, answer.witness):
            causes.extend(_causes(error, sent, mended, answer.witness))
            mended = _mend(mended, error, answer.witness)
        if canonical(mended) == before:
            return Found(tuple(causes), "" if causes else "the schema that refuses was not found")
        if mended is True:
            return Found(tuple(causes))
    return Found(tuple(causes))


def refusal(error: ValidationError) -> ValidationError:
    """The part of an error that a reader understands: of a union, the branch that came furthest."""
    for _ in range(_MAX_CAUSES):
        if not error.context:
            return error
        best = max(error.context, key=lambda each: (len(each.absolute_path), each.validator not in ("type", "const")))
        if len(best.absolute_path) <= len(error.absolute_path):
            return error
        error = best
    return error


def _errors(schema: Schema, instance: Any) -> Iterator[ValidationError]:
    from jsonschema import Draft202012Validator

    try:
        yield from list(Draft202012Validator(schema).iter_errors(instance))[:_MAX_CAUSES]
    except Exception:  # a pattern that Python does not know, an endless reference: the replay will say so
        return


def _causes(error: ValidationError, sent: Schema, taken: Schema, witness: Any) -> Iterator[Cause]:
    keyword = str(error.validator or "false")
    path = tuple(error.absolute_path)
    tokens = [""]
    if keyword == "required" and isinstance(error.instance, dict):
        tokens = [name for name in error.validator_value if name not in error.instance]
    elif keyword in ("additionalProperties", "unevaluatedProperties") and isinstance(error.instance, dict):
        known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
        tokens = [name for name in error.instance if name not in known]
        if error.validator_value is not False:
            tokens = tokens[:1]
    elif keyword == "propertyNames" or (error.absolute_schema_path and "propertyNames" in error.absolute_schema_path):
        tokens = [error.instance] if isinstance(error.instance, str) else [""]
    else:
        deep = refusal(error)
        if deep is not error:
            path = tuple(deep.absolute_path)
            error = deep
    ours = sent.get(keyword) if isinstance(sent, dict) and len(error.absolute_schema_path) <= 2 else None
    for token in tokens or [""]:
        yield Cause(keyword, token, path, witness, _short(error.message), ours, error.validator_value)


def _mend(schema: Schema, error: ValidationError, witness: Any) -> Schema:
    """The schema without what refused."""
    steps = list(error.absolute_schema_path)
    if not steps or not isinstance(schema, dict):
        return True
    holder: Any = schema
    for index, step in enumerate(steps):
        if not _has(holder, step):
            if not (isinstance(holder, dict) and "$ref" in holder):
                return schema  # an error before this one took it out already
            steps = [*steps[:index], "$ref"]  # the path does not name references: what stands behind is not mended
            break
        if index < len(steps) - 1:
            holder = holder[step]
    last = steps[-1]
    value = holder[last]
    if last == "required" and isinstance(error.instance, dict):
        holder[last] = [name for name in value if name in error.instance]
    elif last == "additionalProperties" and value is False and isinstance(error.instance, dict):
        properties = holder.setdefault("properties", {})
        for name in error.instance:
            properties.setdefault(name, True)
    elif isinstance(holder, list) or (len(steps) > 1 and steps[-2] in ("properties", "patternProperties", "$defs")):
        holder[last] = True
    else:
        del holder[last]
        if last == "if":
            holder.pop("then", None)
            holder.pop("else", None)
    return schema


def _has(holder: Any, step: str | int) -> bool:
    if isinstance(holder, dict):
        return step in holder
    return isinstance(holder, list) and isinstance(step, int) and step < len(holder)


def relevant(sent: Schema, taken: Schema) -> tuple[Schema, Schema]:
    """Both without the keywords of types that one of them never has."""
    if not isinstance(sent, dict) or not isinstance(taken, dict):
        return sent, taken
    for words, name in ((_OF_OBJECTS, "object"), (_OF_ARRAYS, "array")):
        for one in (sent, taken):
            said = one.get("type")
            names = [said] if isinstance(said, str) else said
            if isinstance(names, list) and name not in names:
                sent = {key: value for key, value in sent.items() if key not in words}
                taken = {key: value for key, value in taken.items() if key not in words}
                break
    return sent, taken


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 160 else text[:157] + "..."
