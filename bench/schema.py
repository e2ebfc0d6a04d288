"""Containment of JSON schemas: `tenon.schema` beside jsonsubschema and jsoncompat, on one corpus in one run.

The corpus is a file of JSON lines (`schema1`, `schema2`, `tests.s1SubsetEqOfs2`, perhaps `tests.s2SubsetEqOfs1` and
`dialect`, else draft 7), named by `--corpus` or TENON_SCHEMA_CORPUS; without one it is `schema_pairs`, from a seed.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenon import schema

from bench import schema_fuzz
from bench.schema_pairs import MISSING, pairs
from bench.schema_random import Dialect, Judges, plain
from bench.schema_spelling import in_2020, in_draft4

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 10.0
"""Wall seconds after which a peer's question counts as raised."""
SPELLING: dict[str, Callable[[Any], Any]] = {"jsonsubschema": in_draft4, "jsoncompat": in_2020}
"""The draft that each peer reads."""


@dataclass(frozen=True)
class Question:
    """Is all that is valid under `left` valid under `right`?"""

    left: Any
    right: Any
    dialect: str
    contained: bool


Answer = tuple[bool | None, str | None, float]
"""Contained or not, None for undecided; the error when it raised; CPU seconds."""


def run(*, full: bool = False, corpus: str | None = None, fuzz: int = 0) -> None:
    """Print the table; with `fuzz`, ask so many random pairs instead."""
    if fuzz:
        _fuzz(fuzz)
        return
    path = corpus or os.environ.get("TENON_SCHEMA_CORPUS")
    questions = list(_read(Path(path))) if path else list(_made(3000 if full else 600))
    name = Path(path).name if path else "pairs with answers known by construction, all dialects"
    print(f"\nContainment of JSON schemas: {len(questions)} questions, {name}")
    print("               decided    right  unsound yes  unsound no  raised    CPU s  slowest")
    differing = _row("tenon.schema", questions, _ours)
    for peer in ("jsonsubschema", "jsoncompat"):
        with _peer(peer) as ask:
            _row(peer, questions, ask)
    if differing:
        sided = sum(_validators_side_with_us(question) for question in differing)
        print(
            f"Of the {len(differing)} answers of tenon.schema that are not the file's, both validators confirm {sided}"
        )


def _validators_side_with_us(question: Question) -> bool:
    """Whether a concrete value shows both validators that the file's answer is wrong."""
    inside, outside = (Judges(one, Dialect(question.dialect)) for one in (question.left, question.right))
    verdict = schema.is_subset(question.left, question.right, dialect=question.dialect)
    if isinstance(verdict, schema.Refuted):
        return inside(verdict.witness) is True and outside(verdict.witness) is False
    single = question.left.get("const", MISSING) if isinstance(question.left, dict) else MISSING
    return single is not MISSING and outside(single) is True


def _read(path: Path) -> Iterator[Question]:
    with path.open(encoding="utf-8") as lines:
        for line in filter(str.strip, lines):
            row = json.loads(line)
            for answer, one, two in (
                ("s1SubsetEqOfs2", "schema1", "schema2"),
                ("s2SubsetEqOfs1", "schema2", "schema1"),
            ):
                if answer in row["tests"]:
                    yield Question(row[one], row[two], row.get("dialect", "draft7"), row["tests"][answer])


def _made(number: int) -> Iterator[Question]:
    for pair in pairs(2026, number):
        yield Question(pair.left, pair.right, pair.dialect, pair.contained)


def _row(name: str, questions: list[Question], ask: Callable[[Question], Answer]) -> list[Question]:
    decided = right = false_yes = false_no = raised = 0
    spent: list[float] = []
    differing: list[Question] = []
    for question in questions:
        answer, error, seconds = ask(question)
        spent.append(seconds)
        raised += error is not None
        if answer is None:
            continue
        decided += 1
        right += answer == question.contained
        if answer != question.contained:
            differing.append(question)
        false_yes += answer and not question.contained
        false_no += question.contained and not answer
    print(
        f"{name:>14} {decided:>8} {right:>8} {false_yes:>12} {false_no:>11} {raised:>7} {sum(spent):>8.2f} "
        f"{max(spent, default=0):>8.3f}",
        flush=True,
    )
    return differing


def _ours(question: Question) -> Answer:
    start = time.process_time()
    answer: bool | None = None
    error = None
    try:
        verdict = schema.is_subset(question.left, question.right, dialect=question.dialect)
        answer = None if isinstance(verdict, schema.Unproven) else isinstance(verdict, schema.Proved)
    except Exception as problem:
        error = repr(problem)
    return answer, error, time.process_time() - start


@contextmanager
def _peer(name: str) -> Iterator[Callable[[Question], Answer]]:
    """A peer in a process of its own, which is started anew when it does not answer."""
    made = subprocess.run(
        [sys.executable, str(ROOT / "requirements" / "judges.py"), "containment"], check=True, capture_output=True
    )
    python = made.stdout.decode().strip()
    running: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [python, str(ROOT / "bench" / "schema_peer.py"), name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        running[:] = [process]
        if _line(process, 60) != b"ready\n":
            raise SystemExit(f"bench: {name} does not start")
        return process

    def ask(question: Question) -> Answer:
        process = running[0] if running else start()
        both = [SPELLING[name](plain(one, Dialect(question.dialect))) for one in (question.left, question.right)]
        assert process.stdin is not None
        process.stdin.write(json.dumps(both).encode() + b"\n")
        process.stdin.flush()
        line = _line(process, PATIENCE)
        if line.endswith(b"\n"):
            answer, error, seconds = json.loads(line)
            return answer, error, seconds
        _end(process)
        running.clear()
        return None, "no answer", PATIENCE

    try:
        yield ask
    finally:
        for process in running:
            _end(process)


def _line(process: subprocess.Popen[bytes], patience: float) -> bytes:
    """The next line of its output, b"" when none comes in time."""
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        return process.stdout.readline() if selector.select(patience) else b""


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()


def _fuzz(number: int) -> None:
    print(f"\nContainment of JSON schemas: {number} random pairs, every answer tried")
    tally = schema_fuzz.run(number)
    print(", ".join(f"{count} {name}" for name, count in sorted(tally.verdicts.items())))
    for reason, count in tally.reasons.most_common(15):
        print(f"{count:>8}  {reason}, as in {tally.examples[reason]}")
    print(f"{len(tally.contradictions)} contradictions")
