"""OpenAPI 3.0 and 3.1: pairs of operations and of their parts, for the operations that changed."""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context

SUFFIXES = (".yaml", ".yml", ".json")
RULES = ("openapi_", "option_")


def pair(context: Context) -> Iterator[object]:
    from tenon.gate.kinds.openapi.walk import pair as walk

    yield from walk(context)
