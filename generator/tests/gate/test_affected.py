"""What a change touches, and the workflow that builds only that."""

from __future__ import annotations

import argparse
import importlib
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from tenon import cli
from tenon.cli.console import Console
from tenon.gate.affected import affected, changed
from tenon.gate.snapshot import BadBaseline

ROOT = Path(__file__).parents[3]
IDENTITY = """\
asyncapi: 3.0.0
channels:
  registered: {address: "evt.identity.{slot}.creator_registered.v1"}
operations:
  sendRegistered: {action: send, channel: {$ref: "#/channels/registered"}}
"""
FILES = {
    "contracts/identity/v1/identity.proto": 'syntax = "proto3";\npackage identity.v1;\n',
    "contracts/identity/v1/identity.openapi.yaml": "openapi: 3.1.0\n",
    "contracts/identity/v1/identity.asyncapi.yaml": IDENTITY,
    "contracts/catalog/v1/catalog.proto": 'syntax = "proto3";\npackage catalog.v1;\n',
    "contracts/catalog/v1/catalog.asyncapi.yaml": IDENTITY.replace(
        "sendRegistered: {action: send", "on: {action: receive"
    ),
    "contracts/money/v1/money.proto": 'syntax = "proto3";\npackage money.v1;\n',
    "contracts/payments/v1/payments.proto": 'package payments.v1;\nimport "money/v1/money.proto";\n',
    **{
        f"impl/{name}/{file}": ""
        for name in ("identity", "catalog", "payments")
        for file in ("__main__.py", "tests/t.py")
    },
    "contract-tests/test_pact.py": "",
    "generated/tests/t.py": "",
    "generated/docs/c4.md": "",
    "generator/tests/gate/test_rules.py": "",
    "runtime/tests/store/test_outbox.py": "",
    "runtime/tenon_runtime/client.py": "",
    "docs/README.md": "",
    "Cargo.toml": '[workspace]\n[workspace.dependencies]\nbase = { path = "rust/crates/base" }\n',
    "rust/crates/base/Cargo.toml": '[package]\nname = "base"\n',
    "rust/crates/video/Cargo.toml": "[dependencies]\nbase.workspace = true\n",
    "rust/crates/module/Cargo.toml": '[dependencies]\nvideo = { path = "../video" }\n',
    "rust/crates/module/pyproject.toml": "",
}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("repository")
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    return root


SERVICES = ["catalog", "identity", "payments"]
TOUCHED: dict[str, dict[str, list[str]]] = {
    # who receives the events of a domain is built again with it
    "contracts/identity/v1/identity.proto": {"services": ["catalog", "identity"], "sdks": ["identity"], "crates": []},
    "contracts/catalog/v1/catalog.proto": {"services": ["catalog"], "sdks": []},
    # so is who imports its messages
    "contracts/money/v1/money.proto": {"services": ["payments"]},
    "contracts/tenon/v1/options.proto": {"services": SERVICES, "sdks": ["identity"]},
    "impl/catalog/service.py": {"services": ["catalog"], "tests": ["contract-tests", "impl/catalog/tests"], "sdks": []},
    "impl/catalog/tests/t.py": {"services": [], "tests": ["impl/catalog/tests"]},
    "impl/conftest.py": {"services": SERVICES},
    "runtime/tenon_runtime/client.py": {"services": SERVICES, "crates": [], "sdks": []},
    "runtime/tests/store/test_outbox.py": {"services": [], "tests": ["runtime/tests/store"]},
    "runtime/tests/conftest.py": {"services": [], "tests": ["runtime/tests"]},
    "generator/tenon/file.py": {"services": SERVICES, "sdks": ["identity"]},
    "generator/tests/gate/test_rules.py": {"services": [], "tests": ["generator/tests/gate"]},
    "rust/crates/module/src/lib.rs": {"crates": ["module"], "services": SERVICES},
    "rust/crates/base/src/lib.rs": {"crates": ["base", "module", "video"], "services": SERVICES},
    "docs/README.md": {"services": [], "docs": ["docs/README.md"], "crates": []},
    "contracts/.released/v1.0.0/contracts/identity/v1/identity.proto": {"services": [], "tests": []},
    "Makefile": {"services": SERVICES, "sdks": ["identity"], "crates": ["base", "module", "video"]},
    "requirements/tenon.txt": {"services": SERVICES},
    "something/new.txt": {"services": SERVICES},
}


