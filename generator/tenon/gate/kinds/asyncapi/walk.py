"""AsyncAPI 2 and 3: pairs of channels, operations, messages and payloads, for what changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tenon.gate.context import Context
from tenon.gate.json import files
from tenon.gate.json.judge import Judge
from tenon.gate.json.site import Root, Site
from tenon.gate.json.touched import Touched
from tenon.gate.kinds.asyncapi.model import Message, Operation, channels, operations, protocols, template, version
from tenon.gate.kinds.asyncapi.pairs import (
    AsyncDocumentPair,
    AsyncOperationPair,
    ChannelPair,
    MessagePair,
    PayloadPair,
    ProtobufPayloadPair,
)
from tenon.gate.verdict import Stability

_MARKER = re.compile(r"""(?:^|[{,])\s*["']?asyncapi["']?\s*:""", re.MULTILINE)
_PASSING = frozenset({"ws", "wss", "http", "https", "mqtt", "mqtts", "secure-mqtt", "stomp", "stomps", "redis", "sse"})
"""Protocols whose messages are gone once they are delivered."""
_JSON_DIALECTS = frozenset({"draft7", "draft2020-12", "openapi3.0"})


def pair(context: Context) -> Iterator[object]:
    """Every pair of a channel, an operation, a message or a payload that may have changed."""
    for roots in files.pairs(context, _MARKER, _names):
        sides = [root for root in (roots.old, roots.new) if root is not None]
        if all(_readable(root, context) for root in sides):
            yield from _document(roots.old, roots.new, context)


def _names(root: Root) -> set[str]:
    return {template(address) or name for name, (address, _) in channels(root).items()}


def _readable(root: Root, context: Context) -> bool:
    said = str(root.value.get("asyncapi", ""))
    if not said.startswith(("2.", "3.")):
        context.problems.append(f"{root.document.file}:1: AsyncAPI {said[:20]} is not known")
        return False
    return True


def _document(old: Root | None, new: Root | None, context: Context) -> Iterator[object]:
    touched = Touched(old, new) if old is not None and new is not None else None
    if touched is not None and old is not None and new is not None and version(old) != version(new):
        touched.everything = True
    judge = Judge("assert" if context.policy.formats == "assert" else "annotation")
    document = AsyncDocumentPair(old, new, touched, context.policy, judge=judge)
    sides = [[] if root is None else list(operations(root)) for root in (old, new)]
    yield from _channels(document, sides, context)
    for before, after in _paired(*sides):
        context.counts["event operations"] += 1
        known = after or before
        assert known is not None
        found = AsyncOperationPair(
            document,
            before,
            after,
            f"{known.action} {known.address}",
            _stability(before, after, context),
            _retained(known),
        )
        yield found
        if before is not None and after is not None:
            yield from _messages(found, before.messages, after.messages, found.sends)
            yield from _messages(found, before.reply_messages, after.reply_messages, not found.sends, "reply ")


def _stability(old: Operation | None, new: Operation | None, context: Context) -> Stability:
    """What the contract promised: `x-stability` of the operation or its document, else of the folder."""
    side = old or new
    if side is None:
        return Stability.STABLE
    root = side.site.root
    for said in (
        side.value.get("x-stability"),
        root.value.get("x-stability"),
        root.site.child("info").mapping.get("x-stability"),
    ):
        try:
            return Stability(said)
        except ValueError:
            continue
    return context.stability(root.document.file)


def _retained(operation: Operation) -> bool:
    """Whether messages stay in the channel; where nobody says, they do."""
    said = operation.channel.mapping.get("x-tenon-retention")
    if said is not None:
        return said not in (0, "0", "none", False)
    spoken = protocols(operation.site.root)
    return not spoken or not spoken <= _PASSING


def _channels(document: AsyncDocumentPair, sides: list[list[Operation]], context: Context) -> Iterator[ChannelPair]:
    old, new = ({} if root is None else channels(root) for root in (document.old, document.new))
    used = [{each.channel.keys for each in side} for side in sides]
    for left, right in _match(old, new):
        before, after = (old[left] if left else None), (new[right] if right else None)
        known = after or before
        assert known is not None
        name = left or right or ""
        subject = f"channel {known[0] or name}"
        root = document.old if before else document.new
        yield ChannelPair(
            document,
            before[1] if before else None,
            after[1] if after else None,
            subject,
            (before[0] if before else "", after[0] if after else ""),
            (before is not None and before[1].keys in used[0], after is not None and after[1].keys in used[1]),
            context.stability(root.document.file) if root else Stability.STABLE,
        )


def _match(
    old: Mapping[str, tuple[str, Site]], new: Mapping[str, tuple[str, Site]]
) -> Iterator[tuple[str | None, str | None]]:
    """Names of channels that are the same one: by address, then by name."""
    right = dict(new)
    by_address = {template(address): name for name, (address, _) in new.items() if address}
    left = []
    for name, (address, _) in old.items():
        twin = by_address.get(template(address)) if address else None
        if twin in right:
            del right[twin]
            yield name, twin
        else:
            left.append(name)
    for name in left:
        if name in right:
            del right[name]
            yield name, name
        else:
            yield name, None
    for name in right:
        yield None, name


def _paired(old: list[Operation], new: list[Operation]) -> Iterator[tuple[Operation | None, Operation | None]]:
    """Operations that are the same one: by address and action, then by name."""
    keys: list[Any] = [
        lambda each: (template(each.address), each.action, each.name),
        lambda each: (template(each.address), each.action),
        lambda each: each.name,
    ]
    left, right = list(old), list(new)
    for key in keys:
        known: dict[Any, Operation] = {}
        for each in right:
            known.setdefault(key(each), each)
        for each in list(left):
            twin = known.pop(key(each), None)
            if twin is not None:
                left.remove(each)
                right.remove(twin)
                yield each, twin
    for each in left:
        yield each, None
    for each in right:
        yield None, each


def _messages(
    operation: AsyncOperationPair, old: dict[str, Message], new: dict[str, Message], sends: bool, prefix: str = ""
) -> Iterator[object]:
    touched = operation.document.touched
    assert touched is not None
    left, right = dict(old), dict(new)
    couples: list[tuple[Message | None, Message | None]] = []
    for key in [key for key in left if key in right]:
        couples.append((left.pop(key), right.pop(key)))
    for key, each in list(left.items()):
        twin = next((other for other, one in right.items() if one.name == each.name), None)
        if twin is not None:
            couples.append((left.pop(key), right.pop(twin)))
    if len(left) == len(right) == 1 and not couples:
        couples.append((left.popitem()[1], right.popitem()[1]))  # the only one: it was renamed
    couples += [(each, None) for each in left.values()] + [(None, each) for each in right.values()]
    for before, after in couples:
        known = after or before
        assert known is not None
        found = MessagePair(operation, before, after, f"event {prefix}{known.name}", sends)
        if before is not None and after is not None:
            defaults = [each.site.root.value.get("defaultContentType") for each in (before, after)]
            if defaults[0] == defaults[1] and touched.same(before.site.value, after.site.value):
                continue
        yield found
        if before is not None and after is not None:
            yield from _payload(found, before, after)


def _payload(pair: MessagePair, old: Message, new: Message) -> Iterator[object]:
    touched = pair.operation.document.touched
    formats = old.schema_format, new.schema_format
    sites = old.payload, new.payload
    if formats == ("protobuf", "protobuf"):
        names = _protobuf(sites[0]), _protobuf(sites[1])
        if names[0] != names[1]:
            yield ProtobufPayloadPair(pair, *sites, names)
        return
    differ = touched is not None and (formats[0] != formats[1] or not touched.same(sites[0].value, sites[1].value))
    if differ and set(formats) <= _JSON_DIALECTS:
        yield PayloadPair(pair, *sites, formats)


def _protobuf(site: Site) -> str:
    """The full name of the message that a payload refers to."""
    reference = site.value.get("$ref") if isinstance(site.value, dict) else None
    return reference.rpartition("#")[2].lstrip("/") if isinstance(reference, str) else ""
