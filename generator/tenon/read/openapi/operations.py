"""From the bundled document to operations: references followed, path-level parameters and security inherited."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tenon.finding import Finding, Severity
from tenon.model.rest import Body, Operation, Parameter, Response, Schema
from tenon.model.text import Text
from tenon.read import extensions
from tenon.read.bundle import Bundler, pointer
from tenon.read.document import Node
from tenon.read.openapi.grammar import METHODS
from tenon.read.refs import local_keys
from tenon.source import Location

_STATUS = re.compile(r"[1-5][0-9][0-9]|[1-5]XX|default")
_TEMPLATE = re.compile(r"\{([^{}]*)\}")
_STYLES = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form",),
}
_IGNORED_HEADERS = ("accept", "content-type", "authorization")
"""Header parameters of these names are ignored (OpenAPI 3.1.1, 4.8.12.1)."""

JsonObject = dict[str, Any]
Constants = tuple[tuple[str, Text, Text], ...]


class Operations:
    """Reads the operations of one bundled document."""

    def __init__(self, bundler: Bundler, bundled: JsonObject, findings: list[Finding]) -> None:
        self._origins = bundler.origins
        self._bundled = bundled
        self._root = bundler.root
        self._findings = findings
        self._ids: dict[str, Location] = {}
        self._declared: set[str] = set()
        self._routes: dict[tuple[str, str], tuple[str, Location, set[frozenset[Any]]]] = {}
        self._shared: set[str] = set()

    def read(self) -> tuple[Operation, ...]:
        paths = self._bundled.get("paths")
        listed = [
            (path, item, method)
            for path, item in (paths.items() if isinstance(paths, dict) else ())
            if isinstance(item, dict) and not path.startswith("x-")
            for method in METHODS
            if isinstance(item.get(method), dict)
        ]
        self._declared = {str(item[method].get("operationId")) for _, item, method in listed}
        routes = Counter(method + re.split("[#?]", path)[0] for path, _, method in listed)
        self._shared = {route for route, times in routes.items() if times > 1}
        found = (self._operation(*each) for each in listed)
        return tuple(operation for operation in found if operation is not None)

    def _operation(self, path: str, item: JsonObject, method: str) -> Operation | None:
        value = item[method]
        node = self._origins.get(id(value), self._root)
        at = node.at
        if not path.startswith("/"):
            self._complain(at, "path", "a path has to begin with `/`", "correct the path")
            return None
        route, _, query = path.split("#")[0].partition("?")
        identity = self._identity(value, method, path, node)
        if identity is None:
            return None
        parameters = self._parameters(item, value, route, at)
        constants = self._constants(method, route, query, parameters, at)
        if constants is None:
            return None
        scopes, public = self._security(value)
        if "requestBody" in value and isinstance(value["requestBody"], dict):
            body = self._body(self._resolve(value["requestBody"]))
        else:
            body = None
        responses = self._responses(value.get("responses"), at)
        success = next((r for r in responses if r.status.startswith("2")), None)
        success_node = self._node_at(node, "responses", success.status) if success else None
        return Operation(
            id=Text(identity),
            method=method.upper(),
            path=Text(self._base(value, item, at) + route),
            pointer=pointer("paths", path, method),
            summary=_text(value, "summary"),
            description=_text(value, "description"),
            tags=tuple(Text(tag) for tag in value.get("tags") or () if isinstance(tag, str)),
            deprecated=value.get("deprecated") is True,
            parameters=parameters,
            body=body,
            responses=responses,
            scopes=scopes,
            public=public,
            rpc=extensions.text(node, "x-tenon-rpc", self._findings),
            body_field=extensions.text(self._node_at(node, "requestBody"), "x-tenon-field", self._findings),
            response_field=extensions.text(success_node, "x-tenon-field", self._findings),
            policy=extensions.policy(node, scopes, public, self._findings),
            at=at,
            constants=constants,
        )

    def _constants(
        self, method: str, route: str, query: str, parameters: tuple[Parameter, ...], at: Location
    ) -> Constants | None:
        """What tells the operation from others of its route; None when nothing does: another answers the same requests.

        That may be a query in the path, and parameters that are required and can have one value only. Names in braces
        do not tell routes apart.
        """
        constants = tuple(
            ("query", Text(name), Text(value)) for name, value in parse_qsl(query, keep_blank_values=True)
        )
        if method + route in self._shared:
            constants += tuple(
                (parameter.source, parameter.name, Text(only))
                for parameter in parameters
                if parameter.source in ("query", "header") and parameter.required
                if (only := _only_text(parameter.schema.value)) is not None
            )
        first, first_at, known = self._routes.setdefault((method, _TEMPLATE.sub("{}", route)), (route, at, set()))
        if first == route and frozenset(constants) not in known:
            known.add(frozenset(constants))
            return constants
        self._complain(
            at,
            "route-collision",
            "another operation has the same method and path: no server could tell their requests apart",
            "give one of them another path",
            Severity.UNSUPPORTED,
            first_at,
        )
        return None

    def _identity(self, value: JsonObject, method: str, path: str, node: Node) -> str | None:
        declared = value.get("operationId")
        if isinstance(declared, str) and declared.strip():
            place = node.get("operationId")
            at = place.at if place else node.at
            other = self._ids.setdefault(declared, at)
            if other is not at:
                self._complain(at, "operation-id", "two operations have the same operationId", "rename one", also=other)
                return None
            return declared
        wanted = re.sub(r"[^A-Za-z0-9]+", "_", f"{method}_{path}").strip("_")
        identity, number = wanted, 2
        while identity in self._ids or identity in self._declared:
            identity, number = f"{wanted}_{number}", number + 1
        self._ids[identity] = node.at
        return identity

    def _base(self, operation: JsonObject, item: JsonObject, at: Location) -> str:
        """The path of the first server: the operation's, the path's or the document's."""
        for owner in (operation, item, self._bundled):
            servers = owner.get("servers")
            if isinstance(servers, list) and servers and isinstance(servers[0], dict):
                server = servers[0]
                break
        else:
            return ""
        url = server.get("url")
        variables = server.get("variables")
        if not isinstance(url, str):
            return ""

        def default(match: re.Match[str]) -> str:
            variable = variables.get(match[1]) if isinstance(variables, dict) else None
            value = variable.get("default") if isinstance(variable, dict) else None
            return str(value) if isinstance(value, (str, int, float)) else ""

        try:
            path = urlsplit(_TEMPLATE.sub(default, url)).path
        except ValueError:
            self._complain(at, "server", "the server's URL cannot be read", "correct the URL", Severity.WARNING)
            return ""
        parts = [part for part in path.split("/") if part]
        return "".join("/" + part for part in parts)

    def _parameters(self, item: JsonObject, value: JsonObject, route: str, at: Location) -> tuple[Parameter, ...]:
        """The operation's parameters and those of its path. What is left out here is left out of the bundle too."""
        templated = _TEMPLATE.findall(route)
        found: dict[tuple[str, str], Parameter] = {}
        for owner in (item, value):
            listed: dict[tuple[str, str], Any] = {}
            for entry in owner.get("parameters") or ():
                parameter = self._parameter(self._resolve(entry))
                if parameter is None:
                    continue
                key = (parameter.source, parameter.name.raw)
                if key in listed:
                    self._left_out(parameter, "this parameter stands twice in one list")
                elif parameter.source == "path" and parameter.name.raw not in templated:
                    self._left_out(parameter, "a path parameter is declared that the path does not have")
                else:
                    listed[key], found[key] = entry, parameter
            if "parameters" in owner:
                owner["parameters"] = list(listed.values())
        for name in dict.fromkeys(templated):
            if ("path", name) not in found:
                message = "the path has a parameter that is not declared; it is read as text"
                self._complain(at, "path-parameter", message, "declare it under `parameters`", Severity.WARNING)
                added = {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
                value.setdefault("parameters", []).append(added)
                found[("path", name)] = Parameter(
                    Text(name), "path", True, Schema(added["schema"], at), "simple", False, None, Text(""), at
                )
        return tuple(found.values())

    def _parameter(self, value: Any) -> Parameter | None:
        node = self._origins.get(id(value), self._root)
        if not isinstance(value, dict) or not isinstance(value.get("name"), str):
            self._complain(node.at, "parameter", "a parameter needs a name", "add `name` and `in`")
            return None
        source = value.get("in")
        if not isinstance(source, str) or source not in _STYLES:
            self._complain(node.at, "parameter", "a parameter stands in path, query, header or cookie", "correct `in`")
            return None
        if source == "header" and value["name"].lower() in _IGNORED_HEADERS:
            return None
        if value.get("style", _STYLES[source][0]) not in _STYLES[source]:
            message = f"this style is not for {source} parameters; {_STYLES[source][0]} is taken"
            self._complain(node.at, "parameter-style", message, "correct `style`", Severity.WARNING)
            value["style"] = _STYLES[source][0]
        style = value.get("style", _STYLES[source][0])
        if source == "path":
            value["required"] = True
        content = value.get("content")
        media = next(iter(content), None) if isinstance(content, dict) else None
        holder = value if media is None or not isinstance(content, dict) else content[media]
        schema = holder.setdefault("schema", {})
        explode = value.get("explode")
        return Parameter(
            name=Text(value["name"]),
            source=source,
            required=value.get("required") is True,
            schema=self._schema(schema, node),
            style=style,
            explode=explode if isinstance(explode, bool) else style == "form",
            content=media,
            description=_text(value, "description"),
            at=node.at,
            field=extensions.text(node, "x-tenon-field", self._findings),
        )

    def _left_out(self, parameter: Parameter, words: str) -> None:
        self._complain(parameter.at, "parameter", f"{words}; it is left out", "remove it", Severity.WARNING)

    def _body(self, value: JsonObject) -> Body:
        node = self._origins.get(id(value), self._root)
        return Body(value.get("required") is True, self._content(value, node), _text(value, "description"), node.at)

    def _responses(self, responses: Any, at: Location) -> tuple[Response, ...]:
        found = []
        for key, entry in list(responses.items()) if isinstance(responses, dict) else ():
            if key.startswith("x-"):
                continue
            status = key.upper() if key.endswith("xx") else key
            responses[status] = responses.pop(key)
            value = self._resolve(entry)
            node = self._origins.get(id(value), self._root)
            if not _STATUS.fullmatch(status):
                message = "an answer is named by its status, as `200`, `2XX` or `default`; this one is left out"
                self._complain(at, "response-status", message, "correct the status", Severity.WARNING)
                continue
            found.append(Response(status, self._content(value, node), _text(value, "description"), node.at))
        return tuple(found)

    def _content(self, value: JsonObject, node: Node) -> tuple[tuple[Text, Schema | None], ...]:
        content = value.get("content")
        if isinstance(content, dict):
            content = value["content"] = {_media(key, entry): entry for key, entry in content.items()}
        found = []
        for media, entry in content.items() if isinstance(content, dict) else ():
            typed = isinstance(entry, dict) and "schema" in entry
            found.append((Text(media), self._schema(entry["schema"], node) if typed else None))
        return tuple(found)

    def _security(self, value: JsonObject) -> tuple[tuple[Text, ...], bool]:
        """The scopes of the first requirement that names a scheme, and whether a call without any is allowed."""
        security = value.get("security", self._bundled.get("security"))
        requirements = [each for each in security if isinstance(each, dict)] if isinstance(security, list) else []
        if not requirements or {} in requirements:
            return (), True
        scopes = [
            scope
            for names in requirements[0].values()
            for scope in (names if isinstance(names, list) else ())
            if isinstance(scope, str)
        ]
        return tuple(Text(scope) for scope in dict.fromkeys(scopes)), False

    def _schema(self, value: Any, default: Node) -> Schema:
        return Schema(value, self._origins.get(id(value), default).at)

    def _resolve(self, value: Any) -> Any:
        """What a local reference names; {} for what does not resolve, which was reported while bundling."""
        if isinstance(value, dict) and isinstance(ref := value.get("$ref"), str):
            found: Any = self._bundled
            for key in local_keys(ref) or ():
                found = found.get(key, {}) if isinstance(found, dict) else {}
            return found
        return value

    def _node_at(self, node: Node, *keys: str) -> Node | None:
        found: Node | None = node
        for key in keys:
            found = found.get(key) if found else None
        return found

    def _complain(
        self,
        at: Location,
        rule: str,
        message: str,
        remedy: str,
        severity: Severity = Severity.ERROR,
        also: Location | None = None,
    ) -> None:
        self._findings.append(Finding(at, rule, message, remedy, severity, also))


def _only_text(schema: Any) -> str | None:
    """The only text that a schema allows."""
    values = [schema["const"]] if isinstance(schema, dict) and "const" in schema else None
    values = schema.get("enum") if values is None and isinstance(schema, dict) else values
    return values[0] if isinstance(values, list) and len(values) == 1 and isinstance(values[0], str) else None


def _media(key: str, entry: Any) -> str:
    """The media type. ``*/*`` with a schema that only JSON can fulfil is JSON."""
    schema = entry.get("schema") if isinstance(entry, dict) else None
    if key.strip() not in ("*/*", "application/*") or not isinstance(schema, dict):
        return key
    return key if schema.get("type") == "string" or not schema else "application/json"


def _text(value: JsonObject, key: str) -> Text:
    found = value.get(key)
    return Text(found) if isinstance(found, str) else Text("")
