"""Operations that share a method and a path are told apart by constants in the query or in a header."""

from __future__ import annotations

from typing import Any

import pytest
from tenon_runtime.host.rest.variants import Variant, pick, variants

NONE: Any = None


def variant(*constants: tuple[str, str, str]) -> Variant:
    return Variant(constants, NONE, NONE)


PLAIN = variant()
BETA = variant(("query", "beta", "true"))
START = variant(("query", "Action", "Start"), ("header", "X-Version", "2"))
STOP = variant(("query", "Action", "Stop"))


@pytest.mark.parametrize(
    ("query", "headers", "wanted"),
    [
        ("", {}, PLAIN),
        ("beta=true", {}, BETA),
        ("beta=tru%65&x=1", {}, BETA),
        ("beta=false", {}, PLAIN),
        ("Action=Start", {}, PLAIN),
        ("Action=Start&beta=true", {"x-version": "2"}, START),
        ("Action=Stop", {"x-version": "2"}, STOP),
        ("&".join(["a=1"] * 2000), {}, PLAIN),
    ],
)
def test_the_one_with_most_fitting_constants_is_meant(query: str, headers: dict[str, str], wanted: Variant) -> None:
    assert pick(variants([PLAIN, BETA, STOP, START]), query, headers) is wanted


def test_two_that_cannot_be_told_apart_are_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        variants([STOP, variant(*STOP.constants)])
