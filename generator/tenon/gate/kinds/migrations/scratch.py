"""Databases to try things in: made by a role that may nothing else, bounded in time, and gone afterwards.

What runs here was written by somebody else. The role is no superuser (no files, no programs, no other database), and a
watchdog ends the server's process of a statement that takes too long, whatever the statement did to its own limits.
"""

from __future__ import annotations

import re
import secrets
import select
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import pq, sql
from psycopg.conninfo import conninfo_to_dict

from tenon.gate.kinds.migrations import statements
from tenon.gate.kinds.migrations.statements import Statement

STATEMENT_SECONDS = 5.0
FILE_SECONDS = 20.0
_ROLE_MISSING = re.compile(r'role "([^"]+)" does not exist')
_ALONE = ("25001", "55P04")
"""What must not stand in a transaction: CREATE INDEX CONCURRENTLY, the use of a new enum value."""


class Unusable(Exception):
    """The scratch server cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """PostgreSQL's answer to a statement that it does not run."""

    message: str
    state: str
    """SQLSTATE: ``23502``."""
    column: str = ""
    constraint: str = ""
    table: str = ""
    position: int = 0
    """Characters from the statement's begin, from 1; 0: not told."""

    def __str__(self) -> str:
        return self.message


_ENDED = Refusal("it took too long and was ended", "57014")


@dataclass(frozen=True, slots=True)
class Shape:
    """What a statement takes and gives, by PostgreSQL's names of types."""

    parameters: tuple[int, ...]
    """Types' numbers."""
    columns: tuple[tuple[str, str], ...]
    """Of the answer: name and type."""


