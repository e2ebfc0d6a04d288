"""Pacts: what a consumer needs of a provider, recorded with pact-python, ``generated/tests/pacts``.

The consumer of an event is whoever receives it, and needs the fields that it declares. API consumers need what a REST
operation promises; there are pacts of those operations that need no state and no token. The modules test the consumer's
side; contract-tests verify the provider's. Events travel as protobuf; their pacts are in protobuf's JSON, since Pact's
protobuf plugin has to be downloaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tenon.emit.pacts.proto_match import ProtoMatchers
from tenon.emit.pacts.schema_match import schema_matcher
from tenon.emit.templating import template
from tenon.file import File
from tenon.lang.protobuf_python import Imports, Types
from tenon.lang.python import docstring, literal, module_name, snake, unique
from tenon.model.graph import Model, Package, ResolvedEvent, RestOperation
from tenon.model.proto import Idempotency

REPOSITORY_ONLY = True
_FOLDER = "generated/tests/pacts"
API_CONSUMER = "api-consumer"
_PATH = re.compile(r"/[A-Za-z0-9._~/-]*")
"""Paths that need no parameter and no escape in a URL."""
_OURS = {"Pact", "Path", "json", "match", "urlopen", "CONSUMER", "PROVIDER", "INTERACTIONS"}


@dataclass(frozen=True, slots=True)
class InteractionView:
    """One event or operation: a function that records it and a test that the consumer can read it."""

    name: str
    doc: str
    description: str
    body: str
    reader: str
    """The function that reads an event."""
    path: str
    """The operation's path; empty for an event."""
    status: str


def emit(model: Model) -> Iterator[File]:
    """One module for every pair of a consumer and a provider."""
    matchers = ProtoMatchers(model.protobuf)
    types = Types(model.protobuf)
    for package in model.packages:
        senders = dict.fromkeys(subscription.event.domain for subscription in package.receives)
        for sender in sorted(senders):
            events = [s.event for s in package.receives if s.event.domain == sender]
            imports = Imports(set(_OURS))
            taken: set[str] = set()
            views = [_event(event, package, matchers, types, imports, taken) for event in events]
            yield _module(package.domain, sender, package, views, imports)
        taken = set()
        free = (_operation(operation, package, taken) for operation in package.operations if _free(operation))
        if operations := [view for view in free if view is not None]:
            yield _module(API_CONSUMER, package.domain, package, operations, Imports())


def _module(consumer: str, provider: str, package: Package, views: list[InteractionView], imports: Imports) -> File:
    text = template(__file__, "pact.py.jinja").render(
        consumer=consumer,
        provider=provider,
        interactions=views,
        imports=imports.lines(),
        http=any(view.path for view in views),
        json=any(view.reader.startswith("json.") for view in views),
    )
    name = "_".join([consumer.replace("-", "_"), provider, *package.name.split(".")[1:]])
    return File(f"{_FOLDER}/test_{name}.py", text, package.name)


def _event(
    event: ResolvedEvent, package: Package, matchers: ProtoMatchers, types: Types, imports: Imports, taken: set[str]
) -> InteractionView:
    if event.proto is not None:
        # A receiver takes the payloads from its own events module, and so never imports another domain's package.
        outer, *inner = types.use(event.proto.name, Imports()).split(".")
        local = imports.use(f"{module_name(package.name)}.events", outer)
        reader, body = ".".join([local, *inner, "from_json"]), matchers.message(event.proto.name)
    else:
        bundled = package.event_document.bundled if package.event_document else {}
        schema = event.message.schema.value if event.message.schema else {}
        reader, body = "json.loads", schema_matcher(schema, bundled) or "{}"
    return InteractionView(
        name=unique(snake(event.short), taken),
        doc=docstring(event.message.description.raw or (event.proto.comment if event.proto else "")),
        description=literal(event.name),
        body=body,
        reader=reader,
        path="",
        status="",
    )


def _free(operation: RestOperation) -> bool:
    """Whether anybody may call it without a token, a parameter or a state of the provider."""
    declared = operation.operation
    return (
        declared.method.upper() == "GET"
        and operation.policy.public
        and operation.policy.idempotency is Idempotency.NO_SIDE_EFFECTS
        and declared.body is None
        and not any(parameter.required for parameter in declared.parameters)
        and _PATH.fullmatch(declared.path.raw) is not None
    )


def _answer(operation: RestOperation) -> object | None:
    """The JSON Schema of the successful answer."""
    for response in operation.operation.responses:
        if response.status == str(operation.status):
            for media, schema in response.content:
                if media.raw == "application/json" and schema is not None:
                    value: object = schema.value
                    return value
    return None


def _operation(operation: RestOperation, package: Package, taken: set[str]) -> InteractionView | None:
    bundled = package.document.bundled if package.document else {}
    declared = operation.operation
    body = schema_matcher(_answer(operation), bundled)
    if body is None:
        return None
    return InteractionView(
        name=unique(snake(declared.id), taken),
        doc=docstring(declared.summary.raw or declared.description.raw),
        description=literal(declared.id),
        body=body,
        reader="json.load",
        path=literal(declared.path),
        status=str(operation.status),
    )
