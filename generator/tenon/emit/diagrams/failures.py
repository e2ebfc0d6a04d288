"""What fails on each way, what the caller sees, and what may be done about it."""

from __future__ import annotations

from dataclasses import dataclass

from tenon.emit.diagrams.platform import Platform
from tenon.lang import markdown
from tenon.model.graph import ResolvedEvent, ResolvedPolicy
from tenon.model.proto import Idempotency

_REPEAT = {
    Idempotency.UNKNOWN: "no",
    Idempotency.NO_SIDE_EFFECTS: "yes: it only reads",
    Idempotency.IDEMPOTENT: "yes",
    Idempotency.KEYED: "with an `Idempotency-Key`",
    Idempotency.KEY_REQUIRED: "yes: it has to have an `Idempotency-Key`",
}


@dataclass(frozen=True, slots=True)
class Failures:
    """Markdown by the cell."""

    calls: tuple[tuple[str, ...], ...]
    events: tuple[tuple[str, ...], ...]


def failures(platform: Platform) -> Failures:
    """The page."""
    packages = [package for context in platform.contexts for package in context.packages]
    calls = []
    rest: dict[str, str] = {}
    for package in packages:
        for operation in package.operations:
            way = markdown.code(f"{operation.operation.method} {operation.operation.path.raw}")
            if operation.rpc is None:
                calls.append((way, "REST", *_policy(operation.policy)))
            else:
                rest[f"{operation.rpc.service.name}/{operation.rpc.method.name}"] = way
    for package in packages:
        for rpc in package.rpcs:
            name = f"{rpc.service.name}/{rpc.method.name}"
            calls.append((markdown.code(name), rest.get(name, "gRPC only"), *_policy(rpc.policy)))
    return Failures(
        calls=tuple(calls),
        events=tuple(
            (
                markdown.code(event.name),
                f"{markdown.inline(event.domain)} → {markdown.inline(package.domain)}",
                _held(event),
            )
            for package in packages
            for event in (subscription.event for subscription in package.receives)
        ),
    )


def _held(event: ResolvedEvent) -> str:
    """What waits behind an event whose handler fails."""
    key = event.key.name if event.key else event.json_key
    return f"events with the same {markdown.code(key)}" if key else "nothing"


def _policy(policy: ResolvedPolicy) -> tuple[str, ...]:
    slo = policy.slo
    promise = ""
    if slo is not None:
        promise = f"{slo.availability * 100:g} % good, {slo.latency_share * 100:g} % within {slo.latency_seconds:g} s"
    return f"{policy.deadline:g} s", _REPEAT[policy.idempotency], promise
