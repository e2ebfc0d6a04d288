"""Names that more than one emitter must agree on, decided once."""

from __future__ import annotations

from tenon.lang.json_types import TYPING
from tenon.lang.protobuf_python import class_parts
from tenon.lang.python import RESERVED_ATTRIBUTES, literal, pascal, snake, unique
from tenon.model.events import EventDocument
from tenon.model.graph import Package, ResolvedPolicy, RpcMethod
from tenon.model.proto import Service

SERVICE_MODULE = frozenset(
    ("ABC", "AsyncIterator", "Context", "Idempotency", "Kind", "Mapping", "Method", "Policy", "RpcClient", "Service",
     "ServiceSpec", "Slo", "abstractmethod", "annotations", "spec")
)  # fmt: skip
"""What `service.py` and `client.py` call their own: no class in them has such a name."""
_METHODS = RESERVED_ATTRIBUTES | {"close", "float", "str"}
"""Attributes that no RPC has: `close` is the client's own, the others would hide types in its signatures."""


def service_class(service: Service) -> str:
    """The class of a service: its own name, with an underscore behind what Python or the module means otherwise.

    As in the message plugin's rules, no two names become one: ``Service_`` gets a second underscore.
    """
    (name,) = class_parts(service.name.rsplit(".", 1)[-1], "")
    return f"{name}_" if name.rstrip("_") in SERVICE_MODULE else name


def client_class(service: Service) -> str:
    """The class that calls a service."""
    return f"{service_class(service)}Client"


def method_attributes(service: Service) -> dict[str, str]:
    """The Python attribute of every RPC of `service`, by its name. (That no two are one, `resolve` has proved.)"""
    return {method.name: snake(method.name, _METHODS) for method in service.methods}


def payload_types(document: EventDocument) -> dict[str, str]:
    """The type of every JSON payload in ``payloads.py``, by the payload's pointer."""
    taken: set[str] = set(TYPING)
    messages = {m.pointer: m for channel in document.channels for m in channel.messages if m.proto is None}
    return {
        pointer: unique(pascal(message.name.raw.rsplit(".", 1)[-1]), taken) for pointer, message in messages.items()
    }


def domain_class(package: Package) -> str:
    """What the classes of a package are named after: ``identity.v1`` gives ``Identity``."""
    parts = [part for part in package.name.split(".") if part]
    if len(parts) > 1 and parts[-1][:1] == "v" and parts[-1][1:2].isdigit():
        parts.pop()
    return pascal(parts[-1]) if parts else "Root"


def title(package: Package) -> str:
    """The package, for the first line of a module."""
    return package.name or "the unnamed package"


def policy(policy: ResolvedPolicy) -> str:
    """The constructor call of a `tenon_runtime.Policy`."""
    slo = "None"
    if policy.slo is not None:
        slo = (
            f"Slo(availability={policy.slo.availability!r}, latency_seconds={policy.slo.latency_seconds!r}, "
            f"latency_share={policy.slo.latency_share!r})"
        )
    return (
        f"Policy(deadline={policy.deadline!r}, idempotency=Idempotency.{policy.idempotency.value}, "
        f"scopes={literal(policy.scopes)}, public={policy.public!r}, slo={slo})"
    )


def kind(rpc: RpcMethod) -> str:
    """The member of `tenon_runtime.Kind`."""
    match rpc.method.client_streaming, rpc.method.server_streaming:
        case False, False:
            return "UNARY"
        case False, True:
            return "SERVER_STREAM"
        case True, False:
            return "CLIENT_STREAM"
    return "BIDI_STREAM"
