"""RPCs with complete policies."""

from __future__ import annotations

from tenon.model import Contracts
from tenon.model.graph import ResolvedPolicy, RpcMethod
from tenon.model.proto import Idempotency, Policy

DEFAULT_DEADLINE = 30.0
"""Seconds, where a contract names none: the most that a server allows (docs/explanation, "Deadlines")."""


def link(contracts: Contracts) -> dict[str, RpcMethod]:
    """Every RPC by ``package.Service/Method``."""
    return {
        f"{service.name}/{method.name}": RpcMethod(method, service, complete(method.policy))
        for service in contracts.protobuf.services
        for method in service.methods
    }


def complete(policy: Policy) -> ResolvedPolicy:
    """`policy` with defaults where it says nothing."""
    return ResolvedPolicy(
        deadline=policy.deadline or DEFAULT_DEADLINE,
        idempotency=policy.idempotency or Idempotency.UNKNOWN,
        scopes=tuple(scope.raw for scope in policy.scopes),
        public=policy.public,
        slo=policy.slo,
    )
