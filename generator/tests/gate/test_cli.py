"""`tenon gate` as a person and as a CI server call it: what is compared, exit codes, waivers, reports, mistakes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from tenon.cli import main

FINE = {"description": "done"}


def api(**paths: Any) -> str:
    document = {"openapi": "3.1.0", "info": {"title": "Things", "version": "1"}}
    return yaml.safe_dump({**document, "paths": {f"/{name}": item for name, item in paths.items()}})


OLD = api(
    a={"get": {"operationId": "a", "responses": {"204": FINE}}},
    b={"get": {"operationId": "b", "responses": {"204": FINE}}},
)
GROWN = api(
    a={"get": {"operationId": "a", "responses": {"204": FINE}}},
    b={"get": {"operationId": "b", "responses": {"204": FINE}}},
    c={"get": {"operationId": "c", "responses": {"204": FINE}}},
)
BROKEN = api(a={"get": {"operationId": "a", "responses": {"204": FINE}}})


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose release v1.0.0 is `OLD`, with the rules of a repository of ours."""
    root = tmp_path / "repository"
    (root / "contracts" / "things").mkdir(parents=True)
    (root / "tenon.toml").write_text('contracts = "contracts"\n')
    _write(root, OLD)
    git(root, "init", "-q", "-b", "main")
    _commit(root, "v1.0.0")
    monkeypatch.chdir(root)
    return root


def git(root: Path, *arguments: str) -> None:
    named = (
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@example.org",
        "-c",
        "commit.gpgsign=false",
        "-c",
        "tag.gpgsign=false",
    )
    subprocess.run(["git", *named, *arguments], cwd=root, check=True, capture_output=True)


def _write(root: Path, text: str) -> None:
    (root / "contracts" / "things" / "things.openapi.yaml").write_text(text)


def _commit(root: Path, tag: str) -> None:
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", tag)
    git(root, "tag", tag)


