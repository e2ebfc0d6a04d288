"""Each place of an OpenAPI document where a text can stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

JSON = dict[str, Any]
Place = Callable[[JSON, JSON, str], None]
"""Puts a payload into one operation and the schema of its body."""


def _operation(i: int) -> JSON:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/S{i}"}}}
    return {
        "operationId": f"op{i}",
        "summary": "plain",
        "tags": ["plain"],
        "parameters": [
            {"name": "q", "in": "query", "description": "plain", "schema": {"type": "string"}},
            {"name": "X-Plain", "in": "header", "schema": {"type": "string"}},
        ],
        "requestBody": {"description": "plain", "content": dict(content)},
        "responses": {
            "200": {
                "description": "plain",
                "headers": {"X-Plain": {"description": "plain", "schema": {"type": "string"}}},
                "content": dict(content),
            }
        },
    }


def _schema() -> JSON:
    return {
        "type": "object",
        "title": "plain",
        "description": "plain",
        "required": ["a"],
        "properties": {
            "a": {"type": "string", "description": "plain"},
            "e": {"type": "string", "enum": ["one", "two"]},
            "c": {"const": "one"},
            "not a name": {"type": "string", "description": "plain"},
        },
    }


def _set(*path: str | int) -> Place:
    """The payload at this path of the operation; ``schema`` first: of the schema."""

    def put(operation: JSON, schema: JSON, payload: str) -> None:
        target: Any = schema if path[0] == "schema" else operation
        keys = path[1:] if path[0] == "schema" else path
        for key in keys[:-1]:
            target = target.setdefault(key, {}) if isinstance(target, dict) else target[key]
        target[keys[-1]] = payload

    return put


def _enum(operation: JSON, schema: JSON, payload: str) -> None:
    schema["properties"]["e"]["enum"] = [payload, "another"]


def _mapping(operation: JSON, schema: JSON, payload: str) -> None:
    schema["discriminator"] = {"propertyName": "a", "mapping": {payload: "#/components/schemas/S0"}}


def _mapping_target(operation: JSON, schema: JSON, payload: str) -> None:
    schema["discriminator"] = {"propertyName": "a", "mapping": {"x": "S0"}, "x-note": payload}


def _extension(operation: JSON, schema: JSON, payload: str) -> None:
    schema["x-note"] = operation["x-note"] = {"deep": [payload, {payload: payload}]}


def _example(operation: JSON, schema: JSON, payload: str) -> None:
    schema["examples"] = [{"a": payload, payload: payload}]
    operation["requestBody"]["content"]["application/json"]["examples"] = {"x": {"value": payload, "summary": payload}}


def _callback(operation: JSON, schema: JSON, payload: str) -> None:
    operation["callbacks"] = {"x": {payload or "x": {"post": {"responses": {"200": {"description": payload}}}}}}


def _link(operation: JSON, schema: JSON, payload: str) -> None:
    operation["responses"]["200"]["links"] = {"x": {"operationId": payload, "description": payload}}


def _server(operation: JSON, schema: JSON, payload: str) -> None:
    url = "https://example.com/{v}"
    operation["servers"] = [
        {"url": url, "description": payload, "variables": {"v": {"default": "x", "enum": [payload]}}}
    ]


def _scope(operation: JSON, schema: JSON, payload: str) -> None:
    operation["security"] = [{"oauth": [payload]}]


TEXTS: dict[str, Place] = {
    "summary": _set("summary"),
    "description": _set("description"),
    "tag": _set("tags", 0),
    "external-docs": _set("externalDocs", "url"),
    "parameter-description": _set("parameters", 0, "description"),
    "parameter-default": _set("parameters", 0, "schema", "default"),
    "body-description": _set("requestBody", "description"),
    "response-description": _set("responses", "200", "description"),
    "header-description": _set("responses", "200", "headers", "X-Plain", "description"),
    "schema-title": _set("schema", "title"),
    "schema-description": _set("schema", "description"),
    "schema-comment": _set("schema", "$comment"),
    "property-description": _set("schema", "properties", "a", "description"),
    "odd-property-description": _set("schema", "properties", "not a name", "description"),
    "property-default": _set("schema", "properties", "a", "default"),
    "pattern": _set("schema", "properties", "a", "pattern"),
    "format": _set("schema", "properties", "a", "format"),
    "content-encoding": _set("schema", "properties", "a", "contentEncoding"),
    "const": _set("schema", "properties", "c", "const"),
    "enum": _enum,
    "example": _example,
    "mapping-key": _mapping,
    "discriminator-extension": _mapping_target,
    "extension": _extension,
    "callback": _callback,
    "link": _link,
    "server-description": _server,
    "scope": _scope,
}
"""Text that stays text: the shape of what is generated does not depend on it."""


def _parameter_name(source: str) -> Place:
    def put(operation: JSON, schema: JSON, payload: str) -> None:
        parameter = {"name": payload, "in": source, "required": source == "path", "schema": {"type": "string"}}
        operation["parameters"] = [parameter]

    return put


def _property_name(operation: JSON, schema: JSON, payload: str) -> None:
    schema["properties"] = {payload: {"type": "string", "description": payload}, "b": {"enum": [payload]}}
    schema["required"] = [payload]


def _inline_property_name(operation: JSON, schema: JSON, payload: str) -> None:
    inner = {"type": "object", "properties": {payload: {"type": "object", "properties": {payload: {}}}}}
    operation["requestBody"]["content"]["application/json"]["schema"] = inner


def _media_type(operation: JSON, schema: JSON, payload: str) -> None:
    operation["requestBody"]["content"] = {payload: {"schema": {"type": "string"}}}
    operation["responses"]["200"]["content"] = {payload: {"schema": {"type": "object"}}}


def _response_header(operation: JSON, schema: JSON, payload: str) -> None:
    operation["responses"]["200"]["headers"] = {payload: {"schema": {"type": "string"}}}


def _security_scheme(operation: JSON, schema: JSON, payload: str) -> None:
    operation["security"] = [{payload: ["plain"]}]


def _server_url(operation: JSON, schema: JSON, payload: str) -> None:
    operation["servers"] = [{"url": payload}]


def _server_variable(operation: JSON, schema: JSON, payload: str) -> None:
    operation["servers"] = [{"url": "https://example.com/{v}/x", "variables": {"v": {"default": payload}}}]


def _discriminator(operation: JSON, schema: JSON, payload: str) -> None:
    schema["discriminator"] = {"propertyName": payload}
    schema["oneOf"] = [{"$ref": "#/components/schemas/S0"}, {"type": "string", "title": payload}]


def _type(operation: JSON, schema: JSON, payload: str) -> None:
    schema["properties"]["a"]["type"] = payload


def _anchor(operation: JSON, schema: JSON, payload: str) -> None:
    schema["$id"] = schema["$anchor"] = schema["$schema"] = payload


def _style(operation: JSON, schema: JSON, payload: str) -> None:
    operation["parameters"][0]["style"] = payload


NAMES: dict[str, Place] = {
    "operation-id": _set("operationId"),
    "path-parameter": _parameter_name("path"),
    "query-parameter": _parameter_name("query"),
    "header-parameter": _parameter_name("header"),
    "cookie-parameter": _parameter_name("cookie"),
    "property": _property_name,
    "inline-property": _inline_property_name,
    "media-type": _media_type,
    "response-header": _response_header,
    "security-scheme": _security_scheme,
    "server-url": _server_url,
    "server-variable": _server_variable,
    "discriminator": _discriminator,
    "type": _type,
    "anchor": _anchor,
    "style": _style,
    "tenon-deadline": _set("x-tenon-deadline"),
    "tenon-idempotency": _set("x-tenon-idempotency"),
    "tenon-slo": _set("x-tenon-slo"),
}
"""Text that something is named after, or decided by."""


def document(place: str, payloads: Mapping[str, str]) -> JSON:
    """One operation and one schema a payload, each holding it in `place`."""
    put = (TEXTS | NAMES)[place]
    paths: JSON = {}
    schemas: JSON = {}
    for i, payload in enumerate(payloads.values()):
        operation, schema = _operation(i), _schema()
        put(operation, schema, payload)
        path = f"/p{i}"
        if place == "path-parameter":
            path += f"/{{{payload}}}"
        paths[path] = {"post": operation}
        schemas[f"S{i}"] = schema
    return {
        "openapi": "3.1.0",
        "info": {"title": "plain", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"oauth": {"type": "oauth2", "flows": {}}},
        },
    }


def whole(payload: str) -> dict[str, JSON]:
    """Documents that hold one payload where there is one place a document."""
    plain = document("summary", {"plain": "plain"})
    info = {"title": payload, "version": payload, "summary": payload, "description": payload,
            "contact": {"name": payload, "url": payload}, "license": {"name": payload}}  # fmt: skip
    schema = {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/S0"}}}
    return {
        "info": {**plain, "info": info},
        "version": {**plain, "openapi": payload},
        "tags": {**plain, "tags": [{"name": payload, "description": payload}]},
        "servers": {**plain, "servers": [{"url": payload, "description": payload}]},
        "path": {**plain, "paths": {payload: plain["paths"]["/p0"], f"/{payload}": plain["paths"]["/p0"]}},
        "method": {**plain, "paths": {"/p": {payload: plain["paths"]["/p0"]["post"]}}},
        "status": {**plain, "paths": {"/p": {"get": {"responses": {payload: {"description": "plain"}}}}}},
        "schema-name": {**plain, "components": {"schemas": {**plain["components"]["schemas"], payload: schema}}},
        "section": {**plain, "components": {payload: {"x": schema}, **plain["components"]}},
        "ref": {**plain, "paths": {"/p": {"$ref": payload}}},
        "schema-ref": {**plain, "components": {"schemas": {"S0": {"$ref": payload}}}},
        "dialect": {**plain, "jsonSchemaDialect": payload, "$self": payload},
        "rpc": {**plain, "paths": {"/p": {"get": {"x-tenon-rpc": payload, "responses": {}}}}},
        "field": {**plain, "paths": {"/p": {"post": {"requestBody": {"x-tenon-field": payload}, "responses": {}}}}},
        "root-extension": {**plain, f"x-{payload}": payload, payload: payload},
    }
