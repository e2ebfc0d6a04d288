"""The service level objectives of a model's operations, by the name that the runtime counts them under."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tenon.model.graph import Model, Package
from tenon.model.proto import Slo

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds: the upper bounds of the runtime's histogram (`tenon_runtime.observe.metrics.BUCKETS`)."""


@dataclass(frozen=True, slots=True)
class Objective:
    """One operation's objective."""

    operation: str
    """The metrics' label: ``identity.v1.IdentityService/GetCreator``, or ``identity.v1#getKeys``. Contract text."""
    owner: str
    """Contract text; may be empty."""
    contract: str
    availability: float | None
    latency: str
    """The histogram's bucket that judges the latency, as its label."""
    latency_share: float | None
    """None: no objective, or one above every bucket."""

    @property
    def labels(self) -> dict[str, str]:
        """What its metrics and alerts carry; Prometheus knows no empty labels."""
        labels = {"operation": self.operation, "owner": self.owner, "contract": self.contract}
        return {name: value for name, value in labels.items() if value}


def by_domain(model: Model) -> dict[str, tuple[Objective, ...]]:
    """The objectives of every domain that has any."""
    found: dict[str, tuple[Objective, ...]] = {}
    for package in model.packages:
        if objectives := tuple(_of(package)):
            found[package.domain] = found.get(package.domain, ()) + objectives
    return dict(sorted(found.items()))


def _of(package: Package) -> Iterator[Objective]:
    """Every operation that declares one. A REST operation that an RPC answers is counted as that RPC."""
    for rpc in package.rpcs:
        if rpc.policy.slo is not None:
            name = f"{rpc.service.name}/{rpc.method.name}"
            owner = rpc.service.owner.raw or _owner(package)
            yield _objective(name, owner, rpc.method.at.ref, rpc.policy.slo)
    for operation in package.operations:
        if operation.rpc is None and operation.policy.slo is not None:
            name = f"{package.name}#{operation.operation.id.raw}"
            yield _objective(name, _owner(package), operation.operation.at.ref, operation.policy.slo)


def _owner(package: Package) -> str:
    return package.component.owner.raw if package.component else ""


def _objective(operation: str, owner: str, contract: str, slo: Slo) -> Objective:
    bound = next((bucket for bucket in BUCKETS if bucket >= slo.latency_seconds), None)
    return Objective(
        operation=operation,
        owner=owner,
        contract=contract,
        availability=slo.availability if 0 < slo.availability < 1 else None,
        latency=str(bound),
        latency_share=slo.latency_share if bound and slo.latency_seconds > 0 and 0 < slo.latency_share < 1 else None,
    )
