"""What is left of generated text, in each language, when the contract's own text is taken out of it."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from typing import Any

import yaml

_RUST = re.compile(
    r"""//[^\n]*|/\*(?:[^*]|\*(?!/))*+\*/|b?r(?P<hashes>\#*)".*?"(?P=hashes)|b?"(?:[^"\\]|\\.)*+"|b?'(?:[^'\\]|\\[^u]|\\u\{\w+\})'""",
    re.DOTALL,
)
_INERT = re.compile(
    r"""\\[^a-zA-Z0-9\s]|(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`)|&[a-z#0-9]+;|#[a-z0-9]+;|"[^"`<>]*\""""
)
"""What Markdown takes for text: escapes, code, entities; and Mermaid's labels."""


def python(text: str) -> str:
    """The syntax tree with empty literals and without docstrings."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(body := getattr(node, "body", None), list):  # where there is no text, there is no docstring
            body[:] = [n for n in body if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))]
        if isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)):
            node.value = ""
    return ast.dump(tree)


def rust(text: str) -> str:
    """The tokens, comments left out and literals empty."""
    return " ".join(_RUST.sub(lambda found: "" if found[0].startswith(("//", "/*")) else '""', text).split())


def structure(text: str) -> Any:
    """A YAML or JSON value with empty strings, its PromQL kept."""
    return _blank(yaml.safe_load(text), "")


def _blank(value: Any, key: str) -> Any:
    match value:
        case dict():
            return {name: _blank(item, name) for name, item in value.items()}
        case list():
            return [_blank(item, "") for item in value]
        case str():
            return value if key in ("expr", "query") else ""
    return value


def markdown(text: str) -> list[tuple[int, ...]]:
    """By line how many cells, brackets, fences and tags it has that Markdown or Mermaid would act on."""
    lines = []
    for line in text.split("\n"):
        bare = _INERT.sub('""', line.replace("\\|", ""))
        lines.append(tuple(bare.count(mark) for mark in ("|", "[", "]", "`", "<", ">", "{", "}", "*", "_")))
    return lines


def owners(text: str) -> None:
    """An owner that is no name is left out, with a comment; every line that counts is a path and names."""
    for line in text.splitlines():
        assert not line or line.startswith("#") or re.fullmatch(r"[\w./*-]+(?: @?[\w./@-]+)+", line), line


def plain(text: str) -> int:
    """How many lines."""
    return text.count("\n")


OF: dict[str, Callable[[str], Any]] = {
    ".py": python,
    ".rs": rust,
    ".yaml": structure,
    ".yml": structure,
    ".json": lambda text: _blank(json.loads(text), ""),
    ".md": markdown,
    ".toml": plain,
    "CODEOWNERS": owners,
}
"""By the end of a file's name."""


def of(path: str, text: str) -> Any:
    return next((shape(text) for end, shape in OF.items() if path.endswith(end)), None)
