"""One set of definitions in two languages: the same cases hold for both, and hypothesis finds no input that parts them.

`tenon_core` is built by maturin in the folder where the other Rust tests build; nothing of it is installed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tenon_runtime import native
from tenon_runtime.host.rest import document, strict_json
from tenon_runtime.observe import trace

from bench import native as bench

ROOT = Path(__file__).resolve().parents[3]
HEADER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
LATER = HEADER.replace("00-", "01-", 1)
EXAMPLES = settings(max_examples=400, deadline=None, derandomize=True, database=None)

needs_cargo = pytest.mark.skipif(shutil.which("cargo") is None, reason="no cargo: install Rust with https://rustup.rs")
with_and_without = pytest.mark.parametrize(
    "definitions", ["python", pytest.param("rust", marks=needs_cargo)], indirect=True
)


@pytest.fixture(scope="module")
def core() -> ModuleType:
    return bench.load()


@pytest.fixture
def definitions(request: pytest.FixtureRequest) -> native.Definitions:
    return native.PYTHON if request.param == "python" else native.in_rust(request.getfixturevalue("core"))


@pytest.fixture
def use(definitions: native.Definitions, monkeypatch: pytest.MonkeyPatch) -> None:
    """The runtime runs on these definitions."""
    for name in definitions.__slots__:
        monkeypatch.setattr(native, name, getattr(definitions, name))


# The same cases with and without.


@with_and_without
def test_a_key_has_one_slot(definitions: native.Definitions) -> None:
    assert [definitions.slot_of(key) for key in ("", "a", "creator-1", "ü")] == [20, 10, 16, 36]
    assert {definitions.slot_of(str(number)) for number in range(1000)} == set(range(native.SLOTS))
    with pytest.raises(UnicodeEncodeError):
        definitions.slot_of("\ud800")


@with_and_without
@pytest.mark.usefixtures("use")
def test_a_valid_header_goes_on_with_a_trace_and_any_other_begins_one() -> None:
    span = trace.begin("x", HEADER)
    assert (span.trace_id, span.parent_id, span.flags) == (HEADER[3:35], HEADER[36:52], 1)
    assert trace.begin("x", LATER + "-more").parent_id == HEADER[36:52]
    zeros = (HEADER.replace(HEADER[3:35], "0" * 32), HEADER.replace(HEADER[36:52], "0" * 16))
    broken = ("", HEADER[1:], HEADER.upper(), HEADER + "-more", LATER + "more", LATER + "-\n", "é" * 55)
    for bad in (*zeros, *broken, HEADER.replace("00-", "ff-", 1), "00-" + "é" * 26):
        assert trace.begin("x", bad).parent_id is None, bad


@with_and_without
def test_time_outs_of_both_protocols(definitions: native.Definitions) -> None:
    seconds = definitions.timeout_seconds
    units = {b"2H": 7200, b"3M": 180, b"4S": 4, b"1500m": 1.5, b"7u": 7e-6, b"9999999999n": 9999999999 * 1e-9}
    assert {text: seconds(text, True) for text in units} == units
    assert seconds(b"1500", False) == 1.5
    for bad in (b"", b"m", b"15", b"-1m", b"1.5S", b" 1S", b"1s", b"12345678901S", "١S".encode()):
        assert seconds(bad, True) is None, bad
    assert seconds(b"15m", False) is None and seconds(b"", False) is None


@with_and_without
def test_a_key_survives_its_header(definitions: native.Definitions) -> None:
    for key, header in {"a b/c~": "a b/c~", '50%"\\': "50%25%22%5C", "zoë\n": "zo%C3%AB%0A"}.items():
        assert definitions.escape_subject(key) == header and definitions.key_of_subject(header) == key
    assert definitions.key_of_subject("100%, %zz, %ff, %c3é, \ud800") == "100%, %zz, \ufffd, \ufffdé, \ud800"
    with pytest.raises(UnicodeEncodeError):
        definitions.escape_subject("\ud800")


GOOD = {
    ' {"a": [1, 2.5, null, true], "ü": "\\ud83d\\ude00\\/"}\n': {"a": [1, 2.5, None, True], "ü": "😀/"},
    "-0": 0,
    "-0.0": -0.0,
    "123456789012345678901234567890": 123456789012345678901234567890,
    "9223372036854775808": 2**63,
    "1e22": 1e22,
    "5e-324": 5e-324,
    "0.30000000000000004": 0.1 + 0.2,
    "1e-400": 0.0,
}  # fmt: skip
BAD = {
    '{"a": 1, "a": 2}': "same key twice",
    '{"a": 1, "\\u0061": 2}': "same key twice",
    "NaN": "not a JSON number",
    "-Infinity": "not a JSON number",
    "1e400": "too large",
    '"\\ud800"': "lone surrogate",
    '{"\\udc00": 1}': "lone surrogate",
    "[" * 65 + "]" * 65: "deeper than 64",
    "[" * 100_000: "deeper than 64",
    "": "Expecting value",
    "1 2": "Extra data",
    "\ufeff1": "Expecting value",
    '"\t"': "control character",
    "01": "Extra data",
    "'a'": "Expecting value",
    "[1,]": "Expecting value",
}


@with_and_without
@pytest.mark.usefixtures("use")
@pytest.mark.parametrize("text", GOOD)
def test_json_is_what_python_makes_of_it(text: str) -> None:
    assert repr(strict_json.parse(text.encode())) == repr(GOOD[text])


@with_and_without
@pytest.mark.usefixtures("use")
@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_what_is_no_strict_json_is_refused_in_the_same_words(text: str) -> None:
    with pytest.raises(strict_json.NotJson, match=BAD[text]):
        strict_json.parse(text.encode())


@with_and_without
@pytest.mark.usefixtures("use")
def test_bytes_that_are_no_text_are_refused() -> None:
    for text in (b'"\xff"', b"\xc3", b'"\xed\xa0\x80"', b"1\x00"):
        with pytest.raises(strict_json.NotJson):
            strict_json.parse(text)


# Rust says what Python says, of anything.

ANY = st.text(st.characters())
"""Lone surrogates included."""
HEX = st.text("0123456789abcdefABF-", max_size=40)
PARENTS = st.builds(
    lambda version, trace_id, parent_id, flags, rest: f"{version}-{trace_id}-{parent_id}-{flags}{rest}",
    st.one_of(st.from_regex(r"[0-9a-f]{2}", fullmatch=True), st.sampled_from(["00", "ff", "0", "0G", "٠٠"])),
    st.one_of(st.from_regex(r"[0-9a-f]{32}", fullmatch=True), st.just("0" * 32), HEX),
    st.one_of(st.from_regex(r"[0-9a-f]{16}", fullmatch=True), st.just("0" * 16), HEX),
    st.one_of(st.from_regex(r"[0-9a-f]{2}", fullmatch=True), HEX),
    st.one_of(st.just(""), st.builds("-{}".format, ANY), ANY),
)
TIMEOUTS = st.one_of(st.from_regex(rb"[0-9]{1,12}[HMSmunx]?", fullmatch=True), st.binary(max_size=12))
SUBJECTS = st.one_of(ANY, st.lists(st.one_of(st.sampled_from(["%C3", "%a9", "%", "é", "%2"]), ANY)).map("".join))
NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,24})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
ESCAPES = st.from_regex(r'"(\\u[dD][89a-f][0-9a-f]{2}|\\u00[0-9a-f]{2}|\\["/bfnrtx]|a|é){0,6}"', fullmatch=True)
TEXTS = st.recursive(
    st.one_of(NUMBERS, ESCAPES, st.sampled_from(["null", "true", "false", "NaN", "Infinity", "nul", ""])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda values: f"[{','.join(values)}]"),
        st.lists(st.tuples(st.sampled_from(['"a"', '"b"', '"\\u0061"', "a"]), inner), max_size=4).map(
            lambda members: "{" + ", ".join(f"{key} : {value}" for key, value in members) + "}"
        ),
    ),
    max_leaves=12,
)
NESTED = st.builds(
    lambda text, levels, open: (open * levels + text + {"[": "]", '{"k":': "}"}[open] * levels),
    NUMBERS, st.integers(60, 68), st.sampled_from(["[", '{"k":']),
)  # fmt: skip


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
BODIES = st.one_of(st.builds(json.dumps, VALUES, ensure_ascii=st.booleans()), TEXTS, NESTED).map(str.encode)
DAMAGED = st.builds(
    lambda text, at, cut, put: text[:at] + put + text[at + cut :],
    BODIES, st.integers(0, 100), st.integers(0, 1), st.binary(max_size=2),
)  # fmt: skip


def said(function: Callable[..., Any], *arguments: Any) -> str:
    """What it answers, types and signs of zero told apart, or the kind of what it raises."""
    try:
        return repr(function(*arguments))
    except ValueError as error:
        return type(error).__name__


@needs_cargo
@EXAMPLES
@given(ANY)
def test_slots_and_subjects_are_equal(core: ModuleType, key: str) -> None:
    for name in ("slot_of", "escape_subject"):
        assert said(getattr(core, name), key) == said(getattr(native.PYTHON, name), key)


@needs_cargo
@EXAMPLES
@given(SUBJECTS)
def test_keys_of_subjects_are_equal(core: ModuleType, subject: str) -> None:
    assert said(core.key_of_subject, subject) == said(native.PYTHON.key_of_subject, subject)


@needs_cargo
@EXAMPLES
@given(st.one_of(PARENTS, ANY))
def test_trace_headers_are_equal(core: ModuleType, header: str) -> None:
    assert said(core.traceparent, header) == said(native.PYTHON.traceparent, header)


@needs_cargo
@EXAMPLES
@given(TIMEOUTS, st.booleans())
def test_time_outs_are_equal(core: ModuleType, header: bytes, grpc: bool) -> None:
    assert said(core.timeout_seconds, header, grpc) == said(native.PYTHON.timeout_seconds, header, grpc)


@needs_cargo
@EXAMPLES
@given(st.text("~/ab01é"))
def test_parts_of_pointers_are_equal(core: ModuleType, name: str) -> None:
    assert core.escape_pointer(name) == document.escape(name)


@needs_cargo
@settings(EXAMPLES, max_examples=1000)
@given(st.one_of(BODIES, DAMAGED))
def test_json_is_equal_or_left_to_python(core: ModuleType, text: bytes) -> None:
    """What Rust reads, Python reads alike; what only Python reads has a number that is not Rust's to round."""
    rust, python = said(core.parse_json, text), said(strict_json.in_python, text)
    if rust != "ValueError":
        assert rust == python
    elif python != "NotJson":
        assert any(number == 0 or abs(number) >= 2**63 for number in numbers(strict_json.in_python(text)))


