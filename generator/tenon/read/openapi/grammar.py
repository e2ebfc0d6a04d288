"""Which objects stand where in an OpenAPI document (OpenAPI 3.1.1, chapter 4.8)."""

from __future__ import annotations

from tenon.read.bundle import SCHEMA, Grammar, Items, Kind, Map, One, Step

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

_PARAMETER: dict[str, Step] = {"schema": One("schema"), "content": Map("media"), "examples": Map("example")}

GRAMMAR: Grammar = {
    "document": Kind({"paths": Map("path", extended=True), "webhooks": Map("path", extended=True)}),
    "path": Kind({**{method: One("operation") for method in METHODS}, "parameters": Items("parameter")}, inline=True),
    "operation": Kind(
        {
            "parameters": Items("parameter"),
            "requestBody": One("body"),
            "responses": Map("response", extended=True),
            "callbacks": Map("callback"),
        },
        inline=True,  # not in the specification, but in public descriptions
    ),
    "callback": Kind({}, section="callbacks", every=One("path")),
    "parameter": Kind(_PARAMETER, section="parameters"),
    "header": Kind(_PARAMETER, section="headers"),
    "body": Kind({"content": Map("media")}, section="requestBodies"),
    "media": Kind({"schema": One("schema"), "examples": Map("example"), "encoding": Map("encoding")}),
    "encoding": Kind({"headers": Map("header")}),
    "response": Kind({"headers": Map("header"), "content": Map("media"), "links": Map("link")}, section="responses"),
    "link": Kind({}, section="links"),
    "example": Kind({}, section="examples"),
    "security": Kind({}, section="securitySchemes"),
    "schema": SCHEMA,
}
