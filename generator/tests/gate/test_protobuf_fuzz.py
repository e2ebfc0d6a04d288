"""Random pairs of messages: what the gate calls a break is one, and what it calls safe is read as it was written.

The judge here shares no code with the gate: messages are filled at random, written by one side and read by the other.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError
from tenon.gate import engine
from tenon.gate.context import Context
from tenon.gate.policy import Policy
from tenon.gate.snapshot import Snapshot
from tenon.gate.verdict import Change, Direction, Verdict
from tenon.read.protobuf import buf
from tenon.read.tree import Tree

MESSAGES, SAMPLES = 60, 40
SCALARS = (
    "int32", "int64", "uint32", "uint64", "sint32", "sint64", "fixed32", "fixed64", "sfixed32", "sfixed64", "bool",
    "string", "bytes", "float", "double", "Small", "Wide", "Leaf", "Twin", "Narrow",
)  # fmt: skip
TYPES = """
enum Small { SMALL_ZERO = 0; SMALL_ONE = 1; }
enum Wide { WIDE_ZERO = 0; WIDE_ONE = 1; WIDE_TWO = 2; WIDE_LESS = -1; }
message Leaf { int64 n = 1; string s = 2; repeated int32 r = 3; }
message Twin { int64 n = 1; string s = 2; repeated int32 r = 3; }
message Narrow { int32 n = 1; string s = 2; repeated int32 r = 3; }
"""
Field = dict[str, Any]


def _field(chance: random.Random, number: int) -> Field:
    shape = chance.choice(("", "", "optional ", "repeated ", "map"))
    return {"name": f"f{number}", "number": number, "type": chance.choice(SCALARS), "shape": shape, "oneof": False}


def _changed(chance: random.Random, fields: list[Field]) -> list[Field]:
    new = [dict(field) for field in fields]
    for _ in range(chance.choice((1, 1, 2))):
        field = chance.choice(new)
        match chance.randrange(8):
            case 0 | 1 | 2:
                field["type"] = chance.choice(SCALARS)
            case 3:
                field["shape"] = chance.choice(("", "optional ", "repeated ", "map"))
            case 4:
                field["name"] = f"{field['name']}x"
            case 5:
                field["number"] = 20 + field["number"]
            case 6 if len(new) > 1:
                new.remove(field)
            case _:
                for each in new[:2]:
                    each["oneof"] = True
    return new


def _text(name: str, fields: list[Field]) -> str:
    chosen = [field for field in fields if field["oneof"] and not field["shape"]]
    plain = [field for field in fields if field not in chosen]
    lines = [f"  {_declared(field)}" for field in plain]
    if chosen:
        lines += ["  oneof choice {", *(f"  {_declared(field)}" for field in chosen), "  }"]
    return f"message {name} {{\n" + "\n".join(lines) + "\n}\n"


def _declared(field: Field) -> str:
    name = f"{field['name']} = {field['number']};"
    if field["shape"] == "map":
        return f"map<string, {field['type']}> {name}"
    return f"{field['shape']}{field['type']} {name}"


def _contracts(seed: int) -> tuple[str, str]:
    """Both sides: messages with even numbers travel as requests, the others as answers."""
    chance = random.Random(seed)
    sides = ["", ""]
    for index in range(MESSAGES):
        old = [_field(chance, number) for number in range(1, chance.choice((2, 3, 4)))]
        for side, fields in enumerate((old, _changed(chance, old))):
            sides[side] += _text(f"M{index}", fields)
    calls = "".join(
        f"  rpc Do{index}({f'M{index}' if index % 2 == 0 else 'Nothing'}) returns "
        f"({f'M{index}' if index % 2 else 'Nothing'});\n"
        for index in range(MESSAGES)
    )
    head = f'syntax = "proto3";\npackage f.v1;\nmessage Nothing {{}}\n{TYPES}\nservice S {{\n{calls}}}\n'
    return head + sides[0], head + sides[1]


def _classes(root: Path) -> dict[str, Any]:
    image, findings = buf.build(Tree.scan(root, "contracts"))
    assert not findings
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(image).file:
        pool.AddSerializedFile(file.SerializeToString())
    return {
        f"f.v1.M{index}": message_factory.GetMessageClass(pool.FindMessageTypeByName(f"f.v1.M{index}"))
        for index in range(MESSAGES)
    }


def _random(chance: random.Random, field: Any) -> Any:
    bits = {"32": 32, "64": 64}
    kinds = {value: name for name, value in vars(FieldDescriptor).items() if name.startswith("TYPE_")}
    kind = kinds[field.type]
    size = next((bits[each] for each in bits if kind.endswith(each)), 0)
    if size:
        unsigned = kind.startswith("TYPE_UINT") or kind.startswith("TYPE_FIXED")
        low, high = (0, 2**size - 1) if unsigned else (-(2 ** (size - 1)), 2 ** (size - 1) - 1)
        return chance.choice((chance.randint(low, high), chance.randint(max(low, -5), 5), low, high))
    match field.type:
        case FieldDescriptor.TYPE_BOOL:
            return chance.random() < 0.5
        case FieldDescriptor.TYPE_STRING:
            return "".join(chance.choice("aé0Z/+=") for _ in range(chance.randrange(6)))
        case FieldDescriptor.TYPE_BYTES:
            return bytes(chance.randrange(256) for _ in range(chance.randrange(6)))
        case FieldDescriptor.TYPE_ENUM:
            return chance.choice([value.number for value in field.enum_type.values])
    return chance.choice((0.0, 1.5, -2.25, float(chance.randint(-1000, 1000))))


def _fill(chance: random.Random, message: Any) -> None:
    for field in message.DESCRIPTOR.fields:
        if chance.random() < 0.3:
            continue
        target = getattr(message, field.name)
        inner = field.message_type
        if inner is not None and inner.GetOptions().map_entry:
            value = inner.fields_by_number[2]
            for key in chance.sample(["", "a", "é"], chance.randrange(3)):
                if value.message_type is not None:
                    _fill(chance, target[key])
                else:
                    target[key] = _random(chance, value)
        elif inner is not None:
            for each in [target.add() for _ in range(chance.randrange(3))] if field.is_repeated else [target]:
                each.SetInParent()
                _fill(chance, each)
        elif field.is_repeated:
            target.extend(_random(chance, field) for _ in range(chance.randrange(4)))
        else:
            setattr(message, field.name, _random(chance, field))


def _said(message: Any, by: str) -> dict[Any, Any]:
    """What is set, zeros left out: by number or by JSON name."""
    said = {getattr(field, by): _plain(field, value, by) for field, value in message.ListFields()}
    return {key: value for key, value in said.items() if value not in ([], 0, b"")}


def _plain(field: Any, value: Any, by: str) -> Any:
    inner = field.message_type
    if inner is not None and inner.GetOptions().map_entry:
        one = inner.fields_by_number[2]
        return sorted(((key, _single(one, item, by)) for key, item in value.items()), key=lambda item: str(item[0]))
    if not field.is_repeated:
        return _single(field, value, by)
    items = [_single(field, item, by) for item in value]
    return items[0] if len(items) == 1 else items


def _single(field: Any, value: Any, by: str) -> Any:
    if field.message_type is not None:
        return Inner(value.SerializeToString(deterministic=True), _said(value, by))
    return value.encode() if isinstance(value, str) else value


@dataclass(eq=False)
class Inner:
    """A message inside: equal to one that says the same, and to its own bytes."""

    data: bytes
    said: dict[Any, Any]

    def __eq__(self, other: object) -> bool:
        return other.said == self.said if isinstance(other, Inner) else other == self.data

    __hash__ = None  # type: ignore[assignment]


def _read(cls: Any, data: bytes) -> Any:
    try:
        return cls.FromString(data)
    except DecodeError:
        return None


@pytest.mark.parametrize("seed", range(6))
def test_verdicts_on_random_messages(seed: int, tmp_path: Path) -> None:
    for side, text in zip(("old", "new"), _contracts(seed), strict=True):
        (tmp_path / side).mkdir()
        (tmp_path / side / "f.proto").write_text(text)
    context = Context(Snapshot("old", tmp_path / "old"), Snapshot("new", tmp_path / "new"), Policy(), date(2026, 1, 1))
    changes = [change for change in engine.compare(context) if change.direction is not Direction.SOURCE]
    assert not context.problems
    old, new = _classes(tmp_path / "old"), _classes(tmp_path / "new")
    chance = random.Random(seed)
    broken = safe = 0
    for index, name in enumerate(old):
        mine = [change for change in changes if change.subject.startswith(f"{name}.")]
        writer, reader = (old[name], new[name]) if index % 2 == 0 else (new[name], old[name])
        for change in mine:
            if change.verdict is Verdict.BREAKING and change.detail == "wire":
                _replay(change, old[name], new[name])
                broken += 1
        for encoding in ("wire", "json"):
            unsafe = any(c.detail == encoding and c.verdict in (Verdict.BREAKING, Verdict.UNPROVEN) for c in mine)
            if not unsafe:
                safe += 1
                for _ in range(SAMPLES):
                    message = writer()
                    _fill(chance, message)
                    _agrees(encoding, message, reader, strict=index % 2 == 0, why=str([c.message for c in mine]))
    assert broken > MESSAGES // 4 and safe > MESSAGES // 4


def _replay(change: Change, old: Any, new: Any) -> None:
    """The bytes are read differently, or by one side only."""
    assert change.witness is not None and change.witness.kind == "wire"
    data = bytes.fromhex(change.witness.value)
    before, after = _read(old, data), _read(new, data)
    assert before is not None or after is not None
    if before is None or after is None:
        return
    said = [json_format.MessageToDict(each) for each in (before, after)]
    present = [
        {f.number: f.has_presence and each.HasField(f.name) for f in each.DESCRIPTOR.fields} for each in (before, after)
    ]
    again = []
    for each in (before, after):
        each.DiscardUnknownFields()
        again.append((each.SerializeToString(deterministic=True), [f.has_presence for f in each.DESCRIPTOR.fields]))
    assert said[0] != said[1] or present[0] != present[1] or again[0] != again[1], change.message


def _agrees(encoding: str, message: Any, reader: Any, *, strict: bool, why: str) -> None:
    """The reader has what was written; fields that it does not know are new ones."""
    if encoding == "wire":
        received = _read(reader, message.SerializeToString())
        assert received is not None, why
    else:
        text = json_format.MessageToJson(message)
        received = json_format.Parse(text, reader(), ignore_unknown_fields=not strict)
    by = "number" if encoding == "wire" else "json_name"
    known = {getattr(field, by) for field in reader.DESCRIPTOR.fields}
    written = {key: value for key, value in _said(message, by).items() if strict or key in known}
    assert written == _said(received, by), f"{why}\n{message}\n{received}"
