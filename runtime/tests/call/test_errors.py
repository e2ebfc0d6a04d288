"""The tree of errors, as its docstring draws it."""

from __future__ import annotations

import re

import pytest
from tenon_runtime import errors

ROW = re.compile(r"([│├└─ ]*)(\w+) +(\w+) +(\d{3}) +(yes|no)")


def test_the_docstring_is_the_table() -> None:
    drawn = {}
    for line in (errors.__doc__ or "").splitlines():
        if match := ROW.fullmatch(line.strip()):
            drawn[match[2]] = (match[3], int(match[4]), match[5] == "yes")
    assert drawn == {kind.__name__: (w.code, w.http, w.retryable) for kind, w in errors.TABLE.items()}


def test_every_code_of_grpc_has_one_class_of_its_own() -> None:
    assert sorted({wire.number for wire in errors.TABLE.values()}) == list(range(1, 17))


def test_a_services_own_error_takes_its_parents_row() -> None:
    class TipTooSmall(errors.FailedPrecondition, type="tip-too-small"):
        """Less than the least."""

    problem = TipTooSmall("at least 1").problem("urn:x")
    assert (problem["type"], problem["title"], problem["status"], problem["code"]) == (
        "urn:tenon:problem:tip-too-small",
        "Tip too small",
        400,
        "failed_precondition",
    )


@pytest.mark.parametrize("kind", [k for k in errors.TABLE if k.__base__ is errors.Error])
def test_a_code_from_the_wire_becomes_its_class(kind: type[errors.Error]) -> None:
    assert type(errors.from_code(kind.wire.code, "x")) is kind
