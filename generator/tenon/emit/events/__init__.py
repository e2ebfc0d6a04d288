"""Typed publishers and handlers: ``events.py`` for what a package sends and receives, ``context.py`` always."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tenon.emit.templating import template
from tenon.file import File
from tenon.lang import naming
from tenon.lang.protobuf_python import Imports, Types, attribute
from tenon.lang.python import docstring, literal, module_name, module_path, unique
from tenon.model.graph import Model, Package, ResolvedEvent

_OURS = {"Any", "Context", "Event", "EventHandlers", "Subscription", "abstractmethod", "annotations", "subscriptions"}


@dataclass(frozen=True, slots=True)
class EventView:
    """One event that the package sends or receives."""

    constant: str
    function: str
    payload: str
    spec: str
    doc: str
    ref: str


def emit(model: Model) -> Iterator[File]:
    """``context.py`` for every package that serves anything, ``events.py`` where there are events."""
    types = Types(model.protobuf)
    for package in model.packages:
        if package.services or package.document or package.event_document:
            yield _context(package, types)
        if package.sends or package.receives:
            yield _events(package, types)


def _context(package: Package, types: Types) -> File:
    imports = Imports({"Context", "Never", "TypeAlias", "tenon_runtime"})
    sent = [types.use(event.proto.name, imports) for event in package.sends if event.proto is not None]
    text = template(__file__, "context.py.jinja").render(
        package=naming.title(package),
        imports=imports.lines(),
        events=" | ".join(dict.fromkeys(sent)) or "Never",
        any=bool(sent),
    )
    return File(f"{module_path(package.name)}/context.py", text, _source(package))


def _events(package: Package, types: Types) -> File:
    domain = naming.domain_class(package)
    taken = {*_OURS, f"{domain}Events"}
    sent = [(event.short.upper(), unique(f"publish_{event.short}", taken)) for event in package.sends]
    handled = [unique(f"on_{subscription.event.short}", taken) for subscription in package.receives]
    received = [(f"_{name.removeprefix('on_').upper()}", name) for name in handled]
    imports = Imports({*taken, *(constant for constant, _ in sent)})
    payloads = naming.payload_types(package.event_document) if package.event_document else {}
    own = f"{module_name(package.name)}.payloads"
    sends = tuple(
        _view(event, names, types, imports, payloads, own) for event, names in zip(package.sends, sent, strict=True)
    )
    receives = tuple(
        _view(subscription.event, names, types, imports, payloads, own)
        for subscription, names in zip(package.receives, received, strict=True)
    )
    text = template(__file__, "events.py.jinja").render(
        package=naming.title(package),
        class_name=f"{domain}Events",
        imports=imports.lines(),
        context=f"{module_name(package.name)}.context",
        sends=sends,
        receives=receives,
        any=any(view.payload == "Any" for view in (*sends, *receives)),
        exports=_exports(f"{domain}Events", sends, receives),
    )
    return File(f"{module_path(package.name)}/events.py", text, _source(package))


def _exports(class_name: str, sends: tuple[EventView, ...], receives: tuple[EventView, ...]) -> str:
    """``__all__``: a receiver takes the payloads from here, and so never imports another domain's package."""
    names = {view.constant for view in sends} | {view.function for view in sends}
    if receives:
        names |= {class_name} | {view.payload.split(".")[0] for view in receives if view.payload != "Any"}
    return literal(sorted(names))


def _source(package: Package) -> str:
    first = package.event_document or package.document or (package.services[0] if package.services else None)
    return first.at.file if first is not None else package.name


def _view(
    event: ResolvedEvent, names: tuple[str, str], types: Types, imports: Imports, payloads: dict[str, str], own: str
) -> EventView:
    constant, function = names
    if event.proto is not None:
        payload = message = types.use(event.proto.name, imports)
        pointer = "None"
    else:
        name = payloads.get(event.message.pointer)
        payload = imports.use(own, name) if name else "Any"
        message, pointer = "None", literal(event.message.pointer)
    key = attribute(event.key) if event.key is not None else event.json_key
    ref = f"{event.at.file}#{event.name}"
    return EventView(
        constant=constant,
        function=function,
        payload=payload,
        spec=(
            f"Event(name={literal(event.name)}, subject={literal(event.subject)}, stream={literal(event.stream)}, "
            f"message={message}, schema={pointer}, key={literal(key)}, ref={literal(ref)})"
        ),
        doc=docstring(
            event.message.description.raw or (event.proto.comment if event.proto else ""),
            4,
            fallback=f"The event {event.name}.",
        ),
        ref=ref,
    )
