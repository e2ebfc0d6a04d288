"""The REST face against the RPCs behind it."""

from __future__ import annotations

from typing import Any

from tenon.finding import Finding
from tenon.model import Contracts
from tenon.model.graph import Binding, RestOperation, RpcMethod
from tenon.model.proto import Field, FieldKind, Message
from tenon.model.rest import Document, Operation, Response
from tenon.model.text import Text
from tenon.resolve.agreement import Agreement
from tenon.resolve.rpc import complete
from tenon.source import Location

_IGNORED_HEADERS = {"idempotency-key", "authorization", "traceparent", "tracestate", "x-request-id", "accept"}
"""Header parameters that the runtime itself reads; they fill no field of the request."""


def link(
    contracts: Contracts, document: Document, rpcs: dict[str, RpcMethod]
) -> tuple[tuple[RestOperation, ...], list[Finding]]:
    """The operations of `document`, each with the RPC that answers it, and where the two disagree."""
    messages = {message.name: message for message in contracts.protobuf.messages}
    enums = {enum.name: enum for enum in contracts.protobuf.enums}
    operations, findings = [], []
    for operation in document.operations:
        rpc = rpcs.get(operation.rpc.raw) if operation.rpc else None
        if operation.rpc and rpc is None:
            findings.append(
                Finding(operation.at, "rest-rpc-unknown", "x-tenon-rpc names an RPC that does not exist",
                        "write it as package.Service/Method")
            )  # fmt: skip
        elif rpc is not None and (rpc.method.client_streaming or rpc.method.server_streaming):
            findings.append(
                Finding(operation.at, "rest-rpc-streaming", f"{rpc.method.name} is a streaming RPC",
                        "bind the operation to a unary RPC", also=rpc.method.at)
            )  # fmt: skip
        elif rpc is not None:
            checker = _Checker(operation, rpc, messages, Agreement(document.bundled, messages, enums))
            operations.append(checker.resolved())
            findings += checker.findings
        else:
            operations.append(_direct(operation))
    return tuple(operations), findings


def _direct(operation: Operation) -> RestOperation:
    policy = complete(operation.policy)
    return RestOperation(operation, None, (), None, None, _status(_success(operation)), policy)


def _success(operation: Operation) -> Response | None:
    good = [r for r in operation.responses if r.status.startswith("2")]
    return good[0] if good else None


def _status(response: Response | None) -> int:
    return int(response.status) if response and response.status.isdigit() else 200


