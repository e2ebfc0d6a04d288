"""Set algebra, examples, sizes, budgets."""

from __future__ import annotations

import json
import re
import warnings
from itertools import product

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tenon.schema.budget import Budget, Exceeded
from tenon.schema.strings import Language


def pattern(regex: str) -> Language:
    return Language.pattern(regex, Budget())


SHORT = ["".join(text) for length in range(5) for text in product("ab ", repeat=length)] + ["c", "\n", "a\n", "\na"]

# The common subset of ECMA-262 and Python's `re`, the same text but for `$`, `.` and `\B`.
ATOMS = st.sampled_from(["a", "b", "ab", "[ab]", "[^a]", r"\w", r"\W", ".", "", "^", "$", r"\b", r"\B"])
REGEXES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"(?:{two[0]}|{two[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{2,}", "*?"])).map(
            lambda two: f"(?:{two[0]}){two[1]}"
        ),
        st.tuples(inner, st.sampled_from(["?=", "?!"])).map(lambda two: f"({two[1]}{two[0]})"),
        st.sampled_from(["(?<=a)", "(?<!b)", "(?<=^|a)"]),
    ),
    max_leaves=8,
)


def python(regex: str) -> re.Pattern[str] | None:
    """The expression as Python's `re` has it; None where Python cannot compile it."""
    text = regex.replace("[^a]", "\0").replace("(?<=^|a)", "(?:^|(?<=a))").replace("$", r"\Z")
    text = text.replace(r"\B", r"(?!\b)").replace(".", r"[^\n\r\u2028\u2029]").replace("\0", "[^a]")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return re.compile(text, re.ASCII)


@settings(max_examples=150, deadline=None)
@given(REGEXES)
def test_python_finds_the_same(regex: str) -> None:
    judge, language = python(regex), pattern(regex)
    assert judge is not None
    assert [text for text in SHORT if language.contains(text)] == [text for text in SHORT if judge.search(text)]
    examples = language.members(5)
    assert len(set(examples)) == len(examples)
    assert all(judge.search(text) and language.contains(text) for text in examples)
    assert language.is_empty() == (not examples)
    assert language.is_empty() or language.count(5) == len(examples)


@settings(max_examples=100, deadline=None)
@given(REGEXES, REGEXES)
def test_the_laws_of_sets(one: str, two: str) -> None:
    left, right = pattern(one), pattern(two)
    assert (left - right).equals(left & right.complement())
    assert (left & right).complement().equals(left.complement() | right.complement())
    assert (left & right).is_subset(left)
    assert left.is_subset(left | right)
    assert ((left - right) & right).is_empty()
    assert left.complement().complement() == left
    for text in SHORT:
        assert (left - right).contains(text) == (left.contains(text) and not right.contains(text))


@pytest.mark.parametrize(
    "regex",
    [
        "^[a-z][a-z0-9_-]{2,31}$", r"^\d{4}-\d{2}-\d{2}$", r"^(?:\+|00)?[1-9]\d{5,13}$",
        r"^[^\s@]+@[^\s@]+\.[a-z]{2,}$",
        "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$", r"^#(?:[0-9a-f]{3}){1,2}$", "[aeiou]{2}",
        r"^arn:aws:iam::\d{12}:role/[\w+=,.@-]{1,64}$", r"^v?(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-[0-9A-Za-z.-]+)?$",
        r"\bnot\b",
        "^(?!-)[a-z-]{1,10}(?<!-)$", "^[\u00e0-\u00ff]+$", "^(GET|PUT|POST)$", r"^\$\{[A-Z_]+\}$",
    ],
)  # fmt: skip
def test_an_independent_validator_agrees_with_the_examples(regex: str) -> None:
    language, judge = pattern(regex), jsonschema_rs.validator_for({"pattern": regex})
    inside, outside = language.members(20), language.complement().members(20)
    assert len(inside) == min(20, language.count(20))
    assert [text for text in inside if not judge.is_valid(text)] == []
    assert [text for text in outside if judge.is_valid(text)] == []


def test_lengths_are_numbers_not_states() -> None:
    million = Language.lengths(1_000_000, None)
    assert not (pattern("^a*$") & million).is_empty()
    assert (pattern("^a{1,64}$") & million).is_empty()
    assert (pattern("^(?:aa)*$") & Language.lengths(1_000_001, 1_000_001)).is_empty()
    assert not (pattern("^(?:aa)*$") & Language.lengths(1_000_001, 1_000_002)).is_empty()
    assert pattern("^.{1,2000}$").is_subset(Language.lengths(1, 2000))
    assert pattern("^[^]{0,100000}$") == Language.lengths(0, 100_000)
    assert Language.lengths(3, None).complement() == Language.lengths(0, 2)
    assert (pattern("^a") & million).members(1) == []
    assert (pattern("^a") & Language.lengths(1000, 1000)).members(1) == ["a" * 1000]


def test_sizes() -> None:
    assert Language.of(["b", "a", "b"]).count(9) == 2
    assert pattern("^[ab]{0,3}$").count(1000) == 15
    assert pattern("^(?:a|ab)(?:b|bc)?$").count(1000) == 5
    assert pattern("^a*$").count(1000) == 1000
    assert Language.lengths(0, 1).count(10_000_000) == 0x110000 + 1
    assert pattern("^[0-9]{1,9}$").is_finite()
    assert not pattern("^[0-9]{3,}$").is_finite()
    assert not Language.of(["a"]).complement().is_finite()


def test_examples_are_readable_and_short() -> None:
    assert pattern("^[^a]$").members(3) == ["b", "c", "d"]
    assert pattern("x").members(3) == ["x", "ax", "bx"]
    assert Language.of(["zebra", "ox"]).members(5) == ["ox", "zebra"]
    assert (Language.everything() - Language.of(["", "a"])).members(2) == ["b", "c"]
    assert pattern("^\ud800$").members(1) == []
    assert not pattern("^\ud800$").is_empty()
    json.dumps(pattern("^\\p{L}$").members(50)).encode("ascii")


@pytest.mark.parametrize(
    "regex", ["^(a|b)*a(a|b){12}$", "^[a-z]{1,300}[a-m]{1,300}$", ".{1,2000}", "^(a+)+$", "^((a*)*)*b$"]
)
def test_large_automata_stay_within_the_budget(regex: str) -> None:
    language = pattern(regex)
    assert not language.is_empty()
    assert not language.complement().is_empty()
    assert language.is_subset(pattern(f"(?:{regex})|^zz$"))


@pytest.mark.parametrize(
    ("one", "two"),
    [("^(a|b)*a(a|b){40}$", "^[ab]*$"), ("^(?!(a|b)*a(a|b){30}$)(a|b)*b$", "^[ab]*$"), ("a" * 20_000, "^b*$")],
)
def test_what_is_too_large_ends(one: str, two: str) -> None:
    with pytest.raises(Exceeded, match="steps"):
        pattern(one).is_subset(pattern(two), Budget(20_000))


@pytest.mark.parametrize(
    "regex", ["(" * 50_000, "(?:(?:(?:a\\b){60}){60}){60}", "a?" * 5000, "[" * 60_000, "(?=" * 40 + "a" + ")" * 40]
)
def test_hostile_expressions_end(regex: str) -> None:
    try:
        pattern(regex).complement().members(1)
    except Exceeded as refused:
        assert refused.reason.startswith("pattern")
