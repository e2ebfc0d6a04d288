"""OpenAPI: every place where a text can stand, times every way to break out of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from generator.tests.hostile.documents import as_json, as_yaml
from generator.tests.hostile.harness import imported, run, same_shape
from generator.tests.hostile.openapi_places import NAMES, TEXTS, document, whole
from generator.tests.hostile.payloads import FORBIDDEN, SURROGATES, TEXT, WORDS, some

_SPELLINGS = {"json": as_json, "yaml": as_yaml}


def _files(spelling: str, documents: dict[str, Any]) -> dict[str, str]:
    return {f"{name}.openapi.{spelling}": _SPELLINGS[spelling](value) for name, value in documents.items()}


@pytest.mark.parametrize("spelling", _SPELLINGS)
def test_hostile_text_stays_text(tmp_path: Path, spelling: str) -> None:
    payloads = {place: some(number) for number, place in enumerate(TEXTS) if spelling == "json" or number % 4 == 0}
    plain = {place: dict.fromkeys(texts, "plain words") for place, texts in payloads.items()}
    hostile = run(tmp_path / "hostile", _files(spelling, {p: document(p, payloads[p]) for p in payloads}))
    benign = run(tmp_path / "benign", _files(spelling, {p: document(p, plain[p]) for p in payloads}))
    assert not hostile.errors
    assert not benign.errors
    same_shape(hostile, benign)
    imported([hostile.import_root, benign.import_root], tmp_path / "canary")


def test_hostile_names_become_names_or_findings(tmp_path: Path) -> None:
    """Batched; what is refused is refused alone, so each place without it once more."""
    folders = []
    for number, place in enumerate(NAMES):
        result = run(tmp_path / place, _files("json", {place: document(place, some(number))}))
        if result.errors:
            wrong = {finding.at.line for finding in result.errors}
            assert all(wrong), place
        folders.append(result.import_root)
    imported([folder for folder in folders if folder.exists()], tmp_path / "canary")


def test_words_of_python_are_only_names(tmp_path: Path) -> None:
    words = {word: word for word in WORDS}
    places = ("operation-id", "query-parameter", "property", "inline-property", "discriminator")
    result = run(tmp_path, _files("json", {place: document(place, words) for place in places}))
    assert not result.errors
    imported([result.import_root], tmp_path / "canary")


@pytest.mark.parametrize("name", TEXT)
def test_one_hostile_text_a_document(tmp_path: Path, name: str) -> None:
    """What a whole document is named after, or decided by: each is accepted or refused, by itself."""
    documents = whole(TEXT[name])
    result = run(tmp_path, _files("json", documents))
    assert all(finding.at.line for finding in result.errors if finding.rule != "package-collision")


@pytest.mark.parametrize("spelling", _SPELLINGS)
@pytest.mark.parametrize("name", FORBIDDEN)
def test_forbidden_text_is_refused_wherever_it_stands(tmp_path: Path, spelling: str, name: str) -> None:
    documents = {place: document(place, {name: FORBIDDEN[name]}) for place in TEXTS | NAMES}
    result = run(tmp_path, _files(spelling, documents | whole(FORBIDDEN[name])))
    assert not result.files
    refused = {finding.at.file for finding in result.errors if finding.rule == "forbidden-text"}
    assert len(refused) == len(documents) + len(whole(""))


@pytest.mark.parametrize("name", SURROGATES)
@pytest.mark.parametrize("spelling", _SPELLINGS)
def test_half_a_character_is_refused(tmp_path: Path, spelling: str, name: str) -> None:
    text = _SPELLINGS[spelling](document("summary", {"x": "PLACE"})).replace("PLACE", SURROGATES[name])
    result = run(tmp_path, {f"x.openapi.{spelling}": text})
    assert result.rules <= {"syntax", "forbidden-text"}
    assert result.errors


@pytest.mark.slow
@pytest.mark.parametrize("name", TEXT)
@pytest.mark.parametrize("place", TEXTS | NAMES)
def test_each_alone(tmp_path: Path, place: str, name: str) -> None:
    result = run(tmp_path, _files("json", {"x": document(place, {name: TEXT[name]})}))
    assert all(finding.at.line for finding in result.errors)
    if place in TEXTS:
        assert not result.errors
    if result.files:
        imported([result.import_root], tmp_path / "canary")
