"""Migrations: every break is replayed by hand, hostile SQL stays in its database, and nothing starts without need."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from psycopg import sql
from psycopg.conninfo import make_conninfo
from tenon.gate import engine
from tenon.gate.context import Context, Database
from tenon.gate.kinds.migrations import queries, statements
from tenon.gate.kinds.migrations.scratch import Refusal, Server, Session
from tenon.gate.kinds.migrations.statements import Phase
from tenon.gate.policy import Policy
from tenon.gate.snapshot import Snapshot
from tenon.gate.verdict import Change, Verdict

RULES = Path(engine.__file__).with_name("rules")
PROVED = ("migration_queries", "migration_data", "migration_history", "migration_deploy")
TABLE = "CREATE TABLE items (id text PRIMARY KEY, name text NOT NULL, price bigint);\n"
WRITER = """\
async def add(ctx, r):
    await ctx.db.execute("INSERT INTO items (id, name, price) VALUES (%s, %s, %s)", [str(r.id), str(r.name), int(r.p)])
"""
_numbers = itertools.count()


def cases() -> list[tuple[str, dict[str, Any]]]:
    """Every case of these rules that expects a break."""
    return [
        (f"{rule}-{case['name']}", case)
        for rule in PROVED
        for case in yaml.safe_load((RULES / rule / "cases.yaml").read_text("utf-8"))
        if any(each["verdict"] == "breaking" for each in case["expect"])
    ]


def write(root: Path, files: dict[str, dict[str, str]]) -> tuple[Snapshot, Snapshot]:
    """The old and the new side."""
    for side in ("old", "new"):
        (root / side).mkdir(exist_ok=True)
        for name, texts in files.items():
            if side in texts:
                (root / side / name).parent.mkdir(parents=True, exist_ok=True)
                (root / side / name).write_text(texts[side], "utf-8")
    return Snapshot("old", root / "old"), Snapshot("new", root / "new")


def compare(
    root: Path, files: dict[str, dict[str, str]], database: Database | None, **policy: Any
) -> tuple[Any, Context]:
    old, new = write(root, files)
    context = Context(old, new, Policy(**policy), date(2026, 1, 1), database=database)
    return [change for change in engine.compare(context) if change.rule.startswith("migration")], context


def shop(migration: str, code: str = WRITER, first: str = TABLE) -> dict[str, dict[str, str]]:
    """A service with one released file and a new one; the code stays."""
    return {
        "impl/shop/migrations/0001_items.sql": {"old": first, "new": first},
        "impl/shop/migrations/0002_next.sql": {"new": migration},
        "impl/shop/service.py": {"old": code, "new": code},
    }


# -- the proof of every break


class Replay:
    """Plain psycopg as a superuser: nothing of the gate's own machinery."""

    def __init__(self, url: str, root: Path) -> None:
        self._url, self._root = url, root

    @contextmanager
    def released(self, given: list[dict[str, Any]]) -> Iterator[psycopg.Connection[Any]]:
        """A database as the old release left it: its files, and what it wrote."""
        name = f"replay_{next(_numbers)}"
        with psycopg.connect(self._url, autocommit=True) as admin:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            try:
                with psycopg.connect(make_conninfo(self._url, dbname=name), autocommit=True) as connection:
                    for path in self._files("old"):
                        connection.execute(path.read_bytes())
                    for each in given:
                        ran(connection, each)
                    yield connection
            finally:
                admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def migrate(self, connection: psycopg.Connection[Any]) -> None:
        """Apply the files that are new."""
        known = {path.name for path in self._files("old")}
        for path in self._files("new"):
            if path.name not in known:
                connection.execute(path.read_bytes())

    def _files(self, side: str) -> list[Path]:
        return sorted((self._root / side).glob("impl/*/migrations/*.sql"))


def ran(connection: psycopg.Connection[Any], said: dict[str, Any]) -> list[tuple[str, int]]:
    """Run a statement of a witness with its values; the columns of the answer. Raises `psycopg.Error`."""
    if said.get("parameters") is None:
        connection.execute(sql.SQL("PREPARE tried AS {}").format(sql.SQL(said["sql"])))
        connection.execute("DEALLOCATE tried")
        return []
    with psycopg.RawCursor(connection) as cursor:
        cursor.execute(said["sql"].encode(), said["parameters"])
        return [(column.name, column.type_code) for column in cursor.description or ()]


