"""For a person at a terminal: what breaks, who, the proof, and what to do. Colour is added by the command line."""

from __future__ import annotations

import textwrap

from tenon.gate.report import words
from tenon.gate.verdict import Change, Report, Verdict

_WIDTH = 110


def render(report: Report) -> str:
    lines: list[str] = []
    for verdict, changes in words.ordered(report):
        if verdict is Verdict.SAFE:
            lines += ["", f"SAFE ({len(changes)})"]
            lines += [f"  {words.printable(c.subject)}: {words.printable(c.message)}" for c in changes]
        else:
            for change in changes:
                lines += ["", *block(change)]
    for waiver, why in report.bad_waivers:
        lines += ["", f"WAIVER  {words.printable(waiver.fingerprint)} at {waiver.at}", f"  {why}"]
    lines += [f"NOT COMPARED  {words.printable(problem)}" for problem in report.problems]
    lines += ["", *(f"note: {words.printable(note)}" for note in report.notes)]
    if report.baselines:
        against = words.printable(", ".join(report.baselines))
        lines.append(f"compared with {against}: {words.summary(report)} · next version: {report.bump.value}")
        lines.append(words.outcome(report))
    return "\n".join(map(words.printable, lines)).lstrip("\n")


def block(change: Change) -> list[str]:
    """One change as lines."""
    head = change.verdict.value.upper() + (" (waived)" if change.waiver else "")
    lines = [f"{head}  {words.printable(change.subject)}  [{change.rule}]"]
    lines += _wrapped(change.message)
    if who := words.who(change):
        lines += _wrapped(f"who: {who}")
    others = words.others(change)
    if others:
        more = f" and {len(others) - 8} more" if len(others) > 8 else ""
        lines += _wrapped(f"reaches: {', '.join(others[:8])}{more}")
    lines += [f"  {name}: {words.printable(str(at))}" for name, at in words.places(change)]
    if change.witness is not None:
        witness = change.witness
        lines.append(f"  proof, {words.KINDS[witness.kind]}:")
        lines += textwrap.indent(words.shown(witness.value), "      ").splitlines()
        lines += _wrapped(f"before: {witness.before}", 6) + _wrapped(f"after:  {witness.after}", 6)
        if witness.replayed:
            lines.append(f"      replayed by {', '.join(witness.replayed)}")
    if change.remedy:
        lines += _wrapped(f"do: {change.remedy}")
    if change.example is not None:
        for name, text in (("before", change.example.before), ("after", change.example.after)):
            lines.append(f"  example, {name}:")
            lines += textwrap.indent(words.shown(text), "      ").splitlines()
    if change.waiver is not None:
        waiver = change.waiver
        lines += _wrapped(f"waived by {waiver.owner} until {waiver.expires}: {waiver.reason}")
    else:
        lines.append(f"  fingerprint: {change.fingerprint}")
    return lines


def _wrapped(text: str, indent: int = 2) -> list[str]:
    pad = " " * indent
    return textwrap.wrap(
        words.printable(text), _WIDTH, initial_indent=pad, subsequent_indent=pad + "  ", break_long_words=False
    )
