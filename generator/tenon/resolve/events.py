"""Who sends what, who receives it, and that both mean the same thing."""

from __future__ import annotations

import re
from dataclasses import replace

from tenon.finding import Finding, Severity
from tenon.lang.python import snake, unique
from tenon.model import Contracts
from tenon.model.events import Channel, EventDocument, EventMessage
from tenon.model.graph import ResolvedEvent, ResolvedSubscription
from tenon.model.proto import FieldKind, Message

_SUBJECT = re.compile(r"evt\.(?P<domain>[a-z][a-z0-9_]*)\.\{slot\}\.(?P<event>[a-z][a-z0-9_]*)\.(?P<version>v[0-9]+)")
_KEY_SCALARS = {"string", "int32", "int64", "uint32", "uint64", "fixed32", "fixed64", "sfixed32", "sfixed64", "bytes"}


def sent(contracts: Contracts, *, ours: bool) -> tuple[tuple[ResolvedEvent, ...], list[Finding]]:
    """Every event that somebody sends."""
    events: list[ResolvedEvent] = []
    findings: list[Finding] = []
    for document in contracts.asyncapi:
        taken: set[str] = set()
        for operation in document.operations:
            if operation.action == "send":
                for message in operation.messages:
                    event = _event(contracts, document, operation.channel, message, taken)
                    findings += _check(event, operation.channel, ours=ours)
                    events.append(event)
    if ours:
        first: dict[str, ResolvedEvent] = {}
        for event in events:
            other = first.setdefault(event.subject, event)
            if other is not event:
                findings.append(
                    Finding(event.at, "event-two-senders", f"{event.name} is sent from two places",
                            "let one domain own the event", also=other.at)
                )  # fmt: skip
    return tuple(events), findings


def received(
    contracts: Contracts, package: str, sent: tuple[ResolvedEvent, ...], *, ours: bool
) -> tuple[tuple[ResolvedSubscription, ...], list[Finding]]:
    """The events that `package` receives; in our own tree each must be sent by another domain."""
    found: list[ResolvedSubscription] = []
    findings: list[Finding] = []
    document = next((d for d in contracts.asyncapi if d.package == package), None)
    if document is None:
        return (), []
    taken: set[str] = set()
    for operation in document.operations:
        if operation.action != "receive":
            continue
        for message in operation.messages:
            own = _event(contracts, document, operation.channel, message, taken)
            sender = next((e for e in sent if _same(e, own)), None)
            if sender is not None and sender.domain != own.package.split(".", 1)[0]:
                findings += _promised(own, sender)
                found.append(ResolvedSubscription(replace(sender, message=own.message), operation.at))
            elif not ours:
                found.append(ResolvedSubscription(own, operation.at))
            else:
                words = "its own domain sends it" if sender else "nobody sends it"
                findings.append(
                    Finding(operation.at, "event-no-sender", f"{own.subject} is received, but {words}",
                            "receive what another domain sends, or add a send operation there")
                )  # fmt: skip
            if operation.has_reply and ours:
                findings.append(
                    Finding(operation.at, "event-reply", "request-reply couples two domains",
                            "send an event of your own instead of a reply")
                )  # fmt: skip
    return tuple(found), findings


def _event(
    contracts: Contracts, document: EventDocument, channel: Channel, message: EventMessage, taken: set[str]
) -> ResolvedEvent:
    address = channel.address.raw
    match = _SUBJECT.fullmatch(address)
    domain = match["domain"] if match else document.package.split(".", 1)[0]
    base = match["event"] if match else message.name.raw.rsplit(".", 1)[-1]
    short = unique(snake(base), taken)
    proto = next((m for m in contracts.protobuf.messages if m.name == message.proto), None)
    return ResolvedEvent(
        name=f"{domain}.{short}",
        short=short,
        domain=domain,
        package=document.package,
        subject=address,
        stream=f"EVT_{domain.upper()}",
        message=message,
        proto=proto,
        key=next((f for f in proto.fields if f.key), None) if proto else None,
        json_key=message.key.raw if message.key else None,
        at=message.at,
    )


def _check(event: ResolvedEvent, channel: Channel, *, ours: bool) -> list[Finding]:
    findings = []
    if event.message.proto is not None and event.proto is None:
        findings.append(
            Finding(event.at, "event-payload", "the payload names a protobuf message that is not in the tree",
                    "name it as ./file.proto#package.Message", Severity.ERROR)
        )  # fmt: skip
    if event.key is not None and (
        event.key.type.kind is not FieldKind.SCALAR
        or event.key.type.name not in _KEY_SCALARS
        or event.key.repeated
        or event.key.map_key
    ):
        findings.append(
            Finding(event.key.at, "event-key", f"{event.key.name} cannot order events: it is not one string or integer",
                    "mark a string or integer field with (tenon.v1.key)")
        )  # fmt: skip
    if ours and not _SUBJECT.fullmatch(channel.address.raw):
        findings.append(
            Finding(channel.at, "event-subject", "the address is not of the form evt.<domain>.{slot}.<event>.v<n>",
                    f"write it as evt.{event.domain}.{{slot}}.{event.short}.v1")
        )  # fmt: skip
    elif ours and event.domain != event.package.split(".", 1)[0]:
        findings.append(
            Finding(channel.at, "event-owner",
                    f"{event.package} sends an event with the prefix of domain {event.domain}",
                    "send only events that your own domain owns")
        )  # fmt: skip
    return findings


def _same(sent: ResolvedEvent, received: ResolvedEvent) -> bool:
    return re.sub(r"\{\w+\}|\*", "*", sent.subject) == re.sub(r"\{\w+\}|\*", "*", received.subject)


def _promised(own: ResolvedEvent, sender: ResolvedEvent) -> list[Finding]:
    """A receiver must expect what the sender promises. (Schemas of JSON payloads are compared by the gate.)"""
    if own.message.proto == sender.message.proto:
        return []
    return [
        Finding(own.at, "event-payload-differs", f"{sender.name} is sent with another payload than is received here",
                f"refer to {_payload(sender.proto)}", also=sender.at)
    ]  # fmt: skip


def _payload(message: Message | None) -> str:
    return f"the message {message.name}" if message else "the sender's schema"
