"""SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from tenon.gate.report import words
from tenon.gate.verdict import Change, Report, Verdict
from tenon.source import Location

_LEVELS = {Verdict.BREAKING: "error", Verdict.POLICY: "error", Verdict.UNPROVEN: "warning", Verdict.SAFE: "note"}


def render(report: Report) -> str:
    names = sorted({change.rule for change in report.changes})
    driver = {
        "name": "tenon gate",
        "rules": [{"id": name, "shortDescription": {"text": name.replace("-", " ")}} for name in names],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(change, names.index(change.rule)) for change in report.changes],
        "invocations": [
            {
                "executionSuccessful": not report.problems,
                "toolExecutionNotifications": [
                    {"level": "warning", "message": {"text": words.printable(problem)}} for problem in report.problems
                ],
            }
        ],
    }
    document = {
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(document, indent=2)


def _result(change: Change, rule: int) -> dict[str, Any]:
    said = [f"{change.subject}: {change.message}."]
    if change.witness is not None:
        said.append(f"Proof: {words.shown(change.witness.value)} (before: {change.witness.before}; "
                    f"after: {change.witness.after}).")  # fmt: skip
    if change.remedy:
        said.append(f"{change.remedy}.")
    result: dict[str, Any] = {
        "ruleId": change.rule,
        "ruleIndex": rule,
        "level": "note" if not change.stops and change.verdict is not Verdict.UNPROVEN else _LEVELS[change.verdict],
        "message": {"text": words.printable(" ".join(said))},
        "locations": [_location(change.at)],
        "partialFingerprints": {"tenon/v1": change.fingerprint},
        "properties": {"verdict": change.verdict.value, "direction": change.direction.value, "since": change.since},
    }
    if change.waiver is not None:
        result["suppressions"] = [{"kind": "external", "justification": words.printable(change.waiver.reason)}]
    if change.old is not None and change.new is not None:
        result["relatedLocations"] = [{**_location(change.old), "message": {"text": "as it was released"}}]
    return result


def _location(at: Location) -> dict[str, Any]:
    file = at.file.rsplit(":", 1)[-1]  # without the release in front: code scanning knows the tree of now
    region = {"startLine": at.line, **({"startColumn": at.column} if at.column else {})}
    physical: dict[str, Any] = {"artifactLocation": {"uri": quote(file)}}
    if at.line:
        physical["region"] = region
    return {"physicalLocation": physical}
