"""A changelog in Markdown, for a pull request or a release."""

from __future__ import annotations

from tenon.gate.report import words
from tenon.gate.verdict import Change, Report, Verdict
from tenon.lang.markdown import code, inline


def render(report: Report) -> str:
    lines = [
        "# What changes in the contracts",
        "",
        f"**{words.outcome(report)}** {words.summary(report).capitalize()}.",
    ]
    if report.baselines:
        against = ", ".join(code(name) for name in report.baselines)
        lines += ["", f"Compared with {against}. The next version moves its **{report.bump.value}** part."]
    for verdict, changes in words.ordered(report):
        lines += ["", f"## {words.TITLES[verdict]}", ""]
        if verdict is Verdict.SAFE:
            lines += [f"- {code(change.subject)}: {inline(change.message)}" for change in changes]
        else:
            for change in changes:
                lines += _change(change)
    if report.bad_waivers:
        lines += ["", "## Waivers that do not hold", ""]
        lines += [f"- {code(waiver.fingerprint)}: {inline(why)}" for waiver, why in report.bad_waivers]
    if report.problems:
        lines += ["", "## Not compared", "", *(f"- {inline(problem)}" for problem in report.problems)]
    if report.notes:
        lines += ["", *(f"- {inline(note)}" for note in report.notes)]
    return "\n".join(map(words.printable, lines))


def _change(change: Change) -> list[str]:
    mark = " (waived)" if change.waiver else ""
    lines = [f"### {code(change.subject)}{mark}", "", f"{inline(change.message).rstrip('.')}."]
    facts = [f"- rule {code(change.rule)}, fingerprint {code(change.fingerprint)}"]
    if who := words.who(change):
        facts.append(f"- who: {inline(who)}")
    if others := words.others(change):
        facts.append("- reaches: " + ", ".join(code(each) for each in others))
    facts += [f"- {name}: {code(str(at))}" for name, at in words.places(change)]
    lines += ["", *facts]
    if change.witness is not None:
        witness = change.witness
        by = f", replayed by {', '.join(witness.replayed)}" if witness.replayed else ""
        lines += ["", f"Proof{by}:", "", *_block(words.shown(witness.value)), ""]
        lines += [f"- before: {inline(witness.before)}", f"- after: {inline(witness.after)}"]
    if change.remedy:
        lines += ["", f"**Do:** {inline(change.remedy)}"]
    if change.example is not None:
        lines += ["", "Before:", "", *_block(change.example.before), "", "After:", "", *_block(change.example.after)]
    if change.waiver is not None:
        waiver = change.waiver
        lines += ["", f"Waived by {inline(waiver.owner)} until {waiver.expires}: {inline(waiver.reason)}"]
    return [*lines, ""]


def _block(text: str) -> list[str]:
    """An indented code block: no run of backticks can end it."""
    return ["    " + line for line in words.shown(text).splitlines()]
