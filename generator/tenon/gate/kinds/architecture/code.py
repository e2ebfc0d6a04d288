"""What the services' code and SQL say of each other."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Mapping

from tenon.gate.context import Context
from tenon.gate.kinds.architecture.contracts import Domain
from tenon.gate.kinds.architecture.pairs import Call, Import, Table
from tenon.source import Location

_TESTS = frozenset({"tests", "test", "testdata", "fixtures"})
_IMPORT = re.compile(r"(?m)^[ \t]*from[ \t]+(?:\.\.|(?:api|impl)[ \t])")
_MODULE = re.compile(r"\b(?:api|impl)\s*\.\s*(\w+)")
_CREATE = re.compile(r"(?i)\bcreate\s+(?:unlogged\s+)?table\s+(?:if\s+not\s+exists\s+)?((?:\"?\w+\"?\.)*\"?\w+\"?)")
_NAMED = re.compile(
    r"(?i)\b(?:from|join|into|update|references|table(?:\s+if\s+(?:not\s+)?exists)?|only|using)\s+"
    r"((?:\"?\w+\"?\.)*\"?\w+\"?)"
)
_SQL = re.compile(r"(?i)\b(?:select|insert|update|delete|merge|with|create|alter|truncate)\b")
_COMMENT = re.compile(r"('(?:[^']|'')*+'?)|--[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?", re.DOTALL)


def imports(context: Context, domains: Mapping[str, Domain]) -> Iterator[Import | Call]:
    """Another service's code, and another domain's generated API beyond the events that are received from it."""
    services = {name.split("/")[1] for name in context.new.files if name.startswith("impl/") and name.count("/") > 1}
    for name, text in _sources(context):
        service = name.split("/")[1]
        if not _IMPORT.search(text) and not set(_MODULE.findall(text)) - {service}:
            continue  # no need to parse what names its own alone
        received = domains[service].payloads if service in domains else set()
        for module, names, line in _imported(text, name):
            parts = module.split(".")
            other = parts[1] if len(parts) > 1 else ""
            at = Location(name, line, symbol=module)
            if parts[0] == "impl" and other in services - {service}:
                yield Import(service, other, module, at)
            elif parts[0] == "api" and other in domains and other != service:
                package = ".".join(parts[1:]).removesuffix(".events")
                for each in names or ("",):
                    if not each or f"{package}.{each}" not in received:
                        yield Call(service, other, f"{module}.{each}".rstrip("."), "code", at)


def _imported(text: str, file: str) -> Iterator[tuple[str, tuple[str, ...], int]]:
    """Absolute names of modules, what is taken from them, and the line. `from impl import x` names ``impl.x``."""
    for node in ast.walk(_parsed(text)):
        if isinstance(node, ast.Import):
            yield from ((each.name, (), node.lineno) for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                home = file.split("/")[: -node.level]
                module = ".".join([*home, *([module] if module else [])])
            names = tuple(each.name for each in node.names)
            if module in ("impl", "api"):
                yield from ((f"{module}.{each}", (), node.lineno) for each in names)
            else:
                yield module, names, node.lineno


def tables(context: Context) -> Iterator[Table]:
    """Tables that a service names in SQL and only another service's migrations make."""
    made: dict[str, set[str]] = {}
    migrations: list[tuple[str, str, str]] = []
    for name, path in context.new.files.items():
        parts = name.split("/")
        if len(parts) == 4 and parts[0] == "impl" and parts[2] == "migrations" and name.endswith(".sql"):
            text = path.read_bytes().decode("utf-8", "replace")
            plain = _COMMENT.sub(lambda m: m[1] or "\n" * m[0].count("\n"), text)
            migrations.append((parts[1], name, plain))
            made.setdefault(parts[1], set()).update(map(_bare, _CREATE.findall(plain)))
    owners = {table: service for service, own in made.items() for table in own}
    if len(made) < 2 and not owners:
        return
    for service, name, text in migrations:
        yield from _touched(service, name, text, 0, made, owners)
    for name, text in _sources(context):
        service = name.split("/")[1]
        named = {_bare(each) for each in _NAMED.findall(text)} & owners.keys()
        if named - made.get(service, set()):
            for node in ast.walk(_parsed(text)):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and _SQL.search(node.value):
                    yield from _touched(service, name, node.value, node.lineno - 1, made, owners)


def _touched(
    service: str, file: str, text: str, line: int, made: Mapping[str, set[str]], owners: Mapping[str, str]
) -> Iterator[Table]:
    for match in _NAMED.finditer(text):
        table = _bare(match[1])
        owner = owners.get(table)
        if owner is not None and table not in made.get(service, ()) and owner != service:
            yield Table(service, owner, table, Location(file, line + text.count("\n", 0, match.start(1)) + 1))


def _bare(name: str) -> str:
    return name.rpartition(".")[2].strip('"').lower()


def _sources(context: Context) -> Iterator[tuple[str, str]]:
    """Python of the services, tests apart."""
    for name, path in context.new.files.items():
        parts = name.split("/")
        ours = name.startswith("impl/") and name.endswith(".py") and len(parts) > 2
        if ours and not _TESTS & set(parts) and not re.match(r"test_|conftest\.py\Z", parts[-1]):
            yield name, path.read_bytes().decode("utf-8", "replace")


def _parsed(text: str) -> ast.AST:
    """Its syntax tree; an empty one for what is no Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return ast.Module([], [])
