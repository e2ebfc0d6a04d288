"""The last line of defence: generated Python is parsed, and may hold at module level only what we ever emit.

A contract that breaks out of a string, a docstring or a comment would add a statement here that is none of these.
See `reliability` in docs/explanation for the rule.
"""

from __future__ import annotations

import ast

_MODULES = (
    "__future__", "abc", "collections.abc", "dataclasses", "datetime", "decimal", "enum", "pathlib", "typing",
    "typing_extensions", "protobuf", "tenon_runtime", "api", "connectrpc", "betterproto2", "grpclib", "tenon_peers",
    "pytest", "pact", "impl", "warnings", "pydantic",
)  # fmt: skip
_CALLS = frozenset(
    ("desc", "ext", "file_desc", "with_name", "frozenset", "dict", "serve", "field", "dataclass", "replace",
     "deprecated", "_deprecated")
)  # fmt: skip
"""Functions that may be called at module level, beside constructors (capitalised names)."""
_BUILTIN_DANGER = frozenset(
    ("eval", "exec", "compile", "__import__", "open", "input", "breakpoint", "globals", "locals", "vars",
     "setattr", "delattr", "getattr")
)  # fmt: skip


def violations(path: str, source: str) -> list[tuple[int, str]]:
    """What in `source` no generated module may contain, as (line, words). An empty list: it may be written."""
    try:
        tree = ast.parse(source, path)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return [(getattr(error, "lineno", 0) or 0, f"not valid Python: {type(error).__name__}")]
    found = [(node.lineno, words) for node in tree.body if (words := _statement(node))]
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in _BUILTIN_DANGER:
                found.append((node.lineno, f"call of {name}"))
            case ast.Import() | ast.ImportFrom() if words := _import(node):
                found.append((node.lineno, words))
            case ast.Attribute(attr=name) if name.startswith("__") and name not in ("__slots__", "__class__"):
                found.append((node.lineno, f"access to {name}"))
    return sorted(set(found))


def _statement(node: ast.stmt) -> str | None:
    match node:
        case ast.Import() | ast.ImportFrom():
            return _import(node)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return _decorators(node) or _first(_expression(d) for d in _defaults(node.args))
        case ast.ClassDef():
            return (
                _decorators(node)
                or _first(_expression(base) for base in [*node.bases, *(k.value for k in node.keywords)])
                or _first(_member(member) for member in node.body)
            )
        case ast.Assign(targets=targets, value=value) if all(isinstance(t, ast.Name) for t in targets):
            return _expression(value)
        case ast.AnnAssign(target=ast.Name(), value=value):
            return None if value is None else _expression(value)
        case ast.Expr(value=ast.Constant(value=str())):
            return None
        case ast.If(test=test, body=body, orelse=orelse) if _type_checking(test):
            return _first(_statement(inner) for inner in [*body, *orelse])
        case ast.If(test=test, body=[ast.Expr(value=ast.Call() as call)], orelse=[]) if _main(test):
            return _expression(call)
    return f"a {type(node).__name__} statement at module level"


def _member(node: ast.stmt) -> str | None:
    match node:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return None
        case ast.If(test=test, body=body, orelse=orelse) if _type_checking(test):
            return _first(_member(inner) for inner in [*body, *orelse])
        case ast.AnnAssign(target=ast.Name(), value=value):
            return None if value is None else _expression(value)
    return _statement(node)


def _type_checking(test: ast.expr) -> bool:
    match test:
        case ast.Name(id="TYPE_CHECKING"):
            return True
        case ast.UnaryOp(op=ast.Not(), operand=ast.Name(id="TYPE_CHECKING")):
            return True
    return False


def _main(test: ast.expr) -> bool:
    match test:
        case ast.Compare(left=ast.Name(id="__name__"), ops=[ast.Eq()], comparators=[ast.Constant(value="__main__")]):
            return True
    return False


def _decorators(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str | None:
    return _first(_expression(d) for d in node.decorator_list)


def _defaults(arguments: ast.arguments) -> list[ast.expr]:
    return [*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]


def _import(node: ast.Import | ast.ImportFrom) -> str | None:
    if isinstance(node, ast.ImportFrom) and node.level:
        return None
    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    for name in names:
        if not any(name == allowed or name.startswith(f"{allowed}.") for allowed in _MODULES):
            return f"import of {name}"
    return None


def _expression(node: ast.expr) -> str | None:
    """Literals, names, attribute chains, subscripts and unions of them, and calls of allow-listed constructors."""
    match node:
        case ast.Constant() | ast.Name():
            return None
        case ast.Attribute(value=value):
            return _expression(value)
        case ast.Subscript(value=value, slice=index):
            return _expression(value) or _expression(index)
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            return _expression(left) or _expression(right)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            return _expression(operand)
        case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
            return _first(map(_expression, items))
        case ast.Dict(keys=keys, values=values):
            return _first(_expression(item) for item in [*keys, *values] if item is not None)
        case ast.Call(func=function, args=args, keywords=keywords):
            return _callee(function) or _first(map(_expression, [*args, *(k.value for k in keywords)]))
    return f"a {type(node).__name__} expression"


def _callee(function: ast.expr) -> str | None:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name) if name in _CALLS or name[:1].isupper():
            if isinstance(function, ast.Attribute):
                return _expression(function.value)
            return None
    return f"call of {ast.unparse(function)}"


def _first(results: object) -> str | None:
    return next((words for words in results if words), None)  # type: ignore[attr-defined]
