"""What the contracts say of the borders between domains."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tenon.gate.context import Context
from tenon.gate.documents import Document, Unreadable
from tenon.gate.kinds.architecture.pairs import Call, Event, Undeclared
from tenon.source import Location

_TEXT = r"""(?:"(?:[^"\\\n]|\\.)*+"?|'(?:[^'\\\n]|\\.)*+'?)"""
_COMMENT = re.compile(rf"({_TEXT})|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?", re.DOTALL)
_BRACE = re.compile(rf"[{{}}]|{_TEXT}", re.DOTALL)
_MAX_OPTIONS = 4000
"""Characters of one RPC's block that are looked at."""
_PACKAGE = re.compile(r"(?m)^[ \t]*package\s+([\w.]+)\s*;")
_SERVICE = re.compile(r"\bservice\s+(\w+)\s*\{")
_RPC = re.compile(
    r"\brpc\s+(\w+)\s*\(\s*(?:stream\s+)?([\w.]+)\s*\)\s*returns\s*\(\s*(?:stream\s+)?([\w.]+)\s*\)\s*([{;])"
)
_OPTION = re.compile(r"option\s*\(\s*\.?tenon\.v1\.service\s*\)([^=;{]*)=?\s*(\{)?")
_FACE = re.compile(r"x-tenon-rpc[\"']?\s*:\s*[\"']?([\w.]+)/(\w+)")
_METHOD = re.compile(r"(?m)^[ \t]*[\"']?(?:get|put|post|delete|options|head|patch|trace|query)[\"']?\s*:")
_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace", "query"})
_ADDRESS = re.compile(r"evt\.(\w+)\.\{\w+\}\.(\w+)\.v\d+")
_PAYLOAD = re.compile(r"\.proto#([\w.]+)")


@dataclass
class Domain:
    """A bounded context: a folder of the contracts."""

    name: str
    packages: dict[str, str] = field(default_factory=dict)
    """By package: a file of it."""
    rpcs: dict[str, tuple[str, str, Location]] = field(default_factory=dict)
    """``catalog.v1.CatalogService/GetVideo``: request and response type, and place."""
    faces: list[tuple[str, Location]] = field(default_factory=list)
    """RPCs that its REST operations name."""
    sends: dict[str, Location] = field(default_factory=dict)
    receives: dict[str, Location] = field(default_factory=dict)
    payloads: set[str] = field(default_factory=set)
    """Messages of the events that it receives."""
    owner: bool = False
    catalog: Location | None = None
    no_slo: list[str] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)
    first: Location | None = None


def read(context: Context) -> dict[str, Domain]:
    """Every domain of the new side, by its folder."""
    found: dict[str, Domain] = {}
    prefix = context.new.contracts.relative_to(context.new.root).as_posix()
    depth = 0 if prefix == "." else prefix.count("/") + 1
    for file in context.new.contract_files(".proto", ".yaml", ".yml", ".json"):
        parts = file.split("/")[depth:]
        if len(parts) < 2 or parts[0] == "tenon":
            continue
        document = context.new_documents.load(file)
        if document is None:
            continue
        domain = found.setdefault(parts[0], Domain(parts[0]))
        try:
            _take(domain, document, parts[-1], context)
        except (Unreadable, RecursionError):
            continue  # the kind whose file it is says so
    return found


def _take(domain: Domain, document: Document, name: str, context: Context) -> None:
    if name.endswith(".proto"):
        _proto(domain, document)
    elif name.startswith("catalog-info."):
        spec = document.value.get("spec") if isinstance(document.value, dict) else None
        domain.owner |= isinstance(spec, dict) and bool(spec.get("owner"))
        domain.catalog = Location(document.file, 1)
    elif ".asyncapi." in name or re.search(r"(?m)^[ \t{]*[\"']?asyncapi[\"']?\s*:", document.text[:4000]):
        _asyncapi(domain, document, context)
    elif ".openapi." in name or re.search(r"(?m)^[ \t{]*[\"']?openapi[\"']?\s*:", document.text[:4000]):
        _openapi(domain, document)


def _proto(domain: Domain, document: Document) -> None:
    """Services and RPCs. Comments go, so that lines stay; what is in texts is left alone."""
    text = _COMMENT.sub(lambda m: m[1] or "\n" * m[0].count("\n"), document.text)
    package = found[1] if (found := _PACKAGE.search(text)) else ""
    domain.packages.setdefault(package, document.file)
    ends = _ends(text)
    for service in _SERVICE.finditer(text):
        begin, end = service.end(), ends.get(service.end(), len(text))
        owner = slo = False
        for option in _OPTION.finditer(text, begin, end):
            said = option[1] + (text[option.end() : ends.get(option.end(), end)] if option[2] else "")
            owner |= re.search(r"\bowner\b", said) is not None
            slo |= re.search(r"\bslo\b", said) is not None
        domain.owner |= owner
        for rpc in _RPC.finditer(text, begin, end):
            said = text[rpc.end() : min(ends.get(rpc.end(), end), rpc.end() + _MAX_OPTIONS)] if rpc[4] == "{" else ""
            name = f"{package}.{service[1]}/{rpc[1]}".lstrip(".")
            line = text.count("\n", 0, rpc.start()) + 1
            at = Location(document.file, line, symbol=name)
            domain.rpcs[name] = rpc[2], rpc[3], at
            domain.operations.append(name)
            domain.first = domain.first or at
            if not slo and not re.search(r"\bslo\b", said):
                domain.no_slo.append(name)


