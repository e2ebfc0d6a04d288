"""A new RPC: the method and its messages, and its REST face."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tenon.edit import fields, rest
from tenon.edit.fields import COMMAND, NewField
from tenon.edit.proto import OPTIONS, ProtoText, message_lines
from tenon.edit.workspace import Workspace, refuse
from tenon.model.graph import Package
from tenon.model.proto import Idempotency, Service

IDEMPOTENCY = {
    "reads": Idempotency.NO_SIDE_EFFECTS,
    "idempotent": Idempotency.IDEMPOTENT,
    "keyed": Idempotency.KEYED,
    "key-required": Idempotency.KEY_REQUIRED,
}
"""What may happen when a call is sent twice, as the command line says it."""
STREAMS = ("client", "server", "bidi")
_NAME = re.compile(r"[A-Z][A-Za-z0-9]*")
_SCOPE = re.compile(r"[A-Za-z0-9_.:/-]+")
_BY_METHOD = {
    "get": Idempotency.NO_SIDE_EFFECTS,
    "head": Idempotency.NO_SIDE_EFFECTS,
    "put": Idempotency.IDEMPOTENT,
    "delete": Idempotency.IDEMPOTENT,
    "post": Idempotency.KEYED,
}
"""What HTTP promises of a method (RFC 9110, 9.2); POST is made safe to repeat by a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRpc:
    """What is asked for; without `public` and `scopes` a scope is chosen. `face` is the REST method and path."""

    domain: str
    name: str
    service: str | None = None
    face: tuple[str, str] | None = None
    fields: tuple[str, ...] = ()
    returns: tuple[str, ...] = ()
    public: bool = False
    scopes: tuple[str, ...] = ()
    idempotency: Idempotency | None = None
    stream: str | None = None
    comment: str = ""


def add(workspace: Workspace, wanted: NewRpc) -> list[str]:
    """Add it to every file concerned; what was decided here, in words. Raises Refused."""
    if not _NAME.fullmatch(wanted.name):
        suggestion = "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", wanted.name))
        raise refuse(COMMAND, "name", f"{wanted.name!a} is no name of an RPC", f"use PascalCase, as {suggestion!a}")
    if wanted.stream and wanted.face:
        raise refuse(COMMAND, "stream", "REST carries no stream", "leave --rest or --stream out")
    if bad := [scope for scope in wanted.scopes if not _SCOPE.fullmatch(scope)]:
        raise refuse(COMMAND, "scope", f"{bad[0]!a} is no scope", "write it as orders:write")
    package = workspace.package(wanted.domain)
    service = workspace.service(package, wanted.service)
    _free(workspace, package, service, wanted.name)
    text = ProtoText(workspace, workspace.file(service.file))
    request = [fields.parse(workspace, package.name, f, proto2=text.proto2) for f in wanted.fields]
    response = [fields.parse(workspace, package.name, f, proto2=text.proto2) for f in wanted.returns]
    if wanted.face:
        request = rest.with_path_fields(workspace, package, wanted.face[1], request, proto2=text.proto2)
    _distinct(request)
    _distinct(response)
    said: list[str] = []
    complete = _decide(wanted, package, said)
    _proto(text, service, complete, request, response)
    if complete.face:
        method, path = complete.face
        about = complete.comment or _about(complete.name)
        face = rest.Face(
            method, path, service.name, complete.name, about, complete.public, complete.scopes, complete.idempotency
        )
        rest.add(workspace, package, face, request, response)
    return said


def _free(workspace: Workspace, package: Package, service: Service, name: str) -> None:
    for method in service.methods:
        if method.name == name:
            raise refuse(method.at, "exists", f"{service.name}.{name} is there already", "choose another name")
    taken = {f"{package.name}.{name}Request", f"{package.name}.{name}Response"}
    protobuf = workspace.model.protobuf
    for known, at in [(m.name, m.at) for m in protobuf.messages] + [(e.name, e.at) for e in protobuf.enums]:
        if known in taken:
            raise refuse(at, "exists", f"{known} is there already", "choose another name for the RPC")


def _distinct(listed: Sequence[NewField]) -> None:
    names: set[str] = set()
    for field in listed:
        if field.name in names:
            raise refuse(COMMAND, "field", f"{field.name!a} is given twice", "give each field once")
        names.add(field.name)


def _decide(wanted: NewRpc, package: Package, said: list[str]) -> NewRpc:
    """Fill in what was left out: who may call it, and what happens when it is called twice."""
    idempotency = wanted.idempotency
    if idempotency is None and wanted.stream is None:
        idempotency = _BY_METHOD.get(wanted.face[0]) if wanted.face else None
    scopes = wanted.scopes
    if not wanted.public and not scopes:
        reads = idempotency is Idempotency.NO_SIDE_EFFECTS
        scopes = (f"{package.domain}:{'read' if reads else 'write'}",)
        said.append(f"callers need the scope {scopes[0]} (choose with --scope or --public)")
    return replace(wanted, idempotency=idempotency, scopes=scopes)


def _proto(
    text: ProtoText, service: Service, wanted: NewRpc, request: Sequence[NewField], response: Sequence[NewField]
) -> None:
    name = wanted.name
    client = "stream " if wanted.stream in ("client", "bidi") else ""
    server = "stream " if wanted.stream in ("server", "bidi") else ""
    about = wanted.comment or _about(name)
    head = f"rpc {name}({client}{name}Request) returns ({server}{name}Response)"
    policy = ["public: true"] if wanted.public else []
    if len(wanted.scopes) == 1:
        policy.append(f'scopes: "{wanted.scopes[0]}"')
    elif wanted.scopes:
        policy.append("scopes: [" + ", ".join(f'"{scope}"' for scope in wanted.scopes) + "]")
    body = []
    if wanted.idempotency is Idempotency.NO_SIDE_EFFECTS:
        body.append("  option idempotency_level = NO_SIDE_EFFECTS;")
    elif wanted.idempotency is not None:
        policy.append(f"idempotency: IDEMPOTENCY_{wanted.idempotency.value}")
    if len(policy) == 1:
        body.append(f"  option (tenon.v1.method) = {{{policy[0]}}};")
    elif policy:
        body += ["  option (tenon.v1.method) = {", *(f"    {line}" for line in policy), "  };"]
    if policy:
        text.add_import(OPTIONS)
    lines = [f"{head} {{", *body, "}"] if body else [f"{head};"]
    text.add_method(service.name, [*(f"// {line}" for line in about.splitlines()), *lines])
    for field in (*request, *response):
        text.need(field)
    last = service.methods[-1].output if service.methods else None
    text.add_messages(
        [
            *message_lines(f"{name}Request", f"Input of {name}.", request),
            "",
            *message_lines(f"{name}Response", f"Output of {name}.", response),
        ],
        after=last,
    )


def _about(name: str) -> str:
    return f"{fields.words(name).capitalize()}."
