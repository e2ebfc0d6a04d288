"""One AsyncAPI document: channels, operations and messages with references followed, payload schemas bundled.

2.x says what *others* do: its `publish` is what this application receives, its `subscribe` what it sends
(AsyncAPI 3.0's migration guide).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tenon.finding import Finding, Severity
from tenon.model.events import Channel, EventDocument, EventMessage, EventOperation
from tenon.model.rest import Schema
from tenon.model.text import Text
from tenon.read import extensions
from tenon.read.bundle import SCHEMA, Bundler, pointer
from tenon.read.document import Node
from tenon.read.refs import References, local, reference
from tenon.read.tree import Tree

_JSON_SCHEMAS = re.compile(r"application/(vnd\.aai\.asyncapi|schema|vnd\.oai\.openapi)[+;/]?.*")
_PROTOBUF = re.compile(r"application/(vnd\.google\.protobuf|protobuf|x-protobuf)([;+].*)?")


class Reader:
    """Reads one document of AsyncAPI `version` 2 or 3."""

    def __init__(self, tree: Tree, root: Node, version: int, findings: list[Finding]) -> None:
        self._tree, self._root, self._version, self._findings = tree, root, version, findings
        self._references = References(tree, findings)
        self._bundler = Bundler(self._references, {"schema": SCHEMA}, root, v30=False, findings=findings)
        self._messages: dict[tuple[str, str], EventMessage] = {}
        self._payloads: dict[str, dict[str, Any]] = {}
        self._channels: dict[tuple[str, str], tuple[str, Channel]] = {}
        self._operations: dict[str, EventOperation] = {}

    def read(self, package: str) -> EventDocument:
        self._bundler.own_components(self._root.get("components"))
        for key, node in self._children(self._root, "channels"):
            self._channel(key, node)
        if self._version == 3:
            for key, node in self._children(self._root, "operations"):
                self._operation(key, node)
        self._bundler.finish()
        schemas = self._bundler.components.get("schemas", {})
        return EventDocument(
            package=package,
            title=_text(self._root.get("info"), "title"),
            version=_text(self._root.get("info"), "version"),
            channels=tuple(channel for _, channel in self._channels.values()),
            operations=tuple(self._operations.values()),
            schemas=tuple(
                (Text(name), Schema(value, self._bundler.origins.get(id(value), self._root).at))
                for name, value in schemas.items()
            ),
            bundled=self._bundled(schemas),
            at=self._root.at,
        )

    def _channel(self, key: str, given: Node) -> None:
        node = self._references.follow(given, siblings=False)
        if node is None or not self._is_object(node):
            return
        address = node.value.get("address") if self._version == 3 else key
        messages: dict[str, EventMessage] = {}
        if self._version == 3:
            for name, message in self._children(node, "messages"):
                if (read := self._message(message, name)) is not None:
                    messages[name] = read
            channel = self._add_channel(key, address, messages, node)
        else:
            said = {
                action: (operation, self._said(operation, f"{key}_{action}"))
                for action in ("publish", "subscribe")
                if (operation := node.get(action)) is not None and self._is_object(operation)
            }
            messages = {m.name.raw: m for _, found in said.values() for m in found}
            channel = self._add_channel(key, address, messages, node)
            for action, (operation, found) in said.items():
                self._add_operation(
                    _text(operation, "operationId").raw or f"{'receive' if action == 'publish' else 'send'}_{key}",
                    "receive" if action == "publish" else "send",
                    channel,
                    found,
                    operation,
                    False,
                )

    def _add_channel(self, key: str, address: Any, messages: dict[str, EventMessage], node: Node) -> Channel:
        channel = Channel(
            name=Text(key),
            address=Text(address if isinstance(address, str) else key),
            messages=tuple(messages.values()),
            description=_text(node, "description"),
            at=node.at,
        )
        self._channels[(node.source.file, node.pointer)] = (key, channel)
        return channel

    def _operation(self, key: str, given: Node) -> None:
        node = self._references.follow(given, siblings=False)
        if node is None or not self._is_object(node):
            return
        action = node.value.get("action")
        if action not in ("send", "receive"):
            self._complain(node.get("action") or node, "asyncapi-action", "an operation sends or receives",
                           "write `action: send` or `action: receive`")  # fmt: skip
            return
        channel_node = self._followed(node.get("channel"))
        known = self._channels.get((channel_node.source.file, channel_node.pointer)) if channel_node else None
        if known is None:
            self._complain(node.get("channel") or node, "asyncapi-channel",
                           "an operation refers to a channel of this document", "correct `channel`")  # fmt: skip
            return
        channel = known[1]
        listed = node.get("messages")
        messages = channel.messages
        if listed is not None:
            messages = tuple(m for _, child in listed.children() if (m := self._known(child)) is not None)
        self._add_operation(key, action, channel, messages, node, "reply" in node.value)

    def _add_operation(
        self,
        identity: str,
        action: str,
        channel: Channel,
        messages: tuple[EventMessage, ...],
        node: Node,
        has_reply: bool,
    ) -> None:
        other = self._operations.get(identity)
        if other is not None:
            self._findings.append(
                Finding(node.at, "operation-id", "two operations have the same id", "rename one", also=other.at)
            )
            return
        description = _text(node, "description").raw or _text(node, "summary").raw
        self._operations[identity] = EventOperation(
            Text(identity), action, channel, messages, Text(description), has_reply, node.at
        )

    def _known(self, given: Node) -> EventMessage | None:
        node = self._followed(given)
        known = self._messages.get((node.source.file, node.pointer)) if node else None
        if known is None and node is not None:
            self._complain(given, "asyncapi-message", "the operation's message is none of its channel's",
                           "refer to a message of the channel")  # fmt: skip
        return known

    def _said(self, operation: Node, name: str) -> tuple[EventMessage, ...]:
        """2.x: an operation's message, or its `oneOf`."""
        given = operation.get("message")
        if given is None:
            return ()
        several = given.get("oneOf")
        nodes = [child for _, child in several.children()] if several else [given]
        identity = _text(operation, "operationId").raw or name
        found = [self._message(n, f"{identity}_{i}" if i > 1 else identity) for i, n in enumerate(nodes, 1)]
        return tuple(message for message in found if message is not None)

    def _message(self, given: Node, name: str) -> EventMessage | None:
        node = self._followed(given)
        if node is None or not self._is_object(node):
            return None
        place = (node.source.file, node.pointer)
        if place in self._messages:
            return self._messages[place]
        if self._version == 2 and node is not given:
            name = str(node.key) or name
        key = wanted = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("_") or "message"
        number = 2
        while key in self._payloads:
            key, number = f"{wanted}_{number}", number + 1
        written: dict[str, Any] = {}
        self._payloads[key] = written
        proto, schema, inside = self._payload(node, written)
        named = self._inherited(node, "name") or self._inherited(node, "messageId")
        message = EventMessage(
            name=Text(named or name),
            proto=proto,
            schema=schema,
            pointer=pointer("components", "messages", key, "payload", *inside),
            content_type=Text(
                self._inherited(node, "contentType")
                or _text(self._root, "defaultContentType").raw
                or "application/json"
            ),
            title=_text(node, "title"),
            description=Text(self._inherited(node, "description") or self._inherited(node, "summary") or ""),
            key=extensions.text(node, "x-tenon-key", self._findings),
            at=node.at,
        )
        self._messages[place] = message
        written["name"] = message.name.raw
        written["contentType"] = message.content_type.raw
        for field, text in (("title", message.title), ("description", message.description)):
            if text:
                written[field] = text.raw
        if (headers := node.get("headers")) is not None and isinstance(headers.value, (dict, bool)):
            written["headers"] = self._bundler.copy(headers, "schema")
        return message

    def _payload(self, node: Node, written: dict[str, Any]) -> tuple[str | None, Schema | None, tuple[str, ...]]:
        """The protobuf message or the schema of a payload, and where the schema stands inside `payload`."""
        payload = node.get("payload")
        if payload is None:
            return None, None, ()
        kind: Any = self._inherited(node, "schemaFormat") if self._version == 2 else None
        body: Node | None = payload
        if (
            self._version == 3
            and isinstance(payload.value, dict)
            and isinstance(payload.value.get("schemaFormat"), str)
        ):
            kind, body = payload.value["schemaFormat"], payload.get("schema")
        if body is None:
            return None, None, ()
        if isinstance(kind, str) and _PROTOBUF.fullmatch(kind):
            proto = self._protobuf(body)
            if proto is not None:
                written["payload"] = {"schemaFormat": kind, "schema": proto}
            return proto, None, ("schema",)
        if kind is None or _JSON_SCHEMAS.fullmatch(kind):
            if not isinstance(body.value, (dict, bool)):
                self._complain(body, "shape", "a payload has to be a schema", "correct the payload")
                return None, None, ()
            copied = written["payload"] = self._bundler.copy(body, "schema")
            return None, Schema(copied, body.at), ()
        self._complain(body, "asyncapi-format", "this format of payload schema is not read; any payload is taken",
                       "write it as JSON Schema or protobuf", Severity.UNSUPPORTED)  # fmt: skip
        return None, None, ()

    def _protobuf(self, body: Node) -> str | None:
        """The message that ``{$ref: './file.proto#package.Message'}`` names."""
        ref = reference(body)
        path, _, name = ref.partition("#") if ref is not None else ("", "", "")
        if not path.endswith(".proto") or not re.fullmatch(r"\.?[A-Za-z_][\w.]*", name, re.ASCII):
            self._complain(body, "asyncapi-protobuf", "a protobuf payload refers to a message of a file",
                           "write `schema: {$ref: './file.proto#package.Message'}`")  # fmt: skip
            return None
        if self._tree.resolve(body.source.file, path) is None:
            self._complain(body, "ref-missing", "the reference names no file inside the contracts folder",
                           "correct the path, or copy the file into the folder")  # fmt: skip
            return None
        return name.removeprefix(".")

    def _inherited(self, node: Node, key: str) -> str | None:
        """A text of a message or of one of its traits."""
        if isinstance(value := node.value.get(key), str):
            return value
        traits = node.get("traits")
        for _, given in traits.children() if traits else ():
            trait = self._followed(given)
            if trait is not None and isinstance(trait.value, dict) and isinstance(value := trait.value.get(key), str):
                return value
        return None

    def _bundled(self, schemas: dict[str, Any]) -> dict[str, Any]:
        """The document again, as 3.0 with local references only."""
        info = self._root.get("info")
        keys = {id(m): pointer_key for pointer_key, m in zip(self._payloads, self._messages.values(), strict=True)}
        return {
            "asyncapi": "3.0.0",
            "info": {
                "title": _text(info, "title").raw,
                "version": _text(info, "version").raw,
                "description": _text(info, "description").raw,
            },
            "channels": {
                key: {
                    "address": channel.address.raw,
                    "messages": {keys[id(m)]: {"$ref": local("components", "messages", keys[id(m)])}
                                 for m in channel.messages},
                }
                for key, channel in self._channels.values()
            },
            "operations": {
                identity: {
                    "action": operation.action,
                    "channel": {"$ref": local("channels", operation.channel.name.raw)},
                    "messages": [
                        {"$ref": local("channels", operation.channel.name.raw, "messages", keys[id(m)])}
                        for m in operation.messages
                    ],
                }
                for identity, operation in self._operations.items()
            },
            "components": {"messages": self._payloads, "schemas": schemas},
        }  # fmt: skip

    def _followed(self, node: Node | None) -> Node | None:
        return self._references.follow(node, siblings=False) if node is not None else None

    def _children(self, node: Node, key: str) -> Iterator[tuple[str, Node]]:
        found = node.get(key)
        if found is not None and self._is_object(found):
            for name, child in found.children():
                if not str(name).startswith("x-"):
                    yield str(name), child

    def _is_object(self, node: Node) -> bool:
        if not isinstance(node.value, dict):
            self._complain(node, "shape", "this has to be an object", "correct the document")
            return False
        return True

    def _complain(self, node: Node, rule: str, message: str, remedy: str, severity: Severity = Severity.ERROR) -> None:
        self._findings.append(Finding(node.at, rule, message, remedy, severity))


def _text(node: Node | None, key: str) -> Text:
    child = node.get(key) if node else None
    return Text(str(child.value)) if child and isinstance(child.value, (str, int, float)) else Text("")
