"""A new event: its message, the sending side, and the receiving side in another domain."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tenon.edit import fields, mapping, starter
from tenon.edit.fields import COMMAND, NewField
from tenon.edit.proto import ProtoText, message_lines
from tenon.edit.workspace import Workspace, refuse
from tenon.model.graph import Package, ResolvedEvent
from tenon.model.proto import FieldKind
from tenon.read.document import load

_NAME = re.compile(r"[A-Z][A-Za-z0-9]*")
_KEYS = frozenset({"string", "int32", "int64", "uint32", "uint64", "fixed32", "fixed64", "sfixed32", "sfixed64"})
_PROTOBUF = "application/vnd.google.protobuf;version=3"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """What is asked for. `key` names the field that orders events; empty: the first one that ends in ``_id``."""

    domain: str
    name: str
    fields: tuple[str, ...] = ()
    key: str = ""
    receiver: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class _Side:
    """One event as one AsyncAPI document speaks of it."""

    short: str
    """``video_liked``"""
    domain: str
    version: str
    payload: str
    """``./catalog.proto#catalog.v1.VideoLiked``"""
    about: str
    send: bool


def add(workspace: Workspace, wanted: NewEvent) -> list[str]:
    """Add it to every file concerned; what was decided here, in words. Raises Refused."""
    package = workspace.package(wanted.domain)
    short = fields.snake(wanted.name)
    name = wanted.name if _NAME.fullmatch(wanted.name) else "".join(part.capitalize() for part in short.split("_"))
    if not _NAME.fullmatch(name):
        raise refuse(COMMAND, "name", f"{wanted.name!a} is no name of an event", "use what happened, as VideoLiked")
    existing = next((e for e in package.sends if e.short == short), None)
    if existing is not None:
        return _receive_existing(workspace, package, existing, wanted)
    text = ProtoText(workspace, workspace.proto_of(package))
    full = f"{package.name}.{name}"
    for message in workspace.model.protobuf.messages:
        if message.name == full:
            raise refuse(message.at, "exists", f"{full} is there already", "choose another name for the event")
    said: list[str] = []
    given = [fields.parse(workspace, package.name, f, proto2=text.proto2) for f in wanted.fields]
    listed = _with_key(given, wanted.key, said)
    about = wanted.comment or f"{fields.words(name).capitalize()}."
    for field in listed:
        text.need(field)
    text.add_messages(message_lines(name, f"Event: {about[:1].lower()}{about[1:]}", listed))
    side = _Side(
        short, package.domain, _version(package), _payload(workspace, package, text.file.at.file, full), about, True
    )
    _document(workspace, package, side)
    if wanted.receiver:
        _receive(workspace, package, wanted.receiver, side, text.file.at.file, full)
    return said


def _receive_existing(workspace: Workspace, package: Package, event: ResolvedEvent, wanted: NewEvent) -> list[str]:
    if not wanted.receiver or wanted.fields:
        raise refuse(event.at, "exists", f"{event.name} is there already", "choose another name; to receive it: "
                     f"tenon add event {wanted.domain} {wanted.name} --receiver DOMAIN")  # fmt: skip
    if event.proto is None:
        raise refuse(event.at, "payload", f"{event.name} has no protobuf payload", "write the receiving side by hand")
    file = workspace.file(event.proto.file).at.file
    about = event.message.description.raw or f"{fields.words(event.short).capitalize()}."
    side = _Side(event.short, package.domain, _version(package), "", about, True)
    _receive(workspace, package, wanted.receiver, side, file, event.proto.name)
    return []


def _with_key(listed: Sequence[NewField], key: str, said: list[str]) -> list[NewField]:
    usable = [f for f in listed if f.type.kind is FieldKind.SCALAR and f.type.name in _KEYS and not f.repeated]
    usable = [f for f in usable if f.map_key is None]
    chosen = next((f for f in usable if f.name == key), None)
    if key and chosen is None:
        names = ", ".join(f.name for f in usable) or "none"
        raise refuse(COMMAND, "key", f"{key!a} cannot order events", f"use one string or integer field: {names}")
    if not key:
        chosen = next((f for f in usable if f.name.endswith("_id")), None)
        if chosen is None and listed:
            said.append("events have no ordering key (choose one with --key)")
        elif chosen is not None:
            said.append(f"events are ordered by {chosen.name} (choose with --key)")
    return [replace(f, key=f is chosen) for f in listed]


