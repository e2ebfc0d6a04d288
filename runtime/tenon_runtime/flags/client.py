"""Flags as a handler asks for them."""

from __future__ import annotations

import builtins
import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.evaluation_context import EvaluationContext

from .provider import FileProvider

_numbers = itertools.count(1)


class FileFlags:
    """See `tenon_runtime.call.ports.Flags`. A context's ``targetingKey`` is what percentages go by."""

    def __init__(self, path: Path | None) -> None:
        # OpenFeature's registry is global: a domain of its own keeps services in one process apart.
        domain = f"tenon-{next(_numbers)}"
        api.set_provider_and_wait(FileProvider(path), domain)
        self._client: OpenFeatureClient = api.get_client(domain)

    def boolean(self, name: str, default: bool, context: Mapping[str, Any] | None = None) -> bool:
        """The flag's value; the default where there is none."""
        return self._client.get_boolean_value(name, default, _context(context))

    def string(self, name: str, default: str, context: Mapping[str, Any] | None = None) -> str:
        """The flag's value; the default where there is none."""
        return self._client.get_string_value(name, default, _context(context))

    def integer(self, name: str, default: int, context: Mapping[str, Any] | None = None) -> int:
        """The flag's value; the default where there is none."""
        return self._client.get_integer_value(name, default, _context(context))

    def float(self, name: str, default: builtins.float, context: Mapping[str, Any] | None = None) -> builtins.float:
        """The flag's value; the default where there is none."""
        return self._client.get_float_value(name, default, _context(context))

    def object(self, name: str, default: dict[str, Any], context: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The flag's value; the default where there is none."""
        value = self._client.get_object_value(name, default, _context(context))
        return cast(dict[str, Any], value) if isinstance(value, dict) else default


def _context(context: Mapping[str, Any] | None) -> EvaluationContext | None:
    if not context:
        return None
    attributes = dict(context)
    key = attributes.pop("targetingKey", None)
    return EvaluationContext(targeting_key=key, attributes=attributes)