@pytest.mark.parametrize(("name", "case"), cases(), ids=[name for name, _ in cases()])
def test_every_break_ran_before_and_fails_after(
    name: str, case: dict[str, Any], tmp_path: Path, database: Database
) -> None:
    changes, _ = compare(tmp_path, case["files"], database, **case.get("policy", {}))
    broken = [change for change in changes if change.verdict is Verdict.BREAKING and change.witness.replayed]
    assert broken or "compares" in name
    with database() as url:
        for change in broken:
            _replayed(change, Replay(url, tmp_path))


def _replayed(change: Change, replay: Replay) -> None:
    assert change.witness is not None and change.witness.kind == "query"
    said, after = change.witness.value, change.witness.after
    with replay.released(said.get("given", said.get("rows", []))) as connection:
        if change.rule == "migration-queries":
            before = ran(connection, said)
    with (
        replay.released(said.get("given", said.get("rows", []))) as connection,
        pytest.raises(psycopg.Error) if after.startswith("refused") else nullcontext() as refused,
    ):
        match change.rule:
            case "migration-queries":
                replay.migrate(connection)
                assert ran(connection, said) != before
            case "migration-data":
                replay.migrate(connection)
            case "migration-deploy":
                ran(connection, said)
            case "migration-history" if "sql" in said:
                connection.execute(said["sql"].encode())
    if refused is not None:
        assert f"refused: {refused.value.diag.message_primary}" == after


# -- nothing without need


def refuse() -> Any:
    raise AssertionError("an engine was asked for")


def test_no_engine_where_nothing_differs(tmp_path: Path) -> None:
    """Comments in code, other code, other files: no query and no migration is another."""
    files = {
        "impl/shop/migrations/0001_items.sql": {"old": TABLE, "new": TABLE},
        "impl/shop/service.py": {"old": WRITER, "new": "# more\n" + WRITER},
        "impl/shop/rules.py": {"new": "LIMIT = 3\n"},
    }
    changes, context = compare(tmp_path, files, refuse)
    assert changes == [] and context.problems == []


def test_a_first_release_has_no_past(tmp_path: Path) -> None:
    changes, context = compare(tmp_path, {"impl/shop/migrations/0001_items.sql": {"new": TABLE}}, refuse)
    assert changes == [] and context.problems == []


def test_without_an_engine_it_says_so(tmp_path: Path) -> None:
    def none() -> Any:
        raise RuntimeError("PostgreSQL is not installed")

    for index, database in enumerate((None, none)):
        (tmp_path / str(index)).mkdir()
        changes, context = compare(tmp_path / str(index), shop("ALTER TABLE items DROP COLUMN price;\n"), database)
        assert len(context.problems) == 1 and "PostgreSQL" in context.problems[0]
        assert not [change for change in changes if change.verdict in (Verdict.BREAKING, Verdict.SAFE)]


def test_an_old_history_that_does_not_apply_is_a_problem(tmp_path: Path, database: Database) -> None:
    """MySQL, an extension that is not here: nothing can be said, and the place is named."""
    first = "CREATE TABLE a (id int);\n\nCREATE TABLE b (id int AUTO_INCREMENT);\n"
    changes, context = compare(tmp_path, shop("CREATE TABLE c (id int);\n", first=first), database)
    assert len(context.problems) == 1 and ":3: " in context.problems[0]
    assert changes == []


def test_roles_of_elsewhere_are_made(tmp_path: Path, database: Database) -> None:
    changes, context = compare(tmp_path, shop('GRANT SELECT ON items TO reader, "Web User";\n'), database)
    assert context.problems == [] and not [each for each in changes if each.verdict is Verdict.BREAKING]


def test_the_runtimes_tables_are_there_for_who_names_them(tmp_path: Path, database: Database) -> None:
    code = (
        WRITER
        + 'QUEUE = "SELECT count(*) FROM ob_outbox"\nasync def queue(ctx): return await ctx.db.fetch_value(QUEUE)\n'
    )
    changes, context = compare(tmp_path, shop("DROP INDEX ob_outbox_unsent;\n", code), database)
    assert context.problems == [] and context.notes == []
    assert not [change for change in changes if change.verdict is Verdict.BREAKING]


def test_databases_and_roles_are_gone_afterwards(tmp_path: Path, database: Database) -> None:
    query = "SELECT datname FROM pg_database UNION ALL SELECT rolname FROM pg_roles"
    with database() as url, psycopg.connect(url, autocommit=True) as connection:
        before = connection.execute(query).fetchall()
        compare(tmp_path, shop("GRANT SELECT ON items TO somebody;\n"), database)
        assert connection.execute(query).fetchall() == before


# -- hostile SQL


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database() as url, Server(url) as server, server.session(server.database()) as session:
        yield session


