"""The changelog as one page that needs nothing else: no script, no font, no picture from elsewhere."""

from __future__ import annotations

from html import escape

from tenon.gate.report import words
from tenon.gate.verdict import Change, Report, Verdict

_STYLE = """
:root { color-scheme: light dark; --breaking: #c62828; --policy: #ad5f00; --unproven: #7a6a00; --safe: #2e7d32; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
pre { background: color-mix(in srgb, currentColor 8%, transparent); padding: .75rem; overflow-x: auto; }
article { border-left: .3rem solid var(--hue); padding: 0 1rem; margin: 1.5rem 0; }
h3 { margin: 0 0 .3rem; font-size: 1.05rem; overflow-wrap: anywhere; }
h3 span { color: var(--hue); text-transform: uppercase; font-size: .8rem; margin-right: .5rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: .5rem 0; }
dt { opacity: .7; } dd { margin: 0; overflow-wrap: anywhere; }
@media (prefers-color-scheme: dark) {
  :root { --breaking: #ff8a80; --policy: #ffb74d; --unproven: #e6d44c; --safe: #81c784; }
}
"""


def render(report: Report) -> str:
    against = f" Compared with {escape(', '.join(report.baselines))}." if report.baselines else ""
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>What changes in the contracts</title><style>{_STYLE}</style></head><body>",
        "<h1>What changes in the contracts</h1>",
        f"<p><strong>{escape(words.outcome(report))}</strong> {escape(words.summary(report).capitalize())}.{against}"
        f" The next version moves its <strong>{report.bump.value}</strong> part.</p>",
    ]
    for verdict, changes in words.ordered(report):
        parts.append(f"<h2>{words.TITLES[verdict]} ({len(changes)})</h2>")
        if verdict is Verdict.SAFE:
            listed = (f"<li><code>{_text(c.subject)}</code>: {_text(c.message)}</li>" for c in changes)
            parts += ["<ul>", *listed, "</ul>"]
        else:
            parts += map(_change, changes)
    others = [*(f"{waiver.fingerprint}: {why}" for waiver, why in report.bad_waivers), *report.problems, *report.notes]
    if others:
        parts += ["<h2>Notes</h2><ul>", *(f"<li>{_text(other)}</li>" for other in others), "</ul>"]
    return "\n".join([*parts, "</body></html>"])


def _change(change: Change) -> str:
    facts: list[tuple[str, str]] = []
    if who := words.who(change):
        facts.append(("Who", _text(who)))
    if others := words.others(change):
        facts.append(("Reaches", _text(", ".join(others))))
    facts += [(name.capitalize(), f"<code>{_text(str(at))}</code>") for name, at in words.places(change)]
    proof = ""
    if change.witness is not None:
        witness = change.witness
        proof = f"<pre>{escape(words.shown(witness.value))}</pre>"
        facts += [("Before", _text(witness.before)), ("After", _text(witness.after))]
        if witness.replayed:
            facts.append(("Replayed by", _text(", ".join(witness.replayed))))
    if change.remedy:
        facts.append(("Do", f"<strong>{_text(change.remedy)}</strong>"))
    if change.waiver is not None:
        facts.append(("Waived", _text(f"{change.waiver.owner}, until {change.waiver.expires}: {change.waiver.reason}")))
    facts.append(("Rule", f"<code>{_text(change.rule)}</code> <code>{change.fingerprint}</code>"))
    example = ""
    if change.example is not None:
        before, after = (escape(words.shown(text)) for text in (change.example.before, change.example.after))
        example = f"<pre>{before}</pre><p>becomes</p><pre>{after}</pre>"
    listed = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts)
    head = f"<h3><span>{change.verdict.value}</span><code>{_text(change.subject)}</code></h3>"
    return (
        f'<article style="--hue: var(--{change.verdict.value})">{head}<p>{_text(change.message)}</p>'
        f"{proof}<dl>{listed}</dl>{example}</article>"
    )


def _text(text: str) -> str:
    return escape(words.printable(text))
