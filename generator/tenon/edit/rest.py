"""The REST face of a new RPC, spelled as the document around it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tenon.edit import fields, mapping, starter
from tenon.edit.fields import COMMAND, NewField
from tenon.edit.schemas import Schemas
from tenon.edit.workspace import Workspace, refuse
from tenon.model.graph import Package
from tenon.model.proto import FieldKind, Idempotency
from tenon.model.rest import Document
from tenon.read.document import Node, escape, load
from tenon.read.refs import local
from tenon.source import Location

METHODS = ("get", "post", "put", "patch", "delete")
_PATH = re.compile(r"(?:/(?:[A-Za-z0-9._~:-]+|\{[A-Za-z][A-Za-z0-9_]*\}))+")
_PARAMETER = re.compile(r"\{([^}]*)\}")
_BODILESS = ("get", "delete")
_CREATES = ("Create", "Register", "Add", "Start", "Open")
"""A POST whose RPC begins with one of these answers 201."""
_KEY_HEADER = "Idempotency-Key"
_KEYED = (Idempotency.KEYED, Idempotency.KEY_REQUIRED)


@dataclass(frozen=True, slots=True)
class Face:
    """What the REST face needs to know of its RPC. `service` is its full name."""

    method: str
    path: str
    service: str
    rpc: str
    about: str
    public: bool
    scopes: tuple[str, ...]
    idempotency: Idempotency | None


def parse_face(given: str) -> tuple[str, str]:
    """``POST /v1/things/{thingId}`` as method and path. Raises Refused."""
    method, _, path = given.strip().partition(" ")
    method, path = method.lower(), path.strip()
    if method not in METHODS or not _PATH.fullmatch(path):
        raise refuse(COMMAND, "rest", f"{given!a} is no operation", 'write it as "POST /v1/things/{thingId}"')
    names = _PARAMETER.findall(path)
    if len(set(names)) < len(names):
        raise refuse(COMMAND, "rest", "a path parameter stands twice", "give each another name")
    return method, path


def with_path_fields(
    workspace: Workspace, package: Package, path: str, request: Sequence[NewField], *, proto2: bool
) -> list[NewField]:
    """`request` with a text field in front for each parameter of `path` that none of them fills."""
    known = {name for field in request for name in (field.name, field.json_name)}
    missing = [name for name in _PARAMETER.findall(path) if name not in known]
    made = [
        fields.parse(workspace, package.name, f"{fields.snake(name)}:string", proto2=proto2)
        for name in missing
        if fields.snake(name) not in known
    ]
    return [*made, *request]


def add(
    workspace: Workspace, package: Package, face: Face, request: Sequence[NewField], response: Sequence[NewField]
) -> None:
    """Add the operation to the package's OpenAPI document, which is made when there is none. Raises Refused."""
    document = package.document
    root = _root(workspace, document)
    value: dict[str, Any] = root.value if root else starter.openapi(package.domain)
    _free(workspace, document, root, face)
    maker = _Operation(workspace, package, value, face, request, response)
    additions = maker.additions(_path_item(workspace, root, face.path))
    if root is None:
        _deep(value, additions)
        folder = f"{workspace.contracts}/{package.name.replace('.', '/')}"
        workspace.create(f"{folder}/{package.domain}.openapi.yaml", starter.text(value))
        return
    item = _path_item(workspace, root, face.path)
    if item is not None and item.source is not root.source:
        mapping.merge(workspace, item, additions["paths"].pop(face.path))
    mapping.merge(workspace, root, {key: part for key, part in additions.items() if part})


def _root(workspace: Workspace, document: Document | None) -> Node | None:
    if document is None:
        return None
    source = load(workspace.tree, document.at.file.removeprefix(f"{workspace.contracts}/"), [])
    return source.root if source else None


def _path_item(workspace: Workspace, root: Node | None, path: str) -> Node | None:
    return workspace.follow(root.find(f"/paths/{escape(path)}")) if root else None


