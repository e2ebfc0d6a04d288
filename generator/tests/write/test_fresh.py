"""Generation that does nothing twice, and gives the same bytes wherever and however it runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tenon import fresh
from tenon.config import Config
from tenon.finding import Severity

REPOSITORY = Path(__file__).parents[3]
PROTO = 'syntax = "proto3";\npackage {0}.v1;\n// A thing.\nmessage Thing {{ string id = 1; }}\n' + (
    "message GetRequest {{ string id = 1; }}\nmessage GetResponse {{ Thing thing = 1; }}\n"
    "service Things {{ rpc Get(GetRequest) returns (GetResponse); }}\n"
)
_RUN = """
import sys
from pathlib import Path
from tenon import fresh
from tenon.config import Config
done = fresh.generate(Path(sys.argv[1]), Path(sys.argv[2]), Config())
print(len(done.outcome.written), done.outcome.unchanged, "tenon.pipeline" in sys.modules)
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for name in ("alpha", "beta"):
        folder = tmp_path / "contracts" / name / "v1"
        folder.mkdir(parents=True)
        (folder / f"{name}.proto").write_text(PROTO.format(name))
    return tmp_path


def run(root: Path, **options: bool) -> fresh.Done:
    return fresh.generate(root / "contracts", root, Config(), **options)


def test_a_run_with_nothing_to_do_does_not_even_load_the_pipeline(repository: Path) -> None:
    command = [sys.executable, "-c", _RUN, str(repository / "contracts"), str(repository)]
    first = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    second = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert first == [str(len(made(repository))), "0", "True"]
    assert second == ["0", first[0], "False"]


def test_an_edit_of_one_contract_rewrites_what_is_made_of_it_only(repository: Path) -> None:
    run(repository)
    path = repository / "contracts/alpha/v1/alpha.proto"
    path.write_text(path.read_text().replace("// A thing.", "// Another thing."))
    done = run(repository)
    assert done.outcome.written == ["generated/python/api/_pb/alpha/v1/alpha_pb.py"]
    assert done.outcome.removed == []


def test_a_contract_that_is_gone_takes_its_output_with_it(repository: Path) -> None:
    run(repository)
    shutil.rmtree(repository / "contracts/beta")
    done = run(repository)
    assert done.outcome.written == []
    assert done.outcome.removed
    assert all("/beta/" in path for path in done.outcome.removed)
    assert not [path for path in made(repository) if "beta" in path]


@pytest.mark.parametrize("damage", ["edit", "remove", "touch"])
def test_output_that_was_meddled_with_is_made_again(repository: Path, damage: str) -> None:
    run(repository)
    before = made(repository)
    victim = repository / "generated/python/api/alpha/v1/service.py"
    if damage == "edit":
        victim.write_text("import os\n")
    elif damage == "remove":
        victim.unlink()
    else:
        os.utime(victim, ns=(1, 1))
    run(repository)
    assert made(repository) == before


def test_warnings_survive_a_run_that_does_nothing(repository: Path) -> None:
    (repository / "contracts/old.openapi.yaml").write_text(
        "openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths:\n"
        "  /a/{id}: {get: {responses: {'204': {description: x}}}}\n"
    )
    first = run(repository)
    assert [finding.severity for finding in first.findings] == [Severity.WARNING]
    second = run(repository)
    assert second.outcome.written == []
    assert second.findings == first.findings


_REST = """\
openapi: 3.1.0
info: {{title: "*Not* an alias, R&D", version: '1'}}
paths:
  /a/{{id}}: {{get: {{responses: {{'204': {{description: {0}}}}}}}}}
  /big: {{get: {{operationId: big, responses: {{'200': {{description: x, content: {{application/json: {{schema:
    {{type: integer, maximum: 18446744073709551615, minimum: -9.5e-3, default: 1}}}}}}}}}}}}}}
"""


@pytest.mark.parametrize("description", ["plain", "&it {shared: *it}", "&it x\n  /b/{id}: {get: *it}"])
def test_a_document_that_is_remembered_reads_as_it_did(repository: Path, description: str) -> None:
    """An edit elsewhere takes parsed documents from the cache: same files, same findings, same places."""
    (repository / "contracts/old.openapi.yaml").write_text(_REST.format(description))
    first = run(repository)
    other = repository / "contracts/alpha/v1/alpha.proto"
    other.write_text(other.read_text().replace("// A thing.", "// Another thing."))
    again = run(repository)
    assert again.findings == first.findings != ()
    output = made(repository)
    assert run(repository, use_cache=False).findings == first.findings
    assert made(repository) == output