def _receive(workspace: Workspace, package: Package, receiver: str, side: _Side, file: str, full: str) -> None:
    other = workspace.package(receiver)
    if other.domain == package.domain:
        raise refuse(COMMAND, "receiver", f"{receiver} sends the event itself", "name another domain")
    for subscription in other.receives:
        if subscription.event.name == f"{side.domain}.{side.short}":
            raise refuse(subscription.at, "exists", f"{other.name} receives it already", "nothing is left to add")
    _document(workspace, other, replace(side, payload=_payload(workspace, other, file, full), send=False))


def _version(package: Package) -> str:
    last = package.name.rsplit(".", 1)[-1]
    return last if re.fullmatch(r"v[0-9]+", last) else "v1"


def _folder(workspace: Workspace, package: Package) -> str:
    if package.event_document is not None:
        return os.path.dirname(package.event_document.at.file)
    return f"{workspace.contracts}/{package.name.replace('.', '/')}"


def _payload(workspace: Workspace, package: Package, file: str, full: str) -> str:
    """The reference to message `full` of `file` from the AsyncAPI document of `package`."""
    path = os.path.relpath(file, _folder(workspace, package))
    return f"{path if path.startswith('.') else f'./{path}'}#{full}"


def _document(workspace: Workspace, package: Package, side: _Side) -> None:
    """Add the side to the package's AsyncAPI document, which is made when there is none."""
    additions = _additions(side)
    if package.event_document is None:
        value = starter.asyncapi(package.domain)
        for key in ("channels", "operations"):
            value[key] |= additions[key]
        value["components"]["messages"] |= additions["components"]["messages"]
        workspace.create(f"{_folder(workspace, package)}/{package.domain}.asyncapi.yaml", starter.text(value))
        return
    source = load(workspace.tree, package.event_document.at.file.removeprefix(f"{workspace.contracts}/"), [])
    assert source is not None
    if not str(source.value.get("asyncapi", "")).startswith("3"):
        raise refuse(source.root.at, "asyncapi", "only AsyncAPI 3 is edited", "lift the document to 3.0 first")
    for kind in ("channels", "operations"):
        for key in additions[kind]:
            taken = source.root.find(f"/{kind}/{key}")
            if taken is not None:
                raise refuse(taken.at, "exists", f"{key} is there already", "choose another name for the event")
    slot = source.root.find("/components/parameters/slot")
    if slot is not None:
        additions["components"].pop("parameters")
    mapping.merge(workspace, source.root, additions)


def _additions(side: _Side) -> dict[str, Any]:
    camel = fields.json_name(side.short)
    pascal = camel[:1].upper() + camel[1:]
    verb = "send" if side.send else "on"
    return {
        "channels": {
            camel: {
                "address": f"evt.{side.domain}.{{slot}}.{side.short}.{side.version}",
                "description": side.about if side.send else f"Sent by {side.domain}.",
                "parameters": {"slot": {"$ref": "#/components/parameters/slot"}},
                "messages": {camel: {"$ref": f"#/components/messages/{camel}"}},
            }
        },
        "operations": {
            f"{verb}{pascal}": {
                "action": "send" if side.send else "receive",
                "summary": side.about,
                "channel": {"$ref": f"#/channels/{camel}"},
                "messages": [{"$ref": f"#/channels/{camel}/messages/{camel}"}],
            }
        },
        "components": {
            "parameters": {"slot": starter.SLOT},
            "messages": {
                camel: {
                    "name": f"{side.domain}.{side.short}",
                    "title": fields.words(side.short).capitalize(),
                    "summary": side.about,
                    "contentType": "application/protobuf",
                    "payload": {"schemaFormat": _PROTOBUF, "schema": {"$ref": side.payload}},
                }
            },
        },
    }
