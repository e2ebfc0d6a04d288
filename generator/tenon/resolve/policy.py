"""What a repository demands of every operation (P5: an owner, an SLO and a deadline, before there is code)."""

from __future__ import annotations

from collections.abc import Iterator

from tenon.finding import Finding
from tenon.model.graph import Model, Package
from tenon.resolve.rpc import DEFAULT_DEADLINE

RULES = frozenset({"owner", "slo", "deadline", "security"})
"""What `[policy] require` in tenon.toml may name."""


def check(model: Model, required: frozenset[str]) -> list[Finding]:
    """The operations that lack something that is required."""
    return [finding for package in model.packages for finding in _package(package, required)]


def _package(package: Package, required: frozenset[str]) -> Iterator[Finding]:
    if "owner" in required and (package.rpcs or package.operations or package.sends):
        owner = package.component is not None and package.component.owner.raw
        if not owner and not any(service.owner.raw for service in package.services):
            at = (package.services or package.operations or package.sends)[0]
            place = at.operation.at if hasattr(at, "operation") else at.at
            yield Finding(place, "policy-owner", f"nobody owns {package.name}",
                          f"add {package.domain}/catalog-info.yaml with spec.owner")  # fmt: skip
    for rpc in package.rpcs:
        name = f"{rpc.service.name}.{rpc.method.name}"
        if "slo" in required and rpc.policy.slo is None:
            yield Finding(rpc.method.at, "policy-slo", f"{name} has no service level objective",
                          "add slo to (tenon.v1.method), or to the defaults in (tenon.v1.service)")  # fmt: skip
        if "deadline" in required and rpc.method.policy.deadline is None:
            yield Finding(rpc.method.at, "policy-deadline",
                          f"{name} has no deadline (it would get {DEFAULT_DEADLINE:g} s)",
                          "add deadline to (tenon.v1.method), or to the defaults in (tenon.v1.service)")  # fmt: skip
        if "security" in required and not rpc.policy.public and not rpc.policy.scopes:
            yield Finding(rpc.method.at, "policy-security", f"{name} names no scope and is not public",
                          "add scopes to (tenon.v1.method), or public: true")  # fmt: skip
    for operation in package.operations:
        if operation.rpc is None:
            place, name = operation.operation.at, f"{operation.operation.method} {operation.operation.path.raw}"
            if "slo" in required and operation.policy.slo is None:
                yield Finding(place, "policy-slo", f"{name} has no service level objective",
                              "add x-tenon-slo to the operation, or x-tenon-rpc to bind it to an RPC")  # fmt: skip
            if "security" in required and not operation.policy.public and not operation.policy.scopes:
                yield Finding(place, "policy-security", f"{name} names no scope and is not public",
                              "add security to the operation; [] makes it public")  # fmt: skip
