"""Who talks to whom, how: the matrix, and what stands behind its cells."""

from __future__ import annotations

from dataclasses import dataclass

from tenon.emit.diagrams.platform import Context, Platform
from tenon.lang import markdown
from tenon.lang.naming import kind

_KINDS = {"UNARY": "unary", "SERVER_STREAM": "server stream", "CLIENT_STREAM": "client stream", "BIDI_STREAM": "both"}


@dataclass(frozen=True, slots=True)
class Pairs:
    """Markdown by the cell."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    operations: tuple[tuple[str, ...], ...]
    rpcs: tuple[tuple[str, ...], ...]
    events: tuple[tuple[str, ...], ...]


def view(platform: Platform) -> Pairs:
    """The page."""
    columns = ("", *(markdown.inline(context.name) for context in platform.contexts))
    consumers = tuple(f"REST ({context.rest})" if context.rest else "" for context in platform.contexts)
    rows = [("*API consumers*", *consumers)] if platform.has_rest else []
    for sender in platform.contexts:
        cells = (_cell(platform, sender, receiver) for receiver in platform.contexts)
        rows.append((f"**{markdown.inline(sender.name)}**", *cells))
    packages = [package for context in platform.contexts for package in context.packages]
    return Pairs(
        columns=columns,
        rows=tuple(rows),
        operations=tuple(
            (
                markdown.code(f"{operation.operation.method} {operation.operation.path.raw}"),
                markdown.inline(operation.operation.id),
                markdown.code(f"{operation.rpc.service.name}/{operation.rpc.method.name}") if operation.rpc else "",
            )
            for package in packages
            for operation in package.operations
        ),
        rpcs=tuple(
            (markdown.code(f"{rpc.service.name}/{rpc.method.name}"), _KINDS[kind(rpc)])
            for package in packages
            for rpc in package.rpcs
        ),
        events=tuple(
            (
                markdown.code(event.name),
                markdown.code(event.subject),
                ", ".join(_receivers(platform, event.name)) or "nobody yet",
                markdown.code(event.proto.name if event.proto else "JSON"),
                markdown.code(event.key.name if event.key else event.json_key or "") or "nothing",
            )
            for package in packages
            for event in package.sends
        ),
    )


def _cell(platform: Platform, sender: Context, receiver: Context) -> str:
    if sender is receiver:
        services = [service.name.rsplit(".", 1)[-1] for package in sender.packages for service in package.services]
        return "gRPC: " + ", ".join(map(markdown.inline, services)) if services else ""
    ways = [way for way in platform.ways if way.sender is sender and way.receiver is receiver]
    return ", ".join(markdown.code(event.split(".", 1)[1]) for way in ways for event in way.events)


def _receivers(platform: Platform, event: str) -> list[str]:
    return [markdown.inline(way.receiver.name) for way in platform.ways if event in way.events]
