"""GitLab's code quality report: a subset of Code Climate's issues."""

from __future__ import annotations

import json

from tenon.gate.report import words
from tenon.gate.verdict import Report, Verdict

_SEVERITIES = {Verdict.BREAKING: "critical", Verdict.POLICY: "major", Verdict.UNPROVEN: "minor", Verdict.SAFE: "info"}


def render(report: Report) -> str:
    issues = [
        {
            "description": words.printable(f"{change.subject}: {change.message}. {change.remedy}"),
            "check_name": change.rule,
            "fingerprint": change.fingerprint,
            "severity": _SEVERITIES[change.verdict] if change.waiver is None else "info",
            "location": {"path": change.at.file.rsplit(":", 1)[-1], "lines": {"begin": max(change.at.line, 1)}},
        }
        for change in report.changes
        if change.verdict is not Verdict.SAFE
    ]
    return json.dumps(issues, indent=2)
