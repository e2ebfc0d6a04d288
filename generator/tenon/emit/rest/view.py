"""The names and types of a REST face, decided once for `types.py` and `rest.py`."""

from __future__ import annotations

from dataclasses import dataclass

from tenon.lang import naming
from tenon.lang.json_types import Declaration, JsonTypes, Members, union
from tenon.lang.python import docstring, literal, pascal, snake, unique
from tenon.model.graph import Package, RestOperation
from tenon.model.rest import Operation, Schema
from tenon.model.text import Text

_ANNOTATIONS = frozenset(["bool", "bytes", "dict", "float", "int", "list", "str", "types"])
"""What annotations in `rest.py` are made of: in a class, an attribute of that name would hide it from the others."""
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
"""What the runtime hands over as JSON values beside JSON; it gives ``text/*`` as str and all else as bytes."""
_OURS = {
    "Any", "Binding", "Context", "Idempotency", "Literal", "Operation", "Path", "Policy", "REST", "RestHandlers",
    "RestSpec", "Slo",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Argument:
    """One attribute of a request: `source` and `wire` as in `tenon_runtime.Operation.arguments`."""

    attribute: str
    source: str
    wire: Text
    type: str
    required: bool
    doc: Text


@dataclass(frozen=True, slots=True)
class OperationView:
    """One operation. `request` is empty, and so is what follows from it, when an RPC answers."""

    constant: str
    spec: str
    attribute: str
    request: str
    summary: str
    arguments: tuple[Argument, ...]
    answer: str
    doc: str


@dataclass(frozen=True, slots=True)
class RestView:
    """All that `types.py` and `rest.py` say."""

    package: str
    handlers: str
    declarations: tuple[Declaration, ...]
    operations: tuple[OperationView, ...]


def view(package: Package) -> RestView:
    """The REST face of `package`, which has a document."""
    assert package.document is not None
    handlers = f"{naming.domain_class(package)}Handlers"
    types = JsonTypes({name.raw: schema.value for name, schema in package.document.schemas}, set())
    taken = {*_OURS, handlers}
    attributes: set[str] = set()
    operations = []
    for operation in package.operations:
        attribute = unique(_attribute(operation.operation.id), attributes)
        if operation.rpc is None:
            operations.append(_direct(operation, attribute, unique(f"{pascal(attribute)}Request", taken), types))
        else:
            operations.append(_bound(operation, attribute))
    return RestView(package.name, handlers, types.declarations(), tuple(operations))


def _bound(operation: RestOperation, attribute: str) -> OperationView:
    return OperationView(
        f"_{attribute.upper()}", _spec(operation, attribute, "None", ()), attribute, "", "", (), "", ""
    )


def _direct(operation: RestOperation, attribute: str, request: str, types: JsonTypes) -> OperationView:
    declared = operation.operation
    base = pascal(attribute)
    arguments = _arguments(declared, base, types)
    answer = _answer(operation, base, types)
    about = [text.raw for text in (declared.summary, declared.description) if text.raw.strip()]
    return OperationView(
        constant=f"_{attribute.upper()}",
        spec=_spec(operation, attribute, request, arguments),
        attribute=attribute,
        request=request,
        summary=docstring(f"What `{attribute}` is asked."),
        arguments=arguments,
        answer=answer,
        doc=docstring("\n\n".join(dict.fromkeys(about)), 8, [f"Contract: {declared.method} {_route(declared)}"]),
    )


def _attribute(name: Text) -> str:
    made = snake(name)
    return f"{made}_" if made in _ANNOTATIONS else made


def _route(declared: Operation) -> str:
    return " ".join(declared.path.raw.split())


def _arguments(declared: Operation, base: str, types: JsonTypes) -> tuple[Argument, ...]:
    taken: set[str] = set()
    found: list[Argument] = []
    if declared.body is not None:
        members = [m for kind, schema in declared.body.content for m in _media(kind.raw, schema, f"{base}Body", types)]
        required = declared.body.required
        expression = union([*(members or ["bytes"]), *([] if required else ["None"])])
        found.append(Argument(unique("body", taken), "body", Text(""), expression, required, declared.body.description))
    for parameter in declared.parameters:
        attribute = unique(_attribute(parameter.name), taken)
        members = [*types.of(parameter.schema.value, base + pascal(parameter.name))]
        expression = union(members if parameter.required else [*members, "None"])
        found.append(
            Argument(attribute, parameter.source, parameter.name, expression, parameter.required, parameter.description)
        )
    return tuple(sorted(found, key=lambda argument: not argument.required))


def _answer(operation: RestOperation, base: str, types: JsonTypes) -> str:
    """What the runtime answers with: the success status, and of its media types JSON, else the first."""
    status = operation.status
    responses = {response.status: response for response in operation.operation.responses}
    response = next((responses[n] for n in (str(status), f"{status // 100}XX", "default") if n in responses), None)
    if response is None or status == 204 or not response.content:
        return "None"
    kind, schema = next((each for each in response.content if _is_json(each[0].raw)), response.content[0])
    return union(_media(kind.raw, schema, f"{base}Response", types))


def _is_json(kind: str) -> bool:
    media = kind.split(";", 1)[0].strip().lower()
    return media == "application/json" or media.endswith("+json")


def _media(kind: str, schema: Schema | None, hint: str, types: JsonTypes) -> Members:
    """What a body of one media type is in Python: a JSON value (forms too), text, or bytes."""
    media = kind.split(";", 1)[0].strip().lower()
    if _is_json(kind) or media in _FORMS:
        return types.of(schema.value, hint) if schema is not None else ("Any",)
    return ("str",) if media.startswith("text/") else ("bytes",)


def _spec(operation: RestOperation, attribute: str, request: str, arguments: tuple[Argument, ...]) -> str:
    """The constructor call of a `tenon_runtime.Operation`."""
    declared = operation.operation
    service = operation.rpc.service.name if operation.rpc else ""
    bindings = ", ".join(
        f"Binding(source={literal(b.source)}, name={literal(b.name)}, field={literal(b.field)})"
        for b in operation.bindings
    )
    values = {
        "id": literal(declared.id),
        "method": literal(declared.method),
        "path": literal(declared.path),
        "pointer": literal(declared.pointer),
        "rpc": literal(f"{service}/{operation.rpc.method.name}" if operation.rpc else None),
        "attr": literal(attribute),
        "bindings": f"({bindings}{',' if len(operation.bindings) == 1 else ''})",
        "body_field": literal(operation.body_field),
        "response_field": literal(operation.response_field),
        "status": literal(operation.status),
        "request": request,
        "arguments": literal(tuple((each.attribute, each.source, each.wire) for each in arguments)),
        "policy": naming.policy(operation.policy),
        "ref": literal(declared.at.ref),
        **({"constants": literal(declared.constants)} if declared.constants else {}),
    }
    return f"Operation({', '.join(f'{name}={value}' for name, value in values.items())})"
