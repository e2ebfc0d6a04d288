"""The gate on real histories: consecutive versions of public contracts, from git directories that you have.

    python generator/tests/gate/histories.py [--pairs N] [--show] GITDIR:FILE…

Prints one row per file: pairs compared, those with a break, those stopped by an unproven verdict alone, safe ones, and
seconds. A crash, a break without a witness, and a body that two validators did not confirm end with exit code 1.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path

from tenon.gate.engine import gate
from tenon.gate.policy import Policy
from tenon.gate.snapshot import Snapshot
from tenon.gate.verdict import Report, Verdict

TODAY = date(2026, 1, 1)
COLUMNS = ("pairs", "breaking", "unproven only", "safe", "breaks", "unproven", "not replayed", "crashes")


def versions(directory: str, file: str, wanted: int) -> Iterator[bytes]:
    """The last versions of a file that differ, oldest first; those that the directory does not hold are left out."""
    listed = subprocess.run(
        ["git", "-C", directory, "log", "--format=%H", "--", file], capture_output=True, text=True, check=True
    )
    found: list[bytes] = []
    for revision in listed.stdout.split():
        shown = subprocess.run(["git", "-C", directory, "show", f"{revision}:{file}"], capture_output=True, check=False)
        if shown.returncode == 0 and shown.stdout and (not found or shown.stdout != found[-1]):
            found.append(shown.stdout)
        if len(found) > wanted:
            break
    yield from reversed(found)


def compare(folder: Path, name: str, old: bytes, new: bytes) -> Report:
    sides = []
    for side, text in (("old", old), ("new", new)):
        (folder / side).mkdir(parents=True, exist_ok=True)
        (folder / side / name).write_bytes(text)
        sides.append(Snapshot(side, folder / side, name))
    return gate(sides[:1], sides[1], Policy(), TODAY)


def count(report: Report, counts: Counter[str]) -> None:
    verdicts = Counter(change.verdict for change in report.changes)
    counts["pairs"] += 1
    counts["breaks"] += verdicts[Verdict.BREAKING]
    counts["unproven"] += verdicts[Verdict.UNPROVEN]
    counts["not replayed"] += sum(
        change.verdict is Verdict.BREAKING
        and (change.witness is None or (change.witness.kind == "json" and len(change.witness.replayed) < 2))
        for change in report.changes
    )
    if verdicts[Verdict.BREAKING]:
        counts["breaking"] += 1
    elif verdicts[Verdict.UNPROVEN] or report.problems:
        counts["unproven only"] += 1
    else:
        counts["safe"] += 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=10, help="consecutive pairs per file")
    parser.add_argument("--show", action="store_true", help="print every break and unproven verdict")
    parser.add_argument("files", nargs="+", metavar="GITDIR:FILE")
    chosen = parser.parse_args()
    total: Counter[str] = Counter()
    spent = 0.0
    print("| Contract |", " | ".join(COLUMNS), "| seconds per pair |")
    print("|---" * (len(COLUMNS) + 2) + "|")
    for each in chosen.files:
        directory, _, file = each.rpartition(":")
        counts: Counter[str] = Counter()
        took = 0.0
        found = list(versions(directory, file, chosen.pairs))
        with tempfile.TemporaryDirectory() as folder:
            for old, new in pairwise(found):
                start = time.perf_counter()
                try:
                    report = compare(Path(folder), Path(file).name, old, new)
                except Exception:
                    traceback.print_exc()
                    counts["crashes"] += 1
                    continue
                took += time.perf_counter() - start
                count(report, counts)
                for change in report.changes if chosen.show else ():
                    if change.verdict in (Verdict.BREAKING, Verdict.UNPROVEN):
                        print(
                            print(
                                "   ", change.verdict.value, change.rule, change.subject, change.detail, change.message
                            )
                        )
        row(f"{Path(directory).parent.name or directory} {file}", counts, took)
        total += counts
        spent += took
    row("all", total, spent)
    return 1 if total["crashes"] or total["not replayed"] else 0


def row(name: str, counts: Counter[str], took: float) -> None:
    print(f"| {name} |", " | ".join(str(counts[key]) for key in COLUMNS), f"| {took / max(1, counts['pairs']):.2f} |")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
