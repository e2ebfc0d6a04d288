"""An OpenFeature provider that evaluates a flagd definition file in this process."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from openfeature.contrib.tools.flagd.core import FlagdCore
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import OpenFeatureError
from openfeature.flag_evaluation import FlagResolutionDetails, FlagValueType
from openfeature.provider import AbstractProvider, Metadata

_LOOK_EVERY = 0.25  # seconds between looks at the file, one system call each

_log = logging.getLogger(__name__)


class FileProvider(AbstractProvider):
    """Follows one file. Keeps the last good definitions."""

    def __init__(self, path: Path | None) -> None:
        super().__init__()
        self._path = path
        self._core = FlagdCore()
        self._seen: tuple[int, int, int] | None = None
        self._look_at = 0.0

    def get_metadata(self) -> Metadata:
        """Its name."""
        return Metadata("tenon flagd file")

    def resolve_boolean_details(
        self, flag_key: str, default_value: bool, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[bool]:
        return self._fresh().resolve_boolean_value(flag_key, default_value, evaluation_context)

    def resolve_string_details(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        return self._fresh().resolve_string_value(flag_key, default_value, evaluation_context)

    def resolve_integer_details(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        return self._fresh().resolve_integer_value(flag_key, default_value, evaluation_context)

    def resolve_float_details(
        self, flag_key: str, default_value: float, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[float]:
        return self._fresh().resolve_float_value(flag_key, default_value, evaluation_context)

    def resolve_object_details(
        self,
        flag_key: str,
        default_value: Sequence[FlagValueType] | Mapping[str, FlagValueType],
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[Sequence[FlagValueType] | Mapping[str, FlagValueType]]:
        return self._fresh().resolve_object_value(flag_key, default_value, evaluation_context)

    def _fresh(self) -> FlagdCore:
        """The evaluator, after a look at the file when the last one is long ago."""
        now = time.monotonic()
        if self._path is not None and now >= self._look_at:
            self._look_at = now + _LOOK_EVERY
            try:
                status = self._path.stat()
                seen = (status.st_mtime_ns, status.st_size, status.st_ino)
                if seen != self._seen:
                    self._seen = seen
                    self._read(self._path)
            except FileNotFoundError:
                if self._seen is not None:
                    _log.error("the flags in %s are gone; the last ones stay in force", self._path)
                    self._seen = None
            except OSError as error:
                _log.error("the flags in %s cannot be read: %s", self._path, error)
        return self._core

    def _read(self, path: Path) -> None:
        try:
            definitions: Any = json.loads(path.read_bytes())
            if not isinstance(definitions, dict):
                raise ValueError("not a JSON object")
            self._core.set_flags(definitions)
        except (ValueError, TypeError, AttributeError, OpenFeatureError) as error:
            _log.error("the flags in %s are not understood, the last ones stay in force: %s", path, error)
