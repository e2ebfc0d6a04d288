"""`tenon doctor` tells the truth about this machine, and about worse ones."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tenon import cli
from tenon.cli import doctor


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = cli.main(["doctor", "--format", "json", *arguments])
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is (code == 0)
    return code, {check["name"]: check for check in answer["checks"]}


def test_this_machine_can_run_the_two_commands(capsys: pytest.CaptureFixture[str]) -> None:
    code, checks = told(capsys)
    assert code == 0
    assert checks["postgres"]["found"].startswith("PostgreSQL 18")
    assert checks["nats"]["found"].startswith("NATS 2.")
    assert checks["buf"]["ok"]


def test_what_is_missing_comes_with_its_remedy(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.which
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None if name in ("make", "node") else real(name))
    code, checks = told(capsys, "--no-engines")
    assert code == 1
    assert (checks["make"]["required"], checks["make"]["remedy"]) == (True, "apt-get install make")
    assert (checks["node"]["required"], checks["node"]["remedy"]) == (False, "apt-get install nodejs npm")
    assert cli.main(["doctor", "--no-engines"]) == 1
    assert "MISSING" in capsys.readouterr().out


def test_an_optional_program_may_be_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.which
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None if name == "promtool" else real(name))
    code, checks = told(capsys, "--no-engines")
    assert code == 0
    assert not checks["promtool"]["ok"]


def test_a_program_that_does_not_start_is_not_there(tmp_path: Path) -> None:
    broken = tmp_path / "tool"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    assert not doctor._program(doctor.Program(str(broken), True, "", "")).ok


def test_a_long_temporary_folder_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    long = tmp_path / ("x" * 60)
    long.mkdir()
    monkeypatch.setattr(doctor.tempfile, "gettempdir", lambda: str(long))
    check = doctor._temporary()
    assert not check.ok and check.required
    assert check.remedy == "export TMPDIR=/tmp"


def test_an_engine_that_fails_says_why() -> None:
    async def start(folder: Path) -> str:
        raise RuntimeError("no shared memory\nmore")

    check = doctor._engine("postgres", start)
    assert (check.ok, check.found) == (False, "no shared memory")
