"""What OpenAPI operations promise with ``x-tenon-deadline``, ``x-tenon-idempotency`` and ``x-tenon-slo``."""

from __future__ import annotations

import re
from typing import Any

from tenon.gate.kinds.openapi.pairs import Operation, OperationPair
from tenon.gate.promise import DEFAULT_DEADLINE, IDEMPOTENT, KEYED, NO_SIDE_EFFECTS, UNKNOWN, Promise, Promises, Slo
from tenon.gate.promise import KEY_REQUIRED as _KEY_REQUIRED

_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|s|m)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}
_KNOWN = (UNKNOWN, NO_SIDE_EFFECTS, IDEMPOTENT, KEYED, _KEY_REQUIRED)


def promises(pair: OperationPair) -> Promises | None:
    """Both sides of an operation that stays, where they promise different things. Scopes are `security`'s to judge."""
    if pair.old is None or pair.new is None or pair.sends:
        return None
    if "x-tenon-rpc" in pair.old.value or "x-tenon-rpc" in pair.new.value:
        return None  # an RPC's promise is the RPC's
    old, new = _promise(pair.old), _promise(pair.new)
    if old == new:
        return None
    common = {
        "affects": (pair.subject,), "stability": pair.stability,
        "old": pair.old.site.location, "new": pair.new.site.location,
    }  # fmt: skip
    return Promises(pair.subject, old, new, {"method": pair.new.method, "path": pair.new.path}, common)


def _promise(operation: Operation) -> Promise:
    said = operation.value
    if not any(key.startswith("x-tenon-") for key in said):
        return Promise()
    level = str(said.get("x-tenon-idempotency", "")).upper()
    return Promise(
        deadline=_seconds(said.get("x-tenon-deadline")) or DEFAULT_DEADLINE,
        idempotency=level if level in _KNOWN else UNKNOWN,
        slo=_slo(said.get("x-tenon-slo")),
    )


def _seconds(said: Any) -> float | None:
    match = _DURATION.fullmatch(said) if isinstance(said, str) else None
    return float(match[1]) * _UNITS[match[2]] if match is not None else None


def _slo(said: Any) -> Slo | None:
    if not isinstance(said, dict):
        return None
    shares = [said.get("availability"), said.get("share", 0.99)]
    latency = _seconds(said.get("latency"))
    if latency is None or any(isinstance(each, bool) or not isinstance(each, int | float) for each in shares):
        return None
    return Slo(float(shares[0]), latency, float(shares[1]))
