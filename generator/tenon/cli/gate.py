"""`tenon gate`."""

from __future__ import annotations

import argparse
import functools
import gc
import hashlib
import inspect
import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path
from urllib.parse import unquote

from tenon.cli.console import Console
from tenon.gate import kept, snapshot
from tenon.gate import policy as policies
from tenon.gate.policy import Policy
from tenon.gate.report import FORMATS, render
from tenon.gate.report import json as report_json
from tenon.gate.snapshot import BadBaseline, Snapshot
from tenon.gate.verdict import Report

HELP = """\
May these contracts be released? Compares them with what is released, and proves the answer.

Every verdict is one of: safe (proved) · breaking (proved: a request, answer, event, message or query that was good
and is not any more is shown, after independent tools have confirmed it) · unproven (could not be decided) · policy
(against a rule that this repository declares in tenon.toml).

  tenon gate                              this repository against its newest release (tags v*, contracts/.released/)
  tenon gate --against v1.4.0 v1.5.0      against these releases; `all` is every one of them
  tenon gate --against origin/main        against a branch
  tenon gate old.yaml new.yaml            any two contracts, or two folders; no configuration is needed
  tenon gate --report html=changes.html --report sarif=gate.sarif
  tenon gate --keep                       proofs become cases that every later run replays
  tenon gate --explain openapi-request-body

An approved break gets a line in tenon.toml:

  [[gate.waiver]]
  fingerprint = "0123456789abcdef"
  owner = "team-payments"
  reason = "the only consumer has moved"
  expires = 2026-03-31

exit codes: 0 safe · 1 breaking, against policy, or a bad waiver · 2 the command was wrong · 3 only unproven
"""

FORMAT_CHOICES = tuple(FORMATS)
_RELEASED = ".released"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="OLD NEW: two contracts or folders; "
                        "or one folder to judge (default: the current one)")  # fmt: skip
    parser.add_argument("--against", nargs="+", metavar="REV|DIR|FILE", help="what to compare with, oldest first")
    parser.add_argument("--explain", metavar="RULE", help="print a rule's page; `--explain list` lists them")
    parser.add_argument("--report", action="append", default=[], metavar="FORMAT=FILE",
                        help=f"also write a report: {', '.join(FORMATS)}; may be given several times")  # fmt: skip
    parser.add_argument("--keep", type=Path, metavar="DIR", nargs="?", const=Path(kept.FOLDER),
                        help=f"keep every proof as a regression case (default: {kept.FOLDER})")  # fmt: skip
    parser.add_argument("--no-cache", action="store_true", help="compare again although nothing changed")


def run(args: argparse.Namespace, console: Console) -> int:
    if args.explain is not None:
        return _explain(args.explain, console)
    wanted = [each.partition("=")[::2] for each in args.report]
    for format, file in wanted:
        if format not in FORMATS or not file:
            console.error(f"--report {format}={file}: write FORMAT=FILE, with one of: {', '.join(FORMATS)}")
            return 2
    try:
        old, new = _sides(args)
    except BadBaseline as error:
        console.error(str(error))
        console.error("remedy: name a path, tag or branch that exists here; tenon gate --help shows the forms")
        return 2
    policy, findings = policies.load(new.root) if new.only is None else (Policy(), [])
    if findings:
        console.findings(findings)
        return 1
    with console.progress("comparing"):
        report = _report(old, new, policy, use_cache=not args.no_cache)
    for format, file in wanted:
        try:
            Path(file).write_text(render(report, format), "utf-8")
        except OSError as error:
            console.error(f"{file}: {error.strerror}")
            return 2
    if args.keep is not None:
        kept.keep(report, args.keep)
    text = render(report, args.format)
    print(_painted(text, console) if args.format == "text" else text, end="", flush=True)
    return report.exit_code


def _sides(args: argparse.Namespace) -> tuple[list[Snapshot], Snapshot]:
    """The old sides, oldest first, and the new one. Raises `BadBaseline`."""
    if len(args.paths) > 2 or (len(args.paths) == 2 and args.against):
        raise BadBaseline("two paths are old and new; with --against there is only one")
    if len(args.paths) == 2:
        old, new = (snapshot.of_path(path) for path in args.paths)
        if (old.only is None) != (new.only is None):
            raise BadBaseline("a file is compared with a file, and a folder with a folder")
        for side in (old, new):
            _demand_contracts(side)
        return [old], new
    here = args.paths[0] if args.paths else Path.cwd()
    new = snapshot.of_path(here, "." if not args.paths else None)
    cache = _cache(new.root) / "trees"
    found: list[Snapshot] = []
    names = args.against if args.against is not None else _releases(new)[-1:]
    for name in [release for each in names for release in (_releases(new) if each == "all" else [each])]:
        if (stored := new.contracts / _RELEASED / name).is_dir():
            found.append(Snapshot(name, stored))
        elif Path(name).exists():
            found.append(snapshot.of_path(Path(name)))
        else:
            found.append(snapshot.of_revision(new.root, name, cache))
    return found, new


def _demand_contracts(side: Snapshot) -> None:
    """Raises `BadBaseline` where there is nothing that could be compared: silence about it would read as safe."""
    if side.only is None:
        if not side.contract_files(".proto", ".yaml", ".yml", ".json", ".sql"):
            raise BadBaseline(f"{side.name} holds no contract: no .proto, .yaml or .json file")
    elif not side.only.endswith(".proto") and not _DECLARES.search((side.root / side.only).read_bytes()):
        raise BadBaseline(f"{side.name} is no contract: it declares neither `openapi` nor `asyncapi`")


