"""The rules of architecture on whole repositories: this one, a large one, a hostile one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tenon.gate import policy
from tenon.gate.context import Context
from tenon.gate.kinds import architecture
from tenon.gate.kinds.architecture.pairs import Call, Event, Import, Table, Undeclared
from tenon.gate.policy import Policy
from tenon.gate.snapshot import Snapshot

ROOT = Path(__file__).parents[3]
OURS = Policy(ours=True, require=frozenset({"owner", "slo"}))


def found(root: Path, declared: Policy = OURS) -> list[object]:
    """Everything but events that are as they should be."""
    side = Snapshot("here", root)
    pairs = architecture.pair(Context(side, side, declared, date(2026, 1, 1)))
    return [each for each in pairs if not (isinstance(each, Event) and len(each.senders) == 1)]


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    return root


def test_this_repository_keeps_its_borders() -> None:
    declared, findings = policy.load(ROOT)
    assert not findings and found(ROOT, declared) == []


def test_places_are_those_of_the_trespass(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "impl/identity/migrations/0001_users.sql": "-- CREATE TABLE people ();\nCREATE TABLE users (id text);\n",
            "impl/billing/service.py": (
                '"""Bills."""\nimport os, impl.identity.rules\n\nQUERY = """\n  SELECT 1\n  FROM users"""\n'
            ),
        },
    )
    places = {type(each): str(each.at) for each in found(tmp_path)}  # type: ignore[attr-defined]
    assert places == {Import: "impl/billing/service.py:2", Table: "impl/billing/service.py:6"}


def test_a_hundred_domains(tmp_path: Path) -> None:
    """Each receives the event of the one before, and one of them trespasses."""
    for number in range(100):
        name, before = f"d{number}", f"d{(number - 1) % 100}"
        write(
            tmp_path,
            {
                f"contracts/{name}/catalog-info.yaml": "spec: {owner: 'group:x'}\n",
                f"contracts/{name}/v1/{name}.proto": (
                    f'syntax = "proto3";\npackage {name}.v1;\nservice S {{\n'
                    "  option (tenon.v1.service).defaults.slo = {};\n"
                    "  rpc Get(M) returns (M);\n}\nmessage M {}\n"
                ),
                f"contracts/{name}/v1/{name}.asyncapi.yaml": (
                    "asyncapi: 3.0.0\nchannels:\n"
                    f"  a: {{address: 'evt.{name}.{{slot}}.done.v1'}}\n"
                    f"  b: {{address: 'evt.{before}.{{slot}}.done.v1'}}\n"
                    "operations:\n  a: {action: send, channel: {$ref: '#/channels/a'}}\n"
                    "  b: {action: receive, channel: {$ref: '#/channels/b'}}\n"
                ),
                f"impl/{name}/migrations/0001_t.sql": f"CREATE TABLE t{number} (id text);\n",
                f"impl/{name}/service.py": f"from api.{name}.v1 import M\n\nQ = 'SELECT id FROM t{number}'\n",
            },
        )
    write(tmp_path, {"impl/d7/more.py": "from api.d8.v1 import M\n\nQ = 'DELETE FROM t9'\n"})
    assert [(type(each), each.at.file) for each in found(tmp_path)] == [  # type: ignore[attr-defined]
        (Call, "impl/d7/more.py"),
        (Table, "impl/d7/more.py"),
    ]


HOSTILE = {
    "no Python": {"impl/a/service.py": "from impl.b import (((\n"},
    "deep Python": {"impl/a/service.py": "import api.b\nx = " + "(" * 5000 + "\n"},
    "a cycle of references": {
        "contracts/a/v1/a.asyncapi.yaml": (
            "asyncapi: 3.0.0\nchannels: {x: {$ref: '#/channels/y'}, y: {$ref: '#/channels/x'}}\n"
            "operations: {o: {action: send, channel: {$ref: '#/channels/x'}}, p: 1, q: {action: send}}\n"
        )
    },
    "no mapping": {"contracts/a/v1/a.asyncapi.yaml": "[asyncapi]\n", "contracts/a/catalog-info.yaml": "- spec\n"},
    "braces without end": {"contracts/a/v1/a.proto": "package a;\nservice S {" + "rpc R(M) returns (M) {" * 3000},
    "comments without end": {"contracts/a/v1/a.proto": "package a; " + "/*/" * 100_000},
    "a text without end": {"contracts/a/v1/a.proto": 'package a; "' + '\\"' * 100_000},
    "empty lines": {"impl/a/s.py": "\n" * 200_000, "contracts/a/v1/a.proto": "\n" * 200_000},
    "an alias bomb": {"contracts/a/v1/a.asyncapi.yaml": "asyncapi: &a [1]\nb: &b [*a,*a,*a]\nc: [*b,*b,*b]\n"},
    "long words": {
        "impl/a/migrations/0001.sql": "CREATE TABLE " + "x." * 50_000,
        "impl/a/s.py": f"Q = 'FROM {'y.' * 50_000}'",
    },
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_input_is_no_exception(case: str, tmp_path: Path) -> None:
    pairs = found(write(tmp_path, {"impl/b/x.py": "", **HOSTILE[case]}))
    assert all(isinstance(each, Call | Import | Table | Undeclared | Event) for each in pairs)
