"""promtool tests of the rules: for every operation each alert fires when it should and is silent when it should be."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from tenon.emit.operations import rules
from tenon.emit.operations.objectives import Objective
from tenon.emit.operations.rules import AVAILABILITY, BURNS, INDICATORS, Burn, Indicator, alert_name, summary

_MINUTES = 20
_CALLS = 1_000_000
"""Calls a minute and operation in the simulation: enough for 2 * (1 - 0.999999) of them to be a whole number."""


def file(domain: str) -> str:
    """The file with the tests of a domain."""
    return f"slo.{domain}.test.yaml"


def tests(domain: str, objectives: tuple[Objective, ...]) -> dict[str, Any]:
    """The content of that file."""
    return {
        "rule_files": [rules.FILE, rules.file(domain)],
        "evaluation_interval": "1m",
        "tests": [
            _test("budgets are just about kept", objectives, lambda budget: 0.9 * budget),
            _test("budgets are spent twice as fast as they last", objectives, lambda budget: 2 * budget),
            _test("no call is good", objectives, lambda budget: 1.0),
            *(_recovery(objective) for objective in objectives[:1]),
        ],
    }


def _test(name: str, objectives: tuple[Objective, ...], bad: Callable[[float], float]) -> dict[str, Any]:
    return {
        "name": name,
        "interval": "1m",
        "input_series": [series for objective in objectives for series in _series(objective, bad)],
        "alert_rule_test": [
            {
                "eval_time": f"{_MINUTES}m",
                "alertname": alert_name(indicator, burn),
                "exp_alerts": [
                    _expected(objective, indicator, burn)
                    for objective in objectives
                    if (share := indicator.share(objective)) is not None
                    and _failed(share, bad) > burn.factor * (1 - share) * _CALLS
                ],
            }
            for indicator in INDICATORS
            for burn in BURNS
        ],
    }


def _recovery(objective: Objective) -> dict[str, Any]:
    """An hour's budget is gone, but the last five minutes were good: nobody is called any more."""
    labels = {"operation": objective.operation, "protocol": "grpc"}
    return {
        "name": "what is over calls nobody",
        "interval": "1m",
        "input_series": [
            {"series": _name("tenon_requests_total", {**labels, "code": code}), "values": f"{before} {after}"}
            for code, before, after in (
                ("ok", f"0+0x{_MINUTES}", f"0+{_CALLS}x{_MINUTES}"),
                ("internal", f"0+{_CALLS}x{_MINUTES}", f"{_CALLS * _MINUTES}+0x{_MINUTES}"),
            )
        ],
        "alert_rule_test": [
            {"eval_time": f"{2 * _MINUTES}m", "alertname": alert_name(AVAILABILITY, burn), "exp_alerts": []}
            for burn in BURNS
            if "5m" in burn.windows
        ],
    }


def _failed(share: float | None, bad: Callable[[float], float]) -> int:
    """Calls a minute that are bad, where `share` of them should be good."""
    return round(min(bad(1 - (share or 0)), 1.0) * _CALLS)


def _series(objective: Objective, bad: Callable[[float], float]) -> Iterator[dict[str, str]]:
    failed, slow = _failed(objective.availability, bad), _failed(objective.latency_share, bad)
    labels = {"operation": objective.operation, "protocol": "grpc"}
    yield _counter("tenon_requests_total", {**labels, "code": "ok"}, _CALLS - failed)
    yield _counter("tenon_requests_total", {**labels, "code": "internal"}, failed)
    if objective.latency_share is not None:
        yield _counter("tenon_request_seconds_bucket", {**labels, "le": objective.latency}, _CALLS - slow)
        yield _counter("tenon_request_seconds_bucket", {**labels, "le": "+Inf"}, _CALLS)
        yield _counter("tenon_request_seconds_count", labels, _CALLS)


def _counter(name: str, labels: dict[str, str], step: int) -> dict[str, str]:
    return {"series": _name(name, labels), "values": f"0+{step}x{_MINUTES}"}


def _name(name: str, labels: dict[str, str]) -> str:
    return f"{name}{{{','.join(f'{label}={quoted(value)}' for label, value in labels.items())}}}"


def quoted(value: str) -> str:
    """`value` as a string in PromQL, whose escapes are Go's: JSON's, as long as nothing beyond ASCII is escaped."""
    return json.dumps(value, ensure_ascii=False)


def _expected(objective: Objective, indicator: Indicator, burn: Burn) -> dict[str, Any]:
    return {
        "exp_labels": {**objective.labels, "severity": burn.severity},
        "exp_annotations": {"summary": summary(indicator, burn, objective.operation)},
    }
