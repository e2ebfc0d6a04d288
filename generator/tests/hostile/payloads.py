"""Ways to break out of the place where a contract's text ends up, and text that no contract may hold.

Each payload that is code would make a file, the canary, named by ``TENON_CANARY``: the import of generated modules in
`audit` proves that none does.
"""

from __future__ import annotations

BREAKS = {
    "lf": "\n", "cr": "\r", "crlf": "\r\n", "vt": "\v", "ff": "\f", "fs": "\x1c", "gs": "\x1d", "rs": "\x1e",
    "nel": "\x85", "ls": "\u2028", "ps": "\u2029",
}  # fmt: skip
"""Everything that some tool takes for the end of a line."""

CODE = '__import__("pathlib").Path(__import__("os").environ["TENON_CANARY"]).touch()'
"""A Python expression that makes the canary."""
_STATEMENT = "import os, pathlib; pathlib.Path(os.environ['TENON_CANARY']).touch()"

TEXT: dict[str, str] = {
    # Ends of literals, comments and docstrings.
    "triple": '"""',
    "triple-single": "'''",
    "four": '""""',
    "five": '"""""',
    "double": 'ends with "',
    "single": "ends with '",
    "backslash": "ends with \\",
    "backslashes": "ends with \\\\",
    "escaped-triple": '\\"""',
    "twice-escaped-triple": '\\\\"""',
    "quote-backslash": '"\\',
    "only-quote": '"',
    "only-backslash": "\\",
    "hash": "# not a comment",
    "slash": "// not a comment",
    "star": "*/ alert(1) /*",
    "unicode-name": "\\N{LATIN SMALL LETTER A} \\N{no such name} \\x \\u12 \\U0",
    "octal": "\\777\\0\\8",
    "percent": "%s %(x)s %n %",
    "braces": "{0} {x!r} {} {{}} }{",
    "f-string": f'f"{{{CODE}}}"',
    "dollar": "${jndi:ldap://127.0.0.1/x} $(touch canary) `touch canary` $((1))",
    "jinja": "{{ 7 * 7 }} {% raw %} {# #} {{ config.__class__ }} {% include '/etc/passwd' %}",
    "jinja-end": "{% endraw %}{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "cdata": "]]> <!-- --> <script>alert(1)</script> <img src=x onerror=alert(1)>",
    "markdown": "](javascript:alert(1)) ``` ~~~ | a | b |\n|---|---| # Title\n<details>",
    "mermaid": '"] --> A["x"]; click A "javascript:alert(1)"\n  end\n%%{init: {}}%%',
    "yaml": "'\n- a: *b\n&x !!python/object:os.system x: {y: [z",
    "json": '"}, {"x": ["y',
    "toml": '"\n[tool]\nx = """',
    "codeowners": "* @attacker\n/ @attacker # x",
    "promql": '"} or vector(1) > 0 or absent({x="',
    "make": "\n\t@touch canary\n%:\n\t$(shell touch canary)",
    "sql": "'; DROP TABLE x; -- $$",
    "html-attribute": "' onmouseover='alert(1)",
    "rust-write": '");std::fs::write("canary", "x").unwrap();//',
    "rust-attribute": '#[path = "/etc/passwd"] mod x; #![feature(x)]',
    "rust-raw": '"#; std::process::abort(); r#"',
    "rust-macro": 'include!("/etc/passwd")',
    "typescript": "`${process.exit(1)}` */ process.exit(1); /*",
    # Comments that mean something to a tool.
    "coding": "-*- coding: utf-7 -*- +ACIAIgAi-",
    "type-ignore": "type: ignore",
    "type-comment": "type: (int) -> [",
    "mypy": "mypy: ignore-errors",
    "ruff": "ruff: noqa",
    "noqa": "noqa",
    "fmt": "fmt: off",
    "isort": "isort: skip_file",
    "pragma": "pragma: no cover",
    "doctest": f">>> {CODE}",
    # Code in every position that text could fall into.
    "expression": CODE,
    "statement": f'"""\n{_STATEMENT}\n"""',
    "statement-single": f"'''\n{_STATEMENT}\n'''",
    "semicolon": f'"; {_STATEMENT}; "',
    "semicolon-triple": f'"""; {_STATEMENT}; """',
    "call-end": f'"), {CODE}, ("',
    "decorator": f"\n@{CODE}\ndef f(): pass",
    "default": f"x={CODE}",
    "annotation": f"int] = {CODE} #",
    "base": f"(object, metaclass={CODE})",
    "import": "\nfrom os import system; system('touch canary')\n",
    "lambda": f"(lambda: {CODE})()",
    "walrus": f"(x := {CODE})",
    "dunder": "().__class__.__base__.__subclasses__()",
    "whitespace": " \t ",
    "empty": "",
    "tab": "a\tb",
    "indent": "        deeper\n    than\nthis",
    "long": "x" * 5000,
    "long-words": "word " * 2000,
    "astral": "\U0001f600 \u00e9 \u4e2d \uff07 \u02bb",
    "control": "\x01\x02\x1b[31m\x7f\x9b",
    **{f"break-{name}": f"a{char}{_STATEMENT}{char}b" for name, char in BREAKS.items()},
    **{f"hash-break-{name}": f"#{char}{_STATEMENT}" for name, char in BREAKS.items()},
    **{f"quote-break-{name}": f'"{char}{_STATEMENT}{char}"""' for name, char in BREAKS.items()},
}
"""Text that is hostile and legal: a contract that holds it generates, and the text stays text."""

