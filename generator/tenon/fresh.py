"""Generation that does nothing twice: if neither inputs, generator nor outputs changed, nothing is even imported."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tenon
from tenon.config import NAME, Config
from tenon.finding import Finding, Severity
from tenon.memo import Memo
from tenon.write import Manifest, Outcome, UnsafePath, write


@dataclass(frozen=True, slots=True)
class Done:
    """What a run made and found."""

    outcome: Outcome
    findings: tuple[Finding, ...]


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
    if manifest.key == key and manifest.intact(out):
        return Done(Outcome(unchanged=len(manifest.outputs)), tuple(map(Finding.from_json, manifest.findings)))

    from tenon import pipeline  # imports readers and emitters: 0.3 s that a run with nothing to do does not pay
    from tenon.read.tree import DEFAULT_BUDGET

    name = os.path.relpath(contracts, out) if contracts.is_relative_to(out) else contracts.name
    memo = Memo(out / ".tenon" / "cache" if use_cache else None)
    made = pipeline.generate(contracts, config, name, budget=budget or DEFAULT_BUDGET, memo=memo)
    findings = list(made.findings)
    if any(finding.severity is Severity.ERROR for finding in findings):
        return Done(Outcome(), made.findings)
    try:
        outcome = write(out, made.files, manifest, lambda files: pipeline.judge(iter(files)), check=check)
    except UnsafePath as error:
        from tenon.source import Location

        refused = Finding(Location(name), "unsafe-path", str(error), "rename what the file is named after")
        return Done(Outcome(), (*made.findings, refused))
    if outcome.findings:
        return Done(Outcome(), (*made.findings, *outcome.findings))
    if not check:
        manifest.inputs = inputs
        manifest.key = key
        manifest.findings = [finding.as_json() for finding in findings]
        manifest.save(out)
        _provenance(out, made.files)
    return Done(outcome, made.findings)


def _provenance(out: Path, files: tuple[Any, ...]) -> None:
    """``.tenon/provenance.json``: which contract every file was made from."""
    table = {file.path: file.source for file in files}
    (out / ".tenon" / "provenance.json").write_text(json.dumps(table, indent=1, sort_keys=True), "utf-8")


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
            status = os.stat(path)
            known = manifest.inputs.get(path)
            if known is not None and known[0] == status.st_size and known[1] == status.st_mtime_ns:
                content = known[2]
            else:
                content = hashlib.sha256(Path(path).read_bytes()).hexdigest()[:32]
            inputs[path] = [status.st_size, status.st_mtime_ns, content]
        except OSError:
            content = "unreadable"
        digest.update(f"{path}\0{content}\0".encode())
    return digest.hexdigest(), inputs


def _files(folder: Path) -> list[str]:
    found = []
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [os.path.join(root, name) for name in files]
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
