"""What is old beside what is new, as rules get it. `old` and `new` are descriptors of Google's protobuf, or None."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tenon.gate.verdict import Direction, Role
from tenon.source import Location

if TYPE_CHECKING:
    from tenon.gate.kinds.protobuf.side import Side
    from tenon.gate.kinds.protobuf.validation import Judge


class Way(Enum):
    """Who writes and who reads across the two releases, and who notices when that fails."""

    REQUEST = (Direction.REQUEST, Role.CLIENT, True, "what an old client sends")
    RESPONSE = (Direction.RESPONSE, Role.CLIENT, False, "what a new service answers to an old client")
    EVENT = (Direction.EVENT, Role.RECEIVER, False, "what a new sender publishes to an old receiver")
    STORED = (Direction.STORED, Role.SERVICE, True, "what was published or stored before")

    def __init__(self, direction: Direction, role: Role, from_old: bool, words: str) -> None:
        self.direction = direction
        self.role = role
        self.from_old = from_old
        """The old contract wrote it and the new one reads it; else the other way round."""
        self.words = words


@dataclass(frozen=True, slots=True)
class Travel:
    """Which ways a message goes, and the RPCs that carry it. What no RPC and no event carries may go any way."""

    ways: tuple[Way, ...]
    methods: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Sides:
    """Both sides, and what `buf breaking` complains of: the ids of its rules by place in the new file."""

    old: Side
    new: Side
    complaints: dict[tuple[str, int], frozenset[str]] = field(default_factory=dict)

    @cached_property
    def validation(self) -> Judge:
        """Who says whether field rules take a message."""
        from tenon.gate.kinds.protobuf.validation import Judge  # brings protobuf along

        return Judge(self.old, self.new)


@dataclass(frozen=True, eq=False)
class FilePair:
    """A file of the same import path, or one that is new or gone."""

    sides: Sides
    old: Any
    new: Any


@dataclass(frozen=True, eq=False)
class MessagePair:
    """Messages of the same full name, or one that is new or gone. At least one of both differs from the other."""

    sides: Sides
    old: Any
    new: Any
    travel: Travel

    @property
    def name(self) -> str:
        return str((self.old or self.new).full_name)

    @cached_property
    def places(self) -> dict[str, Location]:
        return _places(self.sides, self.old, self.new)


@dataclass(frozen=True, eq=False)
class FieldPair:
    """Fields of the same number in messages of the same name, or one that is new or gone."""

    message: MessagePair
    old: Any
    new: Any

    @property
    def sides(self) -> Sides:
        return self.message.sides

    @property
    def name(self) -> str:
        """``identity.v1.Creator.email``, by the old name."""
        return str((self.old or self.new).full_name)

    @cached_property
    def places(self) -> dict[str, Location]:
        places = _places(self.sides, self.old, self.new)
        if self.new is None and self.message.new is not None:
            places |= _places(self.sides, None, self.message.new)
        return places


@dataclass(frozen=True, eq=False)
class EnumPair:
    """Enums of the same full name, or one that is new or gone."""

    sides: Sides
    old: Any
    new: Any
    travel: Travel
    fields: tuple[tuple[Any, Any], ...] = ()
    """Fields that hold the enum on both sides, as (old, new): what witnesses are made with."""

    @property
    def name(self) -> str:
        return str((self.old or self.new).full_name)

    @cached_property
    def places(self) -> dict[str, Location]:
        return _places(self.sides, self.old, self.new)


@dataclass(frozen=True, eq=False)
class ServicePair:
    """Services of the same full name, or one that is new or gone."""

    sides: Sides
    old: Any
    new: Any

    @property
    def name(self) -> str:
        return str((self.old or self.new).full_name)

    @cached_property
    def places(self) -> dict[str, Location]:
        return _places(self.sides, self.old, self.new)


@dataclass(frozen=True, eq=False)
class MethodPair:
    """RPCs of the same name in services of the same name, or one that is new or gone."""

    service: ServicePair
    old: Any
    new: Any

    @property
    def sides(self) -> Sides:
        return self.service.sides

    @property
    def name(self) -> str:
        return str((self.old or self.new).full_name)

    @property
    def path(self) -> str:
        """The request path in gRPC and Connect."""
        service, _, method = self.name.rpartition(".")
        return f"/{service}/{method}"

    @cached_property
    def places(self) -> dict[str, Location]:
        places = _places(self.sides, self.old, self.new)
        if self.new is None and self.service.new is not None:
            places |= _places(self.sides, None, self.service.new)
        return places


@dataclass(frozen=True, slots=True)
class Complaint:
    """One complaint of ``buf breaking`` about the new side."""

    rule: str
    message: str
    at: Location


def _places(sides: Sides, old: Any | None, new: Any | None) -> dict[str, Location]:
    """`old` and `new` of a change, where the descriptors are declared."""
    places = {}
    for name, side, descriptor in (("old", sides.old, old), ("new", sides.new, new)):
        if descriptor is not None:
            holder = descriptor if hasattr(descriptor, "file") else descriptor.containing_service
            places[name] = side.at(holder.file, descriptor.full_name)
    return places