class _Checker:
    """Binds one operation to its RPC and collects where they disagree."""

    def __init__(
        self, operation: Operation, rpc: RpcMethod, messages: dict[str, Message], agreement: Agreement
    ) -> None:
        self.findings: list[Finding] = []
        self._operation, self._rpc, self._messages, self._agreement = operation, rpc, messages, agreement
        self._request = messages[rpc.method.input]
        self._response = messages[rpc.method.output]

    def resolved(self) -> RestOperation:
        operation = self._operation
        bindings = [*self._parameters(), *self._body()]
        filled: dict[str, Binding] = {}
        for binding in bindings:
            other = filled.setdefault(binding.field, binding)
            if other is not binding:
                self._complain(operation.at, "rest-rpc-twice",
                               f"{self._request.name} takes {binding.field} from {other.source} and {binding.source}",
                               "send it once")  # fmt: skip
        response = self._answer()
        self._security()
        return RestOperation(
            operation=operation,
            rpc=self._rpc,
            bindings=tuple(bindings),
            body_field=operation.body_field.raw if operation.body_field else None,
            response_field=operation.response_field.raw if operation.response_field else None,
            status=_status(response),
            policy=self._rpc.policy,
        )

    def _parameters(self) -> list[Binding]:
        found = []
        for parameter in self._operation.parameters:
            if parameter.source == "header" and parameter.name.raw.lower() in _IGNORED_HEADERS:
                continue
            path = (parameter.field or parameter.name).raw
            field = self._field(self._request, path)
            if field is None:
                self._unknown(parameter.at, parameter.name, self._request)
                continue
            self._types(parameter.schema.value, field, parameter.at, path, request=True)
            found.append(Binding(parameter.source, parameter.name.raw, path))
        return found

    def _body(self) -> list[Binding]:
        body = self._operation.body
        schema = next((s for media, s in body.content if media.raw == "application/json"), None) if body else None
        if schema is None:
            return []
        if self._operation.body_field is not None:
            path = self._operation.body_field.raw
            field = self._field(self._request, path)
            if field is None:
                self._unknown(schema.at, self._operation.body_field, self._request)
            else:
                self._types(schema.value, field, schema.at, path, request=True)
            return []
        found = []
        for name, value in self._agreement.properties(schema.value).items():
            field = self._request.field(name)
            target = value.get("x-tenon-field", name) if isinstance(value, dict) else name
            if target != name:
                field = self._field(self._request, target) if isinstance(target, str) else None
            if field is None:
                self._unknown(schema.at, Text(name), self._request)
                continue
            self._types(value, field, schema.at, name, request=True)
            found.append(Binding("body", name, target))
        return found

    def _answer(self) -> Response | None:
        response = _success(self._operation)
        if response is None:
            self._complain(self._operation.at, "rest-rpc-answer", "the operation has no success answer",
                           "add a 2xx response")  # fmt: skip
            return None
        schema = next((s for media, s in response.content if media.raw.endswith("json")), None)
        if schema is None:
            return response
        if self._operation.response_field is not None:
            path = self._operation.response_field.raw
            field = self._field(self._response, path)
            if field is None:
                self._unknown(response.at, self._operation.response_field, self._response)
            else:
                self._types(schema.value, field, response.at, path, request=False)
        elif words := self._agreement.message(schema.value, self._response, request=False):
            self._differs(response.at, words, self._response.at)
        return response

    def _security(self) -> None:
        scopes = sorted(scope.raw for scope in self._operation.scopes)
        policy = self._rpc.policy
        if self._operation.public != policy.public:
            said = "public" if self._operation.public else "not public"
            self._complain(self._operation.at, "rest-rpc-security",
                           f"the operation is {said}, its RPC is {'public' if policy.public else 'not'}",
                           "make both say the same", self._rpc.method.at)  # fmt: skip
        elif scopes != sorted(policy.scopes):
            self._complain(self._operation.at, "rest-rpc-security",
                           f"scopes differ: the operation has {_listed(scopes)}, the RPC {_listed(policy.scopes)}",
                           "name the same scopes in `security` and (tenon.v1.method)", self._rpc.method.at)  # fmt: skip

    def _field(self, message: Message, path: str) -> Field | None:
        parts = path.split(".")
        for part in parts[:-1]:
            step = message.field(part)
            if step is None or step.type.kind is not FieldKind.MESSAGE or step.repeated or step.map_key:
                return None
            message = self._messages[step.type.name]
        return message.field(parts[-1])

    def _types(self, schema: Any, field: Field, at: Location, name: str, *, request: bool) -> None:
        if words := self._agreement.field(schema, field, request=request):
            self._differs(at, f"{name!a}: {words}", field.at)

    def _unknown(self, at: Location, name: Text, message: Message) -> None:
        known = ", ".join(field.json_name.raw for field in message.fields) or "none"
        self._complain(at, "rest-rpc-field", f"{message.name} has no field {name.raw!a}",
                       f"use one of its fields ({known}), or x-tenon-field", message.at)  # fmt: skip

    def _differs(self, at: Location, words: str, also: Location) -> None:
        self._complain(at, "rest-rpc-type", words, "spell the type as protobuf's JSON mapping does", also)

    def _complain(self, at: Location, rule: str, message: str, remedy: str, also: Location | None = None) -> None:
        self.findings.append(Finding(at, rule, message, remedy, also=also))


def _listed(scopes: list[str] | tuple[str, ...]) -> str:
    return ", ".join(map(ascii, sorted(scopes))) or "none"
