"""GitHub Actions' workflow commands: annotations beside the lines of a pull request."""

from __future__ import annotations

from tenon.gate.report import words
from tenon.gate.verdict import Report, Verdict


def render(report: Report) -> str:
    lines = []
    for change in report.changes:
        if change.verdict is Verdict.SAFE:
            continue
        level = "error" if change.stops else "warning" if change.verdict is Verdict.UNPROVEN else "notice"
        body = f"{change.subject}: {change.message}"
        if change.witness is not None:
            body += f"\nproof: {words.shown(change.witness.value)}\nafter: {change.witness.after}"
        body += f"\n{change.remedy}\nfingerprint: {change.fingerprint}"
        at = change.at
        where = [f"file={_property(at.file.rsplit(':', 1)[-1])}", *([f"line={at.line}"] if at.line else [])]
        where.append(f"title={_property(f'{words.TITLES[change.verdict]} ({change.rule})')}")
        lines.append(f"::{level} {','.join(where)}::{_data(body)}")
    lines += [f"::error title=Waiver::{_data(f'{waiver.fingerprint}: {why}')}" for waiver, why in report.bad_waivers]
    lines += [f"::error title=Not compared::{_data(problem)}" for problem in report.problems]
    lines.append(f"::notice title=tenon gate::{_data(f'{words.summary(report)}. {words.outcome(report)}')}")
    return "\n".join(lines)


def _data(text: str) -> str:
    kept = "\n".join(words.printable(line) for line in text.splitlines())
    return kept.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
