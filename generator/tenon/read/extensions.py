"""The ``x-tenon-…`` extensions that OpenAPI and AsyncAPI documents may carry."""

from __future__ import annotations

import re

from tenon.finding import Finding
from tenon.model.proto import Idempotency, Policy, Slo
from tenon.model.text import Text
from tenon.read.document import Node

_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s|m)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}


def policy(node: Node, scopes: tuple[Text, ...], public: bool, findings: list[Finding]) -> Policy:
    """What the operation at `node` promises, of what an OpenAPI document can say."""
    return Policy(
        deadline=_seconds(node.get("x-tenon-deadline"), findings),
        idempotency=_idempotency(node.get("x-tenon-idempotency"), findings),
        scopes=scopes,
        public=public,
        slo=_slo(node.get("x-tenon-slo"), findings),
    )


def text(node: Node | None, key: str, findings: list[Finding]) -> Text | None:
    """The text under `key`."""
    child = node.get(key) if node else None
    if child is None:
        return None
    if not isinstance(child.value, str) or not child.value:
        _wrong(child, "has to be a text", findings)
        return None
    return Text(child.value)


def _seconds(node: Node | None, findings: list[Finding]) -> float | None:
    if node is None:
        return None
    match = _DURATION.fullmatch(node.value) if isinstance(node.value, str) else None
    if match is None or float(match[1]) == 0:
        _wrong(node, "has to be a duration as `2s`, `300ms` or `1m`", findings)
        return None
    return round(float(match[1]) * _UNITS[match[2]], 9)


def _idempotency(node: Node | None, findings: list[Finding]) -> Idempotency | None:
    if node is None:
        return None
    name = node.value.upper() if isinstance(node.value, str) else ""
    if name not in Idempotency.__members__:
        _wrong(node, f"has to be one of {', '.join(each.lower() for each in Idempotency.__members__)}", findings)
        return None
    return Idempotency[name]


def _slo(node: Node | None, findings: list[Finding]) -> Slo | None:
    if node is None:
        return None
    availability, share = _share(node.get("availability"), findings), _share(node.get("share"), findings)
    latency = _seconds(node.get("latency"), findings)
    if availability is None or latency is None:
        _wrong(node, "has to give an availability and a latency", findings)
        return None
    return Slo(availability, latency, share if share is not None else 0.99)


def _share(node: Node | None, findings: list[Finding]) -> float | None:
    if node is None:
        return None
    if isinstance(node.value, bool) or not isinstance(node.value, (int, float)) or not 0 < node.value < 1:
        _wrong(node, "has to be a share between 0 and 1", findings)
        return None
    return float(node.value)


def _wrong(node: Node, words: str, findings: list[Finding]) -> None:
    findings.append(Finding(node.at, "extension", f"`{node.key}` {words}", "correct the value"))