def gate(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the JSON report."""
    code = main(["gate", "--format", "json", *arguments])
    out = capsys.readouterr().out
    return code, json.loads(out) if out else {}


def test_two_files_need_no_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = tmp_path / "old.yaml", tmp_path / "new.json"
    old.write_text(OLD)
    new.write_text(json.dumps(yaml.safe_load(OLD)))
    code, said = gate(capsys, str(old), str(new))
    assert (code, said["verdict"], said["changes"]) == (0, "safe", [])
    new.write_text(json.dumps(yaml.safe_load(GROWN)))
    code, said = gate(capsys, str(old), str(new))
    assert (code, said["verdict"], said["bump"]) == (0, "safe", "minor")
    new.write_text(json.dumps(yaml.safe_load(BROKEN)))
    code, said = gate(capsys, str(old), str(new))
    assert (code, said["verdict"], said["bump"]) == (1, "breaking", "major")
    assert [change["since"] for change in said["changes"]] == [str(old)]


def test_the_newest_release_is_what_it_compares_with(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gate(capsys)[1]["baselines"] == ["v1.0.0"]
    _write(repository, GROWN)
    _commit(repository, "v1.10.0")
    git(repository, "tag", "v1.9.0", "HEAD~1")
    assert gate(capsys)[1]["baselines"] == ["v1.10.0"]
    _write(repository, BROKEN)
    code, said = gate(capsys, "--against", "all")
    assert (code, said["baselines"]) == (1, ["v1.0.0", "v1.9.0", "v1.10.0"])
    assert {change["subject"]: change["since"] for change in said["changes"]} == {
        "GET /b": "v1.0.0",
        "GET /c": "v1.10.0",
    }


def test_a_stored_release_needs_no_history(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stored = repository / "contracts" / ".released" / "2.0.0" / "contracts" / "things"
    stored.mkdir(parents=True)
    (stored / "things.openapi.yaml").write_text(GROWN)
    code, said = gate(capsys)
    assert (code, said["baselines"]) == (1, ["2.0.0"])


def test_without_a_release_it_says_so_and_exits_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "contracts").mkdir()
    code, said = gate(capsys, str(tmp_path))
    assert code == 0
    assert "nothing is released yet" in said["notes"][0]


def test_a_waiver_holds_until_its_last_day(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(repository, BROKEN)
    fingerprint = gate(capsys)[1]["changes"][0]["fingerprint"]

    def waive(fingerprint: str, expires: date) -> None:
        (repository / "tenon.toml").write_text(
            'contracts = "contracts"\n[[gate.waiver]]\n'
            f'fingerprint = "{fingerprint}"\nowner = "team"\nreason = "nobody calls it"\nexpires = {expires}\n'
        )

    waive(fingerprint, date.today())
    code, said = gate(capsys)
    assert (code, said["verdict"]) == (0, "safe")
    assert said["changes"][0]["waiver"]["owner"] == "team"
    waive(fingerprint, date.today() - timedelta(days=1))
    code, said = gate(capsys)
    assert code == 1
    assert said["badWaivers"][0]["reason"].startswith("expired")
    waive("0" * 16, date.today())
    code, said = gate(capsys)
    assert said["badWaivers"][0]["reason"].startswith("unused")
    assert said["badWaivers"][0]["waiver"]["at"]["line"] == 3


def test_a_wrong_policy_is_a_finding(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "tenon.toml").write_text('[gate]\nenums = "open"\n[[gate.waiver]]\nfingerprint = "x"\n')
    assert main(["gate"]) == 1
    said = capsys.readouterr().err
    assert "[gate] enums has no value 'open'" in said
    assert "a waiver has no owner and no reason and no expires" in said


def test_draft_contracts_may_change(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(repository, BROKEN)
    (repository / "tenon.toml").write_text('[gate.stability]\n"contracts/things" = "draft"\n')
    code, said = gate(capsys)
    assert (code, said["changes"][0]["stability"], said["changes"][0]["stops"]) == (0, "draft", False)


def test_reports_are_written_beside(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(repository, BROKEN)
    code = main(["gate", "--report", "html=changes.html", "--report", "sarif=gate.sarif"])
    assert code == 1
    assert "BREAKING  GET /b" in capsys.readouterr().out
    assert "<!doctype html>" in (repository / "changes.html").read_text()
    assert json.loads((repository / "gate.sarif").read_text())["runs"][0]["results"][0]["level"] == "error"


def test_a_kept_proof_is_replayed(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also when nothing is released: a body that was once shown to break somebody has to stay accepted."""

    def body(schema: dict[str, Any]) -> str:
        content = {"application/json": {"schema": schema}}
        return api(a={"post": {"operationId": "a", "requestBody": {"content": content}, "responses": {"204": FINE}}})

    wide, narrow = {"type": "integer"}, {"type": "integer", "minimum": 1}
    _write(repository, body(wide))
    _commit(repository, "v2.0.0")
    _write(repository, body(narrow))
    assert gate(capsys, "--keep")[0] == 1
    _commit(repository, "v3.0.0")
    code, said = gate(capsys)
    assert (code, [change["rule"] for change in said["changes"]]) == (1, ["kept-witness"])
    _write(repository, body(wide))
    assert "kept-witness" not in [change["rule"] for change in gate(capsys)[1]["changes"]]
    (repository / "contract-tests" / "gate" / "x.json").write_text("{}")
    assert gate(capsys)[1]["problems"] == [
        "contract-tests/gate/x.json: this is no kept witness; remove it or keep it again"
    ]


def test_consumers_are_named_from_stored_pacts(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pacts = repository / "contract-tests" / "pacts"
    pacts.mkdir(parents=True)
    for consumer, path in (("search", "/b"), ("shop", "/a")):
        interaction = {"description": "x", "request": {"method": "get", "path": path}, "response": {"status": 204}}
        pact = {"consumer": {"name": consumer}, "provider": {"name": "things"}, "interactions": [interaction]}
        (pacts / f"{consumer}.json").write_text(json.dumps(pact))
    _write(repository, BROKEN)
    assert gate(capsys)[1]["changes"][0]["consumers"] == ["search"]
    (pacts / "bad.json").write_text("[]")
    said = gate(capsys)[1]
    assert said["problems"] == ["contract-tests/pacts/bad.json: this is no pact; remove it or store it again"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--against", "v9"], "v9 is neither a path nor a revision"),
        (["--against", "--upload-pack=x"], "expected at least one argument"),
        (["nowhere.yaml", "contracts"], "there is no file or folder nowhere.yaml"),
        (["contracts", "tenon.toml"], "a file is compared with a file"),
        (["tenon.toml", "tenon.toml"], "tenon.toml is no contract"),
        (["empty", "contracts"], "empty holds no contract"),
        (["--report", "pdf=x"], "write FORMAT=FILE"),
        (["--explain", "nothing"], "there is no rule nothing"),
    ],
)
def test_a_wrong_command_exits_2(
    repository: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    (repository / "empty").mkdir()
    try:
        code = main(["gate", *arguments])
    except SystemExit as stopped:
        code = int(str(stopped.code))
    assert code == 2
    assert words in capsys.readouterr().err


def test_an_unreadable_contract_is_a_problem_and_no_traceback(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(repository, "openapi: 3.1.0\npaths: [")
    code, said = gate(capsys)
    assert code in (1, 3)
    assert any("things.openapi.yaml" in problem for problem in said["problems"])


def test_every_rule_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gate", "--explain", "list"]) == 0
    for line in capsys.readouterr().out.splitlines():
        assert main(["gate", "--explain", line.split()[0]]) == 0


def test_the_second_run_is_remembered_and_the_same(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(repository, BROKEN)
    first = gate(capsys)
    assert list((repository / ".tenon" / "cache" / "gate").glob("*.json"))
    assert gate(capsys) == first == gate(capsys, "--no-cache")


def test_it_is_remembered_from_one_process_to_the_next(repository: Path) -> None:
    (repository / "tenon.toml").write_text('[policy]\nrequire = ["owner", "slo", "deadline", "security"]\n')
    tenon = str(Path(sys.executable).with_name("tenon"))
    for seed in ("1", "2", "3"):
        subprocess.run([tenon, "gate"], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=False)
    assert len(list((repository / ".tenon" / "cache" / "gate").glob("*.json"))) == 1


def test_it_is_a_command(repository: Path) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("tenon")), "gate", "--format", "github"],
        capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"}, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("::notice title=tenon gate::")
