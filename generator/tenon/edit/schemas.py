"""Which schemas of an OpenAPI document speak of which messages, and the schema of a new field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tenon.edit.fields import NewField
from tenon.edit.workspace import Workspace
from tenon.model.graph import RestOperation
from tenon.model.proto import Field, FieldKind, FieldType, Message
from tenon.read.document import Node
from tenon.read.refs import local

_SCALARS: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "bytes": {"type": "string", "contentEncoding": "base64"},
    "bool": {"type": "boolean"},
    "double": {"type": "number", "format": "double"},
    "float": {"type": "number", "format": "float"},
    **{name: {"type": "integer", "format": "int32"} for name in ("int32", "sint32", "sfixed32")},
    **{name: {"type": "integer", "minimum": 0, "maximum": 4294967295} for name in ("uint32", "fixed32")},
    **{name: {"type": "string", "format": "int64"} for name in ("int64", "sint64", "sfixed64")},
    **{name: {"type": "string", "format": "uint64"} for name in ("uint64", "fixed64")},
}
_WELL_KNOWN: dict[str, dict[str, Any]] = {
    "Timestamp": {"type": "string", "format": "date-time"},
    "Duration": {"type": "string", "pattern": "^-?[0-9]+(\\.[0-9]{1,9})?s$"},
    "FieldMask": {"type": "string"},
    "Struct": {"type": "object"},
    "Any": {"type": "object"},
    "Empty": {"type": "object"},
    "Value": {},
    "ListValue": {"type": "array"},
    **{f"{name}Value": {"type": ["string", "null"]} for name in ("String", "Bytes", "Int64", "UInt64")},
    **{f"{name}Value": {"type": ["integer", "null"]} for name in ("Int32", "UInt32")},
    **{f"{name}Value": {"type": ["number", "null"]} for name in ("Double", "Float")},
    "BoolValue": {"type": ["boolean", "null"]},
}


def spelling(type: FieldType) -> dict[str, Any]:
    """How protobuf's JSON mapping spells one value of a scalar, an enum or a well-known type; empty for others."""
    if type.kind is FieldKind.SCALAR:
        return dict(_SCALARS[type.name])
    if type.kind is FieldKind.ENUM:
        return {"type": "string"}
    return dict(_WELL_KNOWN.get(type.name.removeprefix("google.protobuf."), {}))


@dataclass(frozen=True, slots=True)
class Bound:
    """A schema that stands for a message, or for one field's value."""

    node: Node
    message: Message
    field: Field | None
    """None: the schema is the whole message."""
    request: bool


def bound(workspace: Workspace, operations: tuple[RestOperation, ...]) -> Iterator[Bound]:
    """Every schema behind `operations`, references followed, each once for each message and direction."""
    walk = _Walk(workspace)
    for operation in operations:
        yield from walk.operation(operation)


