"""The bounded contexts and the ways between them, as the diagrams draw them. Text is escaped for Mermaid here."""

from __future__ import annotations

from dataclasses import dataclass

from tenon.lang import markdown
from tenon.model.graph import Model, Package

_LANGUAGES = {"": "Python", "python": "Python", "rust": "Rust", "typescript": "TypeScript"}
_EVENTS = 120
"""Characters of the longest list of events beside an arrow."""


@dataclass(frozen=True, slots=True)
class Context:
    """One bounded context; `name` is its folder."""

    name: str
    alias: str
    label: str
    service: str
    store: str
    description: str
    language: str
    data: str
    packages: tuple[Package, ...]
    rest: int
    """Operations that API consumers may call."""
    operations: str
    sends: str
    receives: str
    stores: bool


@dataclass(frozen=True, slots=True)
class Way:
    """The events that go from one context to another."""

    sender: Context
    receiver: Context
    events: tuple[str, ...]
    """Full names, in the contracts' order. Made of accepted identifiers."""
    label: str


@dataclass(frozen=True, slots=True)
class Platform:
    """All of it."""

    contexts: tuple[Context, ...]
    ways: tuple[Way, ...]

    @property
    def has_rest(self) -> bool:
        return any(context.rest for context in self.contexts)

    @property
    def has_events(self) -> bool:
        return any(context.sends or context.receives for context in self.contexts)


def platform(model: Model) -> Platform:
    """Every context that serves, sends or receives anything, by name."""
    domains: dict[str, list[Package]] = {}
    for package in model.packages:
        if package.rpcs or package.operations or package.sends or package.receives:
            domains.setdefault(package.domain, []).append(package)
    contexts = {name: _context(name, tuple(packages)) for name, packages in sorted(domains.items())}
    between: dict[tuple[str, str], dict[str, str]] = {}
    for name, context in contexts.items():
        for package in context.packages:
            for subscription in package.receives:
                event = subscription.event
                if event.domain in contexts:
                    between.setdefault((event.domain, name), {})[event.name] = event.short
    ways = tuple(
        Way(contexts[sender], contexts[receiver], tuple(events), _listed(list(events.values())))
        for (sender, receiver), events in sorted(between.items())
    )
    return Platform(tuple(contexts.values()), ways)


def _context(name: str, packages: tuple[Package, ...]) -> Context:
    component = next((p.component for p in packages if p.component is not None), None)
    rest = sum(len(package.operations) for package in packages)
    sends = [event.short for package in packages for event in package.sends]
    receives = [subscription.event.name for package in packages for subscription in package.receives]
    tables = [table.raw for table in component.tables] if component else []
    language = component.language.raw.lower() if component else ""
    return Context(
        name=name,
        alias=markdown.alias("c", name),
        label=markdown.label(name),
        service=markdown.label(f"{name} service"),
        store=markdown.label(f"{name} store"),
        description=markdown.label(component.description if component else "", 160),
        language=markdown.label(_LANGUAGES.get(language, language)),
        data=markdown.label(", ".join(tables), 160),
        packages=packages,
        rest=rest,
        operations=markdown.label(f"{rest} operation{'s' * (rest != 1)}"),
        sends=_listed(sends) if sends else "",
        receives=_listed(receives) if receives else "",
        stores=bool(tables or sends or receives),
    )


def _listed(names: list[str]) -> str:
    """Names beside an arrow, or how many they are when they are too many to be read there."""
    words = ", ".join(dict.fromkeys(names))
    return markdown.label(words if len(words) <= _EVENTS else f"{len(names)} events", _EVENTS)
