"""Protobuf: files, messages, fields, enums, services and RPCs of both sides, paired by their full names and numbers.

Both sides are compiled and read by Google's protobuf. Files of the same text on both sides cost one digest.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context

SUFFIXES = (".proto",)
RULES = ("protobuf_", "option_")


def pair(context: Context) -> Iterator[object]:
    from tenon.gate.kinds.protobuf.walk import pair as walk

    yield from walk(context)