_DECLARES = re.compile(rb"""(?m)(^|[{,\s])["']?(openapi|asyncapi|swagger)["']?\s*:""")


def _releases(new: Snapshot) -> list[str]:
    """Names of all releases, oldest first: folders of ``contracts/.released/``, then tags."""
    folder = new.contracts / _RELEASED
    stored = [path.name for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
    tags = snapshot.released(new.root)
    return sorted(dict.fromkeys([*stored, *tags]), key=_version)


def _version(name: str) -> tuple[tuple[int, str], ...]:
    """Numbers compare as numbers, and a release comes after its candidates."""
    parts = re.findall(r"[0-9]+|[A-Za-z]+", name.removeprefix("v"))
    return (*((int(part), "") if part.isdigit() else (-1, part) for part in parts), (0, ""))


def _report(old: list[Snapshot], new: Snapshot, policy: Policy, *, use_cache: bool) -> Report:
    """The report; the stored one where neither side, nor the tool, nor the day of a waiver's end has changed."""
    decided = (replace(policy, require=frozenset()), sorted(policy.require))  # a set has another order in each run
    key = hashlib.sha256(repr((_tool(), decided, date.today() if policy.waivers else "")).encode())
    for side in (*old, new):
        key.update(f"\0{side.name}\0{side.only}\0{side.contracts}\0".encode())
        for name, path in side.files.items() if side.only is None else _reached(side):
            key.update(f"{name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    stored = _cache(new.root) / f"{key.hexdigest()[:32]}.json"
    if use_cache:
        try:
            import orjson

            return report_json.from_json(orjson.loads(stored.read_bytes()))
        except (OSError, ValueError, KeyError, TypeError):
            pass
    from tenon.gate import engine

    with ExitStack() as ending:
        if gc.isenabled():
            gc.disable()  # trees of values, and no garbage cycles to speak of: a fifth of the time
            ending.callback(gc.enable)

        @functools.cache
        def databases() -> Callable[[], AbstractContextManager[str]]:
            from tenon.platform.scratch import scratch  # only where migrations or their queries differ

            return ending.enter_context(scratch())

        def database() -> AbstractContextManager[str]:
            return databases()()

        report = engine.gate(old, new, policy, date.today(), database=database)
    if any(problem.startswith("migrations: ") for problem in report.problems):
        return report  # an engine that could not be had now may be there the next time
    try:
        stored.parent.mkdir(parents=True, exist_ok=True)
        part = stored.with_suffix(f".{os.getpid()}")
        part.write_text(report_json.render(report), "utf-8")
        part.replace(stored)
    except OSError:
        pass  # a folder that cannot be written to costs only the next run's time
    return report


def _reached(side: Snapshot) -> list[tuple[str, Path]]:
    """A single contract and every file that it, or one of those, names: whatever it can refer to is among them."""
    found: dict[str, Path] = {}
    waiting = [side.only or ""]
    while waiting:
        name = waiting.pop()
        path = side.path(name)
        if path is not None and name not in found:
            found[name] = path
            folder = Path(name).parent
            waiting += sorted({os.path.normpath(folder / unquote(each)) for each in _names(path.read_bytes())})
    return sorted(found.items())


def _names(text: bytes) -> Iterator[str]:
    """Every path of a contract that stands in a text. Ends are looked for first: there are few of them."""
    for end in re.finditer(rb"\.(?:ya?ml|json|proto)\b", text):
        before = re.search(rb"[\w./~%-]+\Z", text[max(0, end.start() - 512) : end.start()])
        if before is not None:
            yield (before[0] + end[0]).decode()


def _cache(root: Path) -> Path:
    """In the repository where there is one of ours, else where programs keep such things."""
    if (root / "tenon.toml").is_file():
        return root / ".tenon" / "cache" / "gate"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tenon" / "gate"


def _tool() -> str:
    """A digest of this program by sizes and times: another version compares again."""
    import tenon

    root = Path(tenon.__file__).parent
    digest = hashlib.sha256()
    for part in ("gate", "schema", "read"):
        for folder, folders, files in os.walk(root / part):
            folders.sort()
            for name in sorted(files):
                if name.endswith(".py"):
                    status = os.stat(os.path.join(folder, name))
                    digest.update(f"{folder}/{name} {status.st_size} {status.st_mtime_ns}\0".encode())
    return digest.hexdigest()


_HUES = {"BREAKING": "red", "POLICY": "red", "WAIVER": "red", "UNPROVEN": "yellow", "SAFE": "green"}


def _painted(text: str, console: Console) -> str:
    """Colour on the words that a report's lines begin with."""
    return "\n".join(
        console.paint(word, _HUES[word]) + line[len(word) :] if (word := line.split(" ", 1)[0]) in _HUES else line
        for line in text.split("\n")
    )


def _explain(name: str, console: Console) -> int:
    from tenon.gate import engine

    rules = {engine.rule_name(rule): rule for rule in engine.rules()}
    if name == "list":
        for known, rule in rules.items():
            console.say(f"{known:<34}{(rule.__doc__ or '').strip().splitlines()[0]}")
        return 0
    if name not in rules:
        import difflib

        close = difflib.get_close_matches(name, rules, 3)
        console.error(f"there is no rule {name}; " + (f"did you mean {', '.join(close)}?" if close else "see: list"))
        return 2
    console.say(f"{name}\n\n{inspect.cleandoc(rules[name].__doc__ or '')}")
    return 0
