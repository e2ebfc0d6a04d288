"""What an expression means: the strings in which it is found, and those in which it is not."""

from __future__ import annotations

import pytest
from tenon.schema.budget import Budget, Exceeded
from tenon.schema.strings import Language, format_language


def pattern(regex: str) -> Language:
    return Language.pattern(regex, Budget())


MEANINGS: list[tuple[str, list[str], list[str]]] = [
    ("", ["", "x"], []),
    ("a", ["a", "bab"], ["", "b"]),
    ("^a*$", ["", "aaa"], ["b", "ab", "a\n"]),
    ("^[A-Z]+$", ["A", "ZZ"], ["", "A\n", "a"]),
    ("^a|b$", ["ax", "xb"], ["xa", "bx"]),
    ("^(?:a|bc)+?d$", ["ad", "bcad"], ["d", "bd"]),
    ("^(?<year>[0-9]{4})$", ["2026"], ["202", "20266"]),
    # Classes and escapes.
    (r"^\d\w\s$", ["1_ ", "0a\u3000", "9Z\ufeff"], ["\u0661a ", "1\u00e4 ", "1a\u0085"]),
    (r"^\D\W\S$", ["a-x"], ["1-x"]),
    ("^.$", ["x", "\U0001f600", "\x85"], ["\n", "\r", "\u2028", "\u2029", ""]),
    ("^[^]$", ["\n", "x"], ["", "xx"]),
    ("[]", [], ["", "x"]),
    (r"^[\]\-a\b\d-]$", ["]", "-", "a", "\b", "5"], ["b", "\\"]),
    (r"^[+--]$", ["+", ",", "-"], ["."]),
    (r"^\x41\u0042\u{43}\cJ\0\t$", ["ABC\n\0\t"], ["ABC"]),
    (r"^\ud83d\ude00$", ["\U0001f600"], ["\ud83d"]),
    (r"^\/\.\-\$\{\}$", ["/.-${}"], []),
    ("^{a}]$", ["{a}]"], []),
    (r"^\p{Lu}\p{L}\P{L}\p{gc=Nd}$", ["\u00c4\u00e4-\u0661"], ["\u00e4\u00e4-1"]),
    # Counts.
    ("^a{2}b{1,2}c{2,}$", ["aabcc", "aabbccc"], ["abcc", "aabbbcc", "aabc"]),
    ("^(?:a{2,3}){2}$", ["aaaa", "aaaaa", "aaaaaa"], ["aaa", "aaaaaaa"]),
    ("^(?:a{2}){1,2}$", ["aa", "aaaa"], ["a", "aaa"]),
    ("^(?:a?){3}$", ["", "aaa"], ["aaaa"]),
    # Assertions.
    (r"\bcat\b", ["cat", "a cat.", "cat cat"], ["cats", "_cat", "concat"]),
    (r"^\B$", [""], ["a"]),
    ("^(?!.*foo)", ["", "fo", "\nfoo"], ["foo", "a foo"]),
    ("^((?!foo).)*$", ["", "fo", "of"], ["foo", "xfoox"]),
    (r"^(?=.*\d)(?=.*[a-z])\w{3,4}$", ["1ab", "abc1"], ["abc", "12", "a1"]),
    ("^(?:a(?=b)|b(?!b))*$", ["", "b", "ab", "abab"], ["a", "bb", "ba"]),
    ("(?<=x)y", ["xy"], ["y", "yx"]),
    ("(?<!x)y", ["y", "xyay"], ["xy"]),
    ("(?<=^|,)a(?=,|$)", ["a", "b,a", "a,b"], ["ba", "ab"]),
    ("a^", [], ["a", "^"]),
    ("(?:a|^)b", ["b", "ab", "bx"], ["cb"]),
    ("$a", [], ["a", ""]),
    ("(?:$|a)b", ["ab"], ["b"]),
]


