"""The contracts after resolution: references linked across files, defaults filled, nothing left to guess."""

from __future__ import annotations

from dataclasses import dataclass, field

from tenon.memo import Memo
from tenon.model.catalog import Component
from tenon.model.events import EventDocument, EventMessage
from tenon.model.proto import Field, Idempotency, Message, Method, Protobuf, Service, Slo
from tenon.model.rest import Document, Operation
from tenon.source import Location


@dataclass(frozen=True, slots=True)
class ResolvedPolicy:
    """What an operation promises, complete. `deadline` in seconds."""

    deadline: float
    idempotency: Idempotency
    scopes: tuple[str, ...]
    public: bool
    slo: Slo | None


@dataclass(frozen=True, slots=True)
class Binding:
    """One request field of an RPC and where a REST request carries it (see `tenon_runtime.spec.Binding`)."""

    source: str
    name: str
    field: str


@dataclass(frozen=True, slots=True)
class RpcMethod:
    """One RPC with its policy and message types."""

    method: Method
    service: Service
    policy: ResolvedPolicy


@dataclass(frozen=True, slots=True)
class RestOperation:
    """One REST operation; with `rpc` the RPC that answers it, without it the REST skeleton does."""

    operation: Operation
    rpc: RpcMethod | None
    bindings: tuple[Binding, ...]
    body_field: str | None
    response_field: str | None
    status: int
    policy: ResolvedPolicy


@dataclass(frozen=True, slots=True)
class ResolvedEvent:
    """One event with its owner, subject and ordering key."""

    name: str
    """``identity.creator_registered``"""
    short: str
    """``creator_registered``: an accepted identifier."""
    domain: str
    package: str
    subject: str
    stream: str
    message: EventMessage
    proto: Message | None
    key: Field | None
    json_key: str | None
    at: Location


@dataclass(frozen=True, slots=True)
class ResolvedSubscription:
    """One event that a package receives."""

    event: ResolvedEvent
    at: Location


@dataclass(frozen=True, slots=True)
class Package:
    """One package of a bounded context: the unit of generated code, ``api.<name>``."""

    name: str
    domain: str
    component: Component | None
    services: tuple[Service, ...]
    rpcs: tuple[RpcMethod, ...]
    document: Document | None
    operations: tuple[RestOperation, ...]
    event_document: EventDocument | None
    sends: tuple[ResolvedEvent, ...]
    receives: tuple[ResolvedSubscription, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """All that emitters see."""

    root: str
    """The contracts folder as references name it: ``contracts``."""
    protobuf: Protobuf
    packages: tuple[Package, ...]
    components: tuple[Component, ...]
    ours: bool
    """The tree is a Tenon repository: scaffolds, diagrams and operations files are wanted, not only code."""
    memo: Memo = field(default_factory=Memo, compare=False, repr=False)
    """Where an emitter that runs a slow tool may find what that tool made of the same input before."""

    def package(self, name: str) -> Package | None:
        return next((p for p in self.packages if p.name == name), None)
