"""What a repository decides about its own contracts: ``[gate]`` in ``tenon.toml``. Nothing of it is guessed."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from tenon.config import NAME
from tenon.finding import Finding
from tenon.gate.verdict import Stability, Waiver
from tenon.source import Location


@dataclass(frozen=True, slots=True)
class Policy:
    """The declared rules of comparison. The defaults are those of a repository that declares nothing."""

    content_model: str = "closed"
    """``closed``: who sends JSON sends only properties that its schema names; ``open``: it may send others as well."""
    unknown_properties: str = "as-written"
    """What receivers of answers and events do with properties they do not know: ``as-written`` (the schema decides),
    or ``ignored`` (they never refuse one, ``additionalProperties: false`` or not)."""
    enums: str = "closed"
    """``closed``: a receiver refuses a value that its enum does not list; ``extensible``: it takes any of the type."""
    formats: str = "annotation"
    """``annotation``: `format` refuses nothing; ``assert``: it does."""
    deprecation_days: int = 0
    """Days that something has to be deprecated before it may go; 0: removal is a break whatever was announced."""
    consumers: str = "partial"
    """``complete``: whoever uses the contracts has stored a pact: what no pact uses may go; ``partial``: not."""
    deploy: str = "migrations-first"
    """``migrations-first``: code starts when its migrations are applied; ``code-first``: it may start before."""
    stability: Mapping[str, Stability] = field(default_factory=dict)
    """By folder of `contracts`; a version such as ``v1beta1`` and ``x-stability`` say it too."""
    require: frozenset[str] = frozenset()
    """``[policy] require``: what every operation has to declare."""
    ours: bool = False
    """There is a ``tenon.toml``: the rules about architecture and our own options hold."""
    waivers: tuple[Waiver, ...] = ()


_CHOICES = {
    "content_model": ("closed", "open"),
    "unknown_properties": ("as-written", "ignored"),
    "enums": ("closed", "extensible"),
    "formats": ("annotation", "assert"),
    "consumers": ("partial", "complete"),
    "deploy": ("migrations-first", "code-first"),
}


def load(root: Path) -> tuple[Policy, list[Finding]]:
    """The policy of the repository at `root`, and what is wrong with it."""
    path = root / NAME
    if not path.is_file():
        return Policy(), []
    try:
        text = path.read_text("utf-8")
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return Policy(ours=True), []  # `config.load` complains
    gate = data.get("gate", {})
    findings: list[Finding] = []

    def complain(message: str, remedy: str, line: int = 0) -> None:
        findings.append(Finding(Location(NAME, line), "gate-policy", message, remedy))

    if not isinstance(gate, dict):
        complain("[gate] is not a table", "write it as [gate]")
        gate = {}
    chosen: dict[str, Any] = {}
    for key, value in gate.items():
        if key in _CHOICES and value in _CHOICES[key]:
            chosen[key] = value
        elif key in _CHOICES:
            complain(f"[gate] {key} has no value {value!r}", f"write one of: {', '.join(_CHOICES[key])}")
        elif key == "deprecation_days" and isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            chosen[key] = value
        elif key == "stability" and isinstance(value, dict):
            chosen[key] = _stability(value, complain)
        elif key == "waiver" and isinstance(value, list):
            chosen["waivers"] = tuple(_waivers(value, text, complain))
        else:
            known = ", ".join([*_CHOICES, "deprecation_days", "[gate.stability]", "[[gate.waiver]]"])
            complain(f"[gate] {key} is not known or has the wrong type", f"known keys: {known}")
    required = data.get("policy", {}).get("require", []) if isinstance(data.get("policy"), dict) else []
    require = frozenset(map(str, required)) if isinstance(required, list) else frozenset[str]()
    return Policy(ours=True, require=require, **chosen), findings


Complain = Callable[..., None]


def _stability(value: dict[str, Any], complain: Complain) -> dict[str, Stability]:
    found = {}
    for folder, level in value.items():
        try:
            found[folder.strip("/")] = Stability(level)
        except ValueError:
            known = ", ".join(each.value for each in Stability)
            complain(f"[gate.stability] {folder} has no value {level!r}", f"write one of: {known}")
    return found


def _waivers(entries: list[Any], text: str, complain: Complain) -> list[Waiver]:
    found = []
    for entry in entries:
        fields = {key: entry.get(key) for key in ("fingerprint", "owner", "reason", "expires")}
        line = _line(text, fields["fingerprint"])
        if isinstance(fields["expires"], date):
            fields["expires"] = fields["expires"].isoformat()
        missing = [key for key, value in fields.items() if not isinstance(value, str) or not value.strip()]
        if missing:
            complain(f"a waiver has no {' and no '.join(missing)}", "a waiver names all four, as texts", line)
            continue
        try:
            date.fromisoformat(fields["expires"])
        except ValueError:
            complain(f"a waiver expires on {fields['expires']!r}", "write the day as YYYY-MM-DD", line)
            continue
        found.append(Waiver(**fields, at=Location(NAME, line, symbol=fields["fingerprint"])))
    return found


def _line(text: str, fingerprint: Any) -> int:
    if not isinstance(fingerprint, str) or not fingerprint:
        return 0
    return next((number for number, line in enumerate(text.splitlines(), 1) if fingerprint in line), 0)