class Session:
    """One connection as the role without rights."""

    def __init__(self, conninfo: str, server: Server) -> None:
        self._connection = psycopg.connect(conninfo, autocommit=True)
        self._server = server
        self._types: dict[tuple[int, int], str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._connection.close()

    @property
    def alive(self) -> bool:
        return self._connection.pgconn.status == pq.ConnStatus.OK

    def run(self, text: str, seconds: float = STATEMENT_SECONDS) -> Refusal | None:
        """Run one or more statements without values; why not, if refused."""
        with self._watched(seconds):
            self._connection.pgconn.send_query(_bytes(text))
            return self._drained()

    def rows(self, text: str) -> list[tuple[str | None, ...]]:
        """The rows of a statement of our own, as texts."""
        with self._watched(STATEMENT_SECONDS):
            result = self._connection.pgconn.exec_(_bytes(text))
        if refusal := self._refusal(result):
            raise Unusable(refusal.message)
        values = ([result.get_value(row, column) for column in range(result.nfields)] for row in range(result.ntuples))
        return [tuple(None if value is None else value.decode("utf-8", "replace") for value in row) for row in values]

    def describe(self, text: str, types: Sequence[int] = ()) -> Shape | Refusal:
        """Parse a statement and tell its shape; nothing runs. `types`: of its values, 0: PostgreSQL infers it."""
        connection = self._connection.pgconn
        with self._watched(STATEMENT_SECONDS):
            refusal = self._refusal(connection.prepare(b"", _bytes(text), types or None))
            if refusal is not None:
                return refusal
            result = connection.describe_prepared(b"")
        if refusal := self._refusal(result):
            return refusal
        columns = []
        for index in range(result.nfields):
            name = (result.fname(index) or b"").decode("utf-8", "replace")
            columns.append((name, self._type(result.ftype(index), result.fmod(index))))
        return Shape(tuple(result.param_type(index) for index in range(result.nparams)), tuple(columns))

    def execute(self, text: str, values: Sequence[str | None], types: Sequence[int]) -> Refusal | None:
        """Run a statement with these values, inside a savepoint that stays only when it worked."""
        self.run("SAVEPOINT tried")
        given = [None if value is None else _bytes(value) for value in values]
        with self._watched(STATEMENT_SECONDS):
            self._connection.pgconn.send_query_params(_bytes(text), given, types)
            refusal = self._drained()
        self.run("ROLLBACK TO tried" if refusal else "RELEASE tried")
        return refusal

    def apply(self, text: str) -> tuple[Refusal, Statement] | None:
        """Run a migration's file as a release does: in one transaction, or alone where it has to be.

        Gives what was refused, and the statement."""
        text = statements.upward(text)
        parts = statements.split(text)
        whole = Statement(text, 1, text.strip())
        if not text.startswith("-- tenon: no transaction"):
            refusal = self._with_roles(f"BEGIN;\n{text}\n;COMMIT", text)
            if refusal is None:
                return self._settled(None)
            self.run("ROLLBACK")
            if refusal.state not in _ALONE:
                self.run("BEGIN")
                again = next(((found, each) for each in parts if (found := self.run(each.raw, FILE_SECONDS))), None)
                return self._settled(again or (refusal, whole))
        for statement in parts:
            if refusal := self._with_roles(statement.raw, statement.raw):
                return self._settled((refusal, statement))
        return self._settled(None)

    def _settled(self, outcome: tuple[Refusal, Statement] | None) -> tuple[Refusal, Statement] | None:
        """The outcome, with nothing left open for the next file: no transaction, no setting, no role."""
        if self.alive:
            self.run("ROLLBACK")
            self.run("DISCARD ALL")
        return outcome

    def _with_roles(self, text: str, source: str) -> Refusal | None:
        """Run it; roles that it names come from elsewhere and are made on the way."""
        refusal = self.run(text, FILE_SECONDS)
        for _ in range(8):
            missing = _ROLE_MISSING.search(refusal.message) if refusal else None
            if missing is None or missing[1] not in source or not self._server.add_role(missing[1]):
                break
            self.run("ROLLBACK")
            refusal = self.run(text, FILE_SECONDS)
        return refusal

    def _drained(self) -> Refusal | None:
        """Wait for what was sent. Rows are dropped as they come: there may be more than memory holds."""
        try:
            return self._drain()
        except psycopg.OperationalError:  # its process was ended
            return _ENDED

    def _drain(self) -> Refusal | None:
        connection = self._connection.pgconn
        connection.set_single_row_mode()
        refusal: Refusal | None = None
        while True:
            while connection.is_busy():
                select.select([connection.socket], [], [], 1)  # so that the watchdog has its turn
                connection.consume_input()
            result = connection.get_result()
            if result is None:
                return refusal if self.alive else _ENDED
            if result.status in (pq.ExecStatus.COPY_IN, pq.ExecStatus.COPY_OUT, pq.ExecStatus.COPY_BOTH):
                connection.finish()  # nobody is here to copy from or to
                return Refusal("COPY from or to the client cannot be tried", "57000")
            if result.status != pq.ExecStatus.SINGLE_TUPLE:
                refusal = refusal or _refusal(result)

    def _refusal(self, result: pq.abc.PGresult) -> Refusal | None:
        return _refusal(result) if self.alive else _ENDED

    def _type(self, number: int, modifier: int) -> str:
        if (number, modifier) not in self._types:
            named = self.rows(f"SELECT format_type({number}, {modifier})")
            self._types[number, modifier] = named[0][0] or "unknown"
        return self._types[number, modifier]

    @contextmanager
    def _watched(self, seconds: float) -> Iterator[None]:
        if not self.alive:
            raise Unusable("the connection to the scratch database ended")
        if self._server.left() <= 0:
            raise Unusable("the time for this comparison is over")
        self._server.watch(self._connection.pgconn.backend_pid, min(seconds, self._server.left() + 1))
        try:
            yield
        finally:
            self._server.watch(0, 0)


class Server:
    """A PostgreSQL server where databases may be made, and one role that owns all that are made here."""

    def __init__(self, url: str, seconds: float = 60.0) -> None:
        """:param url: of a superuser. :param seconds: that all work here may take.

        Raises `Unusable`."""
        self._until = time.monotonic() + seconds
        self._prefix = f"gate_{secrets.token_hex(6)}"
        self._databases: list[str] = []
        self._roles: list[str] = []
        try:
            self._admin = psycopg.connect(url, autocommit=True, connect_timeout=10)
            known = conninfo_to_dict(url)
            self._parts: dict[str, Any] = {**known, "user": self._prefix}
            self._parts.pop("dbname", None)
            role = sql.Identifier(self._prefix)
            self._admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
            self._admin.execute(sql.SQL("GRANT SET ON PARAMETER session_replication_role TO {}").format(role))
            for name, value in (("statement_timeout", "2s"), ("lock_timeout", "2s"), ("temp_file_limit", "256MB")):
                self._admin.execute(
                    sql.SQL("ALTER ROLE {} SET {} = {}").format(role, sql.Identifier(name), sql.Literal(value))
                )
        except psycopg.Error as error:
            raise Unusable(f"PostgreSQL cannot be used: {error}") from None
        self._watched: tuple[int, float] = (0, 0.0)
        self._closed = threading.Event()
        self._watchdog = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._watchdog.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closed.set()
        self._watchdog.join()
        with suppress(psycopg.Error):
            for name in self._databases:
                self._admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            for name in (*self._roles, self._prefix):
                self._admin.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)))
                self._admin.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))
        self._admin.close()

    def left(self) -> float:
        """Seconds that may still be spent."""
        return self._until - time.monotonic()

    def database(self, template: str | None = None) -> str:
        """Make a database, a copy of `template`; its name. Nobody may be connected to the template."""
        name = f"{self._prefix}_{len(self._databases)}"
        self._databases.append(name)
        statement = "CREATE DATABASE {} OWNER {} TEMPLATE {}"
        try:
            self._admin.execute(
                sql.SQL(statement).format(*map(sql.Identifier, (name, self._prefix, template or "template1")))
            )
        except psycopg.Error as error:
            raise Unusable(f"no database can be made: {error}") from None
        return name

    def session(self, database: str) -> Session:
        try:
            return Session(psycopg.conninfo.make_conninfo(dbname=database, **self._parts), self)
        except psycopg.Error as error:
            raise Unusable(f"the scratch database cannot be reached: {error}") from None

    def add_role(self, name: str) -> bool:
        """Make a role that a migration grants something to."""
        try:
            self._admin.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(name)))
            self._roles.append(name)
            self._admin.execute(sql.SQL("GRANT {} TO {}").format(*map(sql.Identifier, (name, self._prefix))))
        except psycopg.Error:
            return False
        return True

    def watch(self, pid: int, seconds: float) -> None:
        """From now on this session's process may take so long; 0: none is at work."""
        self._watched = (pid, time.monotonic() + seconds)

    def _watch(self) -> None:
        while not self._closed.wait(0.1):
            pid, until = self._watched
            if pid and time.monotonic() > until:
                with suppress(psycopg.Error):
                    self._admin.execute("SELECT pg_terminate_backend(%s)", [pid])


def _refusal(result: pq.abc.PGresult) -> Refusal | None:
    if result.status in (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK, pq.ExecStatus.EMPTY_QUERY):
        return None

    def part(name: pq.DiagnosticField) -> str:
        return (result.error_field(name) or b"").decode("utf-8", "replace")

    fields = pq.DiagnosticField
    position = part(fields.STATEMENT_POSITION)
    return Refusal(
        " ".join(
            (part(fields.MESSAGE_PRIMARY) or result.error_message.decode("utf-8", "replace") or "refused").split()
        ),
        part(fields.SQLSTATE),
        part(fields.COLUMN_NAME),
        part(fields.CONSTRAINT_NAME),
        part(fields.TABLE_NAME),
        int(position) if position.isdigit() else 0,
    )


def _bytes(text: str) -> bytes:
    """As libpq takes it: no NUL, no lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace")
