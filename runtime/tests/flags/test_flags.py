"""Flags come from a flagd file, follow it, and are their default in every case of doubt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tenon_runtime.flags import load, provider

DEFINITIONS: dict[str, Any] = {
    "flags": {
        "new-feed": {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "on"},
        "greeting": {
            "state": "ENABLED",
            "variants": {"plain": "Hello", "german": "Hallo"},
            "defaultVariant": "plain",
            "targeting": {"if": [{"==": [{"var": "country"}, "AT"]}, "german", None]},
        },
        "page-size": {"state": "ENABLED", "variants": {"small": 10}, "defaultVariant": "small"},
        "rate": {"state": "ENABLED", "variants": {"half": 0.5}, "defaultVariant": "half"},
        "theme": {"state": "ENABLED", "variants": {"dark": {"ink": "white"}}, "defaultVariant": "dark"},
        "canary": {
            "state": "ENABLED",
            "variants": {"on": True, "off": False},
            "defaultVariant": "off",
            "targeting": {"fractional": [["on", 25], ["off", 75]]},
        },
        "killed": {"state": "DISABLED", "variants": {"on": True}, "defaultVariant": "on"},
    }
}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(provider, "_LOOK_EVERY", 0.0)
    path = tmp_path / "flags.json"
    path.write_text(json.dumps(DEFINITIONS))
    return path


def test_every_type_of_value(file: Path) -> None:
    flags = load(file)
    assert flags.boolean("new-feed", False) is True
    assert flags.string("greeting", "?") == "Hello"
    assert flags.integer("page-size", 1) == 10
    assert flags.float("rate", 0.0) == 0.5
    assert flags.object("theme", {}) == {"ink": "white"}


def test_targeting_goes_by_the_context(file: Path) -> None:
    assert load(file).string("greeting", "?", {"country": "AT"}) == "Hallo"


def test_a_percentage_is_stable_per_targeting_key(file: Path) -> None:
    flags = load(file)
    chosen = [flags.boolean("canary", False, {"targetingKey": f"user-{n}"}) for n in range(1000)]
    assert chosen == [flags.boolean("canary", False, {"targetingKey": f"user-{n}"}) for n in range(1000)]
    assert 200 < sum(chosen) < 300


def test_an_unknown_disabled_or_differently_typed_flag_is_its_default(file: Path) -> None:
    flags = load(file)
    assert flags.boolean("nobody-knows", True) is True
    assert flags.boolean("killed", False) is False
    assert flags.integer("greeting", 7) == 7
    assert load(None).string("greeting", "default") == "default"
    assert load(file.with_name("not-there.json")).string("greeting", "default") == "default"


def test_a_changed_file_is_followed_and_a_broken_or_missing_one_changes_nothing(file: Path) -> None:
    flags = load(file)
    assert flags.integer("page-size", 1) == 10
    changed = json.loads(json.dumps(DEFINITIONS))
    changed["flags"]["page-size"]["variants"]["small"] = 20
    file.write_text(json.dumps(changed))
    assert flags.integer("page-size", 1) == 20
    for broken in ("{", "[]", '{"flags": 1}', '{"flags": {"page-size": {"state": "MAYBE", "variants": {}}}}'):
        file.write_text(broken)
        assert flags.integer("page-size", 1) == 20
    file.unlink()
    assert flags.integer("page-size", 1) == 20
    file.write_text(json.dumps(DEFINITIONS))
    assert flags.integer("page-size", 1) == 10


def test_services_in_one_process_have_their_own_flags(file: Path) -> None:
    flags, others = load(file), load(None)
    assert flags.boolean("new-feed", False) is True
    assert others.boolean("new-feed", False) is False
