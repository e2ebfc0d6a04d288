"""A new migration: the next number, and the discipline that keeps two versions running beside each other."""

from __future__ import annotations

import re

from tenon.edit import fields
from tenon.edit.fields import COMMAND
from tenon.edit.workspace import Workspace, refuse
from tenon.source import Location

_NUMBERED = re.compile(r"([0-9]{4})_.+\.sql")
_HEADER = """\
-- {title}.
--
-- Applied once, in one transaction, when the new version starts; the version before it may still be running. So every
-- change is made in three releases, each with a migration of its own:
--   expand    add what the new code needs: nullable or defaulted columns, new tables, new indexes
--   backfill  fill it for old rows, in batches that are small enough to lock nothing for long
--   contract  drop what no running version reads any more
-- An index on a large table is built beside its writers: make it a file of its own, with CREATE INDEX CONCURRENTLY and
-- the first line `-- tenon: no transaction`.

"""


def add(workspace: Workspace, domain: str, name: str) -> list[str]:
    """Make the file. Raises Refused."""
    package = workspace.package(domain)
    slug = re.sub(r"[^a-z0-9]+", "_", fields.snake(name)).strip("_")
    if not slug:
        raise refuse(COMMAND, "name", f"{name!a} is no name of a migration", "say what it does: 'add rating'")
    folder = f"impl/{package.domain}/migrations"
    present = sorted((workspace.root / folder).glob("*.sql"))
    for path in present:
        if path.stem[5:] == slug:
            raise refuse(Location(f"{folder}/{path.name}"), "exists", "this migration exists", "name another step")
    numbers = [int(match[1]) for path in present if (match := _NUMBERED.fullmatch(path.name))]
    title = slug.replace("_", " ").capitalize()
    workspace.create(f"{folder}/{max(numbers, default=0) + 1:04d}_{slug}.sql", _HEADER.format(title=title))
    return []
