"""The protobuf kind as a whole: every witness again, buf's complaints, what is no change at all, and bad input."""

from __future__ import annotations

import json
import threading
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.message import DecodeError
from tenon.gate import engine
from tenon.gate.context import Context
from tenon.gate.kinds import protobuf
from tenon.gate.kinds.protobuf import constraints, opinion
from tenon.gate.kinds.protobuf.pairs import Complaint
from tenon.gate.kinds.protobuf.side import Side, narrowed, source
from tenon.gate.policy import Policy
from tenon.gate.rules.protobuf_second_opinion import DECIDED
from tenon.gate.snapshot import Snapshot
from tenon.gate.verdict import Change, Verdict
from tenon.read.protobuf import buf

HEAD = 'syntax = "proto3";\npackage p.v1;\n'
CALL = "service S { rpc Do(Req) returns (Res); }\nmessage Res {}\n"


def _cases() -> list[Any]:
    """The cases in which something breaks by its encoding. Field rules and promises have other judges."""
    found = []
    for rule in engine.rules():
        name = engine.rule_name(rule)
        if name.startswith("protobuf-") and name != "protobuf-validate":
            text = Path(str(rule.__file__)).with_name("cases.yaml").read_text("utf-8")  # type: ignore[attr-defined]
            broken = [
                each for each in yaml.safe_load(text) if any("break" in str(e["verdict"]) for e in each["expect"])
            ]
            found += [pytest.param(case, id=f"{name}-{case['name']}") for case in broken]
    return found


def _sides(root: Path, files: dict[str, dict[str, str]]) -> Context:
    for side in ("old", "new"):
        (root / side).mkdir()
        for name, texts in files.items():
            if side in texts:
                path = root / side / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(texts[side], "utf-8")
    old, new = (Snapshot(side, root / side) for side in ("old", "new"))
    return Context(old, new, Policy(), date(2026, 1, 1))


def _compared(root: Path, old: str, new: str) -> tuple[Change, ...]:
    context = _sides(root, {"p.proto": {"old": HEAD + old, "new": HEAD + new}})
    changes = engine.compare(context)
    assert not context.problems
    return changes


def _classes(image: bytes) -> dict[str, Any]:
    """Every message of a compiled folder, in a pool of its own."""
    pool = descriptor_pool.DescriptorPool()
    names = []
    for file in descriptor_pb2.FileDescriptorSet.FromString(image).file:
        pool.AddSerializedFile(file.SerializeToString())
        names += [f"{file.package}.{message.name}" for message in file.message_type]
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(name)) for name in names}


