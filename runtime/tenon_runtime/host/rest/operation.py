"""One REST operation, compiled: how a request becomes what the handler takes, and its answer a response."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from protobuf import Message, Registry, message_from_json_value

from tenon_runtime import errors
from tenon_runtime.call.operation import Call, OperationInfo
from tenon_runtime.context import Context
from tenon_runtime.errors import Violation
from tenon_runtime.host.asgi import Receive
from tenon_runtime.host.rest import strict_json
from tenon_runtime.host.rest.body import Body, compile_body, kind_of, receive_body
from tenon_runtime.host.rest.document import Document, escape
from tenon_runtime.host.rest.parameters import MISSING, Parameter, Sources, compile_parameters, cookies_of, pairs_of
from tenon_runtime.host.rest.render import MessageRenderer, encoder_for, render_value
from tenon_runtime.host.rest.schema import Schema, Schemas
from tenon_runtime.spec import Operation

Values = Mapping[tuple[str, str], Any]
"""Parameters by source and name; the whole body is ``("body", "")``."""


@dataclass(frozen=True, slots=True)
class RestRequest:
    """A request that was routed and not yet read."""

    path: Mapping[str, str]
    query: str
    headers: Mapping[str, str]
    receive: Receive
    body_read: Callable[[], None]
    """Told when nothing more is to be received but the news that the caller has gone."""


@dataclass(frozen=True, slots=True)
class RestAnswer:
    status: int
    media_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Compiled:
    """Everything about an operation's wire form. It is the middleware that stands between admission and work."""

    operation: Operation
    parameters: tuple[Parameter, ...]
    body: Body | None
    build: Callable[[Values], Any]
    render: Callable[[Any], Any]
    media_type: str
    """Of the answer; empty: it has no body."""
    encode: Callable[[Any], bytes]
    schema: Schema | None
    """Of the answer; None: not to be checked."""
    violated: Callable[[list[Violation]], None]
    """Told of an answer that breaks its schema."""
    body_limit: int

    def __call__(self, info: OperationInfo, call: Call) -> Call:
        async def face(raw: RestRequest, ctx: Context[Any]) -> RestAnswer:
            self._accept(raw.headers.get("accept"))
            content = await receive_body(raw.receive, raw.headers, self.body_limit)
            raw.body_read()
            return self._answer(await call(self._read(raw, content), ctx))

        return face

    def _accept(self, accept: str | None) -> None:
        if accept is None or not self.media_type or "*/*" in accept or self.media_type in accept:
            return
        major = self.media_type.partition("/")[0]
        if not any(part.partition(";")[0].strip() == f"{major}/*" for part in accept.split(",")):
            raise errors.NotAcceptable(f"the answer is {self.media_type}")

    def _read(self, raw: RestRequest, content: bytes) -> Any:
        values: dict[tuple[str, str], Any] = {}
        if self.parameters:
            faults: list[Violation] = []
            try:
                sources = Sources(raw.path, pairs_of(raw.query), raw.headers, cookies_of(raw.headers.get("cookie", "")))
            except strict_json.NotJson as error:
                raise errors.InvalidArgument(
                    str(error), violations=[Violation("#/query", "query", str(error))]
                ) from None
            for parameter in self.parameters:
                value = parameter.read(sources, faults)
                if value is not MISSING:
                    values[parameter.source, parameter.name] = value
            if faults:
                raise errors.InvalidArgument("parameters break the contract", violations=faults)
        if self.body is not None:
            value = self.body.read(raw.headers.get("content-type", ""), content)
            if value is not MISSING:
                values["body", ""] = value
        return self.build(values)

    def _answer(self, response: Any) -> RestAnswer:
        if not self.media_type:
            return RestAnswer(self.operation.status, "", b"")
        value = self.render(response)
        if self.schema is not None:
            faults = self.schema.check(value)
            if faults:
                self.violated(faults)
        return RestAnswer(self.operation.status, self.media_type, self.encode(value))


