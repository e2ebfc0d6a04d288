"""AsyncAPI and component descriptors: every place where a text can stand, times every way to break out of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generator.tests.hostile.asyncapi_places import NAMES, TEXTS, component, version2, version3
from generator.tests.hostile.documents import as_json, as_yaml
from generator.tests.hostile.harness import imported, run, same_shape
from generator.tests.hostile.payloads import FORBIDDEN, TEXT, WORDS, some

Version = Callable[[str, dict[str, str]], Any]
_VERSIONS: dict[str, Version] = {"2.6": version2, "3.0": version3}


def _files(version: Version, payloads: dict[str, dict[str, str]]) -> dict[str, str]:
    return {f"{place}.asyncapi.json": as_json(version(place, texts)) for place, texts in payloads.items()}


@pytest.mark.parametrize("version", _VERSIONS)
def test_hostile_text_stays_text(tmp_path: Path, version: str) -> None:
    payloads = {place: some(number) for number, place in enumerate(TEXTS)}
    plain = {place: dict.fromkeys(texts, "plain words") for place, texts in payloads.items()}
    hostile = run(tmp_path / "hostile", _files(_VERSIONS[version], payloads))
    benign = run(tmp_path / "benign", _files(_VERSIONS[version], plain))
    assert not hostile.errors
    assert not benign.errors
    same_shape(hostile, benign)
    imported([hostile.import_root, benign.import_root], tmp_path / "canary")


@pytest.mark.parametrize("version", _VERSIONS)
def test_hostile_names_become_names_or_findings(tmp_path: Path, version: str) -> None:
    folders = []
    for number, place in enumerate(NAMES):
        result = run(tmp_path / place, _files(_VERSIONS[version], {place: some(number)}))
        assert all(finding.at.line for finding in result.errors), place
        if result.files:
            folders.append(result.import_root)
    imported(folders, tmp_path / "canary")


@pytest.mark.parametrize("version", _VERSIONS)
def test_words_of_python_are_only_names(tmp_path: Path, version: str) -> None:
    words = {word: word for word in WORDS}
    places = ("channel-key", "operation-key", "message-name", "property", "key")
    result = run(tmp_path, _files(_VERSIONS[version], dict.fromkeys(places, words)))
    assert not result.errors
    imported([result.import_root], tmp_path / "canary")


@pytest.mark.parametrize("name", FORBIDDEN)
def test_forbidden_text_is_refused_wherever_it_stands(tmp_path: Path, name: str) -> None:
    payload = {name: FORBIDDEN[name]}
    documents = {
        f"{place}.{number}.asyncapi.{kind}": write(version(place, payload))
        for place in TEXTS | NAMES
        for number, version in _VERSIONS.items()
        for kind, write in (("json", as_json), ("yaml", as_yaml))
        if (place, number) != ("action", "2.6")  # there is no such place
    }
    documents["x/catalog-info.yaml"] = as_yaml(component(FORBIDDEN[name]))
    result = run(tmp_path, documents)
    refused = {finding.at.file for finding in result.errors if finding.rule == "forbidden-text"}
    assert len(refused) == len(documents)


def test_a_descriptor_says_whatever_it_likes(tmp_path: Path) -> None:
    proto = 'syntax = "proto3"; package d{0}.v1; message M {{}} service S {{ rpc Get(M) returns (M); }}'
    files = {}
    for i, payload in enumerate(some(0).values()):
        files[f"d{i}/catalog-info.yaml"] = as_yaml(component(payload or "empty"))
        files[f"d{i}/v1/d.proto"] = proto.format(i)
    hostile = run(tmp_path / "hostile", files)
    files |= {name: as_yaml(component("plain")) for name in files if name.endswith(".yaml")}
    benign = run(tmp_path / "benign", files)
    assert not benign.errors
    assert {finding.rule for finding in hostile.errors} <= {"catalog"}
    imported([benign.import_root], tmp_path / "canary")
    if not hostile.errors:
        same_shape(hostile, benign)
        imported([hostile.import_root], tmp_path / "canary")


@pytest.mark.slow
@pytest.mark.parametrize("name", TEXT)
@pytest.mark.parametrize("place", TEXTS | NAMES)
@pytest.mark.parametrize("version", _VERSIONS)
def test_each_alone(tmp_path: Path, version: str, place: str, name: str) -> None:
    result = run(tmp_path, _files(_VERSIONS[version], {place: {name: TEXT[name]}}))
    assert all(finding.at.line for finding in result.errors)
    assert not result.errors or place in NAMES
    if result.files:
        imported([result.import_root], tmp_path / "canary")
