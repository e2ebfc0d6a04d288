"""SQL migrations: both histories applied to a scratch PostgreSQL, and each release's queries run on the other's schema.

While a release goes out, code of the old one runs on the schema of the new one. So the old release's statements are
taken from its source and run on both schemas; what ran and is refused, or answers otherwise, is a break.
"""

from __future__ import annotations

from collections.abc import Iterator

import psycopg

from tenon.gate.context import Context
from tenon.gate.kinds.migrations import lint, services
from tenon.gate.kinds.migrations.pairs import Ahead, History, Lint, Ran, Refused, Release, Reread, Rows
from tenon.gate.kinds.migrations.scratch import Server, Unusable
from tenon.gate.kinds.migrations.services import Service
from tenon.gate.kinds.migrations.upgrade import Upgrade

__all__ = ["Ahead", "History", "Lint", "Ran", "Refused", "Release", "Reread", "Rows", "pair"]


def pair(context: Context) -> Iterator[object]:
    """Facts about every service whose migrations or queries are not the same on both sides."""
    if context.old.only is not None or context.new.only is not None:
        return
    old = services.services(context.old, f"{context.old.name}:")
    new = services.services(context.new)
    known = services.pairs(old, new)
    changed = [each for each in known if _differ(*each)]
    for service in old.values():
        if any(service is before for before, _ in known) or not _lives_on(service, context):
            continue
        names = ", ".join(service.files)
        yield History(service.name, "removed", names, service.at(next(iter(service.files))), None, "", "", "all of it")
    if not changed:
        return
    yield from _linted(changed, context)
    if context.database is None:
        for _, service in changed:
            context.problems.append(f"{service.at(next(iter(service.files)), 0)}: no PostgreSQL is here to try it on")
        return
    try:
        with context.database() as url, Server(url) as server:
            for before, after in changed:
                yield from Upgrade(server, before, after, context).facts()
    except (Unusable, psycopg.Error, OSError, RuntimeError) as error:
        context.problems.append(f"migrations: {' '.join(str(error).split())}")


def _differ(old: Service, new: Service) -> bool:
    if old.files != new.files:
        return True
    if sorted(old.sources.values()) == sorted(new.sources.values()):
        return False
    return {query.sql for query in old.code.queries} != {query.sql for query in new.code.queries}


def _lives_on(service: Service, context: Context) -> bool:
    """Whether the service's code is still there; with it gone nobody migrates or queries."""
    return any(name.startswith(f"{service.home}/") and name.endswith(".py") for name in context.new.files)


def _linted(changed: list[tuple[Service, Service]], context: Context) -> Iterator[Lint]:
    squawk = lint.program()
    for before, after in changed:
        fresh = [name for name in after.files if name not in before.files]
        if fresh and squawk is None:
            context.notes.append("squawk is not installed: what new migrations lock was not looked at")
        elif fresh and squawk is not None:
            yield from lint.lint(squawk, after, fresh)
