"""Protobuf, as far as the emitters need it. Identifiers are plain `str`: the compiler accepted them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tenon.model.text import Text
from tenon.source import Location


class Idempotency(Enum):
    """What may happen when a call is sent twice; the values are the runtime's names."""

    UNKNOWN = "UNKNOWN"
    NO_SIDE_EFFECTS = "NO_SIDE_EFFECTS"
    IDEMPOTENT = "IDEMPOTENT"
    KEYED = "KEYED"
    KEY_REQUIRED = "KEY_REQUIRED"


@dataclass(frozen=True, slots=True)
class Slo:
    """Share of calls that succeed, and the latency that a share of them stays under."""

    availability: float
    latency_seconds: float
    latency_share: float


@dataclass(frozen=True, slots=True)
class Policy:
    """What an operation declares. None: it says nothing; `resolve` fills the default."""

    deadline: float | None = None
    idempotency: Idempotency | None = None
    scopes: tuple[Text, ...] = ()
    public: bool = False
    slo: Slo | None = None


class FieldKind(Enum):
    """What one value of a field is."""

    SCALAR = "scalar"
    MESSAGE = "message"
    ENUM = "enum"


@dataclass(frozen=True, slots=True)
class FieldType:
    """The type of one value: a scalar by its protobuf name, or a message or enum by its full name."""

    kind: FieldKind
    name: str


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a message. For a map `map_key` is the key's scalar and `type` the value's type."""

    name: str
    json_name: Text
    number: int
    type: FieldType
    repeated: bool
    map_key: str | None
    oneof: str | None
    presence: bool
    comment: Text
    at: Location
    key: bool = False
    """Marked ``(tenon.v1.key)``: orders events."""
    personal: bool = False
    """Marked as personal data."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message by its full name; nested ones stand beside it with longer names."""

    name: str
    package: str
    file: str
    fields: tuple[Field, ...]
    comment: Text
    at: Location

    def field(self, name: str) -> Field | None:
        """The field with this protobuf or JSON name."""
        return next((f for f in self.fields if name in (f.name, f.json_name.raw)), None)


@dataclass(frozen=True, slots=True)
class EnumType:
    """An enum by its full name, with (name, number) of each value."""

    name: str
    package: str
    file: str
    values: tuple[tuple[str, int], ...]
    comment: Text
    at: Location


@dataclass(frozen=True, slots=True)
class Method:
    """One RPC; `input` and `output` are full message names."""

    name: str
    input: str
    output: str
    client_streaming: bool
    server_streaming: bool
    policy: Policy
    comment: Text
    at: Location


@dataclass(frozen=True, slots=True)
class Service:
    """One service by its full name."""

    name: str
    package: str
    file: str
    methods: tuple[Method, ...]
    owner: Text
    comment: Text
    at: Location


@dataclass(frozen=True, slots=True)
class ProtoFile:
    """One file: `path` as protobuf imports name it, `location` of the file in the repository."""

    path: str
    package: str
    imports: tuple[str, ...]
    at: Location
    descriptor: bytes
    """Its FileDescriptorProto, source info included."""
    imported_only: bool
    """Not in the contracts folder: a well-known type or a dependency."""


@dataclass(frozen=True, slots=True)
class Protobuf:
    """Every protobuf contract of a tree, in dependency order."""

    files: tuple[ProtoFile, ...] = ()
    messages: tuple[Message, ...] = ()
    enums: tuple[EnumType, ...] = ()
    services: tuple[Service, ...] = ()
