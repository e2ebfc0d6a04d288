"""What is yielded of migrations: facts that PostgreSQL has confirmed, for the rules to judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenon.gate.kinds.migrations.queries import Query
from tenon.gate.kinds.migrations.statements import Step
from tenon.source import Location


@dataclass(frozen=True, slots=True)
class Ran:
    """One statement with values, as it was sent."""

    sql: str
    parameters: tuple[Any, ...] | None = ()
    """None: no values were found with which it could be tried; it was parsed only."""
    types: tuple[str, ...] = ()
    """Declared types of the parameters, where they matter."""

    def shown(self) -> dict[str, Any]:
        """As a JSON value."""
        shown: dict[str, Any] = {"sql": self.sql}
        if self.parameters is not None:
            shown["parameters"] = list(self.parameters)
        if self.types:
            shown["types"] = list(self.types)
        return shown


@dataclass(frozen=True, slots=True)
class History:
    """A file of the released history that is not what it was, or a new one that does not continue it."""

    service: str
    fault: str
    """``edited``, ``removed``, ``late`` (sorts before a released file) or ``failing``."""
    file: str
    at: Location
    was: Location | None
    statement: str
    """The SQL that shows it; empty where no SQL does."""
    refused: str
    """What PostgreSQL says where databases are that have the old history; empty: it takes it."""
    differs: str
    """What a database made anew has, and one that follows has not (or the reverse); empty: nothing."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The old release's query ran before and is refused on the new schema."""

    service: str
    query: Query
    ran: Ran
    given: tuple[Ran, ...]
    """What the old release ran before, on the old schema."""
    message: str
    key: str
    """Which refusal, where one query has several: a constraint, a column."""
    doubt: str
    """Why it is no proof, in words; empty: it is one."""
    cause: Location


@dataclass(frozen=True, slots=True)
class Reread:
    """The old release's query gives columns of other names or types."""

    service: str
    query: Query
    ran: Ran
    before: tuple[tuple[str, str], ...]
    after: tuple[tuple[str, str], ...]
    lost: tuple[str, ...]
    """Columns that are gone or of another type."""
    named: tuple[str, ...]
    """Those of them that the old release's source names anywhere."""
    cause: Location


@dataclass(frozen=True, slots=True)
class Rows:
    """A new file is refused where rows are that the old release's own statements have written."""

    service: str
    file: str
    at: Location
    statement: str
    rows: tuple[Ran, ...]
    message: str
    key: str
    certain: bool


@dataclass(frozen=True, slots=True)
class Ahead:
    """The new release's query is refused on the old schema."""

    service: str
    query: Query
    ran: Ran
    message: str
    needs: str | None
    """The new file from which on it runs; None: not even the new schema takes it."""


@dataclass(frozen=True, slots=True)
class Release:
    """What the new files of one service do, step by step."""

    service: str
    steps: tuple[tuple[str, Location, Step], ...]
    """File, place and step, in the order of application."""
    created: frozenset[str]
    """Tables that are new with this release: nobody's rows or queries are there."""
    linked: Mapping[str, frozenset[str]]
    """By table filled or updated: the words of the statements that do it."""
    hurt: frozenset[str]
    """Words of the old release's queries that are refused or read differently now."""


@dataclass(frozen=True, slots=True)
class Lint:
    """squawk's word on a new file."""

    service: str
    file: str
    at: Location
    name: str
    message: str
    help: str
