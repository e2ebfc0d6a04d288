"""The command as people and machines meet it: exit codes, one JSON object, help, colours, interruption."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tenon.cli import COMMANDS

PROTO = 'syntax = "proto3";\npackage shop.v1;\nmessage M { string a = 1; }\nservice Shop { rpc Get(M) returns (M); }\n'
GROUP = (
    PROTO.replace("proto3", "proto2").replace("string a = 1;", "optional group R = 1 {}").replace("shop.v1", "old.v1")
)
REST = (
    "openapi: 3.1.0\ninfo: {title: Shop, version: '1'}\n"
    "paths: {/v1/things: {get: {operationId: listThings, responses: {'200': {description: ok}}}}}\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "contracts/shop/v1").mkdir(parents=True)
    (tmp_path / "contracts/shop/v1/shop.proto").write_text(PROTO)
    return tmp_path


def tenon(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tenon", *arguments], cwd=folder, env={**os.environ, **environment}, text=True,
        capture_output=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def test_bare_generate_works_where_there_is_nothing_but_contracts(folder: Path) -> None:
    (folder / "contracts/shop/v1/shop.openapi.yaml").write_text(REST)
    done = tenon(folder, "generate")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("generated: ")
    made = {path.name for path in (folder / "generated/python/api/shop/v1").iterdir()}
    assert made >= {"__init__.py", "service.py", "client.py", "context.py", "rest.py", "types.py", "openapi.json"}
    assert sorted(path.name for path in folder.iterdir()) == [".tenon", "contracts", "generated"]
    run = [sys.executable, "-c", "from api.shop.v1 import API, M; print(API.name, M(a='x').to_json())"]
    answer = subprocess.run(run, cwd=folder / "generated/python", capture_output=True, text=True, check=True)
    assert answer.stdout == 'shop.v1 {"a":"x"}\n'
    again = tenon(folder, "generate")
    assert again.stdout.startswith("up to date: ")


def test_contracts_and_output_may_be_anywhere(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    here = tmp_path_factory.mktemp("here")
    done = tenon(here, "generate", "--contracts", str(folder / "contracts"), "--out", "build/deep")
    assert done.returncode == 0
    assert (here / "build/deep/generated/python/api/shop/v1/service.py").is_file()
    assert [path.name for path in here.iterdir()] == ["build"]
    relative = tenon(folder / "contracts", "generate", "--contracts", ".", "--out", "../out")
    assert relative.returncode == 0


def test_exit_codes(folder: Path) -> None:
    assert tenon(folder, "generate").returncode == 0
    (folder / "contracts/old.proto").write_text(GROUP)
    left_out = tenon(folder, "generate")
    assert left_out.returncode == 1
    assert "old.proto:4:" in left_out.stderr
    assert "unsupported" in left_out.stderr
    assert (folder / "generated/python/api/old/v1/service.py").is_file()
    assert tenon(folder, "generate", "--allow-unsupported").returncode == 0
    (folder / "contracts/old.proto").write_text("message {")
    refused = tenon(folder, "generate")
    assert refused.returncode == 1
    assert "nothing was written" in refused.stdout
    (folder / "contracts/old.proto").unlink()
    assert tenon(folder, "generate", "--check").returncode == 1  # its output is still there
    assert tenon(folder, "generate").returncode == 0
    assert tenon(folder, "generate", "--check").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["generate", "--contracts", "nowhere"], "there is no folder"),
        (["generate", "--no-such-option"], "unrecognized arguments"),
        (["no-such-command"], "invalid choice"),
        (["generate", "--max-bytes", "many"], "invalid int"),
        (["generate", "--format", "xml"], "invalid choice"),
        (["check"], "there is no contracts/ here"),
        ([], ""),
    ],
)
def test_a_wrong_command_is_2_and_says_what_to_do(tmp_path: Path, arguments: list[str], words: str) -> None:
    done = tenon(tmp_path, *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_wrong_configuration_is_a_finding(folder: Path) -> None:
    for text in (
        "contracts = ",
        'contracts = "../.."',
        "unknown = 1",
        '[policy]\nrequire = ["luck"]',
        "policy = 3",
        "\xff",
    ):
        (folder / "tenon.toml").write_bytes(text.encode("latin-1"))
        done = tenon(folder, "generate")
        assert done.returncode == 1, text
        assert done.stderr.startswith("tenon.toml: error: ")
        assert "remedy:" in done.stderr


def test_json_is_one_object_and_nothing_else(folder: Path) -> None:
    (folder / "contracts/old.proto").write_text(GROUP)
    done = tenon(folder, "generate", "--format", "json")
    answer = json.loads(done.stdout)
    assert done.stderr == ""
    assert answer.keys() == {"ok", "seconds", "written", "removed", "unchanged", "findings"}
    assert (answer["ok"], done.returncode) == (False, 1)
    (finding,) = answer["findings"]
    assert finding["at"] == {"file": "contracts/old.proto", "line": 4, "column": 16, "symbol": "old.v1.Shop.Get"}
    assert (finding["rule"], finding["severity"], finding["also"]) == ("proto-group", "unsupported", None)
    assert finding["message"]
    assert finding["remedy"]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches(tmp_path: Path, command: str) -> None:
    done = tenon(tmp_path, command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: tenon {command}")
    assert len(done.stdout.splitlines()) > 8
    assert command in tenon(tmp_path, "--help").stdout


def test_version(tmp_path: Path) -> None:
    assert tenon(tmp_path, "--version").stdout.startswith("tenon ")


def test_no_colour_where_there_is_no_terminal(folder: Path) -> None:
    (folder / "contracts/old.proto").write_text("message {")
    done = tenon(folder, "generate")
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize(("options", "environment", "colour"), [([], {}, True), (["--no-color"], {}, False),
                                                                ([], {"NO_COLOR": "1"}, False)])  # fmt: skip
def test_colour_on_a_terminal_unless_told(
    folder: Path, options: list[str], environment: dict[str, str], colour: bool
) -> None:
    (folder / "contracts/old.proto").write_text("message {")
    ours, theirs = pty.openpty()
    clean = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    with subprocess.Popen(
        [sys.executable, "-m", "tenon", "generate", *options], cwd=folder, env={**clean, **environment},
        stdin=theirs, stdout=theirs, stderr=theirs,
    ) as process:  # fmt: skip
        process.wait()
        os.close(theirs)
        shown = b""
        try:
            while chunk := os.read(ours, 4096):
                shown += chunk
        except OSError:
            pass  # how a terminal says that the other end is closed
        os.close(ours)
    assert b"error" in shown
    assert (b"\x1b[31m" in shown) is colour


def test_names_do_not_steer_the_terminal(folder: Path) -> None:
    (folder / "contracts/a\x1b[2J\x07b.proto").write_text(PROTO)
    (folder / "contracts/x.openapi.yaml").write_text(
        REST.replace("listThings", '"\\e]0;x\\a"') + "  # \x1b[31m\n".replace("\x1b", "")
    )
    done = tenon(folder, "generate")
    assert done.returncode == 1
    assert "\\x1b[2J" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert "\x07" not in done.stdout + done.stderr


def test_interrupted(folder: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tenon", "generate", "--watch"], cwd=folder, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("watching"):
            break
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted" in error
    assert "Traceback" not in out + error


def test_a_reader_that_goes_away_is_no_traceback(folder: Path) -> None:
    command = f"{sys.executable} -m tenon generate --format json | head -c 1"
    done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
