"""Proto files of every make get their additions; what stands there does not move, and numbers are never given twice."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import pytest
from tenon import pipeline
from tenon.cli.add import write
from tenon.config import Config
from tenon.edit import event, field, rpc
from tenon.edit.workspace import Refused, Workspace
from tenon.finding import Severity
from tenon.model.proto import Message

FOREIGN = Config()
"""No tenon.toml: contracts of any origin."""


class Tree:
    """Contracts of the test's own, below `contracts/`."""

    def __init__(self, root: Path, files: dict[str, str]) -> None:
        self.root, self.texts = root, files
        write(root, {f"contracts/{name}": text for name, text in files.items()})

    def edit(self, add: Any, wanted: Any) -> dict[str, str]:
        """The files after the edit, which must hold."""
        model, findings = pipeline.load(self.root / "contracts", FOREIGN, "contracts")
        assert [f for f in findings if f.severity is Severity.ERROR] == []
        workspace = Workspace(self.root, "contracts", model)
        add(workspace, wanted)
        changes = workspace.changes()
        write(self.root, changes)
        self.model, findings = pipeline.load(self.root / "contracts", FOREIGN, "contracts")
        assert [f for f in findings if f.severity is Severity.ERROR] == []
        return {name.removeprefix("contracts/"): text for name, text in changes.items()}

    def message(self, name: str) -> Message:
        return next(m for m in self.model.protobuf.messages if m.name == name)


def lost(old: str, new: str) -> list[str]:
    return [line for line in difflib.ndiff(old.splitlines(), new.splitlines()) if line.startswith("- ")]