@pytest.mark.parametrize("case", _cases())
def test_every_witness_again(case: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes and JSON that prove a break are read differently by both sides, or by one side not at all.

    And where `buf breaking` complains by a rule that one of ours is said to decide, ours has said something.
    """
    images: list[bytes] = []
    complaints: list[Complaint] = []
    ask = opinion.complaints

    def asked(old: Side, new: Side) -> list[Complaint] | None:
        images.extend((old.image, new.image))
        found = ask(old, new)
        complaints.extend(found or ())
        return found

    monkeypatch.setattr(opinion, "complaints", asked)
    changes = engine.compare(_sides(tmp_path, case["files"]))
    assert changes or not [each for each in complaints if each.rule in DECIDED - _NOT_ABOUT_DATA]
    old, new = map(_classes, images)
    for change in changes:
        if change.witness is not None and "protobuf" in change.witness.replayed:
            found = [_readings(change, cls) for cls in _readers(change, old, new)]
            assert any(before != after for before, after in zip(found[::2], found[1::2], strict=True)), change


def _readers(change: Change, old: dict[str, Any], new: dict[str, Any]) -> list[Any]:
    """The message types that the change may be about, old and new in turn."""
    names = [name for name in old if change.subject.startswith(name + ".")]
    pairs = [(old[name], new[name]) for name in names if name in new]
    if not pairs:  # an enum's, or an RPC's: its messages
        pairs = [(one, other) for name, one in old.items() for key, other in new.items() if name == key]
        pairs += [(one, other) for one in old.values() for other in new.values()]
    return [cls for pair in pairs for cls in pair]


def _readings(change: Change, cls: Any) -> Any:
    """All that a reader can tell: values, presence, and what is there without unknown fields."""
    assert change.witness is not None
    message = cls()
    try:
        if change.witness.kind == "wire":
            message.MergeFromString(bytes.fromhex(change.witness.value))
        else:
            json_format.ParseDict(change.witness.value, message, ignore_unknown_fields=change.role.value == "receiver")
    except (DecodeError, json_format.ParseError) as error:
        return str(type(error))
    required = sorted(message.FindInitializationErrors())
    shown = json_format.MessageToDict(message)
    present = {field.number: message.HasField(field.name) for field in cls.DESCRIPTOR.fields if field.has_presence}
    plain = {
        f.number: getattr(message, f.name) for f in cls.DESCRIPTOR.fields if not f.is_repeated and not f.message_type
    }
    message.DiscardUnknownFields()
    return json.dumps([shown, required], sort_keys=True), present, plain, message.SerializePartialToString()


_NOT_ABOUT_DATA = {
    "FILE_SAME_SYNTAX", "FIELD_SAME_JAVA_UTF8_VALIDATION", "FIELD_SAME_UTF8_VALIDATION", "RESERVED_MESSAGE_NO_DELETE",
    "RESERVED_ENUM_NO_DELETE",
}  # fmt: skip
"""Those that our rules find no fault with: text that was checked and is not, reserved ranges that were merged."""


def test_buf_breaking_is_named_where_it_agrees(tmp_path: Path) -> None:
    changes = _compared(tmp_path, CALL + "message Req { int64 a = 1; }", CALL + "message Req { int32 a = 1; }")
    proved = {change.detail: change.witness.replayed for change in changes if change.witness}
    both = ("protobuf", "buf breaking")
    assert proved == {"wire": both, "json": both, "source": ("buf breaking",)}


def test_events_travel_to_receivers_and_into_storage(tmp_path: Path) -> None:
    """An AsyncAPI contract that names a message makes it an event: new senders, old receivers, and what is retained."""
    event = 'asyncapi: 3.0.0\ninfo: {title: P, version: "1"}\nchannels: {}\nx: {$ref: "./p.proto#p.v1.Made"}\n'
    old, new = (HEAD + f"message Made {{ {kind} a = 1; }}" for kind in ("int64", "int32"))
    context = _sides(tmp_path, {"p.proto": {"old": old, "new": new}, "e.yaml": {"old": event, "new": event}})
    found = {change.detail: change for change in engine.compare(context) if change.verdict is Verdict.BREAKING}
    assert (found["wire"].direction.value, found["wire"].role.value) == ("stored", "service")
    assert (found["json"].direction.value, found["json"].role.value) == ("event", "receiver")


def test_a_change_names_the_calls_that_it_reaches(tmp_path: Path) -> None:
    shared = "message Req { Deep d = 1; }\nmessage Deep { Deeper d = 1; }\nmessage Deeper { %s a = 1; }"
    changes = _compared(tmp_path, CALL + shared % "int64", CALL + shared % "int32")
    assert {change.affects for change in changes if change.detail == "wire"} == {("p.v1.S.Do",)}
    assert {change.subject for change in changes} == {"p.v1.Deeper.a"}


SAME = {
    "comments": ("message A { int32 x = 1; }", "// Words.\nmessage A {\n  int32 x = 1; // more\n}\n"),
    "order": ("message A { int32 x = 1; string y = 2; }\nenum E { Z = 0; O = 1; }",
              "enum E { Z = 0; O = 1; }\nmessage A { string y = 2; int32 x = 1; }"),
    "qualified": ("message A { B b = 1; }\nmessage B {}", "message A { .p.v1.B b = 1; }\nmessage B {}"),
    "numbers": ("message A { int32 x = 0x10; }", "message A { int32 x = 16; }"),
    "quotes": ('message A { int32 x = 1 [json_name = "y"]; }', "message A { int32 x = 1 [json_name = 'y']; }"),
    "reserved": ("message A { reserved 3, 2; }", "message A { reserved 2 to 3; }"),
    "deprecated": ("message A { int32 x = 1; }", "message A { int32 x = 1 [deprecated = true]; }"),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_the_same_contract_written_another_way_is_no_change(name: str, tmp_path: Path) -> None:
    assert _compared(tmp_path, *SAME[name]) == ()


def test_a_file_of_another_name_or_syntax_is_no_change(tmp_path: Path) -> None:
    old = HEAD + "message A { optional int32 x = 1; repeated int32 r = 2; }"
    new = 'edition = "2023";\npackage p.v1;\nmessage A { int32 x = 1; repeated int32 r = 2; }'
    context = _sides(tmp_path, {"p.proto": {"old": old}, "q/p.proto": {"new": new}})
    assert engine.compare(context) == () and not context.problems


def test_nothing_is_compiled_where_the_text_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buf, "build", lambda tree: pytest.fail("compiled"))
    text = HEAD + "message A {}"
    context = _sides(tmp_path, {"p.proto": {"old": text, "new": text}})
    assert list(protobuf.pair(context)) == [] and context.counts["proto files"] == 1


def test_a_side_that_does_not_compile_is_a_problem(tmp_path: Path) -> None:
    context = _sides(tmp_path, {"p.proto": {"old": HEAD + "message A {}", "new": HEAD + "\nmessage A { B x = 1; }"}})
    assert engine.compare(context) == ()
    assert [problem.rsplit(":", 1)[0] for problem in context.problems] == ["p.proto:4:13"]


def test_one_file_is_compared_with_what_it_imports(tmp_path: Path) -> None:
    shared = 'syntax = "proto3";\npackage q;\nmessage Q { %s x = 1; }\n'
    own = 'syntax = "proto3";\npackage p;\nimport "q.proto";\nmessage P { q.Q q = 1; }\n'
    files = {
        "p.proto": {"old": own, "new": own + "message More {}\n"},
        "q.proto": {"old": shared % "int32", "new": shared % "int32"},
        "broken.proto": {"old": "not a contract", "new": "not a contract"},
    }
    context = _sides(tmp_path, files)
    alone = Context(
        Snapshot("old", context.old.root, "p.proto"),
        Snapshot("new", context.new.root, "p.proto"),
        Policy(),
        context.today,
    )
    assert [change.subject for change in engine.compare(alone)] == ["p.More"] and not alone.problems


HOSTILE = {
    "recursion": "message A { A a = 1; map<string, A> m = 2; repeated A r = 3; oneof o { A b = 4; } }",
    "keywords": "message A { int32 class = 1; int32 None = 2; int32 DESCRIPTOR = 3; int32 HasField = 4; }",
    "big-enum": "enum E { Z = 0; " + "\n".join(f"V{n} = {n};" for n in range(1, 2000)) + " }\nmessage A { E a = 1; }",
    "options-of-another-shape": 'import "google/protobuf/descriptor.proto";\nextend google.protobuf.MethodOptions '
    "{ int32 method = 50721; }\nservice S { rpc Do(A) returns (A) { option (method) = 7; } }\nmessage A { A a = 1; }",
    "many-fields": "message A { " + "\n".join(f"A f{n} = {n};" for n in range(1, 300)) + " }",
    "well-known": 'import "google/protobuf/any.proto";\nimport "google/protobuf/struct.proto";\nmessage A '
    "{ google.protobuf.Any a = 1; google.protobuf.Value v = 2; google.protobuf.Struct s = 3; }",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_contracts_are_compared(name: str, tmp_path: Path) -> None:
    """Every type becomes another one, and nothing raises or goes on for ever."""
    old = HOSTILE[name].replace("package", "").strip()
    other = old.replace("A a = 1", "bytes a = 1").replace("E a = 1", "int32 a = 1").replace("V1 = 1;", "")
    other = other.replace("int32 class", "string class").replace("google.protobuf.Any a", "string a")
    other = other.replace("google.protobuf.Value v", "google.protobuf.Struct v").replace("A f1 = 1", "bytes f1 = 1")
    done: list[tuple[Change, ...]] = []
    work = threading.Thread(target=lambda: done.append(_compared(tmp_path, old, other)))
    work.start()
    work.join(30)
    assert done and (done[0] or old == other)


def test_expressions_that_could_take_for_ever_are_not_run(tmp_path: Path) -> None:
    inner = "true"
    for depth in range(8):
        inner = f"[1,2,3,4,5,6,7,8,9].all(x{depth}, {inner})"
    rule = f'[(buf.validate.field).cel = {{id: "slow", message: "no", expression: "{inner}"}}]'
    text = 'import "buf/validate/validate.proto";\n' + CALL + "message Req { int32 a = 1 %s; }"
    changes = _compared(tmp_path, text % "", text % rule)
    assert [(change.rule, change.verdict) for change in changes] == [("protobuf-validate", Verdict.UNPROVEN)]


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        (r"^a.b$", r"^a[^\n]b$"), (r"\s+", r"[\t\n\f\r ]+"), (r"[\s\d.]", r"[\t\n\f\r \d.]"), (r"\Aa\z", "^a$"),
        (r"(?:a|b)", "(?:a|b)"), (r"(?i)a", None), (r"\pL", None), (r"[[:alpha:]]", None), (r"\bx", None),
        (r"\.", r"\."), (r"[^]]", "[^]]"),
    ],
)  # fmt: skip
def test_expressions_are_translated_or_not_at_all(written: str, wanted: str | None) -> None:
    assert constraints.pattern(written) == wanted


def test_only_what_is_connected_with_a_change_is_compiled(tmp_path: Path) -> None:
    """A file that differs, those that import it and what these import; the same files on both sides."""
    head = 'syntax = "proto3";\npackage %s;\n'
    shared, base = head % "base" + "message B { int32 x = 1; }", head % "other" + "message O {}"
    user = head % "user" + 'import "base.proto";\nimport "leaf.proto";\nmessage U { base.B b = 1; leaf.L l = 2; }'
    files = {
        "base.proto": {"old": shared, "new": shared.replace("int32", "int64")},
        "user.proto": {"old": user, "new": user},
        "leaf.proto": {"old": head % "leaf" + "message L {}", "new": head % "leaf" + "message L {}"},
        "other.proto": {"old": base, "new": base},
        "broken.proto": {"old": "not a contract", "new": "not a contract"},
    }
    context = _sides(tmp_path, files)
    old, new = narrowed(source(context.old, ""), source(context.new, ""))
    assert set(old.tree.files) == set(new.tree.files) == {"base.proto", "user.proto", "leaf.proto"}
    assert {change.subject for change in engine.compare(context)} == {"base.B.x"}
