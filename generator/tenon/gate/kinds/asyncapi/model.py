"""AsyncAPI 2 and 3 in one shape: what a service sends and receives, and where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tenon.gate.json.site import Root, Site

_PARAMETER = re.compile(r"\{[^{}]*\}")
_SCHEMA_FORMATS = (
    ("vnd.oai.openapi", "openapi3.0"),
    ("vnd.aai.asyncapi", "draft7"),
    ("schema+json", "draft7"),
    ("schema+yaml", "draft7"),
)


def version(root: Root) -> int:
    """2 or 3."""
    return 3 if str(root.value.get("asyncapi", "")).startswith("3") else 2


def template(address: str) -> str:
    """The address without the names of its parameters."""
    return _PARAMETER.sub("{}", address)


def merged(site: Site, key: str) -> Site:
    """The value of a key of an operation or a message, its traits included.

    In version 2 a trait goes before what it is merged into, in version 3 after it.
    """
    site = site.follow()
    own = site.child(key)
    traits = [each.child(key) for each in site.child("traits").elements()]
    found = [each for each in traits if each.there]
    if version(site.root) == 2:
        return found[-1] if found else own
    return own if own.there or not found else found[-1]


@dataclass(frozen=True, eq=False)
class Message:
    """A Message Object."""

    site: Site
    key: str
    """Its name in the channel, or in the components."""

    @property
    def name(self) -> str:
        return self.site.text("name") or self.key

    @property
    def content_type(self) -> str:
        """As declared here or for the document; empty where nobody says."""
        said = merged(self.site, "contentType").value
        said = said if isinstance(said, str) else self.site.root.value.get("defaultContentType")
        return said.strip().lower() if isinstance(said, str) else ""

    @property
    def payload(self) -> Site:
        """The schema as it is written, without the format around it."""
        raw = self._raw("payload")
        return _inner(raw)

    @property
    def headers(self) -> Site:
        return _inner(merged(self.site, "headers"))

    @property
    def schema_format(self) -> str:
        """``protobuf``, a dialect of JSON Schema, or the media type itself where it is neither."""
        said = self.site.mapping.get("schemaFormat")
        if version(self.site.root) == 3:
            said = self._raw("payload").mapping.get("schemaFormat")
        return _format(said)

    def _raw(self, key: str) -> Site:
        site = self.site
        return Site(site.root, (*site.keys, key), site.mapping.get(key))


def _inner(raw: Site) -> Site:
    """The schema of a Multi Format Schema Object, or the schema itself."""
    here = raw.follow()
    if version(raw.root) == 3 and "schemaFormat" in here.mapping and "schema" in here.mapping:
        return Site(here.root, (*here.keys, "schema"), here.mapping["schema"])
    return raw


def _format(said: Any) -> str:
    if not isinstance(said, str):
        return "draft7"
    if "protobuf" in said:
        return "protobuf"
    if "2020-12" in said or "openapi;version=3.1" in said.replace(" ", ""):
        return "draft2020-12"
    return next((dialect for words, dialect in _SCHEMA_FORMATS if words in said), said)


@dataclass(frozen=True, eq=False)
class Operation:
    """What a service does at a channel."""

    site: Site
    name: str
    action: str
    """``send`` or ``receive``, as the service sees it."""
    channel: Site
    address: str
    messages: dict[str, Message] = field(default_factory=dict)
    reply: Site | None = None
    reply_messages: dict[str, Message] = field(default_factory=dict)

    @property
    def value(self) -> dict[str, Any]:
        """The Operation Object as it is written."""
        return self.site.mapping


def channels(root: Root) -> dict[str, tuple[str, Site]]:
    """The channels by name: address and place."""
    found = {}
    for name, site in root.site.child("channels").items():
        found[name] = (site.text("address") if version(root) == 3 else name, site)
    return found


def operations(root: Root) -> Iterator[Operation]:
    """Every operation of a document."""
    if version(root) == 2:
        for address, (_, channel) in channels(root).items():
            for verb, action in (("publish", "receive"), ("subscribe", "send")):
                site = channel.child(verb).follow()
                if site.mapping:
                    name = site.text("operationId") or f"{action} {address}"
                    yield Operation(site, name, action, channel, address, _of_two(site))
        return
    for name, site in root.site.child("operations").items():
        action = site.text("action")
        channel = site.child("channel").follow()
        if action in ("send", "receive"):
            address = channel.text("address")
            reply = site.child("reply").follow()
            there = reply.child("channel").follow()
            yield Operation(
                site,
                name,
                action,
                channel,
                address or str(channel.keys[-1] if channel.keys else name),
                _of_three(site, channel),
                reply if reply.mapping else None,
                _of_three(reply, there) if reply.mapping else {},
            )


def _of_two(operation: Site) -> dict[str, Message]:
    one = operation.child("message").follow()
    several = one.child("oneOf")
    sites = list(several.elements()) if several.there else [one] if one.mapping else []
    found: dict[str, Message] = {}
    for site in sites:
        key = (
            site.text("messageId") or site.text("name") or (str(site.keys[-1]) if site.keys[0] == "components" else "")
        )
        found[key or f"message {len(found) + 1}"] = Message(site, key or "message")
    return found


def _of_three(holder: Site, channel: Site) -> dict[str, Message]:
    named = holder.child("messages")
    found: dict[str, Message] = {}
    if isinstance(named.follow().value, list):
        for index in range(len(named.follow().value)):
            raw = named.follow().child(index)
            target = raw.value.get("$ref") if isinstance(raw.value, dict) else None
            key = str(target).rsplit("/", 1)[-1] if target else str(index)
            found[key] = Message(raw.follow(), key)
    else:
        for key, site in channel.child("messages").items():
            found[key] = Message(site, key)
    return found


def protocols(root: Root) -> set[str]:
    """How the servers are spoken to."""
    return {server.text("protocol").lower() for _, server in root.site.child("servers").items()} - {""}