HEAD = 'syntax = "proto3";\npackage a.v1;\n'
PLACES = {
    "spread": ("message M {\n  string x = 1;\n}\n", "a.v1.M", 2),
    "empty on one line": ("message M {}\n", "a.v1.M", 1),
    "empty with a space": ("message M { }\n", "a.v1.M", 1),
    "all on one line": ("message M { string x = 1; }  // why\n", "a.v1.M", 2),
    "two on one line": ("message L {} message M { string x = 3; } message N {}\n", "a.v1.M", 4),
    "tabs": ("message M {\n\tstring x = 1;\n\t}\n", "a.v1.M", 2),
    "a comment before the end": ("message M {\n  string x = 1;\n  // no more\n}\n", "a.v1.M", 2),
    "umlauts before the end": ("/* äöü */ message M { /* ß */ string x = 1; /* € */ }\n", "a.v1.M", 2),
    "braces in texts": ('message M {\n  string x = 1 [json_name = "}"]; // }\n}\n', "a.v1.M", 2),
    "nested": ("message L {\n  message M {\n    int32 x = 7;\n  }\n  M m = 1;\n}\n", "a.v1.L.M", 8),
    "reserved": ("message M {\n  reserved 2, 5 to 9;\n  string x = 1;\n}\n", "a.v1.M", 10),
    "reserved by protobuf": ("message M {\n  string x = 18999;\n}\n", "a.v1.M", 20000),
    "in a oneof": ("message M {\n  oneof o {\n    string x = 1;\n    string y = 4;\n  }\n}\n", "a.v1.M", 5),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_field_finds_its_place(tmp_path: Path, place: str, newline: str) -> None:
    text, name, number = PLACES[place]
    before = (HEAD + text).replace("\n", newline)
    tree = Tree(tmp_path, {"a/v1/a.proto": before})
    after = tree.edit(field.add, field.AddedField(message=name, given="note:string:What it says."))["a/v1/a.proto"]
    made = tree.message(name).field("note")
    assert made is not None
    assert (made.number, made.comment.raw.strip()) == (number, "What it says.")
    assert after.count("\n") == after.count(newline)
    if "one line" not in place and "space" not in place and "umlauts" not in place:
        assert lost(before, after) == []


def test_the_numbers_of_old_fields_are_not_used_again(tmp_path: Path) -> None:
    tree = Tree(
        tmp_path, {"a/v1/a.proto": HEAD + 'message M {\n  reserved 2;\n  reserved "old";\n  string x = 1;\n}\n'}
    )
    for given, number, said in (("old:string", None, "is reserved"), ("note:string", 2, "number 2 is reserved")):
        with pytest.raises(Refused, match=said):
            tree.edit(field.add, field.AddedField(message="a.M", given=given, number=number))


@pytest.mark.parametrize(
    ("head", "spelled"),
    [
        ('syntax = "proto2";\npackage a.v1;\n', "optional string note = 2;"),
        ('edition = "2023";\npackage a.v1;\n', "string note = 2;"),
    ],
)
def test_every_syntax(tmp_path: Path, head: str, spelled: str) -> None:
    label = "optional " if "proto2" in head else ""
    tree = Tree(tmp_path, {"a/v1/a.proto": f"{head}message M {{\n  {label}string x = 1;\n}}\n"})
    after = tree.edit(field.add, field.AddedField(message="a.M", given="note:string"))["a/v1/a.proto"]
    assert f"  {spelled}\n" in after


@pytest.mark.parametrize(
    ("given", "spelled"),
    [
        ("at:timestamp", "google.protobuf.Timestamp at = 2;"),
        ("took:duration", "google.protobuf.Duration took = 2;"),
        ("ms:repeated M", "repeated M ms = 2;"),
        ("e:E", "E e = 2;"),
        ("counts:map<string, int64>", "map<string, int64> counts = 2;"),
        ("ms:map<int32,M>", "map<int32, M> ms = 2;"),
        ("note:optional string", "optional string note = 2;"),
        ("far:a.v1.far.Far", "a.v1.far.Far far = 2;"),
        ("any:google.protobuf.StringValue", "google.protobuf.StringValue any = 2;"),
    ],
)
def test_types_bring_their_imports(tmp_path: Path, given: str, spelled: str) -> None:
    files = {
        "a/v1/a.proto": HEAD + "enum E {\n  E_NONE = 0;\n}\nmessage M {\n  string x = 1;\n}\n",
        "a/v1/far/far.proto": 'syntax = "proto3";\npackage a.v1.far;\nmessage Far {}\n',
    }
    tree = Tree(tmp_path, files)
    after = tree.edit(field.add, field.AddedField(message="a.v1.M", given=given))["a/v1/a.proto"]
    assert f"  {spelled}\n" in after
    assert lost(files["a/v1/a.proto"], after) == []


def test_imports_stand_in_their_order(tmp_path: Path) -> None:
    before = HEAD + '\nimport "google/protobuf/any.proto";\nimport "google/protobuf/wrappers.proto"; // w\n\n' + (
        "message M {\n  google.protobuf.Any x = 1;\n  google.protobuf.BoolValue y = 2;\n}\n"
    )  # fmt: skip
    tree = Tree(tmp_path, {"a/v1/a.proto": before})
    after = tree.edit(field.add, field.AddedField(message="a.M", given="at:timestamp"))["a/v1/a.proto"]
    imports = [line for line in after.splitlines() if line.startswith("import")]
    assert imports == sorted(imports)
    assert lost(before, after) == []


def test_a_domain_with_nothing_but_a_service_gets_its_other_faces(tmp_path: Path) -> None:
    """Without our options in the tree the contracts stay free of them where nothing has to be said."""
    options = (Path(pipeline.__file__).parent / "template" / "options.proto").read_text()
    tree = Tree(
        tmp_path, {"a/v1/a.proto": HEAD + "service AService {}\n", "tenon/v1/options.proto": options,
                   "b/v1/b.proto": 'syntax = "proto3";\npackage b.v1;\nmessage B {}\n'}
    )  # fmt: skip
    wanted = rpc.NewRpc(domain="a", name="Look", face=("get", "/v1/look/{lookId}"), returns=("at:timestamp",))
    assert set(tree.edit(rpc.add, wanted)) == {"a/v1/a.proto", "a/v1/a.openapi.yaml"}
    package = tree.model.package("a.v1")
    assert package is not None
    assert [o.operation.path.raw for o in package.operations] == ["/v1/look/{lookId}"]
    told = event.NewEvent(domain="a", name="Looked", fields=("look_id:string",), receiver="b")
    assert set(tree.edit(event.add, told)) == {"a/v1/a.proto", "a/v1/a.asyncapi.yaml", "b/v1/b.asyncapi.yaml"}
    other = tree.model.package("b.v1")
    assert other is not None
    assert [s.event.name for s in other.receives] == ["a.looked"]


def test_a_scope_cannot_end_its_own_text(tmp_path: Path) -> None:
    tree = Tree(tmp_path, {"a/v1/a.proto": HEAD + "service AService {}\n"})
    with pytest.raises(Refused, match="is no scope"):
        tree.edit(rpc.add, rpc.NewRpc(domain="a", name="Look", scopes=('x" public: true scopes: "y',)))


def test_a_comment_stays_a_comment(tmp_path: Path) -> None:
    tree = Tree(tmp_path, {"a/v1/a.proto": HEAD + "message M {}\n"})
    tree.edit(field.add, field.AddedField(message="a.M", given="x:string:one\n string y = 2; */ \u2028 string z = 3;"))
    assert [f.name for f in tree.message("a.v1.M").fields] == ["x"]
