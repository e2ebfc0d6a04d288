"""How contract text becomes Python, for any text there is: it stays text, and names stay names."""

from __future__ import annotations

import ast
import keyword
import math
import re
import tokenize
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tenon.lang.json_types import TYPING
from tenon.lang.python import (
    KEYWORDS,
    RESERVED_ATTRIBUTES,
    comment,
    docstring,
    key,
    lines,
    literal,
    module_parts,
    pascal,
    plain,
    snake,
    unique,
)
from tenon.model.text import Text, forbidden

_NASTY = ['"', "'", "\\", '"""', "\n", "\r", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029", "#", "\0", "\ud800",
          "\u202e", "{", "}", "%", "$", " ", "\t", "a", "é", "\U0001f600"]  # fmt: skip
any_text = st.text() | st.lists(st.sampled_from(_NASTY), max_size=40).map("".join)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=20,
)
settings.register_profile("deterministic", derandomize=True, deadline=None, max_examples=300, database=None)
settings.load_profile("deterministic")


@given(json_values)
def test_a_literal_is_the_value_and_one_line_of_ascii(value: object) -> None:
    source = literal(value)
    assert source.isascii()
    assert "\n" not in source
    assert ast.literal_eval(source) == value


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, object(), {1, 2}, [math.nan]])
def test_what_has_no_literal_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        literal(value)


@given(any_text, st.integers(0, 3), st.lists(any_text, max_size=2))
def test_a_docstring_is_one_statement(text: str, level: int, extra: list[str]) -> None:
    indent = 4 * level
    pad = " " * indent
    source = f"{pad}{docstring(text, indent, extra)}\n"
    if level:
        source = "".join(f"{' ' * 4 * i}class C:\n" for i in range(level)) + source
    body = ast.parse(source)
    for _ in range(level):
        (inner,) = body.body
        assert isinstance(inner, ast.ClassDef)
        body = inner  # type: ignore[assignment]
    (statement,) = body.body
    assert isinstance(statement, ast.Expr)
    assert isinstance(statement.value, ast.Constant)
    assert not set("\r\v\f\x1c\x85\u2028\u2029\0\u202e") & set(source)


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=1, max_size=80))
def test_a_docstring_says_what_the_text_says(text: str) -> None:
    assert ast.literal_eval(docstring(text)) == text


@given(any_text)
def test_a_comment_is_nothing_but_comment(text: str) -> None:
    source = comment(text, 4)
    for token in tokenize.generate_tokens(StringIO(f"{source}\n").readline):
        assert token.type in (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER), token
    assert ast.parse(f"class C:\n{source}\n    pass\n", type_comments=True)


@pytest.mark.parametrize(
    "directive",
    ["type: ignore", "type: int", " type:ignore[x]", "mypy: ignore-errors", "ruff: noqa", "noqa", "NOQA: E501",
     "fmt: off", "isort: skip_file", "pylint: disable=all", "flake8: noqa", "pyright: basic", "pragma: no cover",
     "yapf: disable"],
)  # fmt: skip
def test_no_tool_obeys_a_comment(directive: str) -> None:
    assert comment(directive).startswith("# | ")


@pytest.mark.parametrize("words", ["types: of things", "The type: a name", "formats", "a noqa"])
def test_other_words_are_left_alone(words: str) -> None:
    assert comment(words) == f"# {words}"


@given(any_text)
def test_lines_have_no_breaks_and_no_controls(text: str) -> None:
    for line in lines(text):
        assert len(line.splitlines()) <= 1
        assert "\0" not in line
        assert forbidden(line) is None


@given(any_text)
def test_identifiers_are_identifiers(text: str) -> None:
    for made in (snake(text), pascal(text)):
        assert made.isidentifier()
        assert made.isascii()
        assert not keyword.iskeyword(made)
        assert not made.startswith("_")
    assert snake(text) not in RESERVED_ATTRIBUTES
    assert snake(text) == snake(text).lower()


@pytest.mark.parametrize(
    ("name", "attribute", "cls"),
    [
        ("getHTTPUser-id", "get_http_user_id", "GetHTTPUserId"),
        ("video_published", "video_published", "VideoPublished"),
        ("ListAPIKeys", "list_api_keys", "ListAPIKeys"),
        ("class", "class_", "Class"),
        ("None", "none", "None_"),
        ("__init__", "init", "Init"),
        ("self", "self_", "Self"),
        ("2fa", "n2_fa", "N2Fa"),
        ("", "unnamed", "Unnamed"),
        ("Ünïcode", "unicode", "Unicode"),
        ("中", "u_4_e_2_d", "U4E2D"),
        ("\uff47et", "get", "Get"),  # NFKC: a full-width g
        ("a b\nc", "a_b_c", "ABC"),
    ],
)
def test_names(name: str, attribute: str, cls: str) -> None:
    assert (snake(Text(name)), pascal(Text(name))) == (attribute, cls)


@given(st.lists(st.sampled_from(["a", "a_2", "b"]), max_size=30))
def test_unique_names_are_unique(names: list[str]) -> None:
    taken: set[str] = set()
    made = [unique(name, taken) for name in names]
    assert len(set(made)) == len(made)


@given(
    st.lists(
        st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}|class|None|__init__|_pb|pb_x", fullmatch=True),
        min_size=1,
        max_size=2,
    )
)
def test_no_two_packages_are_one(parts: list[str]) -> None:
    """The parts of a package give back what they were made of."""
    for part, made in zip(parts, module_parts(".".join(parts)), strict=True):
        assert made.isidentifier()
        assert made not in KEYWORDS
        assert not made.startswith("_")
        assert module_parts(made) != [made] or made == part
        back = made.removeprefix("pb_") if made.startswith(("pb__", "pb_pb_")) else made
        assert back in (part, f"{part}_")


@given(any_text)
def test_a_key_is_an_attribute_or_refused(text: str) -> None:
    try:
        assert key(text) == text
    except ValueError:
        return
    assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text)
    assert not keyword.iskeyword(text)


@given(any_text)
def test_other_emitters_text_loses_what_steers(text: str) -> None:
    made = plain(text)
    assert not set("\r\v\f\x1c\x85\u2028\u2029\0\u202e\x1b") & set(made)
    assert made.count("\n") == text.count("\n")


@given(any_text)
def test_text_prints_itself_nowhere(text: str) -> None:
    for use in (str, "{}".format, lambda value: f"{value}"):
        with pytest.raises(TypeError):
            use(Text(text))


def test_typing_names_are_known() -> None:
    assert {"Any", "Literal", "NotRequired", "TypedDict"} <= set(TYPING)
