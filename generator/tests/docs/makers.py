"""The parts of reference pages that code decides: help texts, settings, problem types, metrics."""

from __future__ import annotations

import ast
import itertools
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase
from tenon.cli import COMMANDS
from tenon.gate import engine
from tenon.gate.report import FORMATS
from tenon_runtime import errors
from tenon_runtime.events.metrics import EventMetrics
from tenon_runtime.observe.metrics import Metrics
from tenon_runtime.settings import Settings

from bench import new_rpc
from generator.tests.docs.pages import ROOT

ADD = ("domain", "rpc", "event", "field", "migration")


def help_of(*command: str) -> Callable[[], str]:
    """What ``tenon … --help`` prints, as a fenced block."""

    def make() -> str:
        tenon = str(Path(sys.executable).with_name("tenon"))
        done = subprocess.run(
            [tenon, *command, "--help"],
            env={**os.environ, "COLUMNS": "100", "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=True,
        )
        lines = [line.rstrip() for line in done.stdout.splitlines()]
        return "```text\n" + "\n".join(lines).strip("\n") + "\n```\n"

    return make


def settings() -> str:
    """``TENON_*`` with defaults and the words of their docstrings."""
    docs = _field_docs(ROOT / "runtime" / "tenon_runtime" / "settings.py", "Settings")
    rows = ["| Variable | Default | Meaning |", "|---|---|---|"]
    for field in fields(Settings):
        default = "" if field.default is None else f"`{field.default}`"
        rows.append(f"| `TENON_{field.name.upper()}` | {default} | {_markdown(docs.get(field.name, ''))} |")
    return "\n".join(rows) + "\n"


def problems() -> str:
    """Every error class: problem type, HTTP status, code and number, retryable, meaning."""
    rows = ["| `type` | HTTP | Code | gRPC | Retryable | Meaning |", "|---|---|---|---|---|---|"]
    for kind, wire in errors.TABLE.items():
        retry = "yes" if wire.retryable else "no"
        words = _markdown((kind.__doc__ or "").splitlines()[0])
        rows.append(
            f"| `{errors.PROBLEM_TYPES}{kind.type}` | {wire.http} | `{wire.code}` | {wire.number} | {retry} | {words} |"
        )
    return "\n".join(rows) + "\n"


def metrics() -> str:
    """Every ``tenon_*`` metric that a service exposes."""
    rows = ["| Metric | Kind | Labels | Meaning |", "|---|---|---|---|"]
    for instrument in (*vars(Metrics()).values(), *vars(EventMetrics()).values()):
        if isinstance(instrument, MetricWrapperBase):
            metric = next(iter(instrument.collect()))
            name = metric.name + ("_total" if metric.type == "counter" else "")
            labels = ", ".join(f"`{label}`" for label in instrument._labelnames)
            rows.append(f"| `{name}` | {metric.type} | {labels} | {_markdown(metric.documentation)} |")
    return "\n".join(rows) + "\n"


def costs() -> str:
    """What a person types for a new RPC, its REST face and an event: what `bench.new_rpc` counts and does not time."""
    patch = (new_rpc.CASES / "tenon" / "hand.patch").read_text("utf-8")
    sql = (new_rpc.CASES / "tenon" / "0002_cancelled.sql").read_text("utf-8")
    added = sum(line.startswith("+") and line[1:].strip() != "" for line in patch.splitlines()[2:])
    rows = [
        "| | Commands | Files by hand | Lines by hand | of them contract | What else there is then |",
        "|---|---|---|---|---|---|",
        f"| Tenon | {len(new_rpc.COMMANDS)} | 2 | {added + len(sql.splitlines())} | 0 "
        "| it is stored; outbox, deadline, idempotency, metrics, traces; OpenAPI and AsyncAPI written |",
    ]
    peers = (("FastAPI + grpcio", "fastapi", ".proto", 2, "OpenAPI from code; nothing is stored"),
             ("Goa", "goa", "design.go", 3, "OpenAPI written; nothing is stored"))  # fmt: skip
    for name, folder, contract, commands, rest in peers:
        files, lines = new_rpc._hand(folder)
        _, contract_lines = new_rpc._hand(folder, contract)
        rows.append(f"| {name} | {commands} | {files} | {lines} | {contract_lines} | {rest} |")
    return "\n".join(rows) + "\n"


def gate_rules() -> str:
    """Every rule of the gate with its summary."""
    rows = ["| Rule | |", "|---|---|"]
    for rule in engine.rules():
        words = _markdown((rule.__doc__ or "").strip().splitlines()[0])
        rows.append(f"| `{engine.rule_name(rule)}` | {words} |")
    return "\n".join(rows) + "\n"


def gate_formats() -> str:
    """Every format of the gate's report."""
    rows = ["| Format | |", "|---|---|", *(f"| `{name}` | {words} |" for name, words in FORMATS.items())]
    return "\n".join(rows) + "\n"


def _field_docs(path: Path, name: str) -> dict[str, str]:
    """The text after each field of a class."""
    tree = ast.parse(path.read_text("utf-8"))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    found = {}
    for field, text in itertools.pairwise(body):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=attribute)), ast.Expr(value=ast.Constant(value=str() as words)):
                found[attribute] = " ".join(words.split())
    return found


def _markdown(text: str) -> str:
    return text.replace("``", "`").replace("|", "\\|")


CLI: dict[str, Callable[[], str]] = {
    "tenon --help": help_of(),
    **{f"tenon {name} --help": help_of(name) for name in COMMANDS},
    **{f"tenon add {name} --help": help_of("add", name) for name in ADD},
}
MAKERS: dict[str, dict[str, Callable[[], str]]] = {
    "README.md": {"bench/new_rpc.py": costs},
    "docs/reference/cli.md": CLI,
    "docs/reference/gate.md": {"report formats": gate_formats, "gate rules": gate_rules},
    "docs/reference/environment.md": {"settings.py": settings},
    "docs/reference/problems.md": {"errors.py": problems},
    "docs/reference/metrics.md": {"metrics.py": metrics},
}
"""By page, what writes each of its parts."""
