"""Generation that does nothing twice: if neither inputs, generator nor outputs changed, nothing is even imported."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tenon
from tenon.config import NAME, Config
from tenon.finding import Finding, Severity
from tenon.memo import Memo
from tenon.source import Location
from tenon.write import Manifest, Outcome, UnsafePath, inside, keep, write

FIELD_RULES = ".tenon/protobuf/buf/validate/validate.proto"
"""What contracts of a repository import their field rules from; buf.yaml names the module it is in."""
_HASHED = 256 * 1024 * 1024
"""Bytes up to which a file is known by its content; a larger one by its size and time, and no reader takes it."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a run made and found."""

    outcome: Outcome
    findings: tuple[Finding, ...]
    trace: str = ""
    """The traceback, where a finding is about Tenon itself."""


def generate(
    contracts: Path,
    out: Path,
    config: Config,
    *,
    check: bool = False,
    use_cache: bool = True,
    budget: int | None = None,
) -> Done:
    """Bring ``generated/`` in `out` up to what `contracts` say."""
    manifest = Manifest.load(out) if use_cache else Manifest()
    key, inputs = _key(contracts, out, manifest, config, budget)
    if manifest.key == key and manifest.intact(out) and (not config.ours or (out / FIELD_RULES).is_file()):
        return Done(Outcome(unchanged=len(manifest.outputs)), tuple(map(Finding.from_json, manifest.findings)))

    from tenon import pipeline  # imports readers and emitters: 0.3 s that a run with nothing to do does not pay
    from tenon.read.tree import DEFAULT_BUDGET

    name = os.path.relpath(contracts, out) if contracts.is_relative_to(out) else contracts.resolve().name
    findings: list[Finding] = []
    try:
        inside(out, out / ".tenon" / "cache")
        if config.ours:
            provide_field_rules(out)
        memo = Memo(out / ".tenon" / "cache" if use_cache else None, maker=_generator())
        made = pipeline.generate(contracts, config, name, budget=budget or DEFAULT_BUDGET, memo=memo)
        findings = list(made.findings)
        if any(finding.severity is Severity.ERROR for finding in findings):
            return Done(Outcome(), made.findings)
        outcome = write(out, made.files, manifest, lambda files: pipeline.judge(iter(files)), check=check)
        if outcome.findings:
            return Done(Outcome(), (*made.findings, *outcome.findings))
        if not check:
            manifest.inputs = inputs
            manifest.key = key
            manifest.findings = [finding.as_json() for finding in findings]
            provenance = json.dumps({file.path: file.source for file in made.files}, indent=1, sort_keys=True)
            keep(out, "provenance.json", provenance)  # which contract every file was made from
            keep(out, "manifest.json", manifest.as_json())
    except UnsafePath as error:
        remedy = "rename what the file is named after, or remove the link"
        refused = Finding(Location(error.source or name), "unsafe-path", str(error), remedy)
        return Done(Outcome(), (*findings, refused))
    except OSError as error:
        where = os.path.relpath(os.fsdecode(error.filename), out) if error.filename else "the output"
        words = f"{where}: {error.strerror}"
        refused = Finding(Location(name), "file-system", words, "see that it can be read and written, and run again")
        return Done(Outcome(), (*findings, refused))
    except (Exception, MemoryError) as error:
        # Nobody should have to read a traceback to learn that it is not the contract's fault.
        from tenon import crash

        names = frozenset(os.path.relpath(path, contracts) for path in inputs)
        broken, trace = crash.finding(error, name, names)
        return Done(Outcome(), (*findings, broken), trace)
    return Done(outcome, made.findings)


def provide_field_rules(root: Path) -> None:
    """Put the definitions of field rules where the repository's buf.yaml has them.

    Raises:
        UnsafePath: a link leads out of `root`.
        OSError: it cannot be written.
    """
    from tenon.read.protobuf import definitions

    path = root / FIELD_RULES
    if not path.is_file() or not path.read_text("utf-8").startswith(definitions.stamp()):
        keep(root, FIELD_RULES.removeprefix(".tenon/"), definitions.text())


def _key(
    contracts: Path, out: Path, manifest: Manifest, config: Config, budget: int | None
) -> tuple[str, dict[str, list[Any]]]:
    """A digest of all that decides the output, and what is known of each input (size, mtime, digest)."""
    decided = (config.ours, config.contracts, sorted(config.require), budget)
    digest = hashlib.sha256(f"{decided!r} {_generator()}".encode())
    inputs: dict[str, list[Any]] = {}
    files = _files(contracts)
    if (out / NAME).is_file():
        files.append(str(out / NAME))
    for path in sorted(files):
        try:
            content = _content(path, manifest.inputs.get(path), inputs)
        except OSError:
            content = "unreadable"
        digest.update(os.fsencode(f"{path}\0{content}\0"))
    return digest.hexdigest(), inputs


def _content(path: str, known: list[Any] | None, inputs: dict[str, list[Any]]) -> str:
    """What decides whether a file is the same. Nothing but regular files is opened: a link may lead anywhere, a pipe
    would block, and what is too large to be read is not read here either."""
    status = os.lstat(path)
    if stat.S_ISLNK(status.st_mode):
        return f"link to {os.readlink(path)}"
    if not stat.S_ISREG(status.st_mode) or status.st_size > _HASHED:
        return f"{status.st_mode} {status.st_size} {status.st_mtime_ns}"
    if known is not None and known[0] == status.st_size and known[1] == status.st_mtime_ns:
        content = str(known[2])
    else:
        content = hashlib.sha256(Path(path).read_bytes()).hexdigest()[:32]
    inputs[path] = [status.st_size, status.st_mtime_ns, content]
    return content


def _files(folder: Path) -> list[str]:
    """All files, and links to folders, which are not followed."""
    found = []
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [os.path.join(root, name) for name in files]
        found += [path for name in folders if os.path.islink(path := os.path.join(root, name))]
    return found


def _generator() -> str:
    """A digest of the generator's own files by size and mtime: another version makes everything again."""
    root = Path(tenon.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(_files(root)):
        if path.endswith((".py", ".jinja", ".proto")):
            status = os.stat(path)
            digest.update(f"{path} {status.st_size} {status.st_mtime_ns}\0".encode())
    return digest.hexdigest()