@pytest.mark.parametrize(
    "text",
    [
        "COPY (SELECT 1) TO PROGRAM 'id'",
        "CREATE TABLE t (a text); COPY t FROM '/etc/passwd'",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT pg_ls_dir('/')",
        "SELECT lo_import('/etc/passwd')",
        "ALTER SYSTEM SET fsync = on",
        "CREATE ROLE root SUPERUSER",
        "CREATE DATABASE other",
        "SET ROLE tenon",
        "CREATE EXTENSION plpython3u",
        "CREATE EXTENSION dblink",
        "CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'libc', 'system'",
        "SET temp_file_limit = -1",
        "SELECT pg_reload_conf()",
        "DROP DATABASE postgres",
    ],
)
def test_sql_cannot_leave_its_database(text: str, session: Session) -> None:
    refusal = session.run(text)
    assert isinstance(refusal, Refusal) and refusal.state in ("42501", "0A000", "58P01", "22023", "42704", "25001"), (
        refusal
    )


def test_sql_cannot_run_for_ever(database: Database) -> None:
    """It takes away its own limit, and is ended from outside."""
    with database() as url, Server(url) as server, server.session(server.database()) as session:
        refusal = session.run("SET statement_timeout = 0; SELECT pg_sleep(600)", seconds=0.5)
        assert refusal is not None and refusal.state == "57014" and not session.alive


