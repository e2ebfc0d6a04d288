"""Who owns which data, and where personal data goes: by events to other contexts, by answers to callers."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from tenon.emit.diagrams.platform import Context, Platform
from tenon.lang import markdown
from tenon.model.graph import Model
from tenon.model.proto import FieldKind, Message

_PATHS, _VISITS = 40, 10_000
"""Bounds for messages that contain very many others."""


@dataclass(frozen=True, slots=True)
class Ownership:
    """Markdown by the cell."""

    contexts: tuple[tuple[str, ...], ...]
    copies: tuple[tuple[str, ...], ...]
    personal: tuple[tuple[str, ...], ...]
    answers: tuple[tuple[str, ...], ...]


def view(platform: Platform, model: Model) -> Ownership:
    """The page."""
    fields = Personal({message.name: message for message in model.protobuf.messages})
    packages = [package for context in platform.contexts for package in context.packages]
    return Ownership(
        contexts=tuple(_owned(context) for context in platform.contexts),
        copies=tuple(
            (
                markdown.code(event.name),
                markdown.inline(event.domain),
                markdown.inline(package.domain),
                _list(fields.of(event.proto.name)) if event.proto else "not marked: the payload is JSON",
            )
            for package in packages
            for event in (subscription.event for subscription in package.receives)
        ),
        personal=tuple(
            (markdown.code(message.name), _list([field.name for field in message.fields if field.personal]))
            for package in packages
            for message in model.protobuf.messages
            if message.package == package.name and any(field.personal for field in message.fields)
        ),
        answers=tuple(
            (
                markdown.code(f"{rpc.service.name}/{rpc.method.name}"),
                "anybody" if rpc.policy.public else _list(list(rpc.policy.scopes)) or "any token",
                _list(paths),
            )
            for package in packages
            for rpc in package.rpcs
            if (paths := fields.of(rpc.method.output))
        ),
    )


def _owned(context: Context) -> tuple[str, ...]:
    component = next((p.component for p in context.packages if p.component is not None), None)
    return (
        markdown.inline(context.name),
        markdown.inline(component.owner) if component else "",
        ", ".join(markdown.code(table) for table in component.tables) if component else "",
        markdown.inline(component.lifecycle) if component else "",
    )


def _list(names: list[str]) -> str:
    return ", ".join(markdown.code(name) for name in names)


class Personal:
    """The personal fields that a message carries, at whatever depth."""

    def __init__(self, messages: dict[str, Message]) -> None:
        self._messages = messages

    def of(self, name: str) -> list[str]:
        """Dotted paths of the fields that are marked as personal data, the first `_PATHS` of them.

        A message inside itself is not followed.
        """
        found: list[str] = []
        todo: deque[tuple[str, tuple[str, ...]]] = deque([("", (name,))])
        visits = 0
        while todo and len(found) < _PATHS and visits < _VISITS:
            prefix, types = todo.popleft()
            visits += 1
            message = self._messages.get(types[-1])
            for field in message.fields if message else ():
                if field.personal:
                    found.append(prefix + field.name)
                if field.type.kind is FieldKind.MESSAGE and field.type.name not in types:
                    todo.append((f"{prefix}{field.name}.", (*types, field.type.name)))
        return found[:_PATHS]
