"""One report in every format, with contract names that try to be markup, a command or an escape sequence."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import jsonschema_rs
import pytest
from tenon.gate.report import FORMATS, render
from tenon.gate.report import json as report_json
from tenon.gate.verdict import (
    Bump,
    Change,
    Direction,
    Example,
    Report,
    Role,
    Stability,
    Verdict,
    Waiver,
    Witness,
    breaking,
    safe,
    unproven,
)
from tenon.source import Location

HOSTILE = "</code><script>alert(1)</script>\x1b[31m`](x) ]]>\r\n::error::x %0A,:"
SCHEMA = Path(__file__).parents[3] / "docs/reference/gate-report.schema.json"
PLACE = Location("v1:a.yaml", 3, 5, "/paths")


def report() -> Report:
    witness = Witness("json", {HOSTILE: [HOSTILE]}, "accepted", f"refused: {HOSTILE}", ("jsonschema", "jsonschema-rs"))
    waiver = Waiver("00", HOSTILE, HOSTILE, "2026-01-01", Location("tenon.toml", 4))
    broken = breaking(
        f"POST /things {HOSTILE}",
        f"a name was taken away: {HOSTILE}",
        f"keep it {HOSTILE}",
        rule="openapi-x",
        role=Role.CLIENT,
        direction=Direction.REQUEST,
        old=PLACE,
        new=Location("a.yaml", 4, 1),
        witness=witness,
        example=Example(HOSTILE, HOSTILE),
        affects=(HOSTILE, "GET /b"),
        consumers=(HOSTILE,),
        since="v1",
    )
    waived = Change(Verdict.BREAKING, "s", "m", "r", waiver=waiver, rule="openapi-y", new=PLACE)
    return Report(
        ("v1",),
        (broken, waived, unproven("u", "what `not` says", "say it otherwise", rule="z", new=PLACE), safe("n", "new")),
        bad_waivers=((waiver, f"expired {HOSTILE}"),),
        problems=(f"b.yaml:1: {HOSTILE}",),
        notes=(HOSTILE,),
        counts={"operations": 2},
    )


@pytest.mark.parametrize("format", FORMATS)
def test_nothing_of_a_contract_steers_who_reads_the_report(format: str) -> None:
    text = render(report(), format)
    assert text.endswith("\n")
    assert "\x1b" not in text
    assert "\r" not in text
    assert "<script" not in text or format in ("text", "json", "sarif", "gitlab", "github", "markdown")
    assert not [line for line in text.splitlines() if line.lstrip().startswith("::error::")]


def test_json_follows_its_published_schema_and_comes_back_whole() -> None:
    value = json.loads(render(report(), "json"))
    jsonschema_rs.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(value)
    assert report_json.from_json(value) == report()


def test_sarif_names_rule_level_place_and_fingerprint() -> None:
    run = json.loads(render(report(), "sarif"))["runs"][0]
    first = run["results"][0]
    assert first["level"] == "error"
    assert run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == first["ruleId"] == "openapi-x"
    place = first["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "a.yaml"}, "region": {"startLine": 4, "startColumn": 1}}
    assert len(first["partialFingerprints"]["tenon/v1"]) == 16
    assert run["results"][1]["suppressions"]


def test_junit_fails_for_what_stops_and_only_that() -> None:
    suites = ElementTree.fromstring(render(report(), "junit"))
    assert [case.get("classname") for case in suites.iter("testcase") if case.find("failure") is not None] == [
        "openapi-x", "gate", "gate",
    ]  # fmt: skip


def test_github_escapes_properties_and_data() -> None:
    lines = render(report(), "github").splitlines()
    assert lines[0].startswith("::error file=a.yaml,line=4,title=Breaking (openapi-x)::")
    assert all(line.startswith("::") for line in lines)


def test_html_is_one_page_without_scripts_or_outside_resources() -> None:
    seen: list[tuple[str, dict[str, str | None]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            seen.append((tag, dict(attrs)))

    Reader().feed(render(report(), "html"))
    assert not {"script", "link", "img", "iframe", "a"} & {tag for tag, _ in seen}
    assert not [attrs for _, attrs in seen if {"src", "href", "onclick"} & set(attrs)]


def test_markdown_shows_the_proof_as_a_block() -> None:
    lines = render(report(), "markdown").splitlines()
    assert "Proof, replayed by jsonschema, jsonschema-rs:" in lines
    assert not [line for line in lines if line.startswith("<")]


def test_text_says_what_breaks_who_and_what_to_do() -> None:
    text = render(report(), "text")
    for words in (
        "BREAKING",
        "who: clients, in requests",
        "proof, a JSON value",
        "do: keep it",
        "fingerprint: ",
        "waived by",
    ):
        assert words in text, words


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ((), 0),
        ((safe("a", "b"),), 0),
        ((breaking("a", "b", "c"),), 1),
        ((breaking("a", "b", "c", stability=Stability.ALPHA),), 0),
        ((breaking("a", "b", "c", stability=Stability.BETA),), 1),
        ((unproven("a", "b", "c"),), 3),
        ((unproven("a", "b", "c", stability=Stability.BETA),), 0),
        ((unproven("a", "b", "c"), breaking("d", "b", "c")), 1),
    ],
)
def test_exit_code(changes: tuple[Change, ...], code: int) -> None:
    assert Report(("v1",), changes).exit_code == code


def test_the_bump_is_the_largest() -> None:
    assert Report(("v1",), (safe("a", "b"), safe("c", "d", bump=Bump.PATCH))).bump is Bump.MINOR
    assert Report(("v1",), (safe("a", "b"), breaking("c", "d", "e"))).bump is Bump.MAJOR
    assert Report(("v1",)).bump is Bump.NONE
