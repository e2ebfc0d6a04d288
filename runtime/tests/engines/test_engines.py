"""The embedded engines keep what they acknowledged, run without root's rights and leave nothing behind."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import nats
import psycopg
import pytest
from tenon_runtime.engines import Broker, Databases, EngineError, Nats, Postgres, binaries
from tenon_runtime.engines import nats as nats_engine
from tenon_runtime.engines import postgres as postgres_engine
from tenon_runtime.engines.child import Account


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that only its owner may enter, as a checkout under root's home is."""
    with tempfile.TemporaryDirectory(prefix="tenon-test-") as folder:
        yield Path(folder) / "run"


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def rows(url: str, statement: str) -> list[tuple[object, ...]]:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        result = await connection.execute(statement.encode())
        return await result.fetchall() if result.description else []


async def test_postgres_keeps_its_data_over_a_restart_and_a_kill(home: Path) -> None:
    async with Postgres(home) as pg:
        await rows(await pg.url("shop"), "CREATE TABLE item AS SELECT 1 AS id")
        first = pg.pid
    assert not alive(first)
    async with Postgres(home) as pg:
        await rows(await pg.url("shop"), "INSERT INTO item VALUES (2)")
        pg.kill()
        await pg.wait()
    async with Postgres(home) as pg:
        assert await rows(await pg.url("shop"), "SELECT id FROM item ORDER BY id") == [(1,), (2,)]
        sockets = Path(str(psycopg.conninfo.conninfo_to_dict(await pg.url("shop"))["host"]))
        assert sockets.exists()
    assert not sockets.exists()


async def test_postgres_runs_with_the_settings_that_the_promises_rest_on(home: Path) -> None:
    async with Postgres(home) as pg:
        url = await pg.url("shop")
        names = "data_checksums fsync synchronous_commit idle_in_transaction_session_timeout statement_timeout"
        values = [(await rows(url, f"SHOW {name}"))[0][0] for name in names.split()]
        assert values == ["on", "on", "on", "10s", "5s"]
        assert (await rows(url, "SHOW server_version_num"))[0][0] > "180000"  # type: ignore[operator]


async def test_engines_never_run_as_root(home: Path) -> None:
    async with Postgres(home / "pg") as pg, Nats(home / "nats") as broker:
        for pid in (pg.pid, broker.pid):
            assert Path(f"/proc/{pid}").stat().st_uid != 0
            assert os.getpgid(pid) == pid


async def test_a_stale_process_id_does_not_stop_postgres_from_starting(home: Path) -> None:
    async with Postgres(home) as pg:
        pg.kill()
        await pg.wait()
    (home / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{home}\n")
    async with Postgres(home) as pg:
        assert await rows(await pg.url("postgres"), "SELECT 1") == [(1,)]


async def test_a_folder_serves_one_server_at_a_time(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tenon_runtime.engines import broker, child

    async def impatient(folder: Path) -> object:
        return await child.lock(folder, patience=0.1)

    monkeypatch.setattr(broker, "lock", impatient)
    async with Nats(home):
        with pytest.raises(EngineError, match="in use"):
            await Nats(home).__aenter__()


async def test_nats_keeps_its_messages_and_its_port_over_a_kill(home: Path) -> None:
    async with Nats(home) as broker:
        url = broker.url
        client = await nats.connect(url)
        await client.jetstream().add_stream(name="S", subjects=["s.>"])
        await client.jetstream().publish("s.1", b"kept")
        await client.close()
        broker.kill()
        await broker.wait()
    async with Nats(home) as broker:
        assert broker.url == url
        client = await nats.connect(broker.url)
        message = await client.jetstream().get_msg("S", seq=1)
        assert message.data == b"kept"
        await client.close()


async def test_engines_die_with_the_process_that_started_them(home: Path) -> None:
    script = textwrap.dedent(
        """
        import asyncio, pathlib, sys
        from tenon_runtime.engines import Nats, Postgres
        async def main():
            home = pathlib.Path(sys.argv[1])
            async with Postgres(home / "pg") as pg, Nats(home / "nats") as broker:
                print(pg.pid, broker.pid, flush=True)
                await asyncio.sleep(60)
        asyncio.run(main())
        """
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(home)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    pids = [int(word) for word in parent.stdout.readline().split()]
    assert len(pids) == 2 and all(alive(pid) for pid in pids)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    async with asyncio.timeout(10):
        while any(alive(pid) for pid in pids):
            await asyncio.sleep(0.02)


async def test_a_failed_start_says_what_the_server_said_and_leaves_nothing(home: Path) -> None:
    async with Postgres(home):
        pass
    (home / "data" / "postgresql.conf").write_text("nonsense = 1\n")
    with pytest.raises(EngineError, match="nonsense"):
        await Postgres(home).__aenter__()


async def test_a_given_url_starts_nothing(home: Path) -> None:
    given = postgres_engine("postgresql://u:p@db.example:5432/postgres?sslmode=require", home)
    assert type(given) is Databases
    assert given.locate("shop") == "postgresql://u:p@db.example:5432/shop?sslmode=require"
    broker = nats_engine("nats://broker.example:4222", home)
    assert type(broker) is Broker and broker.url == "nats://broker.example:4222"
    assert not home.exists()


async def test_an_unreachable_server_is_an_engine_error() -> None:
    with pytest.raises(EngineError, match="shop"):
        await Databases("postgresql://127.0.0.1:1/postgres").url("shop")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has an account to give rights up to")
def test_programs_out_of_the_accounts_reach_are_copied_once_and_checked(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = Path(tempfile.mkdtemp(prefix="tenon-test-"))
    shared.chmod(0o755)
    monkeypatch.setattr(tempfile, "tempdir", str(shared))
    program = home / "bin" / "server"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    nobody = Account(65534, 65534)
    assert not nobody.may_reach(program)
    copy = binaries._reachable(home, [program], nobody)
    assert copy.parent == shared and nobody.may_reach(copy / "bin" / "server")
    assert binaries._reachable(home, [program], nobody) == copy
    (copy / "bin" / "server").write_text("half")
    assert (binaries._reachable(home, [program], nobody) / "bin" / "server").read_text() == "#!/bin/sh\n"
    assert list(shared.iterdir()) == [copy]
    assert binaries._reachable(shared, [], nobody) == shared
    shutil.rmtree(shared)