class _Walk:
    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._messages = {m.name: m for m in workspace.model.protobuf.messages}
        self._done: set[tuple[str, str, str, bool]] = set()

    def operation(self, operation: RestOperation) -> Iterator[Bound]:
        node = self._workspace.node(operation.operation.at)
        if node is None or operation.rpc is None:
            return
        request = self._messages[operation.rpc.method.input]
        response = self._messages[operation.rpc.method.output]
        yield from self._content(self._workspace.follow(node.get("requestBody")), request, operation.body_field, True)
        answers = node.get("responses")
        for status, answer in answers.children() if answers else ():
            if str(status).startswith("2"):
                found = self._workspace.follow(answer)
                yield from self._content(found, response, operation.response_field, False)
        yield from self._parameters(node, operation, request)

    def _parameters(self, node: Node, operation: RestOperation, request: Message) -> Iterator[Bound]:
        wanted = {(b.source, b.name): b.field for b in operation.bindings}
        for place in (node.parent, node):
            listed = place.get("parameters") if place else None
            for _, child in listed.children() if listed else ():
                parameter = self._workspace.follow(child)
                if parameter is None or not isinstance(parameter.value, dict):
                    continue
                path = wanted.get((str(parameter.value.get("in")), str(parameter.value.get("name"))))
                if path is not None and (field := self._field(request, path)):
                    yield from self.value(parameter.get("schema"), request, field, True)

    def _content(self, node: Node | None, message: Message, path: str | None, request: bool) -> Iterator[Bound]:
        content = node.get("content") if node else None
        for media, each in content.children() if content else ():
            if not str(media).split(";")[0].endswith("json"):
                continue
            schema = each.get("schema")
            if path is None:
                yield from self.whole(schema, message, request)
            elif (field := self._field(message, path)) is not None:
                yield from self.value(schema, message, field, request)

    def whole(self, schema: Node | None, message: Message, request: bool) -> Iterator[Bound]:
        """`schema` as the message, and what is inside it."""
        node = self._workspace.follow(schema)
        if node is None or not isinstance(node.value, dict):
            return
        mark = (node.source.file, node.pointer, message.name, request)
        if mark in self._done:
            return
        self._done.add(mark)
        yield Bound(node, message, None, request)
        parts = node.get("allOf")
        for _, part in parts.children() if parts else ():
            yield from self._inside(self._workspace.follow(part), message, request)
        yield from self._inside(node, message, request)

    def _inside(self, node: Node | None, message: Message, request: bool) -> Iterator[Bound]:
        properties = node.get("properties") if node else None
        for name, value in properties.children() if properties else ():
            path = value.value.get("x-tenon-field", name) if isinstance(value.value, dict) else name
            if (field := self._field(message, str(path))) is not None:
                yield from self.value(value, message, field, request)

    def value(self, schema: Node | None, message: Message, field: Field, request: bool) -> Iterator[Bound]:
        """`schema` as the value of `field`."""
        node = self._workspace.follow(schema)
        if node is None or not isinstance(node.value, dict):
            return
        yield Bound(node, message, field, request)
        if field.map_key is not None or field.repeated:
            node = self._workspace.follow(node.get("additionalProperties" if field.map_key else "items"))
            if node is None:
                return
        if field.type.kind is FieldKind.MESSAGE and field.type.name in self._messages:
            yield from self.whole(node, self._messages[field.type.name], request)

    def _field(self, message: Message, path: str) -> Field | None:
        *steps, last = path.split(".")
        for step in steps:
            inner = message.field(step)
            if inner is None or inner.type.name not in self._messages:
                return None
            message = self._messages[inner.type.name]
        return message.field(last)


class Schemas:
    """Makes schemas for fields; `new` collects the components that they need and the document lacks."""

    def __init__(self, workspace: Workspace, operations: tuple[RestOperation, ...], components: dict[str, Any]) -> None:
        self.new: dict[str, Any] = {}
        self._components = components
        protobuf = workspace.model.protobuf
        self._messages = {message.name: message for message in protobuf.messages}
        self._enums = {enum.name: enum for enum in protobuf.enums}
        self._known: dict[str, str] = {}
        for each in bound(workspace, operations):
            if each.field is None and each.node.pointer.startswith("/components/schemas/"):
                name = each.node.pointer.removeprefix("/components/schemas/")
                if "/" not in name:
                    self._known.setdefault(each.message.name, name)

    def of(self, field: NewField | Field, about: str = "") -> dict[str, Any]:
        """The schema of a field's JSON."""
        value = self._value(field)
        if field.map_key is not None:
            value = {"type": "object", "additionalProperties": value}
        elif field.repeated:
            value = {"type": "array", "items": value}
        if about and "$ref" not in value:
            kind: dict[str, Any] = {key: value.pop(key) for key in ("type", "format") if key in value}
            value = {**kind, "description": about, **value}
        return value

    def _value(self, field: NewField | Field) -> dict[str, Any]:
        name = field.type.name
        if field.type.kind is FieldKind.SCALAR or name.startswith("google.protobuf."):
            return spelling(field.type)
        short = name.rsplit(".", 1)[-1]
        known = self._known.get(name, short)
        if known not in self._components and known not in self.new:
            if field.type.kind is FieldKind.ENUM:
                values = [value for value, number in self._enums[name].values if number != 0]
                self.new[known] = {"type": "string", "description": _about(self._enums[name].comment), "enum": values}
            else:
                message = self._messages[name]
                made: dict[str, Any] = {"type": "object", "description": _about(message.comment)}
                self.new[known] = made  # before its fields: a message may hold itself
                made["properties"] = {f.json_name.raw: self.of(f, _about(f.comment)) for f in message.fields}
        return {"$ref": local("components", "schemas", known)}


def _about(comment: Any) -> str:
    """The first sentence or two of a comment: its first paragraph on one line."""
    return " ".join(comment.raw.split("\n\n")[0].split())