def _ends(text: str) -> dict[int, int]:
    """By the place after each opening brace: that of the closing one. Braces in texts do not count."""
    found: dict[int, int] = {}
    waiting: list[int] = []
    for match in _BRACE.finditer(text):
        if match[0] == "{":
            waiting.append(match.end())
        elif match[0] == "}" and waiting:
            found[waiting.pop()] = match.start()
    return found


def _openapi(domain: Domain, document: Document) -> None:
    text = document.text
    for face in _FACE.finditer(text):
        rpc = f"{face[1]}/{face[2]}"
        domain.faces.append((rpc, Location(document.file, text.count("\n", 0, face.start()) + 1, symbol=rpc)))
    if len(domain.faces) >= len(_METHOD.findall(text)):
        return  # every operation is an RPC's face: its RPC has been looked at
    paths = document.value.get("paths") if isinstance(document.value, dict) else None
    for path, item in paths.items() if isinstance(paths, dict) else ():
        for method, operation in item.items() if isinstance(item, dict) else ():
            if method in _METHODS and isinstance(operation, dict) and "x-tenon-rpc" not in operation:
                name = f"{method.upper()} {path}"
                domain.operations.append(name)
                domain.first = domain.first or Location(document.file, 1)
                if "x-tenon-slo" not in operation:
                    domain.no_slo.append(name)


def _asyncapi(domain: Domain, document: Document, context: Context) -> None:
    value = document.value
    operations = value.get("operations") if isinstance(value, dict) else None
    for key, operation in operations.items() if isinstance(operations, dict) else ():
        if not isinstance(operation, dict) or operation.get("action") not in ("send", "receive"):
            continue
        channel = _followed(document, operation.get("channel"), context)
        if not isinstance(channel, dict) or not isinstance(channel.get("address"), str):
            continue
        address = channel["address"]
        known = _ADDRESS.fullmatch(address)
        name = f"{known[1]}.{known[2]}" if known else address
        at = Location(document.file, _line(document.text, key), symbol=f"/operations/{key}")
        (domain.sends if operation["action"] == "send" else domain.receives).setdefault(name, at)
        if operation["action"] == "receive":
            domain.payloads |= _payloads(document, channel.get("messages"), context)


def _payloads(document: Document, messages: Any, context: Context) -> set[str]:
    found: set[str] = set()
    for message in messages.values() if isinstance(messages, dict) else ():
        said = _followed(document, message, context)
        payload = said.get("payload") if isinstance(said, dict) else None
        schema = payload.get("schema", payload) if isinstance(payload, dict) else None
        reference = schema.get("$ref") if isinstance(schema, dict) else None
        if isinstance(reference, str) and (named := _PAYLOAD.search(reference)):
            found.add(named[1])
    return found


def _followed(document: Document, value: Any, context: Context) -> Any:
    """The value behind references, a few steps deep."""
    for _ in range(8):
        if not (isinstance(value, dict) and isinstance(value.get("$ref"), str)):
            return value
        found = context.new_documents.resolve(document, value["$ref"])
        if found is None:
            return None
        document, keys = found
        value = document.value
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
    return None


def _line(text: str, key: str) -> int:
    """The line of an operation's key: the first one that begins with it below ``operations``."""
    begin = max(0, text.find("operations"))
    found = re.compile(rf"(?m)^[ \t]*[\"']?{re.escape(str(key))}[\"']?\s*:").search(text, begin)
    return text.count("\n", 0, found.start()) + 1 if found else 1


def calls(domains: dict[str, Domain]) -> Iterator[Call]:
    """REST faces of another domain's RPC, and RPCs that take or give another domain's messages."""
    owners = {package: domain.name for domain in domains.values() for package in domain.packages if package}

    def owner(name: str) -> str | None:
        parts = name.lstrip(".").split(".")
        return next((owners[p] for end in range(len(parts) - 1, 0, -1) if (p := ".".join(parts[:end])) in owners), None)

    for domain in domains.values():
        for rpc, at in domain.faces:
            other = owner(rpc.partition("/")[0])
            if other not in (None, domain.name):
                yield Call(domain.name, str(other), rpc, "contract", at)
        for request, response, at in domain.rpcs.values():
            for type_ in dict.fromkeys((request, response)):
                other = owner(type_) if "." in type_ else None
                if other not in (None, domain.name):
                    yield Call(domain.name, str(other), type_.lstrip("."), "contract", at)


def events(domains: dict[str, Domain]) -> Iterator[Event]:
    """Every event, with who sends and who receives it."""
    senders: dict[str, list[tuple[str, Location]]] = {}
    receivers: dict[str, list[tuple[str, Location]]] = {}
    for domain in domains.values():
        for name, at in domain.sends.items():
            senders.setdefault(name, []).append((domain.name, at))
        for name, at in domain.receives.items():
            receivers.setdefault(name, []).append((domain.name, at))
    for name in sorted(senders.keys() | receivers.keys()):
        yield Event(name, tuple(senders.get(name, ())), tuple(receivers.get(name, ())))


def undeclared(domains: dict[str, Domain], context: Context) -> Iterator[Undeclared]:
    """What the policy requires and a domain's operations do not have."""
    for domain in domains.values():
        at = domain.catalog or domain.first
        if at is None or not domain.operations:
            continue
        if "owner" in context.policy.require and not domain.owner:
            yield Undeclared(domain.name, "owner", tuple(domain.operations), at)
        if "slo" in context.policy.require and domain.no_slo:
            yield Undeclared(domain.name, "slo", tuple(domain.no_slo), domain.first or at)