def test_a_remembered_document_that_was_meddled_with_is_no_traceback(repository: Path) -> None:
    (repository / "contracts/old.openapi.yaml").write_text(_REST.format("plain"))
    run(repository)
    for path in (repository / ".tenon/cache").rglob("*"):
        if path.is_file() and path.read_text().startswith("[{"):
            path.write_text('[{"openapi":"3.1.0","paths":1},0,1]')
    other = repository / "contracts/alpha/v1/alpha.proto"
    other.write_text(other.read_text().replace("// A thing.", "// Another thing."))
    assert [finding.rule for finding in run(repository).findings] == ["internal-error"]


def test_a_run_that_failed_is_not_remembered_as_done(repository: Path) -> None:
    run(repository)
    before = made(repository)
    path = repository / "contracts/alpha/v1/alpha.proto"
    good = path.read_text()
    path.write_text("message {")
    for _ in range(2):
        done = run(repository)
        assert done.findings[0].rule == "proto-compile"
        assert made(repository) == before
    path.write_text(good)
    assert not run(repository).findings


def test_checking_does_not_make_the_next_run_think_that_all_is_done(repository: Path) -> None:
    assert run(repository, check=True).outcome.stale
    assert not (repository / ".tenon/manifest.json").exists()
    assert run(repository).outcome.written


def test_provenance_names_the_contract_of_every_file(repository: Path) -> None:
    run(repository)
    table = json.loads((repository / ".tenon/provenance.json").read_text())
    assert set(table) == set(made(repository))
    assert table["generated/python/api/alpha/v1/service.py"] == "contracts/alpha/v1/alpha.proto"


def test_memory_does_not_lead_out_of_the_output(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (repository / ".tenon").symlink_to(outside)
    assert [finding.rule for finding in run(repository).findings] == ["unsafe-path"]
    assert not list(outside.iterdir())


def test_a_folder_that_cannot_be_written_is_a_finding(repository: Path) -> None:
    (repository / "generated").write_text("a file")
    done = run(repository)
    assert [finding.rule for finding in done.findings] == ["file-system"]


def test_special_files_and_links_are_neither_read_nor_waited_for(repository: Path) -> None:
    os.mkfifo(repository / "contracts/pipe.proto")
    (repository / "contracts/zero.proto").symlink_to("/dev/zero")
    (repository / "contracts/folder").symlink_to("/etc")
    (repository / "contracts/loop.proto").symlink_to("loop.proto")
    with open(repository / "contracts/huge.proto", "wb") as sparse:
        sparse.truncate(1 << 40)
    rules = [finding.rule for finding in run(repository).findings]
    assert rules == ["path-outside", "too-large", "not-a-file", "not-a-file", "path-outside"]


def test_file_names_that_are_no_text_are_findings(repository: Path) -> None:
    for name in (b"\xff.proto", b"a\nb.proto", b"a\rb.yaml", "a\u202eb.json".encode(), b"\x1b[31m.proto"):
        with open(os.fsencode(repository / "contracts") + b"/" + name, "wb") as file:
            file.write(b"x")
    with open(os.fsencode(repository / "contracts") + b"/README\xff", "wb") as file:
        file.write(b"nobody reads this")
    done = run(repository)
    assert [finding.rule for finding in done.findings] == ["file-name"] * 5
    assert json.dumps([finding.as_json() for finding in done.findings]).isascii()


@pytest.mark.parametrize(
    "environment",
    [{"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "4242", "TZ": "Asia/Kathmandu", "LC_ALL": "tr_TR.UTF-8", "LANG": "C"},
     {"PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}, {"UMASK": "077"}],
)  # fmt: skip
def test_the_same_bytes_on_every_machine(tmp_path: Path, environment: dict[str, str]) -> None:
    """Whatever the hash seed, the locale, the folder, the current folder or the order the files were made in."""
    contracts = REPOSITORY / "contracts"
    names = sorted(path.relative_to(contracts) for path in contracts.rglob("*") if path.is_file())
    here, there = tmp_path / "here", tmp_path / "elsewhere" / "longer"
    for root, order in ((here, names), (there, names[::-1])):
        for name in order:
            (root / "contracts" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(contracts / name, root / "contracts" / name)
    base = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    for root, cwd, extra in ((here, here, {}), (there, tmp_path, environment)):
        command = [sys.executable, "-c", _RUN, str(root / "contracts"), str(root)]
        umask = int(extra.get("UMASK", "022"), 8)
        subprocess.run(command, cwd=cwd, env={**base, **extra}, umask=umask, check=True, capture_output=True)
    assert made(here)
    assert made(here) == made(there)


def made(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted((root / "generated").rglob("*"))
        if path.is_file()
    }
