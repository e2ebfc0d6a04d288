"""Payloads are read by those who agreed on them, today's and yesterday's.

What a service *sends* has to be what the receivers of the old contract take: every payload that the new schema allows
is one that the old schema allowed. What it *receives* has to be taken still: every payload that the old schema allowed
is one that the new schema allows. And where messages stay in the channel, a receiver of the new contract reads those
that were sent under the old one: for them the second question is asked of what is sent as well (direction *stored*).
Retention is assumed unless `x-tenon-retention: none` stands at the channel or every server speaks a protocol that
keeps nothing (WebSocket, HTTP, MQTT).

**Decided** by subset reasoning for JSON Schema (draft 7, AsyncAPI's own, OpenAPI's), with the policies of the
repository. A payload that refers to a protobuf message is judged with that message; here only a reference that names
another message is told. Other schema languages (Avro, RAML) are *unproven* when they change.

Before:

    payload: {type: object, required: [id], properties: {id: {type: string}}}

After, which refuses what is still in the stream:

    payload: {type: object, required: [id, at], properties: {id: {type: string}, at: {type: string}}}

**Safely**: add properties as optional; a message that means something else gets another channel.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tenon.gate.context import Context
from tenon.gate.documents import canonical
from tenon.gate.kinds.asyncapi.facts import of_message
from tenon.gate.kinds.asyncapi.pairs import MessagePair, PayloadPair, ProtobufPayloadPair
from tenon.gate.verdict import Change, Direction, Role, Verdict, unproven

ON = (PayloadPair, ProtobufPayloadPair, MessagePair)
_JUDGED = frozenset({"draft7", "draft2020-12", "openapi3.0", "protobuf"})


def judge(pair: PayloadPair | ProtobufPayloadPair | MessagePair, context: Context) -> Iterator[Change]:
    match pair:
        case PayloadPair():
            yield from _json(pair)
        case ProtobufPayloadPair():
            yield unproven(
                pair.message.subject,
                f"its payload is {pair.names[1]} and was {pair.names[0]}: whether both read the same is not decided",
                "keep the message's name, or send the new one on a channel of its own",
                detail="protobuf message",
                **of_message(pair.message, "payload"),
            )
        case MessagePair():
            yield from _formats(pair)


def _json(pair: PayloadPair) -> Iterator[Change]:
    message = pair.message
    document, subject = message.operation.document, f"{message.subject} payload"
    asked = [(message.sends, Direction.EVENT, message.role)]
    if message.sends and message.operation.retained:
        asked.append((False, Direction.STORED, Role.RECEIVER))
    told: set[tuple[str, str]] = set()
    for sender_is_new, direction, role in asked:
        exchange = document.exchange(sender_is_new, direction, pair.dialects, role)
        thing = "stored messages" if direction is Direction.STORED else "messages"
        for change in exchange.judge(subject, pair.old, pair.new, thing):
            if change.verdict is Verdict.SAFE:
                if (change.subject, change.detail) in told:
                    continue
                told.add((change.subject, change.detail))
            yield replace(change, stability=message.operation.stability)


def _formats(pair: MessagePair) -> Iterator[Change]:
    """A schema language that changes, or one that is not judged."""
    if pair.old is None or pair.new is None:
        return
    formats = pair.old.schema_format, pair.new.schema_format
    unknown = [name for name in formats if name not in _JUDGED]
    mixed = ("protobuf" in formats) and formats[0] != formats[1]
    if not unknown and not mixed:
        return
    if formats[0] == formats[1] and canonical(pair.old.payload.value) == canonical(pair.new.payload.value):
        return
    reason = f"schemas in {unknown[0]} are not judged" if unknown else f"it was {formats[0]} and is {formats[1]}"
    yield unproven(
        f"{pair.subject} payload",
        f"it is not decided whether messages are still read: {reason}",
        "compare them by hand, or approve the change with a waiver that says why it is harmless",
        detail="schema format",
        **of_message(pair, "payload"),
    )
