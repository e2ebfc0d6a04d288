"""Protobuf: files, messages, fields, enums, services and RPCs of both sides, paired by their full names and numbers.

Both sides are compiled and read by Google's protobuf. Files of the same text on both sides cost one digest.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tenon.gate.context import Context
from tenon.gate.kinds.protobuf import enums, opinion, travel
from tenon.gate.kinds.protobuf.pairs import (
    Complaint,
    EnumPair,
    FieldPair,
    FilePair,
    MessagePair,
    MethodPair,
    ServicePair,
    Sides,
    Travel,
    Way,
)
from tenon.gate.kinds.protobuf.side import compiled, narrowed, source

__all__ = [
    "Complaint", "EnumPair", "FieldPair", "FilePair", "MessagePair", "MethodPair", "ServicePair", "Sides", "Travel",
    "Way", "pair",
]  # fmt: skip

_MAX_FIELDS = 16
"""Fields that witnesses of one enum are tried with."""


def pair(context: Context) -> Iterator[object]:
    """What differs between the two sides."""
    old, new = source(context.old, context.old_documents.label), source(context.new, context.new_documents.label)
    context.counts["proto files"] += sum(1 for _ in new.tree.matching(".proto"))
    if old.digest == new.digest:
        return
    with ThreadPoolExecutor(2) as pool:
        (before, problems), (after, more) = pool.map(compiled, narrowed(old, new), (old, new))
        context.problems += [*problems, *more]
        if before is None or after is None:
            return
        asked = pool.submit(opinion.complaints, before, after)
        routes = travel.Routes((before, after), travel.events(context))
        complaints = asked.result()
    if complaints is None:
        context.notes.append("`buf breaking` could not be asked for a second opinion of the protobuf contracts")
    by_place: dict[tuple[str, int], set[str]] = {}
    for each in complaints or ():
        by_place.setdefault((each.at.file, each.at.line), set()).add(each.rule)
    sides = Sides(before, after, {place: frozenset(ids) for place, ids in by_place.items()})
    context.counts["messages"] += len(after.messages)
    yield from _files(sides)
    yield from _messages(sides, routes)
    yield from _enums(sides, routes)
    yield from _services(sides)
    yield from complaints or ()


def _matched(old: dict[str, Any], new: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    for name in dict.fromkeys((*old, *new)):
        yield old.get(name), new.get(name)


def _differ(sides: Sides, old: Any, new: Any) -> bool:
    return old is None or new is None or sides.old.digest(old) != sides.new.digest(new)


def _files(sides: Sides) -> Iterator[FilePair]:
    for old, new in _matched(sides.old.files, sides.new.files):
        yield FilePair(sides, old, new)


def _messages(sides: Sides, routes: travel.Routes) -> Iterator[MessagePair | FieldPair]:
    for old, new in _matched(sides.old.messages, sides.new.messages):
        if not _differ(sides, old, new):
            continue
        message = MessagePair(sides, old, new, routes.of((old or new).full_name))
        yield message
        if old is not None and new is not None:
            numbers = dict.fromkeys(field.number for each in (old, new) for field in each.fields)
            for number in numbers:
                yield FieldPair(message, old.fields_by_number.get(number), new.fields_by_number.get(number))


def _enums(sides: Sides, routes: travel.Routes) -> Iterator[EnumPair]:
    holders: dict[str, list[tuple[Any, Any]]] | None = None
    for old, new in _matched(sides.old.enums, sides.new.enums):
        if not _differ(sides, old, new):
            continue
        holders = holders if holders is not None else _holders(sides)
        name = (old or new).full_name
        yield EnumPair(sides, old, new, routes.of(name), tuple(holders.get(name, ())))


def _holders(sides: Sides) -> dict[str, list[tuple[Any, Any]]]:
    """By enum, the fields that hold it on both sides."""
    found: dict[str, list[tuple[Any, Any]]] = {}
    for name, message in sides.old.messages.items():
        other: Any = sides.new.messages.get(name)
        for field in message.fields if other is not None else ():
            peer = other.fields_by_number.get(field.number)
            enum, same = enums.held(field), enums.held(peer) if peer is not None else None
            if enum is None or same is None or enum.full_name != same.full_name:
                continue
            alike = field.is_repeated == peer.is_repeated and field.type == peer.type
            if alike and len(found.get(enum.full_name, ())) < _MAX_FIELDS:
                found.setdefault(enum.full_name, []).append((field, peer))
    return found


def _services(sides: Sides) -> Iterator[ServicePair | MethodPair]:
    for old, new in _matched(sides.old.services, sides.new.services):
        if not _differ(sides, old, new):
            continue
        service = ServicePair(sides, old, new)
        yield service
        if old is not None and new is not None:
            for before, after in _matched(old.methods_by_name, new.methods_by_name):
                if before is None or after is None or _differ_in(before, after):
                    yield MethodPair(service, before, after)


def _differ_in(old: Any, new: Any) -> bool:
    """Whether two RPCs differ. The service's own options hold for each of them."""
    first, second = (
        (
            method.containing_service.GetOptions().SerializeToString(deterministic=True),
            method.GetOptions().SerializeToString(deterministic=True),
            method.input_type.full_name,
            method.output_type.full_name,
            method.client_streaming,
            method.server_streaming,
        )
        for method in (old, new)
    )
    return first != second
