"""What RPCs promise, by the options of ``tenon/v1/options.proto`` and protobuf's own, read by name."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tenon.gate.kinds.protobuf.pairs import MethodPair
from tenon.gate.promise import DEFAULT_DEADLINE, IDEMPOTENT, NO_SIDE_EFFECTS, UNKNOWN, Promise, Promises, Slo

if TYPE_CHECKING:
    from tenon.gate.kinds.protobuf.side import Side

_METHOD, _SERVICE = "tenon.v1.method", "tenon.v1.service"
_ASPECTS = frozenset({"deadline", "idempotency", "scopes", "slo"})
_LEVELS = {1: NO_SIDE_EFFECTS, 2: IDEMPOTENT}
"""By google.protobuf.MethodOptions.IdempotencyLevel."""


def promises(pair: MethodPair) -> Promises | None:
    """Both sides of an RPC that stays, where they promise different things."""
    if pair.old is None or pair.new is None:
        return None
    old, new = _promise(pair.sides.old, pair.old), _promise(pair.sides.new, pair.new)
    if old == new:
        return None
    request = {"method": "POST", "path": pair.path}
    stated = _stated(pair.sides.old, pair.old) | _stated(pair.sides.new, pair.new)
    return Promises(
        pair.name, old, new, request, {"affects": (pair.name,), **pair.places},
        inherited=_ASPECTS - stated, holder=f"{pair.service.name} defaults",
    )  # fmt: skip


def _stated(side: Side, method: Any) -> set[str]:
    """What the RPC says itself."""
    said = side.option(method, _METHOD)
    found = {each.name for each, _ in said.ListFields()} if hasattr(said, "ListFields") else set()
    level = {"idempotency"} if method.GetOptions().idempotency_level else set()
    return found | level | ({"scopes"} if "public" in found else set())


def _promise(side: Side, method: Any) -> Promise:
    level = _LEVELS.get(method.GetOptions().idempotency_level, UNKNOWN)
    ours = _is_ours(side)
    try:
        info = side.option(method.containing_service, _SERVICE) if ours else None
        defaults = _declared(info.defaults, Promise()) if info is not None and info.HasField("defaults") else Promise()
        said = side.option(method, _METHOD) if ours else None
        found = _declared(said, defaults) if said is not None else defaults
    except (AttributeError, TypeError, ValueError, OverflowError):
        return Promise(idempotency=level)  # these are other options of the same name
    idempotency = found.idempotency if found.idempotency != UNKNOWN else level
    deadline = (found.deadline or DEFAULT_DEADLINE) if ours else None
    return Promise(deadline, idempotency, found.scopes, found.public, found.slo)


def _is_ours(side: Side) -> bool:
    try:
        side.pool.FindExtensionByName(_METHOD)
    except KeyError:
        return False
    return True


def _declared(said: Any, defaults: Promise) -> Promise:
    value = said.DESCRIPTOR.fields_by_name["idempotency"].enum_type.values_by_number.get(said.idempotency)
    name = value.name.removeprefix("IDEMPOTENCY_") if value is not None and value.number else UNKNOWN
    scopes = frozenset(map(str, said.scopes))
    return Promise(
        deadline=_seconds(said.deadline) if said.HasField("deadline") else defaults.deadline,
        idempotency=name if name != UNKNOWN else defaults.idempotency,
        scopes=scopes or (frozenset() if said.public else defaults.scopes),
        public=bool(said.public) or (defaults.public and not scopes),
        slo=_slo(said.slo) if said.HasField("slo") else defaults.slo,
    )


def _slo(said: Any) -> Slo:
    if not all(map(math.isfinite, (said.availability, said.latency_share))):
        raise ValueError("no share")
    return Slo(said.availability, _seconds(said.latency), said.latency_share)


def _seconds(duration: Any) -> float:
    return float(duration.seconds + duration.nanos / 1e9)
