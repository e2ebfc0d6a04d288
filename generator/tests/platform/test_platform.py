"""The whole platform on one machine: started, watched, restarted, and gone without a trace.

The services here are the smallest that tell their environment; the engines are the real ones.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tenon.platform import Options, Platform, PlatformError, Prefixed
from tenon.platform.watch import RUNTIME, concerned
from tenon_runtime.engines import Nats, Postgres

SERVICE = """\
import http.server, json, os, sys
from impl.{name}.words import WORD

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        tenon = {{k: v for k, v in os.environ.items() if k.startswith("TENON_")}}
        self.wfile.write(json.dumps({{"word": WORD, "pid": os.getpid(), **tenon}}).encode())

    def log_message(self, *_):
        pass

print("serving", WORD)
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["TENON_HTTP_PORT"])), Handler).serve_forever()
"""


@pytest.fixture
def root() -> Iterator[Path]:
    """A repository with the services alpha and beta."""
    with tempfile.TemporaryDirectory(prefix="tenon-test-") as folder:
        path = Path(folder)
        for name in ("alpha", "beta"):
            package = path / "impl" / name
            package.mkdir(parents=True)
            (package / "__init__.py").touch()
            (package / "__main__.py").write_text(SERVICE.format(name=name))
            (package / "words.py").write_text("WORD = 'first'\n")
        (path / "impl" / "__init__.py").touch()
        contract = path / "contracts" / "beta" / "v1" / "beta.openapi.yaml"
        contract.parent.mkdir(parents=True)
        contract.write_text("paths:\n  /.well-known/jwks.json: {}\n")
        yield path


@pytest.fixture(scope="module")
def engines() -> Iterator[dict[str, Any]]:
    """Engines that somebody else runs."""
    with tempfile.TemporaryDirectory(prefix="tenon-test-") as folder, asyncio.Runner() as runner:
        pg, broker = Postgres(Path(folder) / "pg"), Nats(Path(folder) / "nats")
        runner.run(pg.__aenter__())
        runner.run(broker.__aenter__())
        yield {"postgres_url": pg.locate("postgres"), "nats_url": broker.url}
        pg.kill()
        runner.run(pg.stop())
        runner.run(broker.stop())


def ask(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=5) as response:
        answer: dict[str, Any] = json.load(response)
        return answer


def processes_below(folder: Path) -> list[str]:
    """Command lines of processes that have to do with `folder`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            text = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode() + str((process / "cwd").readlink())
        except OSError:
            continue
        if str(folder) in text and int(process.name) != os.getpid():
            found.append(text)
    return found


async def until(condition: Callable[[], Any], seconds: float = 20) -> Any:
    async with asyncio.timeout(seconds):
        while not (value := condition()):
            await asyncio.sleep(0.02)
    return value


async def test_services_run_on_their_own_databases_and_know_each_others_keys(root: Path) -> None:
    lines: list[tuple[str, str]] = []
    async with Platform(root, Options(show=lambda *line: lines.append(line))) as platform:
        await platform.ready()
        alpha, beta = (ask(platform.services[name].http_url) for name in ("alpha", "beta"))
        for name, answer in (("alpha", alpha), ("beta", beta)):
            assert answer["pid"] == platform.services[name].pid
            assert answer["TENON_NATS_URL"] == platform.nats.url
            assert answer["TENON_GRPC_PORT"] == platform.services[name].grpc_target.rpartition(":")[2]
            async with await psycopg.AsyncConnection.connect(answer["TENON_DATABASE_URL"]) as connection:
                assert connection.info.dbname == name
            assert answer["TENON_JWKS"] == f"{platform.services['beta'].http_url}/.well-known/jwks.json"
        assert ("alpha", "serving first") in lines
        ports = [service.http_port for service in platform.services.values()]
        async with await psycopg.AsyncConnection.connect(alpha["TENON_DATABASE_URL"]) as connection:
            await connection.execute("CREATE TABLE kept ()")
    assert processes_below(root) == []
    async with Platform(root) as platform:
        assert [service.http_port for service in platform.services.values()] == ports
        url = await platform.postgres.url("alpha")
        async with await psycopg.AsyncConnection.connect(url) as connection:
            await connection.execute("SELECT * FROM kept")
    async with Platform(root, Options(fresh=True)) as platform:
        url = await platform.postgres.url("alpha")
        async with await psycopg.AsyncConnection.connect(url) as connection:
            found = await connection.execute("SELECT to_regclass('kept')")
            assert await found.fetchone() == (None,)


