"""The comparison: each kind pairs what is old with what is new, once, and every rule judges the pairs it asks for.

Two folders are the registry. ``kinds/<kind>/`` has ``pair(context) -> Iterator[object]``: it walks both sides and
yields pairs, instances of its own frozen dataclasses; `SUFFIXES` are the files that it reads (none: it is always
asked), `RULES` how the folders of the rules begin that judge them. ``rules/<rule>/`` has ``ON``, the pair classes that
it judges, ``judge(pair, context) -> Iterator[Change]``, and its docstring, which is the rule's page; its ``cases.yaml``
holds the old and the new contract and the verdict beside it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from types import ModuleType
from typing import Any, Protocol

import tenon.gate.kinds
import tenon.gate.rules
from tenon.gate import consumers, kept
from tenon.gate.context import Context, Database
from tenon.gate.policy import Policy
from tenon.gate.snapshot import Snapshot
from tenon.gate.verdict import Change, Report, Stability, Verdict, Waiver


class Rule(Protocol):
    """A package of ``rules/``."""

    __name__: str
    __doc__: str | None
    ON: tuple[type, ...]

    def judge(self, pair: Any, context: Context) -> Iterator[Change]: ...


def rules(prefixes: tuple[str, ...] = ("",)) -> list[Rule]:
    """Every rule whose folder's name begins with one of `prefixes`, by name."""
    return [module for module in _packages(tenon.gate.rules, prefixes) if hasattr(module, "judge")]


def _judges(prefixes: tuple[str, ...]) -> dict[type, list[Rule]]:
    found: dict[type, list[Rule]] = {}
    for rule in rules(prefixes):
        for kind in rule.ON:
            found.setdefault(kind, []).append(rule)
    return found


def rule_name(rule: Rule) -> str:
    """``openapi-body``, of the folder ``openapi_body``."""
    return rule.__name__.rsplit(".", 1)[-1].replace("_", "-")


def compare(context: Context) -> tuple[Change, ...]:
    """All verdicts on one old and one new side, worst first, then by place; equal ones once.

    A kind is walked only where files of its suffixes differ, and rules are imported when it has a pair for them: what
    did not change costs next to nothing.
    """
    found: dict[tuple[Any, ...], Change] = {}
    reached: dict[tuple[Any, ...], dict[str, None]] = {}
    for kind in _packages(tenon.gate.kinds):
        if kind.SUFFIXES and not context.differ(kind.SUFFIXES):
            continue
        judges: dict[type, list[Rule]] | None = None
        for pair in kind.pair(context):
            if judges is None:
                judges = _judges(kind.RULES)
            for rule in judges.get(type(pair), ()):
                for change in rule.judge(pair, context):
                    # What a fingerprint is made of; one cause comes once for each of thousands of operations.
                    key = (rule, change.rule, change.verdict, change.subject, change.direction, change.detail)
                    if key not in found:
                        found[key] = _named(change, rule, context)
                        reached[key] = {}
                    reached[key].update(dict.fromkeys(change.affects))
    merged = (replace(change, affects=tuple(reached[key])) for key, change in found.items())
    return tuple(sorted(merged, key=_order))


def _named(change: Change, rule: Rule, context: Context) -> Change:
    stability = change.stability
    if stability is Stability.STABLE:
        stability = context.stability(change.at.file)
    return replace(change, rule=change.rule or rule_name(rule), stability=stability)


def _order(change: Change) -> tuple[Any, ...]:
    return (list(Verdict).index(change.verdict), change.at, change.rule, change.subject, change.detail)


def gate(
    baselines: list[Snapshot], new: Snapshot, policy: Policy, today: date, database: Database | None = None
) -> Report:
    """Compare `new` with every baseline, oldest first; a change names the first release that it breaks."""
    merged: dict[str, Change] = {}
    notes: dict[str, None] = {}
    problems: dict[str, None] = {}
    counts: Counter[str] = Counter()
    for old in baselines:
        context = Context(old, new, policy, today, database=database)
        for change in compare(context):
            merged.setdefault(change.fingerprint, replace(change, since=old.name))
        notes.update(dict.fromkeys(context.notes))
        problems.update(dict.fromkeys(context.problems))
        counts = context.counts  # of the newest one
    again, unreadable = kept.replay(new)
    merged.update((change.fingerprint, change) for change in again)
    used, unusable = consumers.load(new.root)
    problems.update(dict.fromkeys([*unreadable, *unusable]))
    merged = {key: used.named(change) for key, change in merged.items()}
    if not baselines:
        notes["nothing is released yet: no tag v* and no contracts/.released/, so there is nothing to compare with"] = (
            None
        )
    changes, bad = _waive(merged, policy.waivers, today)
    return Report(
        baselines=tuple(old.name for old in baselines),
        changes=tuple(sorted(changes, key=_order)),
        bad_waivers=bad,
        problems=tuple(problems),
        notes=tuple(notes),
        counts=dict(sorted(counts.items())),
    )


def _waive(
    changes: dict[str, Change], waivers: tuple[Waiver, ...], today: date
) -> tuple[list[Change], tuple[tuple[Waiver, str], ...]]:
    """The changes with the waivers that hold, and the waivers that do not."""
    bad: list[tuple[Waiver, str]] = []
    for waiver in waivers:
        change = changes.get(waiver.fingerprint)
        if change is None or change.verdict is Verdict.SAFE:
            bad.append((waiver, "unused: no change has this fingerprint; remove it"))
        elif date.fromisoformat(waiver.expires) < today:
            bad.append((waiver, "expired: undo the change, or agree on another date"))
        else:
            changes[waiver.fingerprint] = replace(change, waiver=waiver)
    return list(changes.values()), tuple(bad)


def _packages(package: ModuleType, prefixes: tuple[str, ...] = ("",)) -> list[Any]:
    """The packages inside `package`, by name: the folder is the registry."""
    return [
        importlib.import_module(f"{package.__name__}.{info.name}")
        for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name)
        if info.ispkg and info.name.startswith(prefixes)
    ]
