"""Two independent validators judge every witness before it is shown."""

from __future__ import annotations

import functools
from typing import Any

from tenon.schema.budget import Exceeded


class Judges:
    """A schema as `jsonschema` and as `jsonschema-rs` understand it; `dialect` is a draft."""

    def __init__(self, schema: Any, dialect: str, asserted: bool) -> None:
        self.schema = schema
        self._dialect = dialect
        self._asserted = asserted

    @functools.cached_property
    def _python(self) -> Any:
        from tenon.schema import validators

        return validators.python(self.schema, self._dialect, self._asserted)

    @functools.cached_property
    def _rust(self) -> Any:
        from tenon.schema import validators

        return validators.rust(self.schema, self._dialect, self._asserted)

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
        from tenon.schema import validators

        try:
            error = validators.best_error(self._python, value)
        except Exception:
            return "", "", ""
        if error is None:
            return "", "", ""
        keyword = error.validator if isinstance(error.validator, str) else ""
        return _pointer(error.absolute_path), keyword, _pointer(error.absolute_schema_path)


def _pointer(path: Any) -> str:
    return "".join(["/" + str(token).replace("~", "~0").replace("/", "~1") for token in path])