def compile_operation(
    operation: Operation,
    info: OperationInfo,
    *,
    document: Document,
    schemas: Schemas,
    registry: Registry,
    check_responses: bool,
    violated: Callable[[list[Violation]], None],
    body_limit: int,
) -> Compiled:
    """Read the operation in the document once. Raises ValueError or KeyError when the two do not fit."""
    pointer = operation.pointer
    media_type, schema = _response(document, pointer, operation.status)
    kind = kind_of(media_type)
    if operation.rpc is not None:
        assert info.input is not None and info.output is not None
        build = _message_builder(operation, info.input, registry)
        render: Callable[[Any], Any] = MessageRenderer(
            document, info.output, schema, registry, operation.response_field
        )
    else:
        build = _request_builder(operation)
        render = render_value
    return Compiled(
        operation,
        compile_parameters(document, schemas, pointer),
        compile_body(document, schemas, pointer),
        build,
        render,
        media_type,
        encoder_for(kind),
        schemas.at(schema) if schema is not None and kind == "json" and check_responses else None,
        violated,
        body_limit,
    )


def _response(document: Document, pointer: str, status: int) -> tuple[str, str | None]:
    """The media type of the answer (empty: no body) and the pointer of its schema."""
    responses = document.at(pointer).get("responses", {})
    name = next((n for n in (str(status), f"{status // 100}XX", "default") if n in responses), None)
    if name is None or status == 204:
        return "", None
    at, response = document.follow(f"{pointer}/responses/{name}")
    content = response.get("content", {})
    media_type = next((m for m in content if kind_of(m) == "json"), next(iter(content), ""))
    if "schema" not in content.get(media_type, {}):
        return media_type, None
    return media_type, f"{at}/content/{escape(media_type)}/schema"


def _message_builder(operation: Operation, message: type[Message[Any]], registry: Registry) -> Callable[[Values], Any]:
    """Makes the RPC's request: protobuf JSON put together by the bindings, then read as protobuf reads JSON."""
    whole = operation.body_field.split(".") if operation.body_field else None
    outside = [(b.source, b.name, b.field.split(".")) for b in operation.bindings if b.source != "body"]
    inside = [(b.name, b.field.split(".")) for b in operation.bindings if b.source == "body"]

    def build(values: Values) -> Any:
        request: dict[str, Any] = {}
        body = values.get(("body", ""))
        if whole is not None and body is not None:
            _set(request, whole, body)
        elif isinstance(body, dict):
            for name, path in inside:
                if name in body:
                    _set(request, path, body[name])
        for source, name, path in outside:
            if (source, name) in values:
                _set(request, path, values[source, name])
        try:
            return message_from_json_value(message, request, registry=registry)
        except (ValueError, TypeError, OverflowError) as error:
            raise errors.SchemaViolation(
                "the request does not fit the message", violations=[Violation("", "protobuf", str(error))]
            ) from None

    return build


def _set(request: dict[str, Any], path: list[str], value: Any) -> None:
    for name in path[:-1]:
        request = request.setdefault(name, {})
    request[path[-1]] = _proto_json(value)


def _proto_json(value: Any) -> Any:
    """Bytes of a multipart or binary body as protobuf writes bytes in JSON."""
    match value:
        case bytes():
            return base64.b64encode(value).decode()
        case list() if any(isinstance(inner, bytes) for inner in value):
            return [_proto_json(inner) for inner in value]
    return value


def _request_builder(operation: Operation) -> Callable[[Values], Any]:
    """Makes a direct handler's request: the contract's dataclass with JSON values, as the schemas have judged them.

    A parameter that was left out is not given, so that the dataclass' own default holds.
    """
    if operation.request is None:
        return lambda values: None
    kind = operation.request
    arguments = [(attr, (source, name)) for attr, source, name in operation.arguments if source != "body" or not name]
    properties = [(attr, name) for attr, source, name in operation.arguments if source == "body" and name]

    def build(values: Values) -> Any:
        found = {attr: values[key] for attr, key in arguments if key in values}
        body = values.get(("body", ""))
        if properties and isinstance(body, dict):
            found |= {attr: body[name] for attr, name in properties if name in body}
        return kind(**found)

    return build
