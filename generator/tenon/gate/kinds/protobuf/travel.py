"""Which messages travel which way: read off the services and the event contracts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from tenon.gate.context import Context
from tenon.gate.documents import Unreadable
from tenon.gate.kinds.protobuf.pairs import Travel, Way
from tenon.gate.kinds.protobuf.side import Side

_REFERENCE = re.compile(r"""\.proto#/?([A-Za-z_][\w.]*)""")
_ORDER = tuple(Way)
_MAX_METHODS = 1000
"""RPCs that one change names at most."""


class Routes:
    """From a message or enum up to the RPCs and events that carry it, on both sides."""

    def __init__(self, sides: Iterable[Side], events: set[str]) -> None:
        self._users: dict[str, set[str]] = {}
        self._carried: dict[str, dict[str, set[Way]]] = {}
        self._events = events
        for side in sides:
            for message in side.messages.values():
                for inner in _inner(message):
                    self._users.setdefault(inner, set()).add(message.full_name)
            for service in side.services.values():
                for method in service.methods:
                    for message, way in ((method.input_type, Way.REQUEST), (method.output_type, Way.RESPONSE)):
                        ways = self._carried.setdefault(message.full_name, {})
                        ways.setdefault(method.full_name, set()).add(way)

    def of(self, name: str) -> Travel:
        """How the message or enum `name` travels."""
        ways: set[Way] = set()
        methods: dict[str, None] = {}
        seen, todo = {name}, [name]
        while todo:
            current = todo.pop()
            for method, carried in self._carried.get(current, {}).items():
                methods[method] = None
                ways |= carried
            if current in self._events:
                ways |= {Way.EVENT, Way.STORED}
            new = self._users.get(current, set()) - seen
            seen |= new
            todo += new
        known = tuple(way for way in _ORDER if way in ways)
        return Travel(known or (Way.REQUEST, Way.RESPONSE), tuple(sorted(methods)[:_MAX_METHODS]))


def events(context: Context) -> set[str]:
    """The messages that event contracts name as payloads, on either side."""
    found: set[str] = set()
    for snapshot, documents in (
        (context.old, context.old_documents),
        (context.new, context.new_documents),
    ):
        for name in snapshot.contract_files(".yaml", ".yml", ".json"):
            document = documents.load(name)
            try:
                text = document.text if document is not None else ""
            except Unreadable:
                continue  # whose contract it is says so
            if "asyncapi" in text:
                found.update(_REFERENCE.findall(text))
    return found


def _inner(message: Any) -> Iterator[str]:
    """The messages and enums that fields of `message` hold."""
    for each in message.fields:
        value = each
        if each.message_type is not None and each.message_type.GetOptions().map_entry:
            value = each.message_type.fields_by_number[2]
        inner = value.message_type or value.enum_type
        if inner is not None:
            yield inner.full_name
