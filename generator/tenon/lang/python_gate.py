"""The last line of defence: generated Python is parsed, and may hold only what we ever emit.

A contract that breaks out of a string, a docstring or a comment would add a statement, an expression or an encoding
here that is none of these. See `reliability` in docs/explanation for the rule.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

_MODULES = (
    "__future__", "abc", "collections.abc", "dataclasses", "datetime", "decimal", "enum", "pathlib", "typing",
    "typing_extensions", "protobuf", "tenon_runtime", "api", "connectrpc", "betterproto2", "grpclib", "tenon_peers",
    "pytest", "pact", "impl", "warnings", "pydantic",
)  # fmt: skip
_CALLS = frozenset(
    ("desc", "ext", "file_desc", "frozenset", "dict", "serve", "field", "dataclass", "replace", "deprecated",
     "_deprecated")
)  # fmt: skip
"""Functions that may be called at module level, beside constructors (capitalised names)."""
_BUILTIN_DANGER = frozenset(
    ("eval", "exec", "compile", "__import__", "open", "input", "breakpoint", "globals", "locals", "vars",
     "setattr", "delattr", "getattr")
)  # fmt: skip
_DECLARING = "generated/python/api/"
"""Where modules only declare: their functions have no body but the calls below."""
_BODY_CALLS = frozenset(
    [("self", name) for name in ("_unary", "_server_stream", "_client_stream", "_bidi_stream")] + [("ctx", "emit")]
)
_PEERS = "generated/tests/peers/"
"""Where betterproto2's modules are: they register their messages, and refer late to what is declared further down."""
_MODULES_IN = {_PEERS: ("builtins", "dateutil.parser", "re"), "generated/tests/pacts/": ("json", "urllib.request")}
"""What may be imported in one folder only."""
_PEER_CALLS = frozenset([("betterproto2", "check_compiler_version"), ("default_message_pool", "register_message")])
_PEER_VALUES = frozenset([("betterproto2", "field"), ("betterproto2", "map_meta"), ("datetime", "timedelta")])
_COOKIE = re.compile(r"[ \t\f]*#.*?coding[:=]")


