"""A new field: in its message, and in every REST schema that speaks of the message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tenon.edit import fields, mapping
from tenon.edit.fields import COMMAND, NewField
from tenon.edit.proto import ProtoText
from tenon.edit.schemas import Schemas, bound
from tenon.edit.workspace import Workspace, nearest, refuse
from tenon.model.graph import Package, RestOperation
from tenon.model.proto import FieldKind, Message
from tenon.read.document import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedField:
    """What is asked for: `message` is ``catalog.Video`` or ``catalog.v1.Video``, `given` is ``name:type``."""

    message: str
    given: str
    number: int | None = None
    personal: str | None = None


def add(workspace: Workspace, wanted: AddedField) -> list[str]:
    """Add it to every file concerned; what was decided here, in words. Raises Refused."""
    message = _message(workspace, wanted.message)
    package = workspace.package(message.package)
    text = ProtoText(workspace, workspace.file(message.file))
    field = fields.parse(workspace, message.package, wanted.given, personal=wanted.personal, proto2=text.proto2)
    number = text.add_field(message.name, field, wanted.number)
    places = _Faces(workspace, package, message, field).add()
    return [f"{message.name}.{field.name} has number {number}", *places]


def _message(workspace: Workspace, name: str) -> Message:
    domain, _, short = name.partition(".")
    if not short:
        raise refuse(COMMAND, "message", f"{name!a} names no message", "write it as catalog.Video")
    package = workspace.package(domain)
    known = {m.name: m for m in workspace.model.protobuf.messages if m.package.split(".")[0] == domain}
    for candidate in (name, f"{package.name}.{short}"):
        if candidate in known:
            return known[candidate]
    near = nearest(short, [m.removeprefix(f"{package.name}.") for m in known])
    raise refuse(
        package.services[0].at if package.services else COMMAND,
        "message",
        f"there is no message {short!a} in {package.name}",
        f"did you mean {domain}.{near}?" if near else "messages are named as in the .proto: catalog.Video",
    )


class _Faces:
    """The REST face of one message."""

    def __init__(self, workspace: Workspace, package: Package, message: Message, field: NewField) -> None:
        self._workspace, self._message, self._field = workspace, message, field
        self._operations = package.operations
        document: dict[str, Any] = package.document.bundled if package.document else {}
        self._root = workspace.node(package.document.at) if package.document else None
        components = document.get("components") or {}
        self._schemas = Schemas(workspace, package.operations, components.get("schemas") or {})
        self._parts: dict[tuple[str, str], tuple[Node, dict[str, Any]]] = {}
        self._said: list[str] = []

    def add(self) -> list[str]:
        """Add it wherever the message stands; the places."""
        if self._root is None:
            return []
        for each in bound(self._workspace, self._operations):
            if each.field is None and each.message.name == self._message.name:
                self._property(each.node)
        for operation in self._operations:
            if operation.rpc is not None and operation.rpc.method.input == self._message.name:
                self._parameter(operation)
        for node, additions in self._parts.values():
            mapping.merge(self._workspace, node, additions)
        if self._schemas.new:
            mapping.merge(self._workspace, self._root, {"components": {"schemas": self._schemas.new}})
        return self._said

    def _property(self, node: Node) -> None:
        name, key = self._field.json_name, (node.source.file, node.pointer)
        if key in self._parts:
            return
        properties = node.get("properties")
        taken = properties.get(name) if properties else None
        if taken is not None:
            raise refuse(taken.at, "exists", f"{name} is a property already", "choose another name")
        schema = self._schemas.of(self._field, self._field.comment)
        self._parts[key] = (node, {"properties": {name: schema}})
        self._said.append(f"{node.source.name}#{node.pointer} has {name}")

    def _parameter(self, operation: RestOperation) -> None:
        """Where a request has no body, or a body that is one of its fields: the new field comes by the query."""
        body = operation.operation.body
        whole = body is not None and operation.body_field is None
        simple = self._field.map_key is None and (
            self._field.type.kind is not FieldKind.MESSAGE or self._field.type.name.startswith("google.protobuf.")
        )
        node = self._workspace.node(operation.operation.at)
        if whole or node is None:
            return
        if not simple:
            self._said.append(f"{operation.operation.id.raw} cannot carry it: a message does not stand in a query")
            return
        name = self._field.json_name
        described = {"name": name, "in": "query", "description": self._field.comment}
        parameter = described | {"schema": self._schemas.of(self._field)}
        self._parts[(node.source.file, node.pointer)] = (node, {"parameters": [parameter]})
        self._said.append(f"{operation.operation.method.upper()} {operation.operation.path.raw} takes {name}")
