"""The validators of every draft. Importing them takes longer than most questions: only a witness asks for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import jsonschema_rs
from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]

from tenon.schema.budget import Budget
from tenon.schema.strings import Language

_LONG = 48  # code points from which a backtracking engine may take for ever


def _pattern(validator: Any, regex: str, instance: Any, schema: Any) -> Iterator[Any]:
    """`pattern` by Python's expressions where those can be trusted to end, by our own otherwise."""
    if not isinstance(instance, str):
        return
    try:
        if len(instance) > _LONG:
            raise re.error("too long")
        found = bool(re.search(regex, instance))
    except re.error:
        budget = Budget()
        found = Language.pattern(regex, budget).contains(instance, budget)
    if not found:
        yield jsonschema.ValidationError(f"{instance!r} does not match {regex!r}")


def _with_pattern(kind: Any) -> Any:
    return jsonschema.validators.extend(kind, {"pattern": _pattern}, format_checker=kind.FORMAT_CHECKER)


PYTHON: dict[str, Any] = {
    "draft4": _with_pattern(jsonschema.Draft4Validator),
    "draft6": _with_pattern(jsonschema.Draft6Validator),
    "draft7": _with_pattern(jsonschema.Draft7Validator),
    "draft2019-09": _with_pattern(jsonschema.Draft201909Validator),
    "draft2020-12": _with_pattern(jsonschema.Draft202012Validator),
}
RUST: dict[str, Any] = {
    "draft4": jsonschema_rs.Draft4Validator,
    "draft6": jsonschema_rs.Draft6Validator,
    "draft7": jsonschema_rs.Draft7Validator,
    "draft2019-09": jsonschema_rs.Draft201909Validator,
    "draft2020-12": jsonschema_rs.Draft202012Validator,
}


def python(schema: Any, dialect: str, asserted: bool) -> Any:
    """`jsonschema` for a schema; it fetches nothing."""
    kind = PYTHON[dialect]
    return kind(schema, registry=REGISTRY, format_checker=kind.FORMAT_CHECKER if asserted else None)


def rust(schema: Any, dialect: str, asserted: bool) -> Any:
    """`jsonschema-rs` for a schema; it fetches nothing. Raises for a schema that the metaschema refuses."""
    return RUST[dialect](schema, validate_formats=asserted, offline=True)


def best_error(validator: Any, value: Any) -> Any:
    """The most telling error of `jsonschema` for a value, or None."""
    return jsonschema.exceptions.best_match(validator.iter_errors(value))
