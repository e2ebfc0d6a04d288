"""Abstract service classes: what a team implements, one class a protobuf service."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tenon.emit.templating import template
from tenon.file import File
from tenon.lang import naming
from tenon.lang.protobuf_python import Imports, Types, module
from tenon.lang.python import docstring, module_name, module_path
from tenon.model.graph import Model, Package, RpcMethod
from tenon.model.proto import Service
from tenon.model.text import Text


@dataclass(frozen=True, slots=True)
class MethodView:
    """One abstract method."""

    name: str
    attribute: str
    signature: str
    doc: str
    input: str
    output: str
    kind: str
    policy: str
    ref: str


@dataclass(frozen=True, slots=True)
class ServiceView:
    """One abstract class."""

    name: str
    class_name: str
    doc: Text
    ref: str
    file: str
    methods: tuple[MethodView, ...]


def emit(model: Model) -> Iterator[File]:
    """``service.py`` for every package with services."""
    types = Types(model.protobuf)
    for package in model.packages:
        if package.services:
            yield _module(package, types)


def _module(package: Package, types: Types) -> File:
    attributes = {a for service in package.services for a in naming.method_attributes(service).values()}
    imports = Imports({*naming.SERVICE_MODULE, *map(naming.service_class, package.services), *attributes})
    services = tuple(_service(package, service, types, imports) for service in package.services)
    streams = any(method.kind != "UNARY" for service in services for method in service.methods)
    slos = any("Slo(" in method.policy for service in services for method in service.methods)
    text = template(__file__, "service.py.jinja").render(
        services=services,
        imports=imports.lines(),
        context=module_name(package.name) + ".context",
        package=naming.title(package),
        streams=streams,
        slos=slos,
        methods=any(service.methods for service in services),
    )
    return File(f"{module_path(package.name)}/service.py", text, package.services[0].at.file)


def _service(package: Package, service: Service, types: Types, imports: Imports) -> ServiceView:
    attributes = naming.method_attributes(service)
    name = service.name.rsplit(".", 1)[-1]
    return ServiceView(
        name=service.name,
        class_name=naming.service_class(service),
        doc=service.comment,
        ref=f"{service.at.file}#{name}",
        file=imports.use(module(service.file), "desc"),
        methods=tuple(
            _method(name, rpc, attributes[rpc.method.name], types, imports)
            for rpc in package.rpcs
            if rpc.service.name == service.name
        ),
    )


def _method(service: str, rpc: RpcMethod, attribute: str, types: Types, imports: Imports) -> MethodView:
    method = rpc.method
    given, answer = types.use(method.input, imports), types.use(method.output, imports)
    taken = f"AsyncIterator[{given}]" if method.client_streaming else given
    argument = "requests" if method.client_streaming else "request"
    given_back = f"AsyncIterator[{answer}]" if method.server_streaming else answer
    # An async generator is called, not awaited: its declaration is a plain `def` that returns an iterator.
    prefix = "def" if method.server_streaming else "async def"
    parameters = f"(self, {argument}: {taken}, ctx: Context) -> {given_back}:"
    return MethodView(
        name=method.name,
        attribute=attribute,
        signature=f"{prefix} {attribute}{parameters}",
        doc=docstring(method.comment, 8, fallback=f"Answers {method.name}."),
        input=given,
        output=answer,
        kind=naming.kind(rpc),
        policy=naming.policy(rpc.policy),
        ref=f"{method.at.file}#{service}.{method.name}",
    )