_ALWAYS = ("triple", "escaped-triple", "double", "backslash", "quote-break-cr", "quote-break-nel", "break-ls", "jinja",
           "statement", "type-comment", "empty", "expression", "control")  # fmt: skip


def some(number: int) -> dict[str, str]:
    """Of `TEXT` what is tried in place `number` when there is little time: the worst, and a fifth of the others."""
    return {name: text for i, (name, text) in enumerate(TEXT.items()) if name in _ALWAYS or (i + number) % 5 == 0}


FORBIDDEN: dict[str, str] = {
    "nul": "a\x00b",
    "rlo": "a\u202eb",
    "lro": "a\u202db",
    "rle": "a\u202bb",
    "pdf": "a\u202cb",
    "rli": "a\u2067b",
    "fsi": "a\u2068b",
    "pdi": "a\u2069b",
    "alm": "a\u061cb",
}
"""Text that is refused wherever it stands (CVE-2021-42574 for the bidirectional controls)."""

SURROGATES: dict[str, str] = {"high": "\\ud800", "low": "\\udc00", "reversed": "\\udc00\\ud800"}
"""As JSON and YAML escapes, the only way to write them."""

WORDS = (
    # Keywords and soft keywords.
    "class", "None", "True", "False", "def", "from", "import", "lambda", "async", "await", "match", "case", "type", "_",
    # Builtins.
    "str", "int", "bool", "float", "list", "dict", "bytes", "object", "print", "property", "super", "Exception", "id",
    "open", "exec", "eval", "BaseException", "NotImplementedError", "classmethod", "staticmethod", "self", "cls",
    # Dunders.
    "__class__", "__init__", "__new__", "__slots__", "__dict__", "__module__", "__doc__", "__name__", "__all__",
    "__getattr__", "__init_subclass__", "__annotations__", "__debug__", "__file__", "__import__", "__path__",
    # What generated modules and the runtime call their own.
    "Context", "Service", "API", "REST", "spec", "Message", "desc", "Literal", "TYPE_CHECKING", "None_", "api",
    "tenon_runtime", "ABC", "Method", "Policy", "Slo", "Kind", "Idempotency", "ServiceSpec", "RestSpec", "Operation",
    "Binding", "Event", "EventHandlers", "Subscription", "RestHandlers", "Any", "Never", "TypeAlias", "TypedDict",
    "NotRequired", "AsyncIterator", "Mapping", "RpcClient", "abstractmethod", "annotations", "Path", "dataclass",
    "Enum", "Oneof", "Extension", "Final", "NoReturn", "file_desc", "DescFile", "overload", "deprecated", "types",
    "timeout", "headers", "request", "requests", "ctx", "event", "close", "publish", "emit", "mro", "name", "value",
    "operations", "subscriptions", "typing", "protobuf", "abc", "_tenon", "_DESC", "impl", "Api", "class_", "str_",
    "to_json", "from_binary", "has_field", "clear_field", "register", "collections", "datetime", "enum",
)  # fmt: skip
"""Identifiers that every compiler accepts and that mean something in what is generated."""
