"""Clients for calls within a bounded context. None is made for another domain's RPCs: facts cross as events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tenon.emit.templating import template
from tenon.file import File
from tenon.lang import naming
from tenon.lang.protobuf_python import Imports, Types
from tenon.lang.python import docstring, module_name, module_path
from tenon.model.graph import Model, Package, RpcMethod
from tenon.model.proto import Service

_PARAMETERS = {"self", "timeout", "headers", "request", "requests"}


@dataclass(frozen=True, slots=True)
class CallView:
    """One method of a client."""

    attribute: str
    index: int
    prefix: str
    call: str
    argument: str
    taken: str
    answer: str
    message: str
    doc: str


@dataclass(frozen=True, slots=True)
class ClientView:
    """One client class."""

    name: str
    class_name: str
    service: str
    methods: tuple[CallView, ...]


def emit(model: Model) -> Iterator[File]:
    """``client.py`` for every package with services."""
    types = Types(model.protobuf)
    for package in model.packages:
        if any(service.methods for service in package.services):
            yield _module(package, types)


def _module(package: Package, types: Types) -> File:
    attributes = {a for service in package.services for a in naming.method_attributes(service).values()}
    classes = {c for s in package.services for c in (naming.service_class(s), naming.client_class(s))}
    imports = Imports({*naming.SERVICE_MODULE, *_PARAMETERS, *attributes, *classes})
    clients = tuple(
        ClientView(
            name=service.name,
            class_name=naming.client_class(service),
            service=naming.service_class(service),
            methods=tuple(_calls(package, service, types, imports)),
        )
        for service in package.services
        if service.methods
    )
    calls = [call for client in clients for call in client.methods]
    text = template(__file__, "client.py.jinja").render(
        package=naming.title(package),
        services=", ".join(sorted(client.service for client in clients)),
        module=module_name(package.name) + ".service",
        imports=imports.lines(),
        clients=clients,
        streams=any(call.call != "unary" for call in calls),
    )
    return File(f"{module_path(package.name)}/client.py", text, package.services[0].at.file)


def _calls(package: Package, service: Service, types: Types, imports: Imports) -> Iterator[CallView]:
    attributes = naming.method_attributes(service)
    rpcs = [rpc for rpc in package.rpcs if rpc.service.name == service.name]
    for index, rpc in enumerate(rpcs):
        yield _call(index, attributes[rpc.method.name], rpc, types, imports)


def _call(index: int, attribute: str, rpc: RpcMethod, types: Types, imports: Imports) -> CallView:
    method = rpc.method
    given, answer = types.use(method.input, imports), types.use(method.output, imports)
    return CallView(
        attribute=attribute,
        index=index,
        prefix="def" if method.server_streaming else "async def",
        call=("" if method.server_streaming else "await ") + f"self._{naming.kind(rpc).lower()}",
        argument="requests" if method.client_streaming else "request",
        taken=f"AsyncIterator[{given}]" if method.client_streaming else given,
        answer=f"AsyncIterator[{answer}]" if method.server_streaming else answer,
        message=answer,
        doc=docstring(method.comment, 8, fallback=f"Calls {method.name}."),
    )