def violations(path: str, source: str) -> list[tuple[int, str]]:
    """What in `source` no generated module may contain, as (line, words). An empty list: it may be written."""
    try:
        tree = ast.parse(source, path)
        gate = _Gate(tree, path)
        return sorted(set(gate.all(tree, source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return [(getattr(error, "lineno", 0) or 0, f"not valid Python: {type(error).__name__}")]


class _Gate:
    """Judges one module. Each method answers in words what it objects to, or None."""

    def __init__(self, tree: ast.Module, path: str) -> None:
        self._declaring = path.startswith(_DECLARING)
        self._peers = path.startswith(_PEERS)
        self._modules = _MODULES + next((more for folder, more in _MODULES_IN.items() if path.startswith(folder)), ())
        typing = {"TYPE_CHECKING": {"TYPE_CHECKING"}, "Literal": {"Literal"}}
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and node.module == "typing":
                for alias in node.names:
                    if alias.name in typing and alias.asname:
                        typing[alias.name].add(alias.asname)
        self._checking, self._literal = typing["TYPE_CHECKING"], typing["Literal"]

    def all(self, tree: ast.Module, source: str) -> Iterator[tuple[int, str]]:
        for number, line in enumerate(source.split("\n", 2)[:2], 1):
            if _COOKIE.match(line):
                yield number, "a declaration of its encoding"
        for node in tree.body:
            if words := self._statement(node):
                yield node.lineno, words
        if self._declaring:  # all of it was judged by now
            return
        for inner in ast.walk(tree):
            match inner:
                case ast.Call(func=ast.Name(id=name)) if name in _BUILTIN_DANGER:
                    yield inner.lineno, f"call of {name}"
                case ast.Import() | ast.ImportFrom() if words := self._import(inner):
                    yield inner.lineno, words
                case ast.Attribute(attr=name) if words := _attribute(name):
                    yield inner.lineno, words
                case ast.FunctionDef() | ast.AsyncFunctionDef() if words := self._function(inner):
                    yield inner.lineno, words

    def _statement(self, node: ast.stmt) -> str | None:
        match node:
            case ast.Import() | ast.ImportFrom():
                return self._import(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return self._decorators(node) or self._function(node)
            case ast.ClassDef():
                return (
                    self._decorators(node)
                    or _first(self._expression(base) for base in [*node.bases, *(k.value for k in node.keywords)])
                    or _first(map(self._member, node.body))
                )
            case ast.Assign(targets=targets, value=value) if all(isinstance(t, ast.Name) for t in targets):
                return self._typed_dict(value) or self._expression(value)
            case ast.AnnAssign(target=ast.Name(), annotation=annotation, value=value):
                if isinstance(value, ast.expr) and _is_alias(annotation):
                    return self._type(value)
                return self._type(annotation) or (None if value is None else self._expression(value))
            case ast.Expr(value=ast.Constant(value=str())):
                return None
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=name), args=args)) if (
                self._peers and (owner, name) in _PEER_CALLS
            ):
                return _first(map(self._expression, args))
            case ast.If(test=test, body=body, orelse=orelse) if self._type_checking(test):
                return _first(self._statement(inner) for inner in [*body, *orelse])
            case ast.If(test=test, body=[ast.Expr(value=ast.Call() as call)], orelse=[]) if _main(test):
                return self._expression(call)
        return f"a {type(node).__name__} statement at module level"

    def _member(self, node: ast.stmt) -> str | None:
        match node:
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                return None
            case ast.If(test=test, body=body, orelse=orelse) if self._type_checking(test):
                return _first(map(self._member, [*body, *orelse]))
        return self._statement(node)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> str | None:
        given = node.args
        arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
        types = [argument.annotation for argument in arguments if argument is not None]
        words = _first(self._type(type) for type in [*types, node.returns] if type is not None)
        words = words or _first(map(self._expression, _defaults(given)))
        if words or not self._declaring:
            return words
        return _first(map(self._action, node.body))

    def _action(self, node: ast.stmt) -> str | None:
        """What a function of a module that only declares may do."""
        match node:
            case ast.Pass() | ast.Expr(value=ast.Constant()) | ast.Return(value=ast.Name()):
                return None
            case ast.Return(value=ast.Await(value=ast.Call() as call) | (ast.Call() as call)):
                return self._body_call(call)
            case ast.Expr(value=ast.Call() as call):
                return self._body_call(call)
        return f"a {type(node).__name__} statement in a function"

    def _body_call(self, call: ast.Call) -> str | None:
        match call.func:
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if (owner, name) in _BODY_CALLS:
                return _first(self._expression(each) for each in [*call.args, *(k.value for k in call.keywords)])
        return f"call of {ast.unparse(call.func)}"

    def _type_checking(self, test: ast.expr) -> bool:
        match test:
            case ast.Name(id=name) | ast.UnaryOp(op=ast.Not(), operand=ast.Name(id=name)):
                return name in self._checking
        return False

    def _decorators(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str | None:
        return _first(map(self._expression, node.decorator_list))

    def _type(self, node: ast.expr) -> str | None:
        """Types as names, unions and subscripts; a text is a type too, but for the texts in a Literal."""
        match node:
            case ast.Constant(value=str() as text):
                return self._type(ast.parse(text, mode="eval").body)
            case ast.Constant() | ast.Name():
                return None
            case ast.Attribute(value=value, attr=name):
                return _attribute(name) or self._type(value)
            case ast.Subscript(value=ast.Name(id=name), slice=index) if name in self._literal:
                return self._expression(index)
            case ast.Subscript(value=value, slice=index):
                return self._type(value) or self._type(index)
            case ast.BinOp(op=ast.BitOr(), left=left, right=right):
                return self._type(left) or self._type(right)
            case ast.Tuple(elts=items) | ast.List(elts=items):
                return _first(map(self._type, items))
        return f"a {type(node).__name__} expression as a type"

    def _typed_dict(self, node: ast.expr) -> str | None:
        """The types of ``TypedDict("Name", {"key": "type"})``, which are texts that type checkers evaluate."""
        match node:
            case ast.Call(func=ast.Name(id="TypedDict"), args=[_, ast.Dict(values=values)]):
                return _first(map(self._type, values))
        return None

    def _expression(self, node: ast.expr) -> str | None:
        """Literals, names, attribute chains, subscripts and unions of them, and calls of allow-listed constructors."""
        match node:
            case ast.Constant() | ast.Name():
                return None
            case ast.Attribute(value=value, attr=name):
                return _attribute(name) or self._expression(value)
            case ast.Subscript(value=value, slice=index):
                return self._expression(value) or self._expression(index)
            case ast.BinOp(op=ast.BitOr(), left=left, right=right):
                return self._expression(left) or self._expression(right)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
                return self._expression(operand)
            case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
                return _first(map(self._expression, items))
            case ast.Dict(keys=keys, values=values):
                return _first(self._expression(item) for item in [*keys, *values] if item is not None)
            case ast.Lambda(args=ast.arguments(args=[], vararg=None, kwarg=None), body=body) if self._peers:
                return self._expression(body)
            case ast.Call(func=function, args=args, keywords=keywords):
                return self._callee(function) or _first(map(self._expression, [*args, *(k.value for k in keywords)]))
        return f"a {type(node).__name__} expression"

    def _import(self, node: ast.Import | ast.ImportFrom) -> str | None:
        if isinstance(node, ast.ImportFrom) and node.level:
            return None
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
        for name in names:
            if not any(name == allowed or name.startswith(f"{allowed}.") for allowed in self._modules):
                return f"import of {name}"
        return None

    def _callee(self, function: ast.expr) -> str | None:
        """A constructor or an allow-listed function, itself no more than a name or a chain of names."""
        match function:
            case ast.Name(id=name) if name.rstrip("_") in _CALLS or name[:1].isupper():
                return None
            case ast.Attribute(attr=name) if (name == "desc" or name[:1].isupper()) and _is_chain(function):
                return None
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if self._peers and (owner, name) in _PEER_VALUES:
                return None
            case ast.Attribute(
                value=ast.Call(func=ast.Name(id="Path"), args=[ast.Name(id="__file__")]), attr="with_name"
            ):
                return None
        return f"call of {ast.unparse(function)}"


def _attribute(name: str) -> str | None:
    return f"access to {name}" if name.startswith("__") and name not in ("__slots__", "__class__") else None


def _is_alias(annotation: ast.expr) -> bool:
    return isinstance(annotation, ast.Name) and annotation.id.startswith("TypeAlias")


def _main(test: ast.expr) -> bool:
    match test:
        case ast.Compare(left=ast.Name(id="__name__"), ops=[ast.Eq()], comparators=[ast.Constant(value="__main__")]):
            return True
    return False


def _defaults(arguments: ast.arguments) -> list[ast.expr]:
    return [*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]


def _is_chain(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and _is_chain(node.value))


def _first(results: Iterable[str | None]) -> str | None:
    return next((words for words in results if words), None)