@pytest.mark.parametrize("file", TOUCHED)
def test_touched(repository: Path, file: str) -> None:
    found = affected(repository, [file])
    assert {kind: found.names(kind) for kind in TOUCHED[file]} == TOUCHED[file]


def test_nothing_changed(repository: Path) -> None:
    assert not any(affected(repository, []).targets.values())


def test_changes_by_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Edited, deleted, moved and new files; what git ignores is none."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / ".gitignore").write_text("*.log\n", "utf-8")
    who = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false")
    for arguments in (("init", "-q"), ("add", "-A"), (*who, "commit", "-q", "-m", "first")):
        subprocess.run(["git", "-C", str(tmp_path), *arguments], check=True, capture_output=True)
    (tmp_path / "impl/catalog/__main__.py").write_text("1\n", "utf-8")
    (tmp_path / "docs/README.md").rename(tmp_path / "docs/läs mig.md")
    (tmp_path / "server.log").write_text("", "utf-8")
    assert changed(tmp_path, "HEAD") == ["docs/README.md", "docs/läs mig.md", "impl/catalog/__main__.py"]
    for revision in ("nowhere", "--output=x"):
        with pytest.raises(BadBaseline):
            changed(tmp_path, revision)

    monkeypatch.chdir(tmp_path)
    assert cli.main(["affected", "--against", "HEAD", "--names", "services"]) == 0
    assert capsys.readouterr().out == "catalog\n"
    assert cli.main(["affected", "--against", "HEAD", "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["services"] == ["catalog"] and said["docs"] == ["docs/läs mig.md"]
    assert said["because"]["services"] == {"catalog": ["impl/catalog/__main__.py"]}
    assert cli.main(["affected", "--against", "HEAD"]) == 0
    assert "impl/catalog/__main__.py" in capsys.readouterr().out
    assert cli.main(["affected", "--against", "nowhere"]) == 2


# -- the workflow

WORKFLOW: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))
STEPS = [(job, step) for job, said in WORKFLOW["jobs"].items() for step in said["steps"]]
RUN = "\n".join(step.get("run", "") for _, step in STEPS)


def test_workflow_needs_jobs_that_are_there() -> None:
    jobs = WORKFLOW["jobs"]
    for said in jobs.values():
        needed = said.get("needs", [])
        assert {needed} <= jobs.keys() if isinstance(needed, str) else set(needed) <= jobs.keys()
    assert set(jobs["done"]["needs"]) == jobs.keys() - {"done"}


def test_workflow_pins_actions_by_major_version() -> None:
    used = {step["uses"] for _, step in STEPS if "uses" in step}
    assert used and all(re.fullmatch(r"[\w-]+/[\w/-]+@v\d+", name) for name in used)


def test_workflow_says_only_what_exists() -> None:
    targets = set(re.findall(r"(?m)^([a-z-]+):.*##", (ROOT / "Makefile").read_text("utf-8")))
    assert set(re.findall(r"\bmake ([a-z-]+)", RUN)) <= targets
    commands = set(re.findall(r"\.venv/bin/tenon ([a-z]+)", RUN))
    assert {"affected", "gate", "todo"} == commands and commands <= cli.COMMANDS.keys()


@pytest.mark.parametrize("line", re.findall(r"\.venv/bin/tenon (.+)", RUN))
def test_workflow_gives_arguments_that_are_known(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parsers take them; nothing is run."""
    words = [word.strip('"') for word in line.split("|")[0].split()]
    words = ["services" if word == "$kind" else word for word in words]
    seen = []

    def run(args: argparse.Namespace, console: Console) -> int:
        seen.append(args)
        return 0

    monkeypatch.setattr(importlib.import_module(f"tenon.cli.{words[0]}"), "run", run)
    assert cli.main(words) == 0 and seen


def test_workflow_takes_no_text_of_others_into_a_shell() -> None:
    """A branch's name or a file's is an environment variable, never a part of the script."""
    assert "${{" not in RUN


def test_workflow_may_write_only_security_events() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read"}
    more = {name: said["permissions"] for name, said in WORKFLOW["jobs"].items() if "permissions" in said}
    assert more == {"gate": {"contents": "read", "security-events": "write"}}
    upload = next(step for job, step in STEPS if job == "gate" and "upload-sarif" in step.get("uses", ""))
    assert upload["with"]["sarif_file"] in RUN and upload["if"].startswith("always()")
