"""AsyncAPI, as far as the emitters need it: 2.6 is lifted to 3.0's terms while reading."""

from __future__ import annotations

from dataclasses import dataclass

from tenon.model.rest import JSON, Schema
from tenon.model.text import Text
from tenon.source import Location


@dataclass(frozen=True, slots=True)
class EventMessage:
    """One message: its payload is a protobuf message or a JSON Schema."""

    name: Text
    """``creator_registered``: the message's `name`, else its key."""
    proto: str | None
    """Full name of the protobuf payload message."""
    schema: Schema | None
    """The JSON payload; None with `proto`, or where nothing is said about the payload."""
    pointer: str
    """JSON pointer of the payload's schema in the bundled document."""
    content_type: Text
    title: Text
    description: Text
    key: Text | None
    """``x-tenon-key``: the JSON payload's ordering property (protobuf payloads mark theirs with an option)."""
    at: Location


@dataclass(frozen=True, slots=True)
class Channel:
    """Where messages travel: `address` is the NATS subject with parameters in braces."""

    name: Text
    address: Text
    messages: tuple[EventMessage, ...]
    description: Text
    at: Location


@dataclass(frozen=True, slots=True)
class EventOperation:
    """What this application does on a channel: `action` is ``send`` or ``receive``."""

    id: Text
    action: str
    channel: Channel
    messages: tuple[EventMessage, ...]
    description: Text
    has_reply: bool
    at: Location


@dataclass(frozen=True, slots=True)
class EventDocument:
    """One AsyncAPI document. `package` is the dotted package its code goes to."""

    package: str
    title: Text
    version: Text
    channels: tuple[Channel, ...]
    operations: tuple[EventOperation, ...]
    schemas: tuple[tuple[Text, Schema], ...]
    bundled: JSON
    at: Location