async def test_a_killed_service_or_engine_comes_back_where_it_was(root: Path) -> None:
    async with Platform(root) as platform:
        await platform.ready()
        alpha = platform.services["alpha"]
        before = ask(alpha.http_url)
        alpha.kill()
        await until(lambda: alpha.starts == 2)
        await alpha.ready()
        assert ask(alpha.http_url)["pid"] != before["pid"]
        assert platform.services["beta"].starts == 1
        assert isinstance(platform.nats, Nats) and isinstance(platform.postgres, Postgres)
        nats, pid = platform.nats, platform.nats.pid
        url = nats.url
        nats.kill()
        await until(lambda: nats.running and nats.pid != pid)
        assert nats.url == url


async def test_a_stopped_service_stays_stopped_until_it_is_started(root: Path, engines: dict[str, Any]) -> None:
    async with Platform(root, Options(**engines)) as platform:
        alpha = platform.services["alpha"]
        await alpha.ready()
        await alpha.stop()
        assert alpha.pid is None
        await alpha.start()
        await alpha.ready()
        assert alpha.starts == 2


async def test_an_edit_restarts_the_service_that_it_concerns_and_no_other(root: Path, engines: dict[str, Any]) -> None:
    lines: list[str] = []
    options = Options(reload=True, show=lambda name, line: lines.append(f"{name}: {line}"), **engines)
    async with Platform(root, options) as platform:
        await platform.ready()
        await asyncio.sleep(0.3)  # the watcher looks at the folder as it is now
        alpha, words = platform.services["alpha"], root / "impl" / "alpha" / "words.py"
        words.write_text("WORD = 'second'\n")
        await until(lambda: any("alpha has your edit" in line for line in lines))
        assert ask(alpha.http_url)["word"] == "second"
        words.write_text("WORD = \n")
        await until(lambda: any("not restarted" in line and "words.py:1" in line for line in lines))
        assert ask(alpha.http_url)["word"] == "second"
        assert (alpha.starts, platform.services["beta"].starts) == (2, 1)
    assert processes_below(root) == []


async def test_a_service_that_cannot_start_is_reported_with_its_last_words(root: Path, engines: dict[str, Any]) -> None:
    (root / "impl" / "alpha" / "__main__.py").write_text("raise SystemExit('no settings, no service')\n")
    async with Platform(root, Options(**engines)) as platform:
        await until(lambda: platform.services["alpha"].tail)
        with pytest.raises(PlatformError, match="no settings, no service"):
            await platform.ready(0.1)


async def test_what_is_not_there_is_named(root: Path) -> None:
    with pytest.raises(PlatformError, match="there is no impl/gamma; there are: alpha, beta"):
        await Platform(root, Options(services=("gamma",))).__aenter__()
    with pytest.raises(PlatformError, match="tenon generate"):
        await Platform(root / "contracts").__aenter__()


@pytest.mark.parametrize(
    ("number", "reload"), [(signal.SIGTERM, False), (signal.SIGINT, False), (signal.SIGKILL, True)]
)
async def test_nothing_is_left_however_the_platform_ends(root: Path, number: signal.Signals, reload: bool) -> None:
    script = textwrap.dedent(
        """
        import asyncio, pathlib, sys
        from tenon.platform import Options, Platform
        async def main():
            async with Platform(pathlib.Path(sys.argv[1]), Options(reload=bool(sys.argv[2:]))) as platform:
                await platform.ready()
                print("ready", flush=True)
                await platform.wait()
        asyncio.run(main())
        """
    )
    command = [sys.executable, "-c", script, str(root), *(["reload"] if reload else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "ready\n"
        assert processes_below(root)
        process.send_signal(number)
    await until(lambda: not processes_below(root))


def test_only_services_that_use_a_file_are_concerned(root: Path) -> None:
    beta = root / "generated" / "python" / "api" / "beta" / "v1" / "events.py"
    beta.parent.mkdir(parents=True)
    beta.write_text("from api.alpha.v1 import Registered\n")

    def of(path: str | Path) -> set[str]:
        return concerned(root, ["alpha", "beta"], [root / path])

    assert of("impl/alpha/service.py") == {"alpha"}
    assert of("impl/alpha/migrations/0002_more.sql") == {"alpha"}
    assert of("impl/alpha/tests/test_alpha.py") == set()
    assert of("impl/alpha/notes.txt") == set()
    assert of("impl/__init__.py") == {"alpha", "beta"}
    assert of("generated/python/api/alpha/v1/service.py") == {"alpha", "beta"}
    assert of("generated/python/api/_pb/beta/v1/beta_pb.py") == {"beta"}
    assert of("generated/python/api/__init__.py") == {"alpha", "beta"}
    assert of(RUNTIME / "errors.py") == {"alpha", "beta"}
    assert of("docs/index.md") == set()


def test_lines_have_their_writers_name_in_front() -> None:
    plain, coloured = io.StringIO(), io.StringIO()
    Prefixed(plain)("alpha", "ready")
    Prefixed(coloured, color=True)("alpha", "ready")
    assert plain.getvalue() == "alpha    | ready\n"
    assert coloured.getvalue() == "\x1b[36malpha    |\x1b[0m ready\n"