def _free(workspace: Workspace, document: Document | None, root: Node | None, face: Face) -> None:
    """Raises Refused where path or operationId are taken."""
    for operation in document.operations if document else ():
        if operation.id.raw == operation_id(face.rpc):
            raise refuse(operation.at, "exists", f"operationId {operation.id.raw} is there already",
                         "choose another name for the RPC")  # fmt: skip
    paths = root.get("paths") if root else None
    for known, node in paths.children() if paths else ():
        item = workspace.follow(node)
        if known == face.path:
            taken = item.get(face.method) if item else None
            if taken is not None:
                raise refuse(taken.at, "exists", f"{face.method.upper()} {face.path} is there already",
                             "choose another path or method")  # fmt: skip
        elif _PARAMETER.sub("{}", str(known)) == _PARAMETER.sub("{}", face.path):
            raise refuse(node.at, "path", f"{face.path} is the same path as {known}, with other names",
                         f"write it as {known}")  # fmt: skip


def operation_id(rpc: str) -> str:
    return rpc[:1].lower() + rpc[1:]


class _Operation:
    """Puts the parts of one operation together."""

    def __init__(
        self,
        workspace: Workspace,
        package: Package,
        document: dict[str, Any],
        face: Face,
        request: Sequence[NewField],
        response: Sequence[NewField],
    ) -> None:
        self._document, self._face, self._request, self._response = document, face, request, response
        components = document.get("components") or {}
        self._components: dict[str, dict[str, Any]] = {
            kind: components.get(kind) or {} for kind in ("schemas", "parameters", "responses", "securitySchemes")
        }
        self._schemas = Schemas(workspace, package.operations, self._components["schemas"])
        self._package = package
        self._in_path = set(_PARAMETER.findall(face.path))

    def additions(self, item: Node | None) -> dict[str, Any]:
        """What the document needs more than it has, in its own shape."""
        face = self._face
        operation: dict[str, Any] = {
            "operationId": operation_id(face.rpc),
            "x-tenon-rpc": f"{face.service}/{face.rpc}",
        }
        if tag := self._tag():
            operation["tags"] = [tag]
        operation["summary"] = face.about.splitlines()[0].rstrip(".")
        schemes: dict[str, Any] = {}
        operation["security"] = [] if face.public else [{self._scheme(schemes): list(face.scopes)}]
        shared = self._path_parameters()
        own: list[Any] = []
        if item is None:
            path_item: dict[str, Any] = {"parameters": shared} if shared else {}
        else:
            path_item = {}
            said = self._said(item)
            own += [p for p in shared if self._name(p) not in said]
        rest = [f for f in self._request if not {f.name, f.json_name} & self._in_path]
        if face.method in _BODILESS:
            own += [self._query(field) for field in rest]
        parameters: dict[str, Any] = {}
        if face.idempotency in _KEYED:
            own.append(self._key(parameters))
        if own:
            operation["parameters"] = own
        if face.method not in _BODILESS and rest:
            name = self._component(f"{face.rpc}Body", f"Input of {face.rpc}.", rest, closed=True)
            operation["requestBody"] = {
                "required": True,
                "content": {"application/json": {"schema": {"$ref": local("components", "schemas", name)}}},
            }
        operation["responses"] = self._responses(has_body=bool(rest) and face.method not in _BODILESS)
        path_item[face.method] = operation
        return {
            "paths": {face.path: path_item},
            "components": {
                kind: new
                for kind, new in (
                    ("securitySchemes", schemes),
                    ("parameters", parameters),
                    ("schemas", self._schemas.new),
                )
                if new
            },
        }

    def _tag(self) -> str | None:
        """The tag of the operation whose path begins most like this one; only in documents that use tags."""

        def common(path: str) -> int:
            pairs = zip(path.split("/"), self._face.path.split("/"), strict=False)
            return next((i for i, (a, b) in enumerate(pairs) if a != b), path.count("/") + 1)

        tagged = [o.operation for o in self._package.operations if o.operation.tags]
        best = max(tagged, key=lambda o: common(o.path.raw), default=None)
        return best.tags[0].raw if best else None

    def _scheme(self, new: dict[str, Any]) -> str:
        known = next(iter(self._components["securitySchemes"]), None)
        if known is None:
            known = "token"
            new[known] = starter.TOKEN
        return known

    def _path_parameters(self) -> list[Any]:
        found = []
        for name in _PARAMETER.findall(self._face.path):
            field = next(f for f in self._request if name in (f.name, f.json_name) or fields.snake(name) == f.name)
            if field.repeated or field.map_key or (field.type.kind is FieldKind.MESSAGE):
                raise refuse(COMMAND, "rest", f"{field.name} cannot stand in a path", "use a text or a number")
            for key, value in self._components["parameters"].items():
                if isinstance(value, dict) and (value.get("in"), value.get("name")) == ("path", name):
                    found.append({"$ref": local("components", "parameters", key)})
                    break
            else:
                schema = self._schemas.of(field)
                schema |= {"minLength": 1} if schema == {"type": "string"} else {}
                made: dict[str, Any] = {"name": name, "in": "path", "required": True, "description": field.comment}
                found.append(made | {"schema": schema})
        return found

    def _said(self, item: Node) -> set[str]:
        """The parameters that a path item gives to all its operations."""
        listed = item.value.get("parameters")
        return {self._name(p) for p in listed if isinstance(p, dict)} if isinstance(listed, list) else set()

    def _name(self, parameter: dict[str, Any]) -> str:
        ref = parameter.get("$ref")
        if isinstance(ref, str):
            parameter = self._components["parameters"].get(ref.rsplit("/", 1)[-1]) or {}
        return str(parameter.get("name"))

    def _query(self, field: NewField) -> dict[str, Any]:
        if field.map_key or (field.type.kind is FieldKind.MESSAGE and not field.type.name.startswith("google.")):
            raise refuse(COMMAND, "rest", f"{field.name} cannot stand in a query",
                         "use POST or PUT, or a scalar field")  # fmt: skip
        for key, value in self._components["parameters"].items():
            if isinstance(value, dict) and (value.get("in"), value.get("name")) == ("query", field.json_name):
                return {"$ref": local("components", "parameters", key)}
        return {"name": field.json_name, "in": "query", "description": field.comment, "schema": self._schemas.of(field)}

    def _key(self, new: dict[str, Any]) -> dict[str, Any]:
        for key, value in self._components["parameters"].items():
            if isinstance(value, dict) and (value.get("in"), value.get("name")) == ("header", _KEY_HEADER):
                return {"$ref": local("components", "parameters", key)}
        new["IdempotencyKey"] = starter.IDEMPOTENCY_KEY
        return {"$ref": local("components", "parameters", "IdempotencyKey")}

    def _responses(self, *, has_body: bool) -> dict[str, Any]:
        face = self._face
        single = self._response[0] if len(self._response) == 1 else None
        status = "201" if face.method == "post" and face.rpc.startswith(_CREATES) else "200"
        responses: dict[str, Any]
        if not self._response:
            responses = {"204": {"description": "Done."}}
        elif single and single.type.kind is FieldKind.MESSAGE and not (single.repeated or single.map_key):
            schema = self._schemas.of(single)
            responses = {
                status: {
                    "description": single.comment,
                    "x-tenon-field": single.json_name,
                    "content": {"application/json": {"schema": schema}},
                }
            }
        else:
            name = self._component(f"{face.rpc}Answer", f"Output of {face.rpc}.", self._response, closed=False)
            schema = {"$ref": local("components", "schemas", name)}
            responses = {status: {"description": "The answer.", "content": {"application/json": {"schema": schema}}}}
        expected = [
            ("403", "Forbidden", not face.public),
            ("404", "NotFound", bool(self._in_path)),
            ("409", "Conflict", face.idempotency in _KEYED),
            ("422", "Invalid", has_body),
            ("default", "Problem", True),
        ]
        for code, name, wanted in expected:
            if wanted and name in self._components["responses"]:
                responses[code] = {"$ref": local("components", "responses", name)}
        return responses

    def _component(self, name: str, about: str, listed: Sequence[NewField], *, closed: bool) -> str:
        """A new schema with the fields of `listed`; its name. Raises Refused when another has it."""
        if name in self._components["schemas"]:
            at = self._package.document.at if self._package.document else COMMAND
            place = Location(at.file, symbol=f"/components/schemas/{name}")
            raise refuse(place, "exists", f"the schema {name} is there already", "rename that schema")
        schema: dict[str, Any] = {"type": "object", "description": about}
        if closed:
            schema["additionalProperties"] = False
        self._schemas.new[name] = schema
        schema["properties"] = {field.json_name: self._schemas.of(field, field.comment) for field in listed}
        return name


def _deep(target: dict[str, Any], additions: dict[str, Any]) -> None:
    """`additions` put into a document that is not written yet."""
    for key, value in additions.items():
        if isinstance(value, dict) and isinstance(target.get(key), dict):
            _deep(target[key], value)
        else:
            target[key] = value
