"""OpenAPI, as far as the emitters need it: 3.0 is lifted to 3.1 while reading, every schema is draft 2020-12."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tenon.model.proto import Policy
from tenon.model.text import Text
from tenon.source import Location

JSON = Any  # a JSON value: dict, list, str, int, float, bool or None


@dataclass(frozen=True, slots=True)
class Schema:
    """A JSON Schema. `value` is the plain JSON (its text is hostile); `$ref` is local to the bundled document."""

    value: JSON
    at: Location


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; `source` is path, query, header or cookie. `content` names a media type when the parameter is
    serialised by one instead of by `style`."""

    name: Text
    source: str
    required: bool
    schema: Schema
    style: str
    explode: bool
    content: str | None
    description: Text
    at: Location
    field: Text | None = None
    """``x-tenon-field``: the dotted request field it binds to, when the name is another."""


@dataclass(frozen=True, slots=True)
class Body:
    """A request body by media type."""

    required: bool
    content: tuple[tuple[Text, Schema | None], ...]
    description: Text
    at: Location


@dataclass(frozen=True, slots=True)
class Response:
    """One answer; `status` is ``200``, ``2XX`` or ``default``."""

    status: str
    content: tuple[tuple[Text, Schema | None], ...]
    description: Text
    at: Location


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, references to parameters, bodies and answers followed."""

    id: Text
    """The operationId, or one made of method and path."""
    method: str
    path: Text
    """With the base path of the first server in front."""
    pointer: str
    """JSON pointer in the bundled document."""
    summary: Text
    description: Text
    tags: tuple[Text, ...]
    deprecated: bool
    parameters: tuple[Parameter, ...]
    body: Body | None
    responses: tuple[Response, ...]
    scopes: tuple[Text, ...]
    """Of the first security requirement."""
    public: bool
    """An explicit empty `security`, or none declared anywhere."""
    rpc: Text | None
    """``x-tenon-rpc``: ``identity.v1.IdentityService/RegisterCreator``."""
    body_field: Text | None
    """``x-tenon-field`` on the request body."""
    response_field: Text | None
    """``x-tenon-field`` on the success response."""
    policy: Policy
    """``x-tenon-deadline`` and its like; empty for most."""
    at: Location
    constants: tuple[tuple[str, Text, Text], ...] = ()
    """What tells it from operations with the same method and path: (``query`` or ``header``, name, value)."""


@dataclass(frozen=True, slots=True)
class Document:
    """One OpenAPI document. `package` is the dotted package its code goes to, made of accepted identifiers."""

    package: str
    title: Text
    version: Text
    operations: tuple[Operation, ...]
    schemas: tuple[tuple[Text, Schema], ...]
    """The components' schemas by name, after bundling."""
    bundled: JSON
    """The whole document as 3.1 with local references only; served to clients and read by the runtime."""
    at: Location
