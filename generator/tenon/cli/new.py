"""`tenon new`."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2

import tenon
from tenon import fresh
from tenon.cli import wheels
from tenon.cli.console import Console
from tenon.config import NAME, load
from tenon.edit import starter
from tenon.edit.workspace import Refused
from tenon.finding import Finding, Severity

HELP = """\
Start a repository of your own: one small domain that works, its tests, and every command in its Makefile.

  tenon new shop                    a folder with contracts, an implementation, tests, and tenon itself as wheels
  tenon new shop --domain invoices  with a domain of that name (default: orders)
  tenon new --upgrade               inside such a repository: replace its wheels by the version that runs
"""

TEMPLATE = Path(tenon.__file__).parent / "template"
OPTIONS = "contracts/tenon/v1/options.proto"
_FOLDER = re.compile(r"[A-Za-z0-9._-]+")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", type=Path, help="that does not exist yet, or is empty")
    parser.add_argument("--domain", default="orders", metavar="NAME", help="the first domain (default: orders)")
    parser.add_argument(
        "--wheels", type=Path, metavar="DIR", help="take the wheels from here (default: the running ones)"
    )
    parser.add_argument("--upgrade", action="store_true", help="only bring its wheels up to the running version")


def run(args: argparse.Namespace, console: Console) -> int:
    try:
        return _upgrade(args, console) if args.upgrade else _new(args, console)
    except wheels.NoWheels as error:
        console.error(str(error))
        return 1
    except Refused as refused:
        return _refused(console, [refused.finding])


def _new(args: argparse.Namespace, console: Console) -> int:
    folder: Path | None = args.folder
    if folder is None:
        console.error("name a folder: tenon new shop")
        return 2
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        console.error(f"{folder} is not empty")
        console.error("remedy: name a new folder; in a repository, add to it with: tenon add domain NAME")
        return 1
    if not _FOLDER.fullmatch(folder.resolve().name):
        console.error(f"{folder.name!a} is no name for a repository: use letters, digits, '.', '-' and '_'")
        return 1
    written = dict(_files(folder.resolve().name, args.domain))
    with console.progress("packing tenon"):
        packed, _ = wheels.place(folder / "vendor", args.wheels)
    for path, text in written.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
    _pin(folder)
    config, _ = load(folder)
    with console.progress("generating"):
        done = fresh.generate(folder.resolve() / config.contracts, folder.resolve(), config)
    if bad := [finding for finding in done.findings if finding.severity is Severity.ERROR]:
        console.trace(done.trace)
        shutil.rmtree(folder)
        return _refused(console, bad)
    _format(folder)
    steps = [f"cd {folder}", "make test", "make up"]
    count = sum(1 for path in folder.rglob("*") if path.is_file())
    console.result({"ok": True, "folder": str(folder), "files": count, "wheels": packed, "next": steps})
    console.say(f"{console.paint('made', 'green')} {folder}: {count} files, with {' and '.join(packed)}")
    console.say("next:")
    for step in steps:
        console.say(f"  {step}")
    return 0


def _upgrade(args: argparse.Namespace, console: Console) -> int:
    root: Path = args.folder or Path.cwd()
    if not (root / NAME).is_file() or not (root / "vendor").is_dir():
        console.error(f"{root} was not made by tenon new: it has no {NAME} with a vendor/ beside it")
        return 2
    packed, changed = wheels.place(root / "vendor", args.wheels)
    if changed:
        _pin(root)
    stale = (root / OPTIONS).is_file() and (root / OPTIONS).read_text("utf-8") != options()
    steps = ["make setup", *([".venv/bin/tenon check --fix"] if stale else []), "make test"]
    console.result({"ok": True, "changed": changed, "wheels": packed, "next": steps if changed else []})
    if not changed:
        console.say(console.paint("up to date", "green") + f": {', '.join(packed)}")
        return 0
    console.say(f"{console.paint('upgraded', 'green')}: {', '.join(packed)}")
    console.say("next:")
    for step in steps:
        console.say(f"  {step}")
    return 0


def options() -> str:
    """The options file that this version reads, as it is written into a repository."""
    return (TEMPLATE / "options.proto").read_text("utf-8")


def _files(repository: str, domain: str) -> Iterator[tuple[str, str]]:
    """Every file of a new repository but the wheels."""
    values: dict[str, Any] = starter.names(domain, None)
    noun = values["noun"]
    names = [f"{verb}{noun}{kind}" for verb in ("Create", "Get") for kind in ("Request", "Response")]
    imports = sorted([*names, noun, f"{noun}Created", "Context", f"{values['service']}Service"])
    values |= {"repository": repository, "imports": imports}
    pages = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATE),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # the values are identifiers that were checked
    )
    for template in sorted(pages.list_templates(extensions=["jinja"])):
        path = template.removesuffix(".jinja").replace("dot_", ".").replace("_domain_", domain)
        yield path.replace("_plural_", values["plural"]), pages.get_template(template).render(values)
    for path, text in starter.files(domain, None, public=True, owner=None).items():
        yield f"contracts/{path}", text
    yield OPTIONS, options()


def _format(folder: Path) -> None:
    """What was filled in has names of every length: ruff lays it out as `make format` would."""
    beside = Path(sys.executable).with_name("ruff")
    ruff = str(beside) if beside.exists() else "ruff"
    for arguments in (["check", "--quiet", "--fix", "--select", "I"], ["format", "--quiet"]):
        subprocess.run([ruff, *arguments, "--no-cache", "."], cwd=folder, check=True)


def _pin(folder: Path) -> None:
    lines = ["# What vendor/ was made and tested with. `tenon new --upgrade` writes this file.", *wheels.pins()]
    (folder / "requirements" / "pins.txt").write_text("\n".join(lines) + "\n", "utf-8")


def _refused(console: Console, findings: list[Finding]) -> int:
    console.findings(findings)
    console.result({"ok": False, "findings": [finding.as_json() for finding in findings]})
    return 1
