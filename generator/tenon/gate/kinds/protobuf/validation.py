"""Messages that the old field rules take, tried against the new ones with protovalidate."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor as _F
from google.protobuf.message import DecodeError

from tenon.gate.kinds.protobuf import constraints, samples
from tenon.gate.kinds.protobuf.side import Side

_MAX_VALUES, _MAX_FIELDS, _MAX_LENGTH = 150, 60, 5000
_MAX_EXPRESSION, _MAX_MACROS = 2000, 3
"""What a CEL expression may be to be run: beyond, its time has no bound."""
_MACRO = re.compile(r"\.\s*(all|exists|exists_one|map|filter|transform\w*)\s*\(")
_TEXTS = (
    "text", "", "a", "A1", "0", "é", "ana@example.com", "example.com", "https://example.com/a", "/a", "127.0.0.1",
    "::1",
    "123e4567-e89b-12d3-a456-426614174000", "123e4567e89b12d3a456426614174000", "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "example.com:80", "127.0.0.0/8", "p.v1.Message", "not a name", "x" * 64,
)  # fmt: skip


class Judge:
    """Asks protovalidate about messages of both sides."""

    def __init__(self, old: Side, new: Side) -> None:
        self.sides = (old, new)

    @cached_property
    def able(self) -> bool:
        """Whether the rules of both sides may be run."""
        return not any(map(_is_costly, self.sides))

    @cached_property
    def _validators(self) -> tuple[Any, Any]:
        from protovalidate import Validator  # 0.1 s: only for contracts with field rules

        return Validator(), Validator()  # each remembers types by their names, which are the same on both sides

    def refused(self, message: Any, *, new: bool = False) -> list[tuple[str, str]] | None:
        """What is wrong with a message: by first field or oneof (empty: the whole message). None: it cannot be said."""
        from protovalidate import CompilationError, EvaluationError

        try:
            found = self._validators[new].collect_violations(message)
        except (CompilationError, EvaluationError, RuntimeError, ValueError, TypeError):
            return None
        return [(_first(each.proto), str(each.proto.message or each.proto.rule_id)) for each in found]


def example(judge: Judge, old: Any, new: Any, messages: Iterator[Any]) -> tuple[Any, str] | None:
    """The first of `messages` that the old contract accepts and the new one refuses, as JSON, and why."""
    after = judge.sides[1]
    for message in itertools.islice(messages, _MAX_VALUES):
        if judge.refused(message) != []:
            continue
        try:
            received = after.cls(new).FromString(message.SerializePartialToString())
            shown = json_format.MessageToDict(message)
        except (DecodeError, json_format.Error, ValueError, TypeError):
            continue
        why = judge.refused(received, new=True)
        if why:
            field, text = why[0]
            return shown, f"{field}: {text}" if field else text
    return None


def base(judge: Judge, message: Any) -> Any:
    """A message that the old contract accepts, as empty as it may be."""
    side = judge.sides[0]
    found = side.cls(message)()
    for name, _ in (judge.refused(found) or [])[:_MAX_FIELDS]:
        field = message.fields_by_name.get(name)
        group = message.oneofs_by_name.get(name)
        for each in [field] if field is not None else group.fields if group is not None else ():
            if _settle(judge, found, each, name):
                break
    return found


def _settle(judge: Judge, found: Any, field: Any, name: str) -> bool:
    """Give `field` a value with which nothing is wrong under `name`."""
    for values in itertools.islice(values_of(field, *(_rules(judge.sides[0], field),)), _MAX_VALUES):
        trial = type(found)()
        trial.CopyFrom(found)
        if not assign(trial, field, values):
            continue
        wrong = judge.refused(trial)
        if wrong is not None and not any(each == name for each, _ in wrong):
            found.CopyFrom(trial)
            return True
    return False


def with_values(judge: Judge, message: Any, field: Any, *rules: Any, first: tuple[Any, ...] = ()) -> Iterator[Any]:
    """Acceptable messages with `field` set to the values where the rules may differ, and one where it is not set."""
    start = base(judge, message)
    yield start
    for value in itertools.chain(first, values_of(field, *rules)):
        trial = type(start)()
        trial.CopyFrom(start)
        if assign(trial, field, value):
            yield trial


def combinations(judge: Judge, message: Any) -> Iterator[Any]:
    """Acceptable and other messages with none, one or two fields set: for rules about a whole message."""
    start = base(judge, message)
    yield start
    fields = [field for field in message.fields if samples.entry(field) is None][:12]
    for count in (1, 2):
        for chosen in itertools.combinations(fields, count):
            options = [list(itertools.islice(values_of(field, _rules(judge.sides[0], field)), 6)) for field in chosen]
            for values in itertools.product(*options):
                trial = type(start)()
                trial.CopyFrom(start)
                if all(assign(trial, field, value) for field, value in zip(chosen, values, strict=True)):
                    yield trial


def assign(message: Any, field: Any, value: Any) -> bool:
    """Set `field`, if the value is one of its type."""
    try:
        message.ClearField(field.name)
        if value is None:
            return True
        pairs = samples.entry(field)
        if pairs is not None:
            target = getattr(message, field.name)
            for key, item in value.items():
                if pairs.fields_by_number[2].type in samples.MESSAGES:
                    target[key].SetInParent()
                else:
                    target[key] = item
        elif field.is_repeated and field.type in samples.MESSAGES:
            for _ in value:
                getattr(message, field.name).add()
        elif field.is_repeated:
            getattr(message, field.name).extend(value)
        elif field.type in samples.MESSAGES:
            target = getattr(message, field.name)
            target.SetInParent()
            for name, item in value.items() if isinstance(value, dict) else ():
                setattr(target, name, item)
        else:
            setattr(message, field.name, value)
    except (TypeError, ValueError, AttributeError, KeyError):
        return False
    return True


def values_of(field: Any, *rules: Any) -> Iterator[Any]:
    """Values of a field around every bound that its rules name, the plainest first."""
    pairs = samples.entry(field)
    if pairs is None and not field.is_repeated:
        yield from _single(field, [_stated(each) for each in rules])
        return
    stated = [each for each in map(_stated, rules) if each is not None]
    names = ("min_pairs", "max_pairs") if pairs is not None else ("min_items", "max_items")
    sizes = {max(0, int(getattr(each, name, 0)) + step) for each in stated for name in names for step in (-1, 0, 1)}
    value = pairs.fields_by_number[2] if pairs is not None else field
    inner = [getattr(each, "values" if pairs is not None else "items", None) for each in stated]
    items = list(itertools.islice(_single(value, [_stated(each) for each in inner]), 60))
    keys = _keys(pairs, stated) if pairs is not None else []
    for size in sorted(each for each in sizes | {0, 1, 2} if each <= 300):
        for pool in (items[:1], items):
            chosen = list(itertools.islice(itertools.cycle(pool), size))
            if pairs is None:
                yield chosen
            elif len(keys) >= size:
                yield dict(zip(keys, chosen, strict=False))
    for item in items:
        yield [item] if pairs is None else {keys[0]: item}
    for key in keys if pairs is not None else ():
        yield {key: items[0]}


def _keys(pairs: Any, stated: list[Any]) -> list[Any]:
    key = pairs.fields_by_number[1]
    found = list(_single(key, [_stated(getattr(each, "keys", None)) for each in stated]))
    more: list[Any] = [f"k{number}" for number in range(300)] if key.type == _F.TYPE_STRING else list(range(300))
    return list(dict.fromkeys((*found, *more))) if key.type != _F.TYPE_BOOL else [True, False]


def _single(field: Any, stated: list[Any]) -> Iterator[Any]:
    named = {each.name: value for rules in stated if rules is not None for each, value in rules.ListFields()}
    given = [item for rules in stated if rules is not None for item in _constants(rules)]
    seen: set[Any] = set()
    for value in _plain(field, named, given):
        if isinstance(value, dict):
            yield value
        elif (type(value), value) not in seen:
            seen.add((type(value), value))
            yield value


def _plain(field: Any, named: dict[str, Any], given: list[Any]) -> Iterator[Any]:
    numbers = [each for each in given if isinstance(each, int | float) and not isinstance(each, bool)]
    if field.type in samples.INTEGERS or field.type == _F.TYPE_ENUM:
        low, high = samples.bounds(field.type) if field.type in samples.INTEGERS else (-(2**31), 2**31 - 1)
        near = [int(each) + step for each in numbers for step in (0, -1, 1)]
        more = [] if field.enum_type is None else [*[value.number for value in field.enum_type.values][:50], 9999]
        yield from (each for each in (*more, *near, 0, 1, -1, 5, 100, low, high) if low <= each <= high)
    elif field.type in (_F.TYPE_FLOAT, _F.TYPE_DOUBLE):
        yield from (float(each) + step for each in numbers for step in (0, -0.5, 0.5, -1, 1))
        yield from (0.0, 1.0, -1.0, 1e9, -1e9, float("nan"), float("inf"))
    elif field.type == _F.TYPE_BOOL:
        yield from (True, False)
    elif field.type in (_F.TYPE_STRING, _F.TYPE_BYTES):
        texts = [each.encode() if isinstance(each, str) else each for each in given if isinstance(each, str | bytes)]
        around = [int(each) + step for each in numbers for step in (0, -1, 1) if 0 <= int(each) + step <= _MAX_LENGTH]
        start = str(named.get("prefix", ""))
        more = [*("x" * size for size in around), *(start + "x" * (size - len(start)) for size in around)]
        data = [*texts, *(each.encode() for each in (*_TEXTS, *more, *("é" * size for size in around)))]
        yield from data if field.type == _F.TYPE_BYTES else (each.decode("utf-8", "ignore") for each in data)
    elif field.message_type is not None:
        yield {}
        if field.message_type.full_name in ("google.protobuf.Timestamp", "google.protobuf.Duration"):
            near = [each.seconds + step for each in given if hasattr(each, "seconds") for step in (0, -1, 1)]
            yield from ({"seconds": each} for each in (*near, 1, -1, 3600, 10**9))


def _constants(rules: Any) -> Iterator[Any]:
    for _, value in rules.ListFields():
        yield from value if hasattr(value, "append") else [value]


def _stated(rules: Any) -> Any:
    kind = rules.WhichOneof("type") if rules is not None else None
    return getattr(rules, kind) if kind is not None else None


def _rules(side: Side, field: Any) -> Any:
    return side.option(field, constraints.FIELD)


def _first(violation: Any) -> str:
    elements = violation.field.elements if violation.field is not None else ()
    return str(elements[0].field_name) if elements else ""


def _is_costly(side: Side) -> bool:
    """Whether an expression of the side is too long, or repeats too much, to be run."""
    for message in side.messages.values():
        holders = [message, *message.fields]
        names = [constraints.MESSAGE, *[constraints.FIELD] * len(message.fields)]
        for holder, name in zip(holders, names, strict=True):
            if holder.has_options and (rules := side.option(holder, name)) is not None:
                text = str(rules)
                if "cel" in text and (len(text) > _MAX_EXPRESSION or len(_MACRO.findall(text)) > _MAX_MACROS):
                    return True
    return False
