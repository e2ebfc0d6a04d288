"""The gate under generated Python: each kind of thing that no module of ours holds, and what every one may hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from tenon.lang.python_gate import violations

ROOT = Path(__file__).parents[3]
API, TESTS = "generated/python/api/x/v1/x.py", "generated/tests/x.py"

REFUSED_EVERYWHERE = {
    "call": "print(1)",
    "call-of-a-dunder": "__import__('os')",
    "assert": "assert True",
    "loop": "for x in []: pass",
    "while": "while 0: pass",
    "try": "try:\n    pass\nexcept Exception:\n    pass",
    "with": "with x: pass",
    "delete": "del x",
    "if": "if x: pass",
    "if-true": "if True: pass",
    "raise": "raise ValueError",
    "await": "await x",
    "augmented": "x = 1\nx += 1",
    "attribute-target": "X.y = 1",
    "item-target": "X['y'] = 1",
    "tuple-target": "x, y = 1, 2",
    "star-target": "[*x] = y",
    "match": "match 1:\n    case 1: pass",
    "import": "import os",
    "import-from": "from os import system",
    "import-below": "import collections",
    "import-nested": "def f():\n    import os",
    "import-in-class": "class C:\n    import os",
    "import-star": "from subprocess import *",
    "comprehension": "x = [y for y in z]",
    "generator": "x = tuple(y for y in z)",
    "lambda": "x = lambda: 1",
    "walrus": "x = (y := 1)",
    "f-string": "x = f'{y}'",
    "conditional": "x = 1 if y else 2",
    "boolean": "x = y or z",
    "comparison": "x = y == z",
    "arithmetic": "x = 'a' * 10 ** 10",
    "format": "x = '%s' % y",
    "star-argument": "x = Foo(*y)",
    "function-call": "x = foo()",
    "method-call": "x = Foo().bar()",
    "method-of-text": "x = ''.join([])",
    "method-of-path": "x = Path('a').touch()",
    "replace-of-path": "x = Path('a').replace('b')",
    "with-name-of-another-path": "x = Path('/etc').with_name('passwd')",
    "touch": "x = Path(__file__).with_name('a').touch()",
    "subscript-call": "x = y[0]()",
    "chained-call": "x = Foo()()",
    "constructor-of-a-call": "x = foo().Bar()",
    "dunder": "x = y.__globals__",
    "dunder-deep": "x = [{'a': (y.__subclasses__,)}]",
    "builtin": "x = eval('1')",
    "decorator": "@foo()\ndef f(): pass",
    "decorator-expression": "@(lambda f: f)\ndef f(): pass",
    "class-decorator": "@foo()\nclass C: pass",
    "base": "class C(foo()): pass",
    "metaclass": "class C(metaclass=foo()): pass",
    "class-body-call": "class C:\n    foo()",
    "class-body-loop": "class C:\n    for x in []: pass",
    "class-attribute": "class C:\n    x = foo()",
    "nested-class": "class C:\n    class D:\n        foo()",
    "method-default": "class C:\n    def f(self, x=foo()): pass",
    "keyword-default": "def f(*, x=foo()): pass",
    "annotation": "def f(x: foo()): pass",
    "annotation-text": "def f(x: 'foo()'): pass",
    "return-annotation": "def f() -> foo(): pass",
    "star-annotation": "def f(*x: foo(), **y: foo()): pass",
    "variable-annotation": "x: foo() = 1",
    "variable-annotation-text": "x: 'foo()' = 1",
    "field-annotation": "class C:\n    x: foo()",
    "subscript-annotation": "x: list[foo()] = []",
    "alias": "X: TypeAlias = foo()",
    "alias-text": "X: TypeAlias = 'foo()'",
    "typed-dict": "X = TypedDict('X', {'a': 'foo()'})",
    "typed-dict-type": "X = TypedDict('X', {'a': foo()})",
    "literal": "x: Literal[foo()] = 1",
    "in-type-checking": "if TYPE_CHECKING:\n    foo()",
    "beside-type-checking": "if TYPE_CHECKING:\n    pass\nelse:\n    foo()",
    "main-loop": "if __name__ == '__main__':\n    for x in []: pass",
    "main-two": "if __name__ == '__main__':\n    serve(x)\n    serve(y)",
    "main-other": "if __name__ == '__other__':\n    serve(x)",
    "main-call": "if __name__ == '__main__':\n    foo(x)",
    "coding": "# -*- coding: utf-7 -*-\nx = 1",
    "coding-second": "# x\n# vim: set fileencoding=latin-1 :\nx = 1",
    "syntax": "x = ",
    "nul": "x = 1\0",
    "indent": "  x = 1",
    "deep": "x = " + "(" * 300 + ")" * 300,
}

REFUSED_IN_AN_API = {
    "body-call": "def f(): foo()",
    "body-print": "class C:\n    def f(self): print(1)",
    "body-method": "class C:\n    def f(self, ctx): ctx.system('x')",
    "body-owner": "class C:\n    def f(self, other): return other._unary(1)",
    "body-argument": "class C:\n    def f(self): return self._unary(foo())",
    "body-loop": "def f():\n    while True: pass",
    "body-assign": "def f():\n    x = 1",
    "body-raise": "def f():\n    raise ValueError",
    "body-if": "def f():\n    if x: pass",
    "body-return-call": "def f(): return foo()",
    "body-return-expression": "def f(): return x + y",
    "body-await": "async def f(): await foo()",
    "body-yield": "def f(): yield 1",
    "body-def": "def f():\n    def g(): pass",
    "body-global": "def f():\n    global x",
}

ACCEPTED = {
    "docstring": '"""Words."""',
    "future": "from __future__ import annotations",
    "relative": "from ...other.v1 import other_pb",
    "own": "from api.identity.v1 import API\nimport tenon_runtime as _tenon",
    "values": "X = -1\nY = ('a', b'b', 1.5, None, True, ...)\nZ = {'a': [1, {2, 3}], **W}",
    "names": "__all__ = ['A', 'B']",
    "constructor": "X = Event(name='a', key=None)\nY = _tenon.Api(services=(A, B))",
    "nested-constructor": "X = Method(policy=Policy(slo=Slo(availability=0.9)), kind=Kind.UNARY)",
    "path": "X = RestSpec(document=Path(__file__).with_name('openapi.json'))",
    "plugin": "_DESC = file_desc(b'x', [timestamp_pb.desc()], {'A': A, 'A.B': A.B})",
    "alias": "X: TypeAlias = 'dict[str, X | None]'\nY: TypeAlias = tenon_runtime.Context[A | B]",
    "literal": "X: TypeAlias = Literal['foo()', '__import__(\"os\")', 1]",
    "renamed-literal": "from typing import Literal as Literal_\nX: TypeAlias = Literal_['foo()']",
    "typed-dict": "X = TypedDict('X', {'a b': 'NotRequired[list[Literal[\"foo()\"]]]'})",
    "dataclass": "@dataclass(frozen=True, slots=True)\nclass C:\n    x: int\n    y: str | None = None",
    "abstract": "class C(Service):\n    spec = S(a=1)\n\n    @abstractmethod\n    def f(self, a: A, ctx: C) -> B:\n"
                '        """Words."""',
    "client": "class C(RpcClient):\n    async def f(self, request: A, *, timeout: float | None = None) -> B:\n"
              "        return await self._unary(self.spec.methods[0], request, B, timeout)",
    "publisher": "def publish_a(ctx: Context, event: A) -> None:\n    ctx.emit(A_EVENT, event)",
    "type-checking": "from typing import TYPE_CHECKING as T\nif T:\n    from protobuf import D\nelse:\n    X = 1",
    "not-type-checking": "class C:\n    if not TYPE_CHECKING:\n        __slots__ = ('a',)",
    "metaclass": "class C(Enum, metaclass=_CMeta):\n    A = 0",
    "overload": "class C:\n    @_overload\n    @_deprecated('x', category=None)\n    def __init__(self) -> None: ...",
    "property": "class C:\n    @_property\n    def a(self): ...\n    @a.setter\n    def a(self, b: str) -> None: ...",
    "comment": "X = 1  # coding: not on the first two lines\n\n# coding: utf-7",
}  # fmt: skip


@pytest.mark.parametrize("path", [API, TESTS])
@pytest.mark.parametrize("name", REFUSED_EVERYWHERE)
def test_refused_everywhere(name: str, path: str) -> None:
    found = violations(path, REFUSED_EVERYWHERE[name])
    assert found
    assert all(words and line >= 0 for line, words in found)


@pytest.mark.parametrize("name", REFUSED_IN_AN_API)
def test_functions_of_an_api_only_declare(name: str) -> None:
    assert violations(API, REFUSED_IN_AN_API[name])


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name: str) -> None:
    assert violations(API, ACCEPTED[name]) == []


def test_all_that_this_repository_has_is_accepted() -> None:
    paths = sorted((ROOT / "generated").rglob("*.py"))
    assert len(paths) > 10
    for path in paths:
        name = path.relative_to(ROOT).as_posix()
        assert violations(name, path.read_text("utf-8")) == [], name


def test_places_are_told() -> None:
    assert violations(API, "x = 1\n\n\nimport os\nprint(1)\n") == [
        (4, "import of os"),
        (5, "a Expr statement at module level"),
    ]
