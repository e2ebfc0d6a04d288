"""`check --fix` repairs what has one right answer, in place, and leaves the rest to people."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tenon import pipeline
from tenon.cli import repair
from tenon.config import load
from tenon.finding import Severity

OPENAPI = Path("contracts/orders/v1/orders.openapi.yaml")
PROTO = Path("contracts/orders/v1/orders.proto")
OPTIONS = Path("contracts/tenon/v1/options.proto")

FIELDS = """\
  string title = 2;
  // Where it stands.
  OrderState state = 4;
  // What it comes to.
  int64 total = 5;
"""
STATES = """\
// Where an order stands.
enum OrderState {
  ORDER_STATE_UNSPECIFIED = 0;
  ORDER_STATE_OPEN = 1;
  ORDER_STATE_DONE = 2;
}
"""
PROPERTIES = """\
        state:
          type: string # as the RPC has it
          enum: [ORDER_STATE_OPEN, ORDER_STATE_DONE]
        total:
          type: string
          format: int64
"""


@pytest.fixture
def broken(repository: Any) -> Callable[[Path, str, str], None]:
    """A domain of the test's own, and a way to break it: replace a text that stands there."""
    assert repository.tenon("add", "domain", "orders")[0] == 0

    def replace(file: Path, old: str, new: str) -> None:
        path = repository.root / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    replace(PROTO, "  string title = 2;\n", FIELDS)
    replace(PROTO, "// Input of CreateOrder.\n", STATES + "\n// Input of CreateOrder.\n")
    replace(OPENAPI, "        createdAt:\n", PROPERTIES + "        createdAt:\n")
    return replace


def errors(root: Path) -> list[str]:
    config, _ = load(root)
    _, findings = pipeline.load(root / "contracts", config, "contracts")
    return [f"{finding.rule}: {finding.message}" for finding in findings if finding.severity is Severity.ERROR]


def fixed(root: Path) -> list[str]:
    config, _ = load(root)
    return repair.run(root, config)


def lines(indent: int, *texts: str) -> str:
    return "".join(f"{' ' * indent}{text}\n" for text in texts)


WRITE = lines(6, "security:", '  - token: ["orders:write"]')
STATE = lines(10, "enum: [ORDER_STATE_OPEN, ORDER_STATE_DONE]")
TOTAL = lines(8, "total:", "  type: string", "  format: int64")
TIME = lines(10, "type: string", "format: date-time")
CASES = {
    "another scope": (
        OPENAPI,
        WRITE,
        lines(6, "security:", '  - token: ["orders:admin"] # who'),
        lines(6, "security:", '  - token: ["orders:write"] # who'),
    ),
    "scopes in lines": (
        OPENAPI,
        WRITE,
        lines(6, "security:", "  - token:", "      - orders:admin", "      - orders:write # kept"),
        lines(6, "security:", "  - token:", "      - orders:write # kept"),
    ),
    "public by mistake": (OPENAPI, WRITE, lines(6, "security: []"), WRITE),
    "no security at all": (OPENAPI, WRITE, "", WRITE),
    "public in the RPC": (
        PROTO,
        lines(6, 'scopes: "orders:write"'),
        lines(6, "public: true"),
        lines(6, "security: []"),
    ),
    "a value is missing": (OPENAPI, STATE, lines(10, "enum: [ORDER_STATE_OPEN]"), STATE),
    "a value is missing, in lines": (
        OPENAPI,
        STATE,
        lines(10, "enum:", "  - ORDER_STATE_OPEN # first"),
        lines(10, "enum:", "  - ORDER_STATE_OPEN # first", "  - ORDER_STATE_DONE"),
    ),
    "a wide integer": (
        OPENAPI,
        TOTAL,
        lines(8, "total:", "  type: integer # how much", "  format: int64"),
        lines(8, "total:", "  type: string # how much", "  format: int64"),
    ),
    "a wide integer without format": (OPENAPI, TOTAL, lines(8, "total:", "  type: integer"), TOTAL),
    "a time as a number": (OPENAPI, TIME, lines(10, "type: number", "format: double"), TIME),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_provable_is_repaired(repository: Any, broken: Callable[[Path, str, str], None], case: str) -> None:
    assert errors(repository.root) == []
    file, old, new, wanted = CASES[case]
    broken(file, old, new)
    assert errors(repository.root)
    before = repository.texts()
    said = fixed(repository.root)
    assert len(said) == 1
    assert said[0].startswith(f"{OPENAPI}:")
    assert errors(repository.root) == []
    changed = [name for name, text in repository.texts().items() if text != before[name]]
    assert changed == [str(OPENAPI)]
    if wanted is not None:
        assert wanted in repository.texts()[str(OPENAPI)]
    difference = difflib.ndiff(before[str(OPENAPI)].splitlines(), repository.texts()[str(OPENAPI)].splitlines())
    assert sum(line.startswith(("- ", "+ ")) for line in difference) <= 4
    assert fixed(repository.root) == []


def test_what_a_person_must_decide_is_left_alone(repository: Any, broken: Callable[[Path, str, str], None]) -> None:
    broken(OPENAPI, TOTAL, lines(8, "total:", "  type: integer", "  minimum: 1"))
    before = repository.texts()
    assert fixed(repository.root) == []
    assert repository.texts() == before
    assert len(errors(repository.root)) == 2


def test_outdated_options_are_replaced(repository: Any) -> None:
    path = repository.root / OPTIONS
    good = path.read_text()
    path.write_text(good.replace("  // No token is needed.", "  string more = 9;\n  // No token is needed."))
    assert fixed(repository.root) == [
        "contracts/tenon/v1/options.proto: replaced by the one that this version of tenon reads"
    ]
    path.unlink()
    assert fixed(repository.root) == [f"{OPTIONS}: written, because contracts import it"]
    assert path.read_text() == good


def test_sound_contracts_are_not_touched(repository: Any) -> None:
    before = repository.texts()
    assert fixed(repository.root) == []
    assert repository.texts() == before
