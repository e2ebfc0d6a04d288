"""For programs: everything a report holds. ``docs/reference/gate-report.schema.json`` describes it."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import Enum
from typing import Any

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
)
from tenon.source import Location

VERSION = 1


def render(report: Report) -> str:
    return json.dumps(as_json(report), indent=2, ensure_ascii=True)


def as_json(report: Report) -> dict[str, Any]:
    """The report as a JSON value; `from_json` gives it back."""
    return {
        "version": VERSION,
        "verdict": report.verdict.value,
        "exitCode": report.exit_code,
        "bump": report.bump.value,
        "baselines": list(report.baselines),
        "changes": [
            {"fingerprint": change.fingerprint, "stops": change.stops, **_plain(asdict(change))}
            for change in report.changes
        ],
        "badWaivers": [{"waiver": _plain(asdict(waiver)), "reason": why} for waiver, why in report.bad_waivers],
        "problems": list(report.problems),
        "notes": list(report.notes),
        "counts": report.counts,
    }


def from_json(value: dict[str, Any]) -> Report:
    """A report from what `as_json` made. Raises KeyError, TypeError or ValueError on anything else."""
    return Report(
        baselines=tuple(value["baselines"]),
        changes=tuple(_change(each) for each in value["changes"]),
        bad_waivers=tuple((_waiver(each["waiver"]), each["reason"]) for each in value["badWaivers"]),
        problems=tuple(value["problems"]),
        notes=tuple(value["notes"]),
        counts=value["counts"],
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {key: _plain(child) for key, child in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(child) for child in value]
    return value


def _change(value: dict[str, Any]) -> Change:
    given = {key: child for key, child in value.items() if key not in ("fingerprint", "stops")}
    witness, example, waiver = given["witness"], given["example"], given["waiver"]
    return Change(
        **{
            **given,
            "verdict": Verdict(given["verdict"]),
            "direction": Direction(given["direction"]),
            "role": Role(given["role"]),
            "bump": Bump(given["bump"]),
            "stability": Stability(given["stability"]),
            "old": Location(**given["old"]) if given["old"] else None,
            "new": Location(**given["new"]) if given["new"] else None,
            "witness": Witness(**{**witness, "replayed": tuple(witness["replayed"])}) if witness else None,
            "example": Example(**example) if example else None,
            "waiver": _waiver(waiver) if waiver else None,
            "affects": tuple(given["affects"]),
            "consumers": tuple(given["consumers"]),
        }
    )


def _waiver(value: dict[str, Any]) -> Waiver:
    return Waiver(**{**value, "at": Location(**value["at"])})
