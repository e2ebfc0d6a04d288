"""`tenon generate`."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from tenon import fresh
from tenon.cli.console import Console
from tenon.config import Config, load
from tenon.finding import Finding, Severity

HELP = """\
Make code from the contracts: messages, service classes, REST faces, events, clients, diagrams.

Without options it reads ./contracts and writes ./generated. Unchanged inputs are not redone; what a contract no
longer says is removed from generated/; files that a team owns (impl/) are written once and never touched again.

On contracts of any origin:
  tenon generate --contracts vendor/protos --out build/vendor
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--contracts", type=Path, metavar="DIR", help="the contracts folder (default: ./contracts)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where generated/ goes (default: the current folder)")
    parser.add_argument("--watch", action="store_true", help="generate again on every edit, until Ctrl-C")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file would change")
    parser.add_argument("--allow-unsupported", action="store_true",
                        help="exit 0 although parts were left out (each is still named)")  # fmt: skip
    parser.add_argument("--max-bytes", type=int, metavar="N", help="largest contract file to read (default: 32 MiB)")
    parser.add_argument("--no-cache", action="store_true", help="do everything again")


def run(args: argparse.Namespace, console: Console) -> int:
    out: Path = args.out or Path.cwd()
    config, findings = load(out) if args.contracts is None else (Config(), [])
    contracts: Path = args.contracts or out / config.contracts
    if not contracts.is_dir():
        console.error(f"there is no folder {contracts}")
        console.error("remedy: make contracts/ here, name one with --contracts DIR, or start with: tenon new FOLDER")
        return 2
    if findings:
        console.findings(findings)
        return 1
    if args.watch:
        return _watch(args, console, contracts, out, config)
    return once(args, console, contracts, out, config)


def once(args: argparse.Namespace, console: Console, contracts: Path, out: Path, config: Config) -> int:
    """One run; the exit code."""
    started = time.monotonic()
    with console.progress("generating"):
        done = fresh.generate(
            contracts, out, config, check=args.check, use_cache=not args.no_cache, budget=args.max_bytes
        )
    seconds = time.monotonic() - started
    code = _code(done.findings, allow=args.allow_unsupported)
    if args.check and done.outcome.stale:
        code = code or 1
    console.findings(done.findings)
    console.trace(done.trace)
    console.result(
        {
            "ok": code == 0,
            "seconds": round(seconds, 3),
            "written": done.outcome.written,
            "removed": done.outcome.removed,
            "unchanged": done.outcome.unchanged,
            "findings": [finding.as_json() for finding in done.findings],
        }
    )
    if any(finding.severity is Severity.ERROR for finding in done.findings):
        console.say(console.paint("nothing was written", "red"))
    elif args.check and done.outcome.stale:
        for path in done.outcome.stale:
            console.say(f"stale: {path}")
        console.say("run: tenon generate")
    else:
        console.say(_summary(console, done, seconds))
    return code


def _summary(console: Console, done: fresh.Done, seconds: float) -> str:
    outcome = done.outcome
    if not outcome.written and not outcome.removed:
        return console.paint("up to date", "green") + f": {outcome.unchanged} files, {seconds:.2f} s"
    parts = [f"{len(outcome.written)} written"]
    if outcome.removed:
        parts.append(f"{len(outcome.removed)} removed")
    parts.append(f"{outcome.unchanged} unchanged")
    return console.paint("generated", "green") + f": {', '.join(parts)}, {seconds:.2f} s"


def _code(findings: tuple[Finding, ...], *, allow: bool) -> int:
    worst = min((finding.severity for finding in findings), default=Severity.WARNING)
    if worst is Severity.ERROR or (worst is Severity.UNSUPPORTED and not allow):
        return 1
    return 0


def _watch(args: argparse.Namespace, console: Console, contracts: Path, out: Path, config: Config) -> int:
    from watchfiles import watch

    once(args, console, contracts, out, config)
    console.say(f"watching {contracts}; Ctrl-C stops")
    for _ in watch(contracts, step=50, debounce=200, raise_interrupt=True):
        once(args, console, contracts, out, config)
    return 0
