"""What generated code tells the runtime about a contract: plain, frozen tables.

Generated modules hold only values of these types and abstract classes; everything that acts is in the
rest of the runtime. A value here is complete: every default was filled in when the contract was resolved,
so that nothing has to be looked up per call.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar

from protobuf import DescFile, Message


class Kind(Enum):
    """The four shapes of an RPC."""

    UNARY = "unary"
    SERVER_STREAM = "server_stream"
    CLIENT_STREAM = "client_stream"
    BIDI_STREAM = "bidi_stream"


class Idempotency(Enum):
    """What may happen when a call is sent twice."""

    UNKNOWN = "unknown"
    """Nothing is promised: never retried by us."""
    NO_SIDE_EFFECTS = "no_side_effects"
    """A read: safe, served in a read-only transaction."""
    IDEMPOTENT = "idempotent"
    """A second call changes nothing more."""
    KEYED = "keyed"
    """An ``Idempotency-Key`` makes the second call answer as the first did; the key is optional."""
    KEY_REQUIRED = "key_required"
    """As KEYED, and a call without a key is refused."""


@dataclass(frozen=True, slots=True)
class Slo:
    """A service level objective: the share of calls that succeed, and the latency that most stay under."""

    availability: float
    """For instance 0.999: the share of calls without a server-side error."""
    latency_seconds: float
    """The latency that `latency_share` of calls stay under."""
    latency_share: float


@dataclass(frozen=True, slots=True)
class Policy:
    """What the contract says about one operation, whatever protocol carries it."""

    deadline: float
    """Seconds a call may take at most when the caller names no deadline or a longer one."""
    idempotency: Idempotency
    scopes: tuple[str, ...]
    """Every one of these must be in the caller's token."""
    public: bool
    """True: no token is needed. False with no scopes: any valid token."""
    slo: Slo | None


@dataclass(frozen=True, slots=True)
class Method:
    """One RPC."""

    name: str
    """As in the contract: ``RegisterCreator``."""
    attr: str
    """The handler's name in Python: ``register_creator``."""
    input: type[Message[Any]]
    output: type[Message[Any]]
    kind: Kind
    policy: Policy
    ref: str
    """Stable reference: ``contracts/identity/v1/identity.proto#IdentityService.RegisterCreator``."""


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """One protobuf service."""

    name: str
    """Full name: ``identity.v1.IdentityService``."""
    file: Callable[[], DescFile]
    """Gives the descriptor of the file that declares it, for reflection."""
    methods: tuple[Method, ...]


@dataclass(frozen=True, slots=True)
class Binding:
    """Where one field of an RPC's request comes from in a REST request, by the contract's names."""

    source: str
    """``path``, ``query``, ``header``, ``cookie`` or ``body`` (a top-level property of a JSON object body)."""
    name: str
    """The parameter's or property's name on the wire."""
    field: str
    """The request's field as a dotted path of protobuf JSON names: ``creatorId`` or ``filter.state``."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One REST operation. Its parameters, bodies and answers are read at start-up from the API's bundled
    OpenAPI document at `pointer`."""

    id: str
    """The operationId, or one made from method and path."""
    method: str
    """Upper case: ``POST``."""
    path: str
    """As in the contract, servers' base path included: ``/v1/creators/{creatorId}``."""
    pointer: str
    """JSON pointer of the operation in the bundled document: ``/paths/~1v1~1creators/post``."""
    rpc: str | None
    """``identity.v1.IdentityService/RegisterCreator`` if an RPC answers it; None: `attr` of the REST skeleton does."""
    attr: str
    """The handler's name in Python."""
    bindings: tuple[Binding, ...]
    body_field: str | None
    """The request field that takes the whole body; None: the body's properties are bound one by one."""
    response_field: str | None
    """The response field that is the 2xx body; None: the whole response message is."""
    status: int
    """The status of success: 200, 201, 202 or 204."""
    request: type[Any] | None
    """For a direct operation: the dataclass that a request is handed over as (attributes named in `arguments`)."""
    arguments: tuple[tuple[str, str, str], ...]
    """For a direct operation: (attribute, source, wire name); source as in Binding, or ``body`` with name ``""``
    for the whole body."""
    policy: Policy
    ref: str
    constants: tuple[tuple[str, str, str], ...] = ()
    """Where operations share method and path: (``query`` or ``header``, name, value) of what a request for this one
    has. Of several that fit, the one with the most is meant."""


@dataclass(frozen=True, slots=True)
class RestSpec:
    """The REST face of one API."""

    document: Path
    """The bundled OpenAPI document as JSON: 3.1, every ``$ref`` local, every schema draft 2020-12."""
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """One event, as its owner declares it."""

    name: str
    """``identity.creator_registered``."""
    subject: str
    """``evt.identity.{slot}.creator_registered.v1``: ``{slot}`` is filled by the outbox, ``*`` for receivers."""
    stream: str
    """``EVT_IDENTITY``."""
    message: type[Message[Any]] | None
    """The protobuf payload; None: the payload is JSON judged by `schema`."""
    schema: str | None
    """JSON pointer of the payload's schema in the API's bundled AsyncAPI document, for JSON payloads."""
    key: str | None
    """The payload's field that orders events (protobuf attribute or JSON property); None: unordered."""
    ref: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """One event that a service receives."""

    event: Event
    attr: str
    """The handler's name in Python: ``on_creator_registered``."""
    ref: str


@dataclass(frozen=True, slots=True)
class Api:
    """One package of a bounded context: everything that one service has to serve, send and receive."""

    name: str
    """``identity.v1``."""
    domain: str
    """``identity``."""
    owner: str
    """``group:identity-team`` or empty."""
    contracts: str
    """The handshake with the runtime: the spec format this was generated for (`SPEC_FORMAT`)."""
    services: tuple[type[Service], ...]
    rest: RestSpec | None
    rest_handlers: type[RestHandlers] | None
    sends: tuple[Event, ...]
    events_document: Path | None
    """The bundled AsyncAPI document as JSON."""
    event_handlers: type[EventHandlers] | None


SPEC_FORMAT = "1"


class Service(ABC):
    """Base of a generated abstract service class. Subclasses are instantiated without arguments."""

    spec: ClassVar[ServiceSpec]


class RestHandlers(ABC):
    """Base of a generated abstract class for REST operations that no RPC answers."""

    operations: ClassVar[tuple[Operation, ...]]


class EventHandlers(ABC):
    """Base of a generated abstract class for the events that a service receives."""

    subscriptions: ClassVar[tuple[Subscription, ...]]
