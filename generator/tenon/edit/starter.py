"""What a new domain begins with: one small resource on every face, so that it is alive at once."""

from __future__ import annotations

import keyword
import re
from pathlib import Path
from typing import Any

import jinja2

from tenon.edit import render
from tenon.edit.fields import COMMAND, json_name, snake
from tenon.edit.workspace import refuse

_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_TAKEN = frozenset({"tenon", "google", "buf", "api", "impl", "generated", "contracts", "tests", "_pb"})
"""Names of packages and folders that a domain would collide with."""

TOKEN = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "The names listed with an operation are the scopes it needs.",
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Any text of the caller's own. A repeated request with the same key gets the first one's answer.",
    "schema": {"type": "string", "minLength": 8, "maxLength": 128, "pattern": "^[!-~]+$"},
}
_PROBLEMS = {
    "Problem": "What went wrong (RFC 9457).",
    "Forbidden": "The caller is known and may not.",
    "NotFound": "There is no such thing, or the caller may not know of it.",
    "Conflict": "It was changed by somebody else, or the first request with this key still runs.",
    "Invalid": "The body breaks the rules of this document; `errors` names each place and rule.",
}


def names(domain: str, resource: str | None) -> dict[str, str]:
    """Every spelling of the domain and its first resource. Raises Refused."""
    if not _NAME.fullmatch(domain) or domain in _TAKEN or keyword.iskeyword(domain):
        remedy = "choose another" if _NAME.fullmatch(domain) else f"use snake_case, as {snake(domain)!a}"
        raise refuse(COMMAND, "name", f"{domain!a} cannot be the name of a domain", remedy)
    noun = resource or _singular(domain)
    if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", noun):
        raise refuse(COMMAND, "name", f"{noun!a} is no name of a resource", "use a noun in PascalCase, as 'Order'")
    one = snake(noun)
    if keyword.iskeyword(one):
        raise refuse(COMMAND, "name", f"{one!a} is a word of the language", "name what it keeps with --resource")
    title = domain.replace("_", " ").capitalize()
    plural = one if one.endswith("s") else f"{one}s"
    if resource is None and noun != "Item":
        plural = domain
    path = plural.replace("_", "-") if resource or plural == domain else f"{domain.replace('_', '-')}/{plural}"
    return {
        "domain": domain,
        "title": title,
        "service": "".join(part.capitalize() for part in domain.split("_")),
        "noun": noun,
        "camel": json_name(one),
        "snake": one,
        "words": one.replace("_", " "),
        "article": "an" if one[0] in "aeio" else "a",
        "plural": plural,
        "plural_words": plural.replace("_", " "),
        "path": f"/v1/{path}",
    }


def _singular(domain: str) -> str:
    noun = domain
    if domain.endswith("ies"):
        noun = f"{domain[:-3]}y"
    elif domain.endswith("s") and not domain.endswith(("ss", "us", "is", "news")):
        noun = domain[:-1]
    else:
        return "Item"
    return "".join(part.capitalize() for part in noun.split("_"))


def files(domain: str, resource: str | None, *, public: bool, owner: str | None) -> dict[str, str]:
    """The new domain's contracts by path below the contracts folder. Raises Refused."""
    values: dict[str, Any] = names(domain, resource)
    values |= {"owner": owner or f"group:{domain}", "public": public}
    if not re.fullmatch(r"[A-Za-z0-9:/._-]+", values["owner"]):
        raise refuse(COMMAND, "owner", f"{owner!a} is no owner", "write it as group:orders")
    pages = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # the values are identifiers that were checked above
    )
    targets = {
        "catalog-info.yaml": f"{domain}/catalog-info.yaml",
        "domain.proto": f"{domain}/v1/{domain}.proto",
        "domain.openapi.yaml": f"{domain}/v1/{domain}.openapi.yaml",
        "domain.asyncapi.yaml": f"{domain}/v1/{domain}.asyncapi.yaml",
    }
    return {target: pages.get_template(f"{name}.jinja").render(values) for name, target in targets.items()}


def openapi(domain: str) -> dict[str, Any]:
    """A REST face without operations."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "openapi": "3.1.0",
        "info": {"title": domain.replace("_", " ").capitalize(), "version": "1.0.0"},
        "servers": [{"url": "/", "description": "The host that serves this document."}],
        "paths": {},
        "components": {
            "securitySchemes": {"token": TOKEN},
            "parameters": {"IdempotencyKey": IDEMPOTENCY_KEY},
            "responses": {
                name: {"description": about, "content": {"application/problem+json": {"schema": schema}}}
                for name, about in _PROBLEMS.items()
            },
            "schemas": {
                "Problem": {
                    "type": "object",
                    "description": "Problem details (RFC 9457).",
                    "required": ["type", "title", "status"],
                    "properties": {
                        "type": {"type": "string", "format": "uri", "description": "Names the kind of problem."},
                        "title": {"type": "string", "description": "The kind in words."},
                        "status": {"type": "integer", "description": "The HTTP status."},
                        "detail": {"type": "string", "description": "What happened this time."},
                    },
                }
            },
        },
    }


def asyncapi(domain: str) -> dict[str, Any]:
    """An event face that sends and receives nothing yet."""
    return {
        "asyncapi": "3.0.0",
        "info": {"title": f"{domain.replace('_', ' ').capitalize()} events", "version": "1.0.0"},
        "defaultContentType": "application/protobuf",
        "channels": {},
        "operations": {},
        "components": {"parameters": {"slot": SLOT}, "messages": {}},
    }


SLOT = {"description": "The shard of the sender's relay, 0 to 63. Receivers take all of them."}


def text(document: dict[str, Any]) -> str:
    """A new document as YAML, its main parts apart."""
    parts = ["\n".join(render.entry(key, value, 0)) for key, value in document.items()]
    joined = ""
    for key, part in zip(document, parts, strict=True):
        joined += ("\n" if key in ("paths", "channels", "operations", "components") else "") + part + "\n"
    return joined
