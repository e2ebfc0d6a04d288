"""Runs the generator on a contract and judges what came out, whatever went in."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tenon import fresh
from tenon.config import Config
from tenon.finding import Finding, Severity
from tenon.lang import python_gate

from generator.tests.hostile import shapes

DOCUMENTS = ("/openapi.json", "/asyncapi.json")
"""The contracts themselves, bundled: they hold what those hold."""
SECONDS = 60.0
"""What grows without bounds takes minutes or for ever; what does not takes some seconds on the slowest machine."""
Content = str | bytes

_outside: list[str] = []
_fence: list[str] = []


def _hook(event: str, args: tuple[Any, ...]) -> None:
    """Notes what a run that is fenced in must not do: reach out, or open files outside of what it was given."""
    if not _fence:
        return
    if event in ("socket.connect", "socket.getaddrinfo", "socket.bind", "urllib.Request"):
        _outside.append(f"{event} {args!a}")
    elif event == "open" and isinstance(args[0], (str, bytes)):
        given = os.fsdecode(args[0])
        path = os.path.realpath(given)
        inside_a_folder = args[1] is None and "/" not in given  # how rmtree opens what it has opened the parent of
        if not inside_a_folder and not path.startswith(tuple(_fence)):
            _outside.append(f"open {path!a}")


sys.addaudithook(_hook)


@contextmanager
def fenced(*folders: Path) -> Iterator[list[str]]:
    """What is done inside that leaves `folders`, Python's own files and scratch folders of the generator."""
    own = Path(fresh.__file__).parent
    scratch = ("tenon-",)
    temporary = os.path.realpath(os.environ.get("TMPDIR", "/tmp"))
    _outside.clear()
    _fence.extend(
        [*(os.path.realpath(folder) for folder in folders), str(own), sys.prefix, sys.base_prefix, "/dev/null",
         *(f"{temporary}/{name}" for name in scratch), "/usr/lib", "/usr/share", "/etc/mime.types", "/proc/"]
    )  # fmt: skip
    try:
        yield _outside
    finally:
        _fence.clear()


@dataclass
class Result:
    """What a run left behind."""

    root: Path
    findings: tuple[Finding, ...]
    files: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def errors(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.severity is not Severity.WARNING]

    @property
    def rules(self) -> set[str]:
        return {finding.rule for finding in self.errors}

    @property
    def python(self) -> dict[str, str]:
        return {path: text for path, text in self.files.items() if path.endswith(".py")}

    @property
    def import_root(self) -> Path:
        return self.root / "out" / "generated" / "python"


def put(folder: Path, files: Mapping[str, Content]) -> None:
    """Write `files` below `folder`."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))


def run(root: Path, files: Mapping[str, Content], *, config: Config | None = None, **options: Any) -> Result:
    """Generate from `files` in ``root/contracts`` to ``root/out``, and hold what holds for every contract there is.

    Nothing is raised, nothing is touched outside the output, it ends, every complaint says where and what to do,
    and where there is none every module is one that the gate accepts.
    """
    put(root / "contracts", files)
    before = _snapshot(root)
    started = _cpu()
    with fenced(root) as outside:
        done = fresh.generate(root / "contracts", root / "out", config or Config(), use_cache=False, **options)
    seconds = _cpu() - started
    assert not outside, outside
    after = _snapshot(root)
    assert {path: after.get(path) for path in before} == before, "a file outside the output was changed"
    made = set(after) - set(before)
    assert all(path.startswith("out/") for path in made), sorted(made)
    for finding in done.findings:
        said(finding)
    assert seconds < SECONDS, f"took {seconds:.1f} s"
    out = root / "out"
    result = Result(root, done.findings, seconds=seconds)
    for path in sorted(out.rglob("*")):
        if path.is_file() and ".tenon" not in path.relative_to(out).parts:
            result.files[path.relative_to(out).as_posix()] = path.read_bytes().decode("utf-8")
    if any(finding.severity is Severity.ERROR for finding in done.findings):
        assert not result.files, "an error finding, and yet something was written"
    assert "unsafe-output" not in result.rules, [f"{f.at} {f.message}" for f in result.errors][:5]
    for path, text in result.python.items():
        assert not python_gate.violations(path, text), path
        assert not _STEERING.search(text), f"{path} has control characters"
    for path, text in result.files.items():
        if path.endswith(".json"):
            json.loads(text)
    return result


def _cpu() -> float:
    """Seconds of processor time, the compiler's included: a busy machine does not change them much."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def said(finding: Finding) -> None:
    """A complaint names the file and the line, and what to do, in words that do not steer a terminal."""
    assert finding.at.file, finding
    assert finding.rule and finding.rule == finding.rule.lower() and " " not in finding.rule, finding
    assert finding.message.strip() and finding.remedy.strip(), finding
    assert finding.rule != "unsafe-output" or finding.at.file.startswith("contracts"), finding
    json.dumps(finding.as_json()).encode("ascii")


_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def _snapshot(root: Path) -> dict[str, tuple[int, int]]:
    found = {}
    for folder, folders, files in os.walk(root):
        for name in [*folders, *files]:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            if not os.path.isdir(path) or os.path.islink(path):
                found[os.path.relpath(path, root)] = (status.st_size, status.st_mtime_ns)
    return found


def same_shape(hostile: Result, benign: Result) -> None:
    """No text of the contract became a statement, an expression, a name, a line or a file."""
    assert hostile.files.keys() == benign.files.keys()
    for path, text in hostile.files.items():
        if not path.endswith(DOCUMENTS):
            assert shapes.of(path, text) == shapes.of(path, benign.files[path]), path


def imported(folders: list[Path], canary: Path) -> None:
    """Every module of every folder can be imported, and does nothing but declare."""
    script = Path(__file__).with_name("audit.py")
    done = subprocess.run(
        [sys.executable, "-P", "-W", "error::SyntaxWarning", str(script), *map(str, folders)],
        env={**os.environ, "TENON_CANARY": str(canary), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True, text=True, timeout=120, check=False, cwd=canary.parent,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    answer = json.loads(done.stdout)
    for folder in folders:
        assert not answer[str(folder)]["attempts"], answer[str(folder)]
        assert not answer[str(folder)]["failures"], (str(folder), answer[str(folder)]["failures"])
    assert not canary.exists(), "code from a contract ran"
