"""Links what was read, fills defaults, and proves that the faces of one thing agree."""

from __future__ import annotations

from tenon.finding import Finding
from tenon.model import Contracts
from tenon.model.graph import Model, Package
from tenon.model.proto import Service
from tenon.resolve import events, names, policy, rest, rpc

__all__ = ["resolve"]


def resolve(contracts: Contracts, *, ours: bool, required: frozenset[str] = frozenset()) -> tuple[Model, list[Finding]]:
    """The model that emitters see, and where the contracts disagree.

    `ours`: the tree is a Tenon repository, so events must be owned and received events must be sent by somebody.
    `required`: what every operation must have, of ``owner``, ``slo``, ``deadline`` and ``security``.
    """
    findings: list[Finding] = []
    rpcs = rpc.link(contracts)
    sent, more = events.sent(contracts, ours=ours)
    findings += more
    own = {file.path for file in contracts.protobuf.files if not file.imported_only}
    services: dict[str, list[Service]] = {}
    for service in contracts.protobuf.services:
        if service.file in own:
            services.setdefault(service.package, []).append(service)
    wanted = sorted(
        set(services)
        | {m.package for m in contracts.protobuf.messages if m.file in own}
        | {e.package for e in contracts.protobuf.enums if e.file in own}
        | {document.package for document in contracts.openapi}
        | {document.package for document in contracts.asyncapi}
    )
    packages = []
    for name in wanted:
        document = next((d for d in contracts.openapi if d.package == name), None)
        operations, more = rest.link(contracts, document, rpcs) if document else ((), [])
        findings += more
        received, more = events.received(contracts, name, sent, ours=ours)
        findings += more
        domain = name.split(".", 1)[0]
        packages.append(
            Package(
                name=name,
                domain=domain,
                component=next((c for c in contracts.catalog if c.domain == domain), None),
                services=tuple(services.get(name, ())),
                rpcs=tuple(
                    rpcs[f"{service.name}/{method.name}"]
                    for service in services.get(name, ())
                    for method in service.methods
                ),
                document=document,
                operations=operations,
                event_document=next((d for d in contracts.asyncapi if d.package == name), None),
                sends=tuple(event for event in sent if event.package == name),
                receives=received,
            )
        )
    model = Model(contracts.root, contracts.protobuf, tuple(packages), contracts.catalog, ours)
    findings += names.check(model)
    findings += policy.check(model, required)
    return model, findings
