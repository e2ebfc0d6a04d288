"""Protobuf: every place where a text can stand, times every way to break out of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.tests.hostile.harness import imported, run, same_shape
from generator.tests.hostile.payloads import FORBIDDEN, TEXT, some
from generator.tests.hostile.protobuf_places import OPTIONS, PLACES, contract

UNPRINTED = ("bytes-default", "custom-option", "file-option")


def _everywhere(payloads: dict[str, dict[str, str]]) -> dict[str, str]:
    return {path: text for place in PLACES for path, text in contract(place, payloads[place]).items()}


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    payloads = {place: some(number) for number, place in enumerate(PLACES)}
    plain = {place: dict.fromkeys(texts, "plain words") for place, texts in payloads.items()}
    hostile = run(tmp_path / "hostile", _everywhere(payloads))
    benign = run(tmp_path / "benign", _everywhere(plain))
    assert not hostile.errors
    assert not benign.findings
    same_shape(hostile, benign)
    imported([hostile.import_root, benign.import_root], tmp_path / "canary")


@pytest.mark.parametrize("place", [place for place in PLACES if place not in UNPRINTED])
def test_forbidden_text_is_refused_where_it_stands(tmp_path: Path, place: str) -> None:
    result = run(tmp_path, contract(place, FORBIDDEN))
    assert result.rules == {"forbidden-text"}
    assert len({finding.at.line for finding in result.errors}) >= len(FORBIDDEN)


@pytest.mark.parametrize("place", UNPRINTED)
def test_forbidden_text_that_is_never_printed_stays_bytes(tmp_path: Path, place: str) -> None:
    """These are escapes in the contract and bytes of a descriptor in the output."""
    hostile = run(tmp_path / "hostile", contract(place, FORBIDDEN))
    assert not hostile.findings
    same_shape(hostile, run(tmp_path / "benign", contract(place, dict.fromkeys(FORBIDDEN, "plain words"))))


@pytest.mark.slow
@pytest.mark.parametrize("name", TEXT)
@pytest.mark.parametrize("place", PLACES)
def test_each_alone(tmp_path: Path, place: str, name: str) -> None:
    result = run(tmp_path / "hostile", contract(place, {name: TEXT[name]}))
    assert not result.errors
    same_shape(result, run(tmp_path / "benign", contract(place, {name: "plain words"})))
    imported([result.import_root], tmp_path / "canary")


def test_our_options_alone_are_no_finding(tmp_path: Path) -> None:
    assert not run(tmp_path, OPTIONS).findings
