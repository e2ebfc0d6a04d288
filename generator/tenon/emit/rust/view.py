"""The crate's modules as Rust text by the piece: everything is named and spelled here, the template only places it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from protobuf import Registry

from tenon.emit.rust.fields import Spelling
from tenon.emit.rust.names import Names, Scope
from tenon.lang import markdown, naming, rust
from tenon.lang.python import unique
from tenon.model.graph import Package, ResolvedEvent, RpcMethod
from tenon.model.proto import EnumType, Message, Service
from tenon.model.text import Text
from tenon.source import Location

SERVICE = "::tenon_service"


@dataclass(frozen=True, slots=True)
class MemberView:
    """A field of a struct, a variant of an enum or a method of a trait: `attribute` may be empty."""

    doc: tuple[str, ...]
    attribute: str
    text: str


@dataclass(frozen=True, slots=True)
class EnumView:
    """A protobuf enum."""

    doc: tuple[str, ...]
    name: str
    values: tuple[str, ...]
    to_name: tuple[str, ...]
    from_name: tuple[str, ...]
    option: str


@dataclass(frozen=True, slots=True)
class OneofView:
    """The alternatives of a oneof."""

    name: str
    variants: tuple[MemberView, ...]


@dataclass(frozen=True, slots=True)
class MessageView:
    """A protobuf message, with what is nested in it in module `inner` (empty: there is none)."""

    doc: tuple[str, ...]
    name: str
    fields: tuple[MemberView, ...]
    inner: str
    messages: tuple[MessageView, ...]
    enums: tuple[EnumView, ...]
    oneofs: tuple[OneofView, ...]


@dataclass(frozen=True, slots=True)
class TraitView:
    """What a Rust service implements: the RPCs of a service or the events of a package."""

    doc: tuple[str, ...]
    name: str
    bounds: str
    methods: tuple[MemberView, ...]


@dataclass(frozen=True, slots=True)
class ModuleView:
    """One package's module."""

    title: str
    imports: str
    children: tuple[str, ...]
    traits: tuple[TraitView, ...]
    events: tuple[MemberView, ...]
    messages: tuple[MessageView, ...]
    enums: tuple[EnumView, ...]


