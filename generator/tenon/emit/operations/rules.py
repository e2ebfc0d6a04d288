"""Recording rules and multi-window, multi-burn-rate alerts.

Objectives are metrics of their own, joined to what the services count: a new operation adds two numbers and no alert.
Method and factors: https://sre.google/workbook/alerting-on-slos/, section 6; at 14.4 times the rate that would just
use up a 30 days' budget, 2 % of it are gone in an hour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tenon.emit.operations.objectives import Objective

FILE = "slo.rules.yaml"
_SERVER_FAULTS = "unknown|deadline_exceeded|unimplemented|internal|unavailable|data_loss"
"""The codes that are a 5xx in REST: what the caller cannot help."""
_WINDOWS = ("5m", "30m", "1h", "6h", "3d")


@dataclass(frozen=True, slots=True)
class Burn:
    """An alert condition: the budget is spent `factor` times too fast over every one of `windows`."""

    name: str
    factor: float
    windows: tuple[str, ...]
    severity: str
    words: str


BURNS = (
    Burn("Fast", 14.4, ("1h", "5m"), "page", "14.4 times too fast: at this rate a month's budget lasts two days"),
    Burn("Slow", 6.0, ("6h", "30m"), "page", "6 times too fast: at this rate a month's budget lasts five days"),
    Burn("Steady", 1.0, ("3d",), "ticket", "too fast to last the month"),
)


@dataclass(frozen=True, slots=True)
class Indicator:
    """A ratio of bad calls to all, recorded as `record`, and the metric with its objective."""

    name: str
    record: str
    objective: str
    ratio: str
    """With ``$w`` for the window."""
    words: str
    share: Callable[[Objective], float | None]
    """What the objective demands; None: nothing."""


AVAILABILITY = Indicator(
    "Availability",
    "operation:tenon_request_errors",
    "tenon_slo_availability",
    f'sum by (operation) (rate(tenon_requests_total{{code=~"{_SERVER_FAULTS}"}}[$w]))'
    " / sum by (operation) (rate(tenon_requests_total[$w]))",
    "fails callers",
    lambda objective: objective.availability,
)
LATENCY = Indicator(
    "Latency",
    "operation:tenon_request_slow",
    "tenon_slo_latency",
    "1 - sum by (operation) (rate(tenon_request_seconds_bucket[$w]) and on (operation, le) tenon_slo_latency)"
    " / sum by (operation) (rate(tenon_request_seconds_count[$w]) and on (operation) tenon_slo_latency)",
    "is slow",
    lambda objective: objective.latency_share,
)
INDICATORS = (AVAILABILITY, LATENCY)


def file(domain: str) -> str:
    """The file with the objectives of a domain."""
    return f"slo.{domain}.rules.yaml"


def shared() -> dict[str, Any]:
    """The content of the file that every domain shares: how budgets are measured, and when somebody is called."""
    return {
        "groups": [
            {"name": "tenon-ratios", "interval": "30s", "rules": [r for i in INDICATORS for r in _ratios(i)]},
            {
                "name": "tenon-budgets",
                "interval": "30s",
                "rules": [_alert(indicator, burn) for indicator in INDICATORS for burn in BURNS],
            },
        ]
    }


def objectives(known: tuple[Objective, ...]) -> dict[str, Any]:
    """The content of a domain's own file."""
    rules = [rule for objective in known for rule in _objective(objective)]
    return {"groups": [{"name": "tenon-objectives", "interval": "1m", "rules": rules}]}


def _objective(objective: Objective) -> Iterator[dict[str, Any]]:
    for indicator in INDICATORS:
        share = indicator.share(objective)
        if share is not None:
            labels = {**objective.labels, "le": objective.latency} if indicator is LATENCY else objective.labels
            yield {"record": indicator.objective, "expr": f"vector({share!r})", "labels": labels}


def _ratios(indicator: Indicator) -> list[dict[str, str]]:
    return [
        {"record": f"{indicator.record}:ratio_rate{window}", "expr": indicator.ratio.replace("$w", window)}
        for window in _WINDOWS
    ]


def _alert(indicator: Indicator, burn: Burn) -> dict[str, Any]:
    budget = f"on (operation) group_left (owner, contract) ({burn.factor:g} * (1 - {indicator.objective}))"
    conditions = [f"{indicator.record}:ratio_rate{window} > {budget}" for window in burn.windows]
    return {
        "alert": alert_name(indicator, burn),
        "expr": " and ".join(f"({condition})" for condition in conditions) if len(conditions) > 1 else conditions[0],
        "labels": {"severity": burn.severity},
        "annotations": {"summary": summary(indicator, burn, "{{ $labels.operation }}")},
    }


def alert_name(indicator: Indicator, burn: Burn) -> str:
    """``TenonAvailabilityBurnFast``"""
    return f"Tenon{indicator.name}Burn{burn.name}"


def summary(indicator: Indicator, burn: Burn, operation: str) -> str:
    """What an alert says of an operation; its labels say the rest."""
    return f"{operation} {indicator.words}: its error budget is spent {burn.words}"