@pytest.mark.parametrize(("regex", "inside", "outside"), MEANINGS, ids=[row[0] for row in MEANINGS])
def test_an_expression_is_found_or_not(regex: str, inside: list[str], outside: list[str]) -> None:
    language = pattern(regex)
    assert [text for text in inside if not language.contains(text)] == []
    assert [text for text in outside if language.contains(text)] == []
    assert language.is_empty() == (not inside)
    others = language.complement()
    assert [text for text in outside if not others.contains(text)] == []


@pytest.mark.parametrize(
    ("regex", "reason"),
    [
        (r"(a)\1", "backreference"),
        (r"(?<x>a)\k<x>", "backreference"),
        (r"\p{Script=Greek}", "Unicode property Script=Greek"),
        ("a{,3}", "different ways"),
        ("(?<=a(?=b))c", "lookbehind"),
        ("(" * 500 + ")" * 500, "deeper"),
        *(
            (bad, "not a regular expression")
            for bad in ["(", ")", "[", "a**", "*a", "a++", "[b-a]", r"\a", r"\Z", r"\x4"]
        ),
        *((bad, "not a regular expression") for bad in ["(?i)a", "(?P<n>a)", "a{2,1}", "(?=a)*", "\\", r"\u{110000}"]),
    ],
)
def test_what_has_no_exact_set_is_refused_with_its_name(regex: str, reason: str) -> None:
    with pytest.raises(Exceeded, match="pattern") as refused:
        pattern(regex)
    assert reason in refused.value.reason


@pytest.mark.parametrize(
    ("smaller", "larger"),
    [
        ("^a$", "^a*$"),
        ("foo", "f.*o"),
        ("^[a-z]{1,63}$", "^[a-z0-9]{0,255}$"),
        (r"^\d{3}-\d{4}$", r"^[\d-]+$"),
        ("^(a|b)*a(a|b){12}$", "a(a|b)*$"),
        ("^(?:ab){2,5}$", "^(?:ab)*$"),
        ("^(?:aaaa)+$", "^(?:aa)+$"),
        (r"^\w+@\w+\.com$", "@"),
        (r"\bx\b", "x"),
    ],
)
def test_inclusion_is_decided_and_the_other_way_has_a_witness(smaller: str, larger: str) -> None:
    small, large = pattern(smaller), pattern(larger)
    assert small.is_subset(large)
    assert not large.is_subset(small)
    (witness,) = (large - small).members(1)
    assert large.contains(witness)
    assert not small.contains(witness)


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ("^a*$", "^(a|aa)*$"),
        ("^(a|b)*$", "^(a*b*)*$"),
        ("^((?!foo)[^])*$", "^(?![^]*foo)"),
        ("^a{2,5}$", "^aaa?a?a?$"),
        ("^(?!a$).*$", "^(?:[^a\n\r\u2028\u2029]|.{2,}|)$"),
        ("foo|bar", "^.*foo|bar|[\\n\\r\u2028\u2029].*foo"),
    ],
)
def test_different_expressions_of_one_language_are_equal(one: str, same: str) -> None:
    assert pattern(one).equals(pattern(same))


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("date", ["2024-02-29", "2000-02-29", "1999-12-31"], ["2023-02-29", "1900-02-29", "2024-13-01", "2024-1-1"]),
        ("ipv4", ["0.0.0.0", "255.255.255.255"], ["256.0.0.0", "1.2.3", "01.2.3.4"]),
        ("uuid", ["2eb8aa08-aa98-11ea-b4aa-73b441d16380"], ["2eb8aa08aa9811eab4aa73b441d16380"]),
        ("json-pointer", ["", "/a~1b/0"], ["a", "/~"]),
    ],
)
def test_formats(name: str, inside: list[str], outside: list[str]) -> None:
    language = format_language(name)
    assert language is not None
    assert all(language.contains(text) for text in inside)
    assert not any(language.contains(text) for text in outside)


def test_a_format_that_is_no_regular_set_has_none() -> None:
    assert format_language("email") is None
    assert format_language("x-unknown") is None
