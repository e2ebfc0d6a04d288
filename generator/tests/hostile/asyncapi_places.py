"""Each place of an AsyncAPI document, 2.6 and 3.0, and of a component descriptor where a text can stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

JSON = dict[str, Any]
Place = Callable[[JSON, str], None]
"""Puts a payload into one event: its ``key``, ``channel``, ``operation`` and ``message``."""


def _event(i: int) -> JSON:
    return {
        "key": f"c{i}",
        "operation-key": f"send{i}",
        "channel": {"address": f"things.{i}", "description": "plain"},
        "operation": {"action": "send", "description": "plain"},
        "message": {
            "name": f"thing_{i}",
            "title": "plain",
            "summary": "plain",
            "description": "plain",
            "contentType": "application/json",
            "payload": {
                "type": "object",
                "title": "plain",
                "description": "plain",
                "properties": {"id": {"type": "string", "description": "plain"}, "e": {"enum": ["one", "two"]}},
            },
        },
    }


def _set(*path: str) -> Place:
    def put(event: JSON, payload: str) -> None:
        target: Any = event
        for key in path[:-1]:
            target = target.setdefault(key, {})
        target[path[-1]] = payload

    return put


def _enum(event: JSON, payload: str) -> None:
    event["message"]["payload"]["properties"]["e"] = {"enum": [payload, "another"]}


def _bindings(event: JSON, payload: str) -> None:
    for owner in ("channel", "operation", "message"):
        event[owner]["bindings"] = {"nats": {"queue": payload}, "kafka": {payload: payload}}
        event[owner][f"x-{payload}"] = payload


def _tags(event: JSON, payload: str) -> None:
    for owner in ("operation", "message"):
        event[owner]["tags"] = [{"name": payload, "description": payload}]


def _headers(event: JSON, payload: str) -> None:
    event["message"]["headers"] = {"type": "object", "properties": {payload: {"description": payload}}}


TEXTS: dict[str, Place] = {
    "channel-description": _set("channel", "description"),
    "operation-description": _set("operation", "description"),
    "message-title": _set("message", "title"),
    "message-summary": _set("message", "summary"),
    "message-description": _set("message", "description"),
    "payload-description": _set("message", "payload", "description"),
    "payload-title": _set("message", "payload", "title"),
    "property-description": _set("message", "payload", "properties", "id", "description"),
    "pattern": _set("message", "payload", "properties", "id", "pattern"),
    "default": _set("message", "payload", "properties", "id", "default"),
    "enum": _enum,
    "bindings": _bindings,
    "tags": _tags,
    "headers": _headers,
}


def _property(event: JSON, payload: str) -> None:
    event["message"]["payload"]["properties"] = {payload: {"type": "object", "properties": {payload: {}}}}


NAMES: dict[str, Place] = {
    "channel-key": _set("key"),
    "address": _set("channel", "address"),
    "operation-key": _set("operation-key"),
    "message-name": _set("message", "name"),
    "content-type": _set("message", "contentType"),
    "schema-format": _set("message", "payload", "schemaFormat"),
    "payload-ref": _set("message", "payload", "$ref"),
    "message-ref": _set("message", "$ref"),
    "key": _set("message", "x-tenon-key"),
    "property": _property,
    "action": _set("operation", "action"),
}


def version3(place: str, payloads: Mapping[str, str]) -> JSON:
    channels: JSON = {}
    operations: JSON = {}
    for i, payload in enumerate(payloads.values()):
        event = _event(i)
        (TEXTS | NAMES)[place](event, payload)
        key = event["key"]
        channels[key] = {**event["channel"], "messages": {"m": event["message"]}}
        pointer = key.replace("~", "~0").replace("/", "~1")
        operations[event["operation-key"]] = {**event["operation"], "channel": {"$ref": f"#/channels/{pointer}"}}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "plain", "version": "1"},
        "channels": channels,
        "operations": operations,
    }


def version2(place: str, payloads: Mapping[str, str]) -> JSON:
    channels: JSON = {}
    for i, payload in enumerate(payloads.values()):
        event = _event(i)
        (TEXTS | NAMES)[place](event, payload)
        address = event["channel"].pop("address")
        event["operation"].pop("action")
        operation = {**event["operation"], "operationId": event["operation-key"], "message": event["message"]}
        channels[address if event["key"] == f"c{i}" else event["key"]] = {**event["channel"], "subscribe": operation}
    return {"asyncapi": "2.6.0", "info": {"title": "plain", "version": "1"}, "channels": channels}


def component(payload: str) -> JSON:
    """A component descriptor that says the same in every place."""
    return {
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Component",
        "metadata": {
            "name": payload,
            "title": payload,
            "description": payload,
            "annotations": {"tenon.dev/owns": payload, payload: payload},
            "tags": [payload],
        },
        "spec": {"type": payload, "lifecycle": payload, "owner": payload, "system": payload},
    }
