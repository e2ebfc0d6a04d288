"""Who may know whom: calls, events, tables and code across the borders of domains, as the new side has them.

Read by the lightest means that tell: texts by expressions, Python by its syntax tree where a name of another domain
stands in it at all. Only where the repository is ours; nothing is compared with the old side, for an old trespass is
one as well.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context

SUFFIXES: tuple[str, ...] = ()
RULES = ("architecture_",)


def pair(context: Context) -> Iterator[object]:
    from tenon.gate.kinds.architecture.walk import pair as walk

    yield from walk(context)
