"""Who may know whom: calls, events, tables and code across the borders of domains, as the new side has them.

Read by the lightest means that tell: texts by expressions, Python by its syntax tree where a name of another domain
stands in it at all. Only where the repository is ours; nothing is compared with the old side, for an old trespass is
one as well.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.architecture import code, contracts
from tenon.gate.kinds.architecture.pairs import Call, Event, Import, Table, Undeclared

__all__ = ["Call", "Event", "Import", "Table", "Undeclared", "pair"]


def pair(context: Context) -> Iterator[object]:
    """Every trespass, and every event with those who send and receive it."""
    if not context.policy.ours or context.new.only is not None:
        return
    domains = contracts.read(context)
    yield from contracts.calls(domains)
    yield from contracts.events(domains)
    yield from contracts.undeclared(domains, context)
    yield from code.imports(context, domains)
    yield from code.tables(context)
