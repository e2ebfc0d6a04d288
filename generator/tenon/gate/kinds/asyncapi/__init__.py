"""AsyncAPI 2 and 3: pairs of channels, operations, messages and payloads, for what changed."""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context

SUFFIXES = (".yaml", ".yml", ".json")
RULES = ("asyncapi_",)


def pair(context: Context) -> Iterator[object]:
    from tenon.gate.kinds.asyncapi.walk import pair as walk

    yield from walk(context)
