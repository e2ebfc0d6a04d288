"""SQL migrations: both histories applied to a scratch PostgreSQL, and each release's queries run on the other's schema.

While a release goes out, code of the old one runs on the schema of the new one. So the old release's statements are
taken from its source and run on both schemas; what ran and is refused, or answers otherwise, is a break.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context

SUFFIXES = (".sql", ".py")
RULES = ("migration_",)


def pair(context: Context) -> Iterator[object]:
    from tenon.gate.kinds.migrations.walk import pair as walk

    yield from walk(context)
