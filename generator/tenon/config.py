"""``tenon.toml`` at the root of a repository. A folder without one is foreign: no policy, no scaffolds."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenon.finding import Finding
from tenon.source import Location

NAME = "tenon.toml"
_POLICIES = frozenset({"owner", "slo", "deadline", "security"})


@dataclass(frozen=True, slots=True)
class Config:
    """What a repository decided. `ours` is False where there is no configuration."""

    ours: bool = False
    contracts: str = "contracts"
    require: frozenset[str] = frozenset()


def load(root: Path) -> tuple[Config, list[Finding]]:
    """The configuration of the repository at `root`, and what is wrong with it."""
    path = root / NAME
    if not path.is_file():
        return Config(), []
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return Config(ours=True), [_complaint(f"not valid TOML: {error}", "correct the file")]
    findings = [
        _complaint(f"unknown key {key!r}", "known keys: contracts, [policy] require, [gate]")
        for key in data
        if key not in ("contracts", "policy", "gate")
    ]
    contracts = data.get("contracts", "contracts")
    policy: Any = data.get("policy", {})
    required = policy.get("require", []) if isinstance(policy, dict) else None
    if not isinstance(contracts, str) or contracts.startswith("/") or ".." in contracts.split("/"):
        findings.append(
            _complaint("`contracts` is not a folder inside the repository", 'write contracts = "contracts"')
        )
        contracts = "contracts"
    if not isinstance(required, list) or not set(map(str, required)) <= _POLICIES:
        known = ", ".join(sorted(_POLICIES))
        findings.append(_complaint("[policy] require has an unknown entry", f"use a list of: {known}"))
        required = []
    return Config(True, contracts, frozenset(map(str, required))), findings


def _complaint(message: str, remedy: str) -> Finding:
    return Finding(Location(NAME), "config", message, remedy)
