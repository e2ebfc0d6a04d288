"""What `tenon check --fix` repairs in contracts: disagreements whose answer is provable, in place."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tenon import pipeline
from tenon.cli.add import write
from tenon.cli.new import OPTIONS, options
from tenon.config import Config
from tenon.edit import repairs
from tenon.edit.workspace import Workspace
from tenon.finding import Finding, Severity

_IMPORT = b'"tenon/v1/options.proto"'


def run(root: Path, config: Config) -> list[str]:
    """Repair, and say what was done and where. Nothing is written that makes a new disagreement."""
    said = _options(root, config)
    model, findings = pipeline.load(root / config.contracts, config, config.contracts)
    if any(finding.rule.startswith("proto-") for finding in findings):
        return said  # without the RPCs nothing can be proved
    workspace = Workspace(root, config.contracts, model)
    lines = repairs.repair(workspace)
    changes = workspace.changes()
    if changes and _better(root, config, changes, findings):
        write(root, changes)
        said += lines
    return said


def _options(root: Path, config: Config) -> list[str]:
    """Our own options as this version reads them, where the contracts use them."""
    if not config.ours:
        return []
    path = root / config.contracts / OPTIONS.removeprefix("contracts/")
    name = path.relative_to(root).as_posix()
    if path.is_file():
        if path.read_text("utf-8") == options():
            return []
        write(root, {name: options()})
        return [f"{name}: replaced by the one that this version of tenon reads"]
    if any(_IMPORT in proto.read_bytes() for proto in (root / config.contracts).rglob("*.proto")):
        write(root, {name: options()})
        return [f"{name}: written, because contracts import it"]
    return []


def _better(root: Path, config: Config, changes: dict[str, str], before: list[Finding]) -> bool:
    """Whether the edited contracts have no finding that the present ones do not have."""
    with tempfile.TemporaryDirectory(prefix="tenon-repair-") as scratch:
        copy = Path(scratch, config.contracts)
        shutil.copytree(root / config.contracts, copy)
        write(Path(scratch), changes)
        _, after = pipeline.load(copy, config, config.contracts)
    known = {(finding.rule, finding.at.symbol) for finding in before}
    errors = [finding for finding in after if finding.severity is Severity.ERROR]
    return all((finding.rule, finding.at.symbol) in known for finding in errors) and len(errors) <= len(before)
