"""`tenon check`."""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tenon import fresh
from tenon.cli import todo
from tenon.cli.console import Console
from tenon.config import load
from tenon.finding import Severity
from tenon.write import UnsafePath

HELP = """\
Is the repository sound? Every check runs; each that fails says how to see it alone.

  contracts   they read, resolve and agree; generated/ is what they say
  complete    every operation has an implementation
  buf         protobuf lint, and no breaking change against the last release tag
  lint        ruff over everything, generated code included
  types       mypy --strict over everything, generated code included
  layers      import-linter: who may import whom

exit codes: 0 sound · 1 something is not · 2 not a repository
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One check's answer."""

    name: str
    ok: bool
    output: str
    seconds: float
    skipped: bool = False


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("only", nargs="*", metavar="CHECK", help="only these checks")
    words = "regenerate, sort imports, format, and repair disagreements that have one answer"
    parser.add_argument("--fix", action="store_true", help=words)


def run(args: argparse.Namespace, console: Console) -> int:
    root = Path.cwd()
    config, findings = load(root)
    console.findings(findings)
    if findings or not (root / config.contracts).is_dir():
        if not findings:
            console.error(f"there is no {config.contracts}/ here: run this at the root of a repository")
        return 2
    checks = {
        "contracts": lambda: _contracts(root, args.fix, console),
        "complete": lambda: _complete(root),
        "buf": lambda: _buf(root),
        "lint": lambda: _lint(root, args.fix),
        "types": lambda: _tool(root, ["mypy", "--no-error-summary", *_typed(root)]),
        "layers": lambda: _layers(root),
    }
    unknown = set(args.only) - set(checks)
    if unknown:
        console.error(f"no such check: {', '.join(sorted(unknown))}; there are: {', '.join(checks)}")
        return 2
    chosen = {name: check for name, check in checks.items() if not args.only or name in args.only}
    if args.fix:
        from tenon.cli import repair

        for line in repair.run(root, config):
            console.say(f"repaired: {line}")
    verdicts: list[Verdict] = []
    # Generated code comes first: the other checks judge what it left.
    if "contracts" in chosen:
        verdicts.append(_timed("contracts", chosen.pop("contracts")))
        _print(console, verdicts[-1])
    with ThreadPoolExecutor(2) as pool:
        for verdict in pool.map(lambda item: _timed(*item), chosen.items()):
            verdicts.append(verdict)
            _print(console, verdict)
    ok = all(verdict.ok for verdict in verdicts)
    console.result(
        {
            "ok": ok,
            "checks": [
                {"name": v.name, "ok": v.ok, "skipped": v.skipped, "output": v.output, "seconds": round(v.seconds, 2)}
                for v in verdicts
            ],
        }
    )
    return 0 if ok else 1


def _timed(name: str, check: Callable[[], tuple[bool | None, str]]) -> Verdict:
    started = time.monotonic()
    ok, output = check()
    return Verdict(name, ok is not False, output, time.monotonic() - started, skipped=ok is None)


def _print(console: Console, verdict: Verdict) -> None:
    word = "skipped" if verdict.skipped else "ok" if verdict.ok else "FAILED"
    hue = "yellow" if verdict.skipped else "green" if verdict.ok else "red"
    console.say(f"{verdict.name:<10} {console.paint(word, hue)}  {verdict.seconds:.1f} s")
    if verdict.output and (not verdict.ok or verdict.skipped):
        console.say("  " + verdict.output.rstrip().replace("\n", "\n  "))
        if not verdict.ok:
            console.say(f"  see it alone: tenon check {verdict.name}")


def _contracts(root: Path, fix: bool, console: Console) -> tuple[bool, str]:
    config, _ = load(root)
    done = fresh.generate(root / config.contracts, root, config, check=not fix)
    console.trace(done.trace)
    words = [f"{f.at}: {f.message} [{f.rule}]\n    remedy: {f.remedy}" for f in done.findings]
    bad = any(finding.severity is not Severity.WARNING for finding in done.findings)
    if not fix and done.outcome.stale:
        words += [f"stale: {path}" for path in done.outcome.stale] + ["run: tenon generate"]
        bad = True
    return not bad, "\n".join(words)


def _complete(root: Path) -> tuple[bool | None, str]:
    services = todo.services_of(root)
    if not services:
        return None, "no impl/<service>/__main__.py"
    words = []
    for service in services:
        found = todo.missing(root, service)
        if isinstance(found, str):
            words.append(f"impl/{service} cannot be imported: {found}")
        else:
            words += [f"impl/{service}: {item['base']}.{item['method']} is missing" for item in found]
    return not words, "\n".join([*words, "run: tenon todo"] if words else [])


def _buf(root: Path) -> tuple[bool | None, str]:
    if not (root / "buf.yaml").is_file():
        return None, "no buf.yaml"
    try:
        fresh.provide_field_rules(root)
    except (UnsafePath, OSError) as error:
        return False, str(error)
    ok, output = _tool(root, ["buf", "lint"])
    if not ok:
        return ok, output
    tag = _git(root, "describe", "--tags", "--abbrev=0", "--match", "v*").decode().strip()
    if not tag:
        return True, ""
    contracts = _git(root, "archive", "--format=zip", tag, "--", ":(glob)**/*.proto")
    if not contracts:  # there were none then
        return True, ""
    with tempfile.TemporaryDirectory(prefix="tenon-released-") as scratch:
        released = Path(scratch)
        # Contracts of then in the modules of now: what the build cache holds is in no revision.
        with zipfile.ZipFile(io.BytesIO(contracts)) as archive:
            archive.extractall(released)
        shutil.copy(root / "buf.yaml", released)
        fresh.provide_field_rules(released)
        return _tool(root, ["buf", "breaking", "--against", scratch])


def _git(root: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False).stdout


def _lint(root: Path, fix: bool) -> tuple[bool, str]:
    if fix:
        _tool(root, ["ruff", "check", "--fix", "--quiet", "."])
        _tool(root, ["ruff", "format", "--quiet", "."])
    ok, output = _tool(root, ["ruff", "check", "--quiet", "."])
    if not ok:
        return ok, output
    return _tool(root, ["ruff", "format", "--check", "--quiet", *_written(root)])


def _written(root: Path) -> list[str]:
    """Folders with code that people write."""
    return [name for name in ("generator", "runtime", "impl", "contract-tests", "bench") if (root / name).is_dir()]


def _typed(root: Path) -> list[str]:
    places = ["generator/tenon", "runtime/tenon_runtime", "impl", "contract-tests", "bench", "generated/python"]
    return [place for place in places if any((root / place).rglob("*.py"))]


def _layers(root: Path) -> tuple[bool | None, str]:
    if not any((root / name).is_file() for name in (".importlinter", "setup.cfg")):
        return None, "no .importlinter"
    return _tool(root, ["lint-imports", "--no-cache"])


def _tool(root: Path, command: list[str]) -> tuple[bool, str]:
    beside = Path(sys.executable).with_name(command[0])
    program = str(beside) if beside.exists() else command[0]
    path = os.pathsep.join([str(root), str(root / "generated" / "python"), os.environ.get("PYTHONPATH", "")])
    try:
        done = subprocess.run(
            [program, *command[1:]],
            cwd=root, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        return False, f"{command[0]} is not installed; run: make setup"
    return done.returncode == 0, done.stdout + done.stderr
