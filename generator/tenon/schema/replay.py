"""Two independent validators judge every witness before it is shown."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import jsonschema_rs
from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]

from tenon.schema.budget import Budget, Exceeded
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


def _python(kind: Any) -> Any:
    return jsonschema.validators.extend(kind, {"pattern": _pattern}, format_checker=kind.FORMAT_CHECKER)


_PYTHON: dict[str, Any] = {
    "draft4": _python(jsonschema.Draft4Validator),
    "draft6": _python(jsonschema.Draft6Validator),
    "draft7": _python(jsonschema.Draft7Validator),
    "draft2019-09": _python(jsonschema.Draft201909Validator),
    "draft2020-12": _python(jsonschema.Draft202012Validator),
}
_RUST: dict[str, Any] = {
    "draft4": jsonschema_rs.Draft4Validator,
    "draft6": jsonschema_rs.Draft6Validator,
    "draft7": jsonschema_rs.Draft7Validator,
    "draft2019-09": jsonschema_rs.Draft201909Validator,
    "draft2020-12": jsonschema_rs.Draft202012Validator,
}


class Judges:
    """A schema as `jsonschema` and as `jsonschema-rs` understand it; `dialect` is a draft."""

    def __init__(self, schema: Any, dialect: str, asserted: bool) -> None:
        self.schema = schema
        self._dialect = dialect
        self._asserted = asserted

    @functools.cached_property
    def _python(self) -> Any:
        kind = _PYTHON[self._dialect]
        checker = kind.FORMAT_CHECKER if self._asserted else None
        return kind(self.schema, registry=_registry(), format_checker=checker)

    @functools.cached_property
    def _rust(self) -> Any:
        return _RUST[self._dialect](self.schema, validate_formats=self._asserted, offline=True)

    def ready(self) -> bool:
        """Whether the stricter of the two takes the schema as it stands."""
        try:
            return self._rust is not None
        except (KeyboardInterrupt, SystemExit, MemoryError):
            raise
        except BaseException:
            return False

    def accept(self, value: Any) -> bool:
        """Whether both find the value valid; raises `Exceeded` where they differ or one of them fails."""
        try:
            verdicts = (bool(self._rust.is_valid(value)), bool(self._python.is_valid(value)))
        except (Exceeded, KeyboardInterrupt, SystemExit, MemoryError):
            raise
        except BaseException as error:  # a panic of the Rust library is no Exception
            raise Exceeded(f"a validator fails on the schema: {type(error).__name__}") from error
        if verdicts[0] is not verdicts[1]:
            raise Exceeded("validators disagree on the witness")
        return verdicts[0]

    def refusal(self, value: Any) -> tuple[str, str, str]:
        """Where and why a value is refused: pointer into the value, keyword, pointer into the schema."""
        try:
            error = jsonschema.exceptions.best_match(self._python.iter_errors(value))
        except Exception:
            return "", "", ""
        if error is None:
            return "", "", ""
        keyword = error.validator if isinstance(error.validator, str) else ""
        return _pointer(error.absolute_path), keyword, _pointer(error.absolute_schema_path)


@functools.cache
def _registry() -> Any:
    return REGISTRY


def _pointer(path: Any) -> str:
    return "".join(["/" + str(token).replace("~", "~0").replace("/", "~1") for token in path])