class Builder:
    """Makes the views of one module; what they use of `tenon_service` is imported, or spelled out where names clash."""

    def __init__(self, scope: Scope, names: Names, registry: Registry, boxed: set[tuple[str, str]]) -> None:
        self._scope = scope
        self._names = names
        self._registry = registry
        self._boxed = boxed
        self._used: set[str] = set()

    def module(
        self,
        title: str,
        name: str,
        package: Package | None,
        messages: list[Message],
        enums: list[EnumType],
    ) -> ModuleView:
        """The module of the package called `name`, whose types are `messages` and `enums`, nested ones included."""
        traits = tuple(self._traits(package)) if package else ()
        events = tuple(self._event(event) for event in package.sends) if package else ()
        kinds = _Nesting(messages, enums)
        return ModuleView(
            title=title,
            imports=_braced(sorted(self._used)),
            children=tuple(sorted(scope.parts[-1] for scope in self._scope.children.values())),
            traits=traits,
            events=events,
            messages=tuple(self._message(m, kinds, 0) for m in kinds.messages(name)),
            enums=tuple(self._enum(e, self._scope, 0) for e in kinds.enums(name)),
        )

    def _service(self, name: str) -> str:
        if name in self._scope.types:
            return f"{SERVICE}::{name}"
        self._used.add(name)
        return name

    def _message(self, message: Message, kinds: _Nesting, depth: int) -> MessageView:
        scope, name = self._names.declared(message)
        descriptor = self._registry.message(message.name)
        assert descriptor is not None
        spelling = Spelling(message, descriptor, scope, self._names, self._boxed)
        nested = kinds.messages(message.name)
        enums = kinds.enums(message.name)
        oneofs = dict.fromkeys(f.oneof for f in message.fields if f.oneof)
        inner = scope.inner(message.name) if nested or enums or oneofs else None
        names = {oneof: rust.distinct(rust.pascal(oneof), inner.types) for oneof in oneofs} if inner else {}
        return MessageView(
            doc=_doc(message.comment),
            name=name,
            fields=tuple(self._fields(message, spelling, names, inner, depth)),
            inner=inner.parts[-1] if inner else "",
            messages=tuple(self._message(m, kinds, depth + 1) for m in nested),
            enums=tuple(self._enum(e, inner, depth + 1) for e in enums) if inner else (),
            oneofs=tuple(self._oneof(o, names[o], message, spelling, inner, depth + 1) for o in oneofs)
            if inner
            else (),
        )

    def _fields(
        self, message: Message, spelling: Spelling, oneofs: dict[str, str], inner: Scope | None, depth: int
    ) -> Iterator[MemberView]:
        indent = 4 * depth + 4
        done: set[str] = set()
        for field in message.fields:
            if field.oneof is None:
                attribute, type = spelling.field(field)
                doc = _doc(field.comment)
            elif field.oneof in done or inner is None:
                continue
            else:
                done.add(field.oneof)
                path = f"{inner.parts[-1]}::{oneofs[field.oneof]}"
                tags = ", ".join(str(f.number) for f in message.fields if f.oneof == field.oneof)
                attribute, type = [f'oneof = "{path}"', f'tags = "{tags}"'], f"{spelling.scope.std('Option')}<{path}>"
                doc = ()
            name = rust.ident(spelling.names[field.oneof or field.name])
            yield MemberView(
                doc, rust.attribute("prost", attribute, indent), rust.typed(f"pub {name}: ", type, ",", indent)
            )

    def _oneof(
        self, oneof: str, name: str, message: Message, spelling: Spelling, inner: Scope, depth: int
    ) -> OneofView:
        indent = 4 * depth + 4
        members = [field for field in message.fields if field.oneof == oneof]
        taken: set[str] = set()
        variants = []
        for field in members:
            attribute, type = spelling.variant(field, inner)
            own = rust.distinct(rust.variant(field.name), taken)
            variants.append(
                MemberView(
                    _doc(field.comment),
                    rust.attribute("prost", attribute, indent),
                    rust.tuple_variant(own, type, indent),
                )
            )
        return OneofView(name, tuple(variants))

    def _enum(self, enum: EnumType, scope: Scope, depth: int) -> EnumView:
        variants = self._names.variants[enum.name]
        first = {number: name for name, number in reversed(enum.values)}
        indent = 4 * depth + 12
        return EnumView(
            doc=_doc(enum.comment),
            name=self._names.declared(enum)[1],
            values=tuple(f"{variant} = {number}," for number, variant in variants.items()),
            to_name=tuple(
                rust.arm(f"Self::{variant}", rust.literal(first[number]), indent)
                for number, variant in variants.items()
            ),
            from_name=tuple(
                rust.arm(rust.literal(name), f"Some(Self::{variants[number]})", indent) for name, number in enum.values
            ),
            option=scope.std("Option"),
        )

    def _traits(self, package: Package) -> Iterator[TraitView]:
        bounds = f"{self._scope.std('Send')} + {self._scope.std('Sync')} + 'static"
        named = {service.name: self.declare(service.name.rsplit(".", 1)[-1]) for service in package.services}
        events = self.declare(naming.domain_class(package) + "Events") if package.receives else ""
        for service in package.services:
            rpcs = [rpc for rpc in package.rpcs if rpc.service.name == service.name]
            yield TraitView(
                doc=_doc(service.comment, _contract(service.at, service.name.rsplit(".", 1)[-1])),
                name=named[service.name],
                bounds=bounds,
                methods=tuple(self._methods(service, rpcs)),
            )
        if package.receives:
            doc = tuple(rust.doc(f"What happens when an event arrives at {package.domain}."))
            yield TraitView(doc, events, bounds, tuple(self._handlers(package)))

    def declare(self, name: str) -> str:
        """A type of our own in this module."""
        return rust.distinct(rust.pascal(name), self._scope.types)

    def _methods(self, service: Service, rpcs: list[RpcMethod]) -> Iterator[MemberView]:
        taken: set[str] = set()
        for rpc in rpcs:
            method = rpc.method
            name = rust.ident(unique(rust.snake(method.name), taken))
            given, answer = (self._names.use(message, self._scope) for message in (method.input, method.output))
            argument = (
                f"requests: {self._service('Streaming')}<{given}>" if method.client_streaming else f"request: {given}"
            )
            yield MemberView(
                _doc(method.comment),
                "",
                self._signature(name, argument, answer, stream=method.server_streaming),
            )

    def _handlers(self, package: Package) -> Iterator[MemberView]:
        taken: set[str] = set()
        for subscription in package.receives:
            event = subscription.event
            name = rust.ident(unique(f"on_{rust.snake(event.short)}", taken))
            comment = event.message.description.raw or (event.proto.comment.raw if event.proto else "")
            yield MemberView(
                _doc(Text(comment)), "", self._signature(name, f"event: {self._payload(event, owned=True)}", "()")
            )

    def _signature(self, name: str, argument: str, answer: str, *, stream: bool = False) -> str:
        outcome = f"{self._scope.std('Result')}<{answer}, {self._service('Status')}>"
        send = self._scope.std("Send")
        shape = f"{self._service('Stream')}<Item = " if stream else f"{self._scope.std('Future')}<Output = "
        parameters = ["&self", argument, f"ctx: {self._service('Context')}"]
        return rust.signature(f"fn {name}", parameters, f"impl {shape}{outcome}>", send, 4)

    def _payload(self, event: ResolvedEvent, *, owned: bool) -> str:
        if event.proto is not None:
            return self._names.use(event.proto.name, self._scope)
        return f"{self._scope.std('Vec')}<u8>" if owned else "[u8]"

    def _event(self, event: ResolvedEvent) -> MemberView:
        kind = self._service("Event")
        type = f"{kind}<{self._payload(event, owned=False)}>"
        arguments = [rust.literal(value) for value in (event.name, event.subject, event.stream)]
        comment = event.message.description.raw or (event.proto.comment.raw if event.proto else "")
        return MemberView(
            _doc(Text(comment), _contract(event.at, event.name)),
            "",
            rust.constant(event.short.upper(), type, f"{kind}::new", arguments),
        )


class _Nesting:
    """Messages and enums by what they stand in: a message's full name or the package."""

    def __init__(self, messages: list[Message], enums: list[EnumType]) -> None:
        self._messages: dict[str, list[Message]] = {}
        self._enums: dict[str, list[EnumType]] = {}
        for message in messages:
            self._messages.setdefault(message.name.rpartition(".")[0], []).append(message)
        for enum in enums:
            self._enums.setdefault(enum.name.rpartition(".")[0], []).append(enum)

    def messages(self, owner: str) -> list[Message]:
        return self._messages.get(owner, [])

    def enums(self, owner: str) -> list[EnumType]:
        return self._enums.get(owner, [])


def _braced(names: list[str]) -> str:
    """The names to import, as they follow the path; empty for none."""
    return names[0] if len(names) == 1 else f"{{{', '.join(names)}}}" if names else ""


def _contract(at: Location, symbol: str) -> str:
    return "Contract: " + markdown.code(f"{at.file}#{symbol}")


def _doc(comment: Text, *more: str) -> tuple[str, ...]:
    """The comment as a doc comment, and lines of our own, which are Markdown already, after an empty one."""
    own = rust.doc(comment)
    return (*own, *(["///"] if own and more else []), *(f"/// {line}" for line in more))