def test_a_release_cannot_take_for_ever(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenon.gate.kinds.migrations.scratch.FILE_SECONDS", 0.5)
    loop = "SET statement_timeout = 0;\nDO $$ BEGIN LOOP PERFORM 1; END LOOP; END $$;\n"
    started = time.monotonic()
    changes, context = compare(tmp_path, shop(loop), database)
    assert time.monotonic() - started < 60
    assert context.problems or [change.detail for change in changes if change.verdict is Verdict.BREAKING] == [
        "failing"
    ]


@pytest.mark.parametrize("query", ["SELECT pg_sleep(600)", "SELECT set_config('statement_timeout', '0', false), 1/0"])
def test_a_slow_or_failing_query_proves_nothing(query: str, tmp_path: Path, database: Database) -> None:
    code = f'async def wait(ctx): await ctx.db.execute("{query}")\n'
    changes, _ = compare(tmp_path, shop("ALTER TABLE items ADD COLUMN a text;\n", code), database)
    assert not [change for change in changes if change.verdict is not Verdict.SAFE]


def test_rows_beyond_memory_are_dropped(session: Session) -> None:
    """Ten gigabytes, were they kept: the statement is ended, and the session goes on."""
    refusal = session.run("SELECT repeat('x', 100000) FROM generate_series(1, 100000)")
    assert refusal is not None and refusal.state == "57014" and session.run("SELECT 1") is None


def test_copy_from_the_client_is_refused(session: Session) -> None:
    assert session.run("CREATE TABLE t (a text); COPY t FROM STDIN") is not None


@pytest.mark.parametrize("constant", ["'5x'", "True", "1.5", "None", "'9' * 30", "-1", "99999999999999999999"])
def test_a_constant_of_another_type_is_no_exception(constant: str, tmp_path: Path, database: Database) -> None:
    code = f'async def one(ctx): await ctx.db.fetch_one("SELECT 1 FROM items WHERE price = %s", [{constant}])\n'
    changes, context = compare(tmp_path, shop("ALTER TABLE items ADD COLUMN a text;\n", code), database)
    assert context.problems == [] and not [change for change in changes if change.verdict is Verdict.BREAKING]


def test_a_query_that_ends_every_session_is_a_problem(tmp_path: Path, database: Database) -> None:
    kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user"
    code = f'async def kill(ctx): await ctx.db.execute("{kill}")\n'
    changes, context = compare(tmp_path, shop("ALTER TABLE items ADD COLUMN a text;\n", code), database)
    assert context.problems and not [change for change in changes if change.verdict is Verdict.BREAKING]


# -- reading


def read(source: str) -> list[str]:
    return [query.sql for query in queries.read(source, "a.py").queries]


def test_queries_are_found_however_they_are_written() -> None:
    source = """
TABLE = "items"
GET = f"SELECT id FROM {TABLE} WHERE id = %s"

class Shop:
    async def all(self, ctx, cheap):
        one = "SELECT 1"
        await ctx.db.fetch_value(one)
        await ctx.db.fetch_one(GET, [1])
        await ctx.db.fetch_all("SELECT %(a)s, %(b)s," " %(a)s, '%%'", {"a": 1, "b": 2})
        await ctx.db.execute("DELETE FROM a" if cheap else "DELETE FROM b")
        await ctx.db.fetch_all("SELECT '%s'")
        await connection.fetchrow("SELECT $1::int", 1)
        await ctx.db.execute("SELECT " + "2")
"""
    assert read(source) == [
        "SELECT 1",
        "SELECT id FROM items WHERE id = $1",
        "SELECT $1, $2, $1, '%'",
        "DELETE FROM a",
        "DELETE FROM b",
        "SELECT '%s'",
        "SELECT $1::int",
        "SELECT 2",
    ]


def test_queries_that_are_put_together_are_counted() -> None:
    source = """
async def f(ctx, column, query):
    await ctx.db.execute(f"SELECT {column} FROM t")
    await ctx.db.execute("SELECT " + column)
    await ctx.db.execute(query)
    await runner.execute("make", 3)
    query = "SELECT 1"
    query += " WHERE true"
"""
    found = queries.read(source, "a.py")
    assert found.queries == [] and [at.line for at in found.built] == [3, 4, 5]


def test_what_the_source_tells_of_values() -> None:
    source = """
async def f(ctx, r):
    await ctx.db.execute("SELECT %s, %s, %s, %s, %s", [r.a, "x" if r.b else "y", r.c or None, str(r.d), r.get("e")])
"""
    parameters = queries.read(source, "a.py").queries[0].parameters
    assert [(each.constants, each.nullable) for each in parameters] == [
        ((), None),
        (("x", "y"), False),
        ((), True),
        ((), False),
        ((), True),
    ]


HOSTILE_PYTHON = {
    "doubling": "\n".join(
        ["a0 = 'SELECT 1'", *(f"a{n} = a{n - 1} + a{n - 1}" for n in range(1, 60)), "x.execute(a59)"]
    ),
    "a cycle": "a = b\nb = a\nx.execute(a)",
    "holes": f"x.execute('SELECT {'%(' * 20_000}', y)",
    "branches": "x.execute(" + "+".join(["('SELECT 1' if a else 'SELECT 2')"] * 40) + ")",
    "deep": "x.execute(" + "(" * 150 + "'SELECT 1'" + ")" * 150 + ")",
}


@pytest.mark.parametrize("name", HOSTILE_PYTHON)
def test_hostile_python_is_bounded(name: str) -> None:
    assert all(len(query.sql) <= 200_000 for query in queries.read(HOSTILE_PYTHON[name], "a.py").queries)


def test_statements_end_where_they_end() -> None:
    text = """-- one; two
SELECT 'a;b', E'\\';', "c;d" /* ; /* ; */ ; */;
CREATE FUNCTION f() RETURNS text AS $body$ SELECT ';'; $body$ LANGUAGE sql;

DROP TABLE T
"""
    found = statements.split(text)
    assert [(each.line, each.text.split(" ")[0]) for each in found] == [(2, "select"), (3, "create"), (5, "drop")]
    assert found[2].text == "drop table t" and found[2].raw == "DROP TABLE T"


STEPS = {
    "ALTER TABLE t ADD COLUMN a int, DROP b": [(Phase.EXPAND, "a"), (Phase.CONTRACT, "b")],
    "ALTER TABLE t ADD a int NOT NULL": [(Phase.CONTRACT, "a")],
    "ALTER TABLE t ADD a bigserial": [(Phase.EXPAND, "a")],
    'ALTER TABLE ONLY public."t" ALTER COLUMN a SET NOT NULL': [(Phase.CONTRACT, "a")],
    "ALTER TABLE t ADD CONSTRAINT c CHECK (a IN (1, 2)) NOT VALID": [(Phase.EXPAND, "")],
    "ALTER TABLE t VALIDATE CONSTRAINT c": [(Phase.VERIFY, "")],
    "ALTER TABLE t RENAME a TO b": [(Phase.CONTRACT, "a")],
    "CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)": [(Phase.CONTRACT, "")],
    "CREATE INDEX ON t (a)": [(Phase.EXPAND, "")],
    "UPDATE t SET a = 1": [(Phase.BACKFILL, "")],
    "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x": [(Phase.BACKFILL, "")],
    "COMMENT ON TABLE t IS 'DROP TABLE t'": [],
    "SET lock_timeout = '2s'": [],
}


@pytest.mark.parametrize("text", STEPS)
def test_steps(text: str) -> None:
    found = statements.steps(statements.split(text)[0])
    assert [(step.phase, step.column) for step in found] == STEPS[text]
    assert {step.table for step in found} <= {"t"}


@pytest.mark.parametrize(
    "text", ["'" * 99_999, "$a$" * 50_000, "/*" * 50_000, '"' * 99_999, "(" * 99_999, ";" * 99_999]
)
def test_hostile_sql_is_split_in_time(text: str) -> None:
    for statement in statements.split(text):
        statements.steps(statement)
