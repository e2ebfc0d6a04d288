"""squawk: what a migration locks, and for how long."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import orjson

from tenon.gate.kinds.migrations.pairs import Lint
from tenon.gate.kinds.migrations.services import Service

_SECONDS = 20
_STYLE = ("prefer-", "identifier-", "require-table-schema", "syntax-error", "unused-", "require-timeout-settings",
          "require-lock-timeout", "require-statement-timeout")  # fmt: skip
"""Taste, and what the program that applies migrations sees to: Tenon's waits 2 s for a lock and tries again."""
_PROVED = ("ban-", "renaming-", "adding-required-field")
"""What the replay of queries decides better: whether somebody still uses it."""
_KEPT = frozenset({"ban-concurrent-index-creation-in-transaction", "ban-uncommitted-transaction",
                   "ban-truncate-cascade", "ban-drop-database"})  # fmt: skip


def program() -> str | None:
    """squawk beside this Python, else on the path."""
    beside = Path(sys.executable).with_name("squawk")
    return str(beside) if beside.is_file() else shutil.which("squawk")


def lint(squawk: str, service: Service, names: list[str]) -> Iterator[Lint]:
    """Findings on these files of the service. A file that squawk cannot read has none."""
    alone = [name for name in names if service.files[name].startswith("-- tenon: no transaction")]
    together = [name for name in names if name not in alone]
    with tempfile.TemporaryDirectory(prefix="tenon-gate-") as folder:  # away from anybody's configuration
        for group, option in ((together, "--assume-in-transaction"), (alone, "--no-assume-in-transaction")):
            if not group:
                continue
            for index, name in enumerate(group):
                Path(folder, f"{index}.sql").write_text(service.files[name], "utf-8")
            files = [f"{index}.sql" for index in range(len(group))]
            try:
                done = subprocess.run(
                    [squawk, "--reporter", "json", option, *files],
                    cwd=folder, capture_output=True, timeout=_SECONDS, check=False, stdin=subprocess.DEVNULL,
                )  # fmt: skip
                found = orjson.loads(done.stdout)
            except (OSError, subprocess.TimeoutExpired, orjson.JSONDecodeError):
                continue
            for each in found:
                rule = str(each["rule_name"])
                if rule.startswith((*_STYLE, *_PROVED)) and rule not in _KEPT:
                    continue
                name = group[int(Path(each["file"]).stem)]
                message, help = (" ".join(str(each[key] or "").split()).rstrip(".") for key in ("message", "help"))
                yield Lint(service.name, name, service.at(name, int(each["line"]) + 1), rule, message, help)
