"""`tenon todo`."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tenon.cli.console import Console

HELP = """\
What is left to implement: every method that the contracts name and impl/ lacks, with the source to paste.

exit codes: 0 nothing is left · 1 something is
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("service", nargs="*", help="only these services (folders of impl/)")


def run(args: argparse.Namespace, console: Console) -> int:
    root = Path.cwd()
    services = args.service or services_of(root)
    if not services:
        console.error("there is no implementation here: impl/<service>/__main__.py")
        console.error("remedy: run `tenon generate` at the root of a repository; it writes the first files")
        return 2
    left: dict[str, list[dict[str, Any]]] = {}
    broken: dict[str, str] = {}
    for service in services:
        with console.progress(f"looking at impl/{service}"):
            found = missing(root, service)
        if isinstance(found, str):
            broken[service] = found
        else:
            left[service] = found
    console.result({"ok": not broken and not any(left.values()), "missing": left, "broken": broken})
    for service, words in broken.items():
        console.say(console.paint(f"impl/{service} cannot be imported", "red"))
        console.say("  " + words.strip().replace("\n", "\n  "))
    for service, items in left.items():
        _print(console, root, service, items)
    return 1 if broken or any(left.values()) else 0


def services_of(root: Path) -> list[str]:
    """The services implemented below `root`, by folder."""
    return sorted(path.parent.name for path in root.glob("impl/*/__main__.py"))


def missing(root: Path, service: str) -> list[dict[str, Any]] | str:
    """What `service` lacks, or the last line of why it cannot be imported."""
    path = os.pathsep.join([str(root), str(root / "generated" / "python"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "tenon_runtime.missing", f"impl.{service}"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return "\n".join(done.stderr.strip().splitlines()[-3:])
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def _print(console: Console, root: Path, service: str, items: list[dict[str, Any]]) -> None:
    if not items:
        console.say(f"{service}: " + console.paint("complete", "green"))
        return
    console.say(f"{service}: " + console.paint(f"{len(items)} to write", "yellow"))
    for item in items:
        place = (
            f"{os.path.relpath(item['file'], root)}:{item['line']}" if item["file"] else f"impl/{service}/service.py"
        )
        console.say(f"\n  {console.paint(place, 'bold')}  {item['base']}.{item['method'] or '(whole class)'}")
        console.say(f"  {console.paint(item['ref'], 'dim')}")
        console.say(item["stub"])
