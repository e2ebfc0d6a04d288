"""The SQL that a service's Python says, read from its source and never imported."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tenon.source import Location

_CALLS = frozenset(
    {"execute", "executemany", "fetch", "fetch_one", "fetch_all", "fetch_value", "fetchrow", "fetchval", "stream"}
)
_STARTS = re.compile(r"[\s(]*(?:--[^\n]*\n\s*)*(select|insert|update|delete|with|merge|values|table)\b", re.IGNORECASE)
_HOLE = re.compile(r"%(?:\((?P<name>[^)]{0,200})\))?(?P<format>[sbt%])")
_MAX_TEXT = 100_000
_MAX_PIECES = 64
_NEVER_NONE = frozenset(
    {"str", "int", "len", "bool", "float", "list", "sorted", "repr", "sum"}
    | {"isoformat", "encode", "decode", "hexdigest", "digest", "strip", "lower", "upper", "join", "format", "now"}
)
"""Functions and methods of Python itself that give something."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """What the source says of one value that a query is given."""

    constants: tuple[Any, ...] = ()
    """All values that it can have, where the source tells."""
    nullable: bool | None = None
    """Whether it may be None: visibly, visibly not, or None where the source does not tell."""


@dataclass(frozen=True, slots=True)
class Query:
    """One statement with ``$1``, ``$2`` for its values."""

    sql: str
    where: str
    """The function that runs it: ``Catalog.update_video``."""
    at: Location
    parameters: tuple[Parameter, ...]


@dataclass
class Found:
    """The queries of one service."""

    queries: list[Query] = field(default_factory=list)
    built: list[Location] = field(default_factory=list)
    """Calls whose SQL is put together while it runs: nobody can replay them from the source."""
    names: set[str] = field(default_factory=set)
    """Every identifier and word of a text in the source: what it can read a row's column by."""


def read(source: str, file: str, label: str = "") -> Found:
    """The queries in one Python file. Raises nothing for what is no Python: `SyntaxError` and `ValueError` pass."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(source)
        except (RecursionError, MemoryError):
            raise ValueError("nested too deeply") from None
    found = Found()
    module = _assigned(tree.body)
    try:
        _walk(tree, (), [module], found, lambda node: Location(label + file, node.lineno, node.col_offset + 1))
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                found.names.add(node.attr)
            elif isinstance(node, ast.Name):
                found.names.add(node.id)
            elif isinstance(node, ast.keyword) and node.arg:
                found.names.add(node.arg)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not _STARTS.match(node.value):
                found.names.update(re.findall(r"\w+", node.value[:_MAX_TEXT]))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return found


_Scope = Mapping[str, ast.expr]


def _walk(node: ast.AST, path: tuple[str, ...], scopes: list[_Scope], found: Found, at: Any) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = scopes if isinstance(child, ast.ClassDef) else [*scopes, _assigned(list(ast.walk(child))[1:])]
            _walk(child, (*path, child.name), inner, found, at)
            continue
        if isinstance(child, ast.Call) and isinstance(child.func, ast.Attribute) and child.func.attr in _CALLS:
            _call(child, ".".join(path) or "module", scopes, found, at(child))
        _walk(child, path, scopes, found, at)


def _call(call: ast.Call, where: str, scopes: list[_Scope], found: Found, at: Location) -> None:
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    text = call.args[0] if call.args else keywords.get("sql", keywords.get("query"))
    if text is None or isinstance(text, ast.Starred):
        return
    spelled = list(_texts(text, scopes))
    if not spelled:
        if isinstance(text, ast.JoinedStr | ast.BinOp | ast.Call | ast.Name | ast.Attribute):
            head = text.values[0] if isinstance(text, ast.JoinedStr) and text.values else None
            if not (isinstance(head, ast.Constant) and isinstance(head.value, str) and not _STARTS.match(head.value)):
                found.built.append(at)
        return
    values = call.args[1:] or [keywords[name] for name in ("params", "parameters", "vars") if name in keywords]
    for sql in spelled:
        if _STARTS.match(sql) and len(sql) <= _MAX_TEXT:
            numbered, parameters = _numbered(sql, values)
            found.queries.append(Query(numbered, where, at, parameters))


def _texts(node: ast.expr, scopes: list[_Scope], depth: int = 0) -> Iterator[str]:
    """Every text that the expression can be, where the source alone tells."""
    if depth > 20:
        return
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Constant(value=bytes(raw)):
            yield raw.decode("utf-8", "replace")
        case ast.Name(id=name):
            for scope in reversed(scopes):
                if name in scope:
                    yield from _texts(scope[name], scopes, depth + 1)
                    return
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            yield from _joined([left, right], scopes, depth)
        case ast.JoinedStr(values=values):
            yield from _joined(values, scopes, depth)
        case ast.FormattedValue(value=value, format_spec=None, conversion=-1):
            yield from _texts(value, scopes, depth + 1)
        case ast.IfExp(body=one, orelse=other):
            yield from _texts(one, scopes, depth + 1)
            yield from _texts(other, scopes, depth + 1)
        case ast.Call(func=ast.Attribute(attr="encode" | "strip", value=value), args=[]):
            yield from _texts(value, scopes, depth + 1)
        case ast.Call(func=ast.Attribute(attr="SQL" | "dedent") | ast.Name(id="SQL" | "dedent"), args=[value]):
            yield from _texts(value, scopes, depth + 1)


def _joined(parts: list[ast.expr], scopes: list[_Scope], depth: int) -> Iterator[str]:
    texts = [""]
    for part in parts:
        pieces = list(_texts(part, scopes, depth + 1))
        texts = [text + piece for text in texts for piece in pieces][:_MAX_PIECES]
        if any(len(text) > _MAX_TEXT for text in texts):
            return
    yield from texts


def _assigned(nodes: list[Any]) -> dict[str, ast.expr]:
    """Names that are given one value, once."""
    found: dict[str, ast.expr] = {}
    twice: set[str] = set()
    for node in nodes:
        targets: list[ast.expr] = []
        value = None
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets, value = [node.target], node.value
        elif isinstance(node, ast.AugAssign | ast.For | ast.AsyncFor | ast.NamedExpr):
            twice.update(each.id for each in ast.walk(node.target) if isinstance(each, ast.Name))
        for target in targets:
            if isinstance(target, ast.Name) and value is not None:
                twice |= {target.id} & found.keys()
                found[target.id] = value
            else:
                twice.update(each.id for each in ast.walk(target) if isinstance(each, ast.Name))
    return {name: value for name, value in found.items() if name not in twice}


def _numbered(sql: str, values: list[ast.expr]) -> tuple[str, tuple[Parameter, ...]]:
    """psycopg's ``%s`` and ``%(name)s`` as ``$1``; without values its text is sent as it is."""
    given = values[0] if values else None
    if given is None or re.search(r"\$1\b", sql):
        return sql, tuple(_parameter(value) for value in values if not isinstance(value, ast.Starred))
    if isinstance(given, ast.Constant) and given.value is None:
        return sql, ()
    numbers: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        if match["format"] == "%":
            return "%"
        key = match["name"] if match["name"] is not None else f"#{len(numbers)}"
        return f"${numbers.setdefault(key, len(numbers) + 1)}"

    numbered = _HOLE.sub(number, sql)
    return numbered, tuple(_given(given, key, index) for index, key in enumerate(numbers))


