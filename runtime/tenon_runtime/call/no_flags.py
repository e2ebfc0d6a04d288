"""Feature flags where none are configured: every flag is its default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_Evaluation = Mapping[str, Any] | None


class NoFlags:
    def boolean(self, name: str, default: bool, context: _Evaluation = None) -> bool:
        return default

    def string(self, name: str, default: str, context: _Evaluation = None) -> str:
        return default

    def integer(self, name: str, default: int, context: _Evaluation = None) -> int:
        return default

    def float(self, name: str, default: float, context: _Evaluation = None) -> float:
        return default

    def object(self, name: str, default: dict[str, Any], context: _Evaluation = None) -> dict[str, Any]:
        return default
