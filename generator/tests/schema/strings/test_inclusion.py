"""Expressions as real contracts have them, each against each: all are decided, and a validator confirms the witness."""

from __future__ import annotations

import jsonschema_rs
import pytest
from tenon.schema.budget import Budget
from tenon.schema.strings import Language

REAL = [
    "^[a-zA-Z0-9_-]{1,64}$",
    "^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$",
    r"^arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+$",
    r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*))?$",
    "^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
    r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$",
    r"^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9]+)*$",
    r"^https?://[^\s/$.?#].[^\s]*$",
    r"^\+[1-9]\d{1,14}$",
    "^#([A-Fa-f0-9]{6}|[A-Fa-f0-9]{3})$",
    r"^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$",
    r"^(?=.*[A-Za-z])(?=.*\d)[A-Za-z\d]{8,}$",
    r"^\S(.*\S)?$",
    "^$|^[A-Z]{2}$",
    "^(GET|POST|PUT|DELETE|PATCH)$",
    "^(?:/(?:[^/~]|~[01])*)*$",
    r"^P(?!$)(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?$",
    r"^-?\d+(\.\d+)?([eE][+-]?\d+)?$",
    r"^(?!\s)(?!.*\s$)[\s\S]{1,100}$",
    "^projects/[^/]+/locations/[^/]+$",
    "^.{3,50}$",
    "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
    r"\.(jpe?g|png|gif)$",
]


@pytest.mark.parametrize("smaller", REAL)
def test_each_against_each(smaller: str) -> None:
    small = Language.pattern(smaller, Budget())
    for larger in REAL:
        large, budget = Language.pattern(larger, Budget()), Budget()
        if small.is_subset(large, budget):
            assert not any((small - large).members(1, budget))
            continue
        (witness,) = (small - large).members(1, budget)
        assert jsonschema_rs.is_valid({"pattern": smaller}, witness), (larger, witness)
        assert not jsonschema_rs.is_valid({"pattern": larger}, witness), (larger, witness)


def test_what_is_known() -> None:
    def known(smaller: str, larger: str) -> bool:
        return Language.pattern(smaller, Budget()).is_subset(Language.pattern(larger, Budget()))

    assert known("^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$", "^[a-zA-Z0-9_-]{1,64}$")
    assert known("^(GET|POST|PUT|DELETE|PATCH)$", r"^\S(.*\S)?$")
    assert known(r"^\+[1-9]\d{1,14}$", "^.{3,50}$")
    assert not known(r"^\+[1-9]\d{0,14}$", "^.{3,50}$")
