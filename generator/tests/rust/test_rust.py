"""Rust: the crate that is made of a tree compiles without a warning, is as rustfmt would have it, and speaks protobuf.

`cases/<feature>/want` is the crate; ``UPDATE=1`` rewrites it.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import FieldDescriptor
from markdown_it import MarkdownIt
from tenon import pipeline
from tenon.config import Config
from tenon.emit import rust
from tenon.emit.rust.names import Names, needed
from tenon.memo import Memo
from tenon.model.graph import Model
from tenon.write import Manifest, write

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
CASES = sorted(path.name for path in (HERE / "cases").iterdir())

needs_cargo = pytest.mark.skipif(shutil.which("cargo") is None, reason="no cargo: install Rust with https://rustup.rs")


def load(contracts: Path, *, ours: bool = False) -> Model:
    model, findings = pipeline.load(contracts, Config(ours=ours), "contracts")
    assert not [f for f in findings if f.rule == "proto-compile"], findings
    return model


@functools.cache
def target() -> Path:
    """Where cargo builds, outside of the tree: what the crates depend on is compiled once for all tests."""
    chosen = os.environ.get("CARGO_TARGET_DIR")
    return Path(chosen) if chosen else Path.home() / ".cache" / "tenon" / "target"


def workspace(name: str, model: Model) -> Path:
    """A cargo workspace with the crate of `model`, always in the same place so that cargo can reuse what it built."""
    home = target() / "workspaces" / hashlib.sha256(str(ROOT).encode()).hexdigest()[:8] / name
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(ROOT / "rust", home / "rust")
    for file in ("Cargo.toml", "Cargo.lock"):
        shutil.copy(ROOT / file, home / file)
    write(home, list(rust.emit(model)), Manifest(), lambda files: [])
    return home


def cargo(home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **more, "CARGO_TARGET_DIR": str(target()), "RUSTFLAGS": "-D warnings"}
    return subprocess.run(["cargo", *arguments], cwd=home, env=environment, check=False, capture_output=True, text=True)


@pytest.mark.parametrize("case", CASES)
def test_the_crate_is_as_wanted(case: str) -> None:
    made = {file.path: file.text for file in rust.emit(load(HERE / "cases" / case / "contracts"))}
    want = HERE / "cases" / case / "want"
    if os.environ.get("UPDATE"):
        shutil.rmtree(want, ignore_errors=True)
        for path, text in made.items():
            (want / path).parent.mkdir(parents=True, exist_ok=True)
            (want / path).write_text(text, "utf-8")
    found = {p.relative_to(want).as_posix(): p.read_text("utf-8") for p in want.rglob("*") if p.is_file()}
    assert made == found


@needs_cargo
@pytest.mark.parametrize("case", CASES)
def test_the_crate_compiles_without_a_warning_and_rustfmt_leaves_it_alone(case: str) -> None:
    home = workspace(case, load(HERE / "cases" / case / "contracts"))
    built = cargo(home, "check", "--locked", "--quiet", "-p", "api")
    assert built.returncode == 0, built.stderr
    formatted = cargo(home, "fmt", "--all", "--", "--check")
    assert formatted.returncode == 0, formatted.stdout


@needs_cargo
def test_the_crate_of_this_repository_and_what_it_stands_on_pass_clippy_and_their_tests() -> None:
    home = workspace("repository", load(ROOT / "contracts", ours=True))
    for command in (("clippy", "--all-targets"), ("test",), ("doc", "--no-deps")):
        done = cargo(
            home, *command, "--locked", "--quiet", "--workspace", *(["--", "-D", "warnings"] * ("clippy" in command))
        )
        assert done.returncode == 0, done.stdout + done.stderr
    formatted = cargo(home, "fmt", "--all", "--", "--check")
    assert formatted.returncode == 0, formatted.stdout


def test_what_did_not_change_is_remembered_and_what_it_depends_on_counts(tmp_path: Path) -> None:
    contracts = tmp_path / "contracts"
    shutil.copytree(HERE / "cases" / "services" / "contracts", contracts)
    memo = Memo(tmp_path / "memo")

    def run() -> tuple[dict[str, str], int]:
        made = {f.path: f.text for f in rust.emit(replace(load(contracts), memo=memo))}
        assert made == {f.path: f.text for f in rust.emit(load(contracts))}
        return made, len([path for path in (tmp_path / "memo").rglob("*") if path.is_file()])

    first, kept = run()
    assert run() == (first, kept) and kept == 5
    edits = (
        ("b/v1/b.proto", "message Answer {", "message Answers {}\nmessage Answer {", 2),  # and a.v1, which imports it
        ("a/v1/a.asyncapi.yaml", "Somebody asked.", "Somebody wants to know.", 1),
        ("a/v1/a.proto", "package a.v1;", "package a.v1;\nmessage B {}", 2),
    )
    for path, old, new, made in edits:
        text = (contracts / path).read_text("utf-8")
        (contracts / path).write_text(text.replace(old, new), "utf-8")
        before, kept = kept, run()[1]
        assert kept - before == made, path


def test_comments_are_no_code_no_links_and_no_html() -> None:
    """Rustdoc compiles and runs code blocks in comments, and passes HTML and ``javascript:`` links through."""
    (text,) = [
        file.text
        for file in rust.emit(load(HERE / "cases" / "names" / "contracts"))
        if file.path.endswith("/hostile.rs")
    ]
    blocks = re.findall(r"(?:^ *///.*\n)+", text, re.MULTILINE)
    assert len(blocks) > 3 and "exit(1)" in blocks[0]
    for block in blocks:
        lines = [line.strip().removeprefix("///").removeprefix(" ") for line in block.splitlines()]
        tokens = MarkdownIt("commonmark").parse("\n".join(lines))
        kinds = {token.type for token in tokens} | {child.type for token in tokens for child in token.children or ()}
        assert not kinds & {"fence", "code_block", "html_block", "html_inline", "link_open", "image"}, block


def filled(message: Any, depth: int = 0) -> Any:
    """`message` with every field set to a value that is not its default; the last alternative of every oneof."""
    for field in message.DESCRIPTOR.fields:
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            key, value = field.message_type.fields_by_name["key"], field.message_type.fields_by_name["value"]
            entry = getattr(message, field.name)
            if value.message_type is None:
                entry[scalar(key)] = scalar(value)
            elif depth < 2:
                filled(entry[scalar(key)], depth + 1)
        elif field.message_type is not None:
            if depth < 2 or field.is_required:
                nested = getattr(message, field.name)
                filled(nested.add() if field.is_repeated else nested, depth + 1)
                if not field.is_repeated:
                    nested.SetInParent()
        elif field.is_repeated:
            getattr(message, field.name).extend([scalar(field), scalar(field)])
        else:
            setattr(message, field.name, scalar(field))
    return message


def scalar(field: FieldDescriptor) -> Any:
    match field.cpp_type:
        case FieldDescriptor.CPPTYPE_STRING:
            return b"\x00\xff" if field.type == FieldDescriptor.TYPE_BYTES else f"{field.name} ä"
        case FieldDescriptor.CPPTYPE_BOOL:
            return True
        case FieldDescriptor.CPPTYPE_ENUM:
            assert field.enum_type is not None
            return field.enum_type.values[-1].number
        case FieldDescriptor.CPPTYPE_DOUBLE | FieldDescriptor.CPPTYPE_FLOAT:
            return -0.5
        case FieldDescriptor.CPPTYPE_UINT32 | FieldDescriptor.CPPTYPE_UINT64:
            return field.number + 300
    return -field.number


@needs_cargo
def test_rust_reads_and_writes_what_google_s_protobuf_does(tmp_path: Path) -> None:
    """Every message of the kitchen sink, filled: Rust decodes it and what it encodes again is the same message."""
    model = load(HERE / "cases" / "kitchen-sink" / "contracts")
    pool = descriptor_pool.DescriptorPool()
    for file in model.protobuf.files:
        pool.Add(descriptor_pb2.FileDescriptorProto.FromString(file.descriptor))
    messages, enums = needed(model.protobuf)
    names = Names(messages, enums, {m.package for m in messages})
    made = {m.name: filled(message_factory.GetMessageClass(pool.FindMessageTypeByName(m.name))()) for m in messages}
    assert len(made) == 19

    home = workspace("wire", model)
    arms = "\n".join(f'"{m.name}" => again::<{names.use(m.name, names.root)}>(bytes),' for m in messages)
    test = home / "generated/rust/api/tests/wire.rs"
    test.parent.mkdir(parents=True)
    test.write_text(WIRE.replace("ARMS", arms.replace("crate::", "api::")), "utf-8")
    manifest = test.parents[1] / "Cargo.toml"
    manifest.write_text(manifest.read_text("utf-8") + "\n[dev-dependencies]\nprost.workspace = true\n", "utf-8")
    (tmp_path / "given").write_text(
        "".join(f"{name} {message.SerializeToString().hex()}\n" for name, message in made.items()), "utf-8"
    )
    done = cargo(home, "test", "--locked", "--quiet", "-p", "api", "--test", "wire", TENON_WIRE=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr

    answers = dict(line.split(" ") for line in (tmp_path / "again").read_text("utf-8").splitlines())
    assert set(answers) == set(made)
    for name, message in made.items():
        again = type(message).FromString(bytes.fromhex(answers[name]))
        assert again == message, name
        assert again.SerializeToString(deterministic=True) == message.SerializeToString(deterministic=True), name


WIRE = """
use prost::Message;

fn again<T: Message + Default>(bytes: &[u8]) -> Vec<u8> {
    T::decode(bytes).expect("Rust reads what Python wrote").encode_to_vec()
}

#[test]
fn wire() {
    let folder = std::path::PathBuf::from(std::env::var("TENON_WIRE").unwrap());
    let mut answers = String::new();
    for line in std::fs::read_to_string(folder.join("given")).unwrap().lines() {
        let (name, hex) = line.split_once(' ').unwrap();
        let bytes: Vec<u8> = (0..hex.len() / 2)
            .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
            .collect();
        let bytes = bytes.as_slice();
        let again = match name {
            ARMS
            _ => panic!("{name}"),
        };
        let hex: String = again.iter().map(|byte| format!("{byte:02x}")).collect();
        answers.push_str(&format!("{name} {hex}\\n"));
    }
    std::fs::write(folder.join("again"), answers).unwrap();
}
"""
