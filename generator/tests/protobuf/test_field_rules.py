"""Field rules: `buf/validate/validate.proto` may be imported by any contract, and no tree has to hold a copy."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from protobuf.wkt import FileDescriptorSet
from protovalidate._gen.buf.validate import validate_pb
from tenon import cli, pipeline
from tenon.config import Config
from tenon.lang.protobuf_python import FIELD_RULES
from tenon.lang.protobuf_source import Unprintable, source
from tenon.read.protobuf import buf, definitions
from tenon.read.tree import Tree
from tenon.write import Manifest, write
from tenon_runtime import errors, field_rules

ROOT = Path(__file__).parents[3]
CONTRACT = """\
syntax = "proto3";
package ruled.v1;
import "buf/validate/validate.proto";
// A user.
message User {
  // What it is called.
  string user_name = 1 [(buf.validate.field).string.min_len = 3];
  // The rule that it broke, if any: the definitions hold messages too.
  buf.validate.Violation broken = 2;
}
"""
OWN = """\
syntax = "proto2";
package buf.validate;
import "google/protobuf/descriptor.proto";
extend google.protobuf.FieldOptions { optional FieldRules field = 1159; }
message FieldRules { optional StringRules string = 14; }
message StringRules { optional uint64 min_len = 2; }
message Violation { optional string rule_id = 2; }
"""


def _tree(root: Path, **files: str) -> Tree:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".proto").write_text(text)
    return Tree.scan(root, root.name)


def _generate(root: Path) -> Path:
    """`root`/contracts as Python; the folder to import from."""
    made = pipeline.generate(root / "contracts", Config(), "contracts")
    assert not made.findings
    assert not write(root, made.files, Manifest(), lambda files: pipeline.judge(iter(files))).findings
    return root / "generated" / "python"


def test_the_printed_source_is_what_the_package_carries(tmp_path: Path) -> None:
    """Compiled, it gives the descriptor again to the byte: every option, range and name is there."""
    image, findings = buf.build(_tree(tmp_path, buf__validate__validate=definitions.text()))
    assert not findings
    file = next(f for f in FileDescriptorSet.from_binary(image).file if f.name == FIELD_RULES)
    file.source_code_info = None
    assert file.to_binary() == validate_pb.desc().proto.to_binary()


def test_any_descriptor_can_be_printed(tmp_path: Path) -> None:
    """Nested types, oneofs, presence, defaults, reserved and extensible ranges, options, in both syntaxes."""
    two = """syntax = "proto2"; package two;
        import "google/protobuf/descriptor.proto";
        extend google.protobuf.EnumValueOptions { repeated string words = 50001; optional double share = 50002; }
        message M {
          enum E { option allow_alias = true; A = 0 [(words) = "x\\"\\\\\\n", (words) = "é"]; B = 0 [(share) = 0.5]; reserved 7 to 9, 11 to max; }
          required E e = 1 [default = B, deprecated = true];
          optional string s = 2 [default = "say \\"hi\\"", json_name = "S!"];
          optional bool b = 3 [default = true];
          oneof one { int32 i = 4; M m = 5; }
          oneof other { bytes raw = 6 [default = "\\000\\377"]; }
          extensions 100 to 199, 300 to max;
          extend M { optional string inside = 150; }
          message Inner { repeated fixed64 n = 1 [packed = true]; }
          reserved 20 to 29, 31; reserved "old";
        }"""  # noqa: E501
    three = """syntax = "proto3"; package three; import public "two.proto";
        message P { optional string set = 1; string plain = 2; repeated two.M many = 3; oneof o { bool x = 4; } }"""
    first, findings = buf.build(_tree(tmp_path / "a", two=two, three=three))
    assert not findings
    registry = FileDescriptorSet.from_binary(first).to_registry()
    printed = {name: source(registry.file(f"{name}.proto")) for name in ("two", "three")}
    second, findings = buf.build(_tree(tmp_path / "b", **printed))
    assert not findings
    assert sorted(_bare(second)) == sorted(_bare(first))


def _bare(image: bytes) -> list[bytes]:
    files = FileDescriptorSet.from_binary(image).file
    for file in files:
        file.source_code_info = None
    return [file.to_binary() for file in files]


def test_what_cannot_be_printed_is_refused(tmp_path: Path) -> None:
    texts = {
        "map": 'syntax = "proto3"; message M { map<string, string> m = 1; }',
        "group": 'syntax = "proto2"; message M { optional group G = 1 {} }',
        "edition": 'edition = "2023"; message M {}',
    }
    image, findings = buf.build(_tree(tmp_path, map=texts["map"]))
    assert not findings
    with pytest.raises(Unprintable):
        source(FileDescriptorSet.from_binary(image).to_registry().file("map.proto"))
    for name in ("group", "edition"):
        image, findings = buf.build(_tree(tmp_path / name, **{name: texts[name]}))
        assert not findings
        with pytest.raises(Unprintable):
            source(FileDescriptorSet.from_binary(image).to_registry().file(f"{name}.proto"))


@pytest.fixture
def ruled(tmp_path: Path) -> Path:
    (tmp_path / "contracts" / "ruled" / "v1").mkdir(parents=True)
    (tmp_path / "contracts" / "ruled" / "v1" / "ruled.proto").write_text(CONTRACT)
    return tmp_path


def test_a_foreign_tree_imports_them_without_a_copy(ruled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = _generate(ruled)
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(out))
    hidden = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == "api"}
    try:
        user = importlib.import_module("api._pb.ruled.v1.ruled_pb").User
        field_rules.check(user(user_name="ada", broken=validate_pb.Violation(rule_id="x")))
        with pytest.raises(errors.SchemaViolation) as raised:
            field_rules.check(user(user_name="x"))
        assert [(v.pointer, v.rule) for v in raised.value.violations] == [("/userName", "string.min_len")]
    finally:
        for name in set(sys.modules) - before:
            if name.partition(".")[0] == "api":
                del sys.modules[name]
        sys.modules.update(hidden)
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "-p", "api"]
    cache = ["--cache-dir", str(ROOT / ".tenon" / "mypy")]
    environment = {**os.environ, "MYPYPATH": str(ROOT / "runtime")}
    done = subprocess.run([*command, *cache], cwd=out, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout + done.stderr == ""


def test_a_tree_that_holds_its_own_keeps_it(ruled: Path) -> None:
    own = ruled / "contracts" / FIELD_RULES
    own.parent.mkdir(parents=True)
    own.write_text(OWN)
    out = _generate(ruled)
    assert "class StringRules" in (out / "api" / "_pb" / "buf" / "validate" / "validate_pb.py").read_text()


def test_a_misspelt_rule_is_found_where_it_stands(ruled: Path) -> None:
    path = ruled / "contracts" / "ruled" / "v1" / "ruled.proto"
    path.write_text(CONTRACT.replace("min_len", "min_length"))
    findings = pipeline.generate(ruled / "contracts", Config(), "contracts").findings
    assert [(f.rule, str(f.at)) for f in findings] == [("proto-compile", "contracts/ruled/v1/ruled.proto:7:52")]


def test_a_new_repository_can_use_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Generated, linted and compared with its release by plain buf, which reads the module in the build cache."""
    assert cli.main(["new", str(tmp_path / "shop")]) == 0
    monkeypatch.chdir(tmp_path / "shop")
    _git("init", "-q")
    _git("add", "-A")
    _git("-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "first")
    _git("tag", "v1.0.0")
    contract = next(p for p in Path("contracts").rglob("*.proto") if p.name != "options.proto")
    text = contract.read_text().replace("\nimport ", '\nimport "buf/validate/validate.proto";\nimport ', 1)
    ruled = text.replace("string title = 1;", "string title = 1 [(buf.validate.field).string.max_len = 80];")
    assert ruled != text
    contract.write_text(ruled)
    assert cli.main(["generate"]) == 0
    assert cli.main(["check", "contracts", "buf"]) == 0, capsys.readouterr().out
    contract.write_text(ruled.replace("string title = 1 ", "string name = 1 "))
    capsys.readouterr()
    assert cli.main(["check", "buf"]) == 1
    assert 'Field "1"' in capsys.readouterr().out
    Path(".tenon/protobuf/buf/validate/validate.proto").unlink()
    contract.write_text(ruled)
    assert cli.main(["check", "buf"]) == 0  # made again


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, capture_output=True)