def numbers(value: Any) -> list[float]:
    match value:
        case bool():
            return []
        case int() | float():
            return [value]
        case dict() | list():
            inner = value.values() if isinstance(value, dict) else value
            return [number for each in inner for number in numbers(each)]
    return []


# What is installed decides, and nothing else does.


def chosen(path: Path | None) -> str:
    code = "from tenon_runtime import native; print('python' if native.CHOSEN is native.PYTHON else 'rust')"
    environment = {**os.environ, "PYTHONPATH": str(path or "")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=path or ROOT, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@needs_cargo
def test_rust_runs_where_it_is_installed() -> None:
    assert chosen(bench.build()) == "rust"


def test_python_runs_where_it_is_not_or_is_another_edition_or_for_another_machine(tmp_path: Path) -> None:
    assert chosen(None) == "python"
    (tmp_path / "tenon_core.py").write_text("EDITION = 0\n", "utf-8")
    assert chosen(tmp_path) == "python"
    (tmp_path / "tenon_core.py").unlink()
    (tmp_path / "tenon_core.abi3.so").write_bytes(b"no library")
    assert chosen(tmp_path) == "python"


@needs_cargo
def test_the_runtime_s_own_tests_pass_on_rust() -> None:
    tests = ["call/test_observe.py", "host/test_rest_bodies.py"]
    code = "import sys, pytest; from tenon_runtime import native; assert native.CHOSEN is not native.PYTHON; "
    done = subprocess.run(
        [sys.executable, "-c", code + "sys.exit(pytest.main(sys.argv[1:]))", "-p", "no:cacheprovider",
         *(f"runtime/tests/{test}" for test in tests)],
        env={**os.environ, "PYTHONPATH": str(bench.build())}, cwd=ROOT, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