def _given(values: ast.expr, key: str, index: int) -> Parameter:
    if isinstance(values, ast.Dict):
        for name, value in zip(values.keys, values.values, strict=True):
            if isinstance(name, ast.Constant) and name.value == key:
                return _parameter(value)
    if isinstance(values, ast.List | ast.Tuple):
        listed = values.elts[: index + 1]
        if len(listed) > index and not any(isinstance(each, ast.Starred) for each in listed):
            return _parameter(listed[index])
    return Parameter()


def _parameter(value: ast.expr) -> Parameter:
    return Parameter(tuple(_constants(value) or ()), _nullable(value))


def _constants(value: ast.expr, depth: int = 0) -> list[Any] | None:
    match value:
        case ast.Constant(value=str() | int() | float() | None as constant):
            return [constant]
        case ast.IfExp(body=one, orelse=other) if depth < 8:
            first, second = _constants(one, depth + 1), _constants(other, depth + 1)
            return None if first is None or second is None else [*first, *second]
    return None


def _nullable(value: ast.expr, depth: int = 0) -> bool | None:
    match value:
        case _ if depth > 20:
            return None
        case ast.Constant(value=constant):
            return constant is None
        case ast.JoinedStr() | ast.Compare() | ast.List() | ast.Tuple() | ast.Dict() | ast.Set() | ast.ListComp():
            return False
        case ast.BinOp():
            return False
        case ast.IfExp(body=one, orelse=other):
            return _either(_nullable(one, depth + 1), _nullable(other, depth + 1))
        case ast.BoolOp(op=ast.Or(), values=values):
            return _nullable(values[-1], depth + 1)
        case ast.BoolOp(op=ast.And(), values=values):
            return True if any(isinstance(each, ast.Attribute) for each in values[:-1]) else None
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in _NEVER_NONE:
            return False
        case ast.Call(func=ast.Attribute(attr="get"), args=[_], keywords=[]):
            return True
        case _:
            return None


def _either(one: bool | None, other: bool | None) -> bool | None:
    if one or other:
        return True
    return False if one is False and other is False else None
