"""Validators for the schemas of one document, compiled once each."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any
from urllib.parse import quote

import jsonschema_rs

from tenon_runtime.errors import Violation
from tenon_runtime.host.rest.document import Document, escape

BASE = "json-schema:///openapi"
MAX_VIOLATIONS = 32
"""How many broken rules one answer names."""
EAGER_BYTES = 1 << 20
"""Documents up to this size are compiled at start-up, so that no call waits; larger ones at first use."""


class Schema:
    """One schema. Its validator is compiled when it is first needed."""

    __slots__ = ("_compile", "_validator")

    def __init__(self, compile: Any) -> None:
        self._compile = compile
        self._validator: Any = None

    def compile(self) -> Any:
        """The validator. Raises ValueError when the schema is no schema."""
        if self._validator is None:
            self._validator = self._compile()
        return self._validator

    def check(self, value: Any, prefix: str = "") -> list[Violation]:
        """Every rule that `value` breaks; `prefix` goes before each pointer. What is no JSON breaks ``type``."""
        validator = self._validator or self.compile()
        try:
            if validator.is_valid(value):
                return []
            return [
                Violation(prefix + _pointer(error.instance_path), error.kind.name, error.message)
                for error, _ in zip(validator.iter_errors(value), range(MAX_VIOLATIONS), strict=False)
            ]
        except ValueError as error:
            return [Violation(prefix, "type", str(error))]


class Schemas:
    """The schemas of a document by pointer."""

    def __init__(self, document: Document) -> None:
        self._registry = jsonschema_rs.Registry([(BASE, document.root)], draft=jsonschema_rs.Draft202012)
        self._eager = document.size <= EAGER_BYTES
        self._known: dict[str, Schema] = {}

    def at(self, pointer: str) -> Schema:
        """The schema at a JSON pointer. Raises ValueError when it cannot be compiled and the document is small."""
        schema = self._known.get(pointer)
        if schema is None:
            schema = self._known[pointer] = Schema(partial(_compile, self._registry, pointer))
            if self._eager:
                schema.compile()
        return schema


def _compile(registry: jsonschema_rs.Registry, pointer: str) -> Any:
    schema = {"$ref": f"{BASE}#{quote(pointer, safe='/~')}"}

    def build(patterns: Any) -> Any:
        return jsonschema_rs.Draft202012Validator(
            schema, registry=registry, validate_formats=True, offline=True, pattern_options=patterns
        )

    try:
        return build(jsonschema_rs.RegexOptions())
    except jsonschema_rs.ValidationError:
        # A look-around is beyond the linear-time engine; the other one is kept on a short leash.
        return build(jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000))


def _pointer(path: Iterable[str | int]) -> str:
    return "".join("/" + escape(str(part)) for part in path)
