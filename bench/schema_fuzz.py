"""Random pairs of schemas asked of `tenon.schema`, and every answer tried: a proof against sampled values, a witness
against both judges, either against what is known by construction."""

from __future__ import annotations

import multiprocessing
import random
import sys
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from tenon import schema

from bench.schema_pairs import Pair, pairs
from bench.schema_random import DIALECTS, Dialect, Judges, Maker, Sampler

CHUNK = 250
SAMPLES = 25
"""Values on which a proof is tried."""


@dataclass
class Tally:
    """What came out: verdicts counted, reasons of the unproven counted, contradictions in full."""

    verdicts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    """One pair for each reason."""
    contradictions: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.verdicts += other.verdicts
        self.reasons += other.reasons
        self.examples |= other.examples
        self.contradictions += other.contradictions


def check(seed: int, number: int = CHUNK) -> Tally:
    """Half of the pairs with known answers, half of two schemas that have nothing or little to do with each other."""
    tally = Tally()
    for index, pair in enumerate(pairs(seed, number // 2)):
        _try(tally, pair.dialect, pair.left, pair.right, random.Random(f"{seed}:{index}"), pair)
        if index % 3 == 0:
            _try(tally, pair.dialect, pair.right, pair.left, random.Random(f"{seed}:{index}"), None)
    for index in range(number - number // 2):
        rng = random.Random(f"{seed}:independent:{index}")
        dialect = Dialect(DIALECTS[index % len(DIALECTS)])
        left, right = Maker(rng, dialect), Maker(rng, dialect)
        one, two = left.schema(2), right.schema(2)
        if rng.random() < 0.4:
            two = rng.choice([{"anyOf": [two, {"not": one}]}, {"not": two}, {"not": {"allOf": [one, two]}}])
            right.shared = {**left.shared, **right.shared}
        _try(tally, dialect.name, left.rooted(one), right.rooted(two), rng, None)
    return tally


def _try(tally: Tally, dialect: str, left: Any, right: Any, rng: random.Random, known: Pair | None) -> None:
    def contradiction(what: str) -> None:
        tally.contradictions.append(f"{what}\n  {dialect}\n  left  {left!r}\n  right {right!r}")

    try:
        verdict = schema.is_subset(left, right, dialect=dialect)
    except Exception as error:
        contradiction(f"raised {error!r}")
        return
    tally.verdicts[type(verdict).__name__] += 1
    if isinstance(verdict, schema.Unproven):
        tally.reasons[verdict.reason[:90]] += 1
        tally.examples[verdict.reason[:90]] = f"{dialect}: {left!r} in {right!r}"
        return
    inside, outside = (Judges(one, Dialect(dialect)) for one in (left, right))
    if isinstance(verdict, schema.Refuted):
        if known and known.contained:
            contradiction(f"refuted, but contained by construction ({known.rule}), with {verdict.witness!r}")
        elif not (inside(verdict.witness) and outside(verdict.witness) is False):
            contradiction(f"the witness {verdict.witness!r} does not replay")
        return
    if known and not known.contained:
        contradiction(f"proved, but {known.witness!r} is valid under the left only")
        return
    sampler = Sampler(rng, left, right)
    for value in islice(iter(lambda: sampler.value(left, left), sampler), SAMPLES):
        if inside(value) and outside(value) is False:
            contradiction(f"proved, but {value!r} is valid under the left only")
            return


def run(number: int, seed: int = 0) -> Tally:
    """So many pairs on all cores; progress on stderr."""
    tally = Tally()
    chunks = range(seed * 1_000_000, seed * 1_000_000 + -(-number // CHUNK))
    with multiprocessing.Pool() as pool:
        for done, part in enumerate(pool.imap_unordered(check, chunks), 1):
            tally.add(part)
            for contradiction in part.contradictions:
                print(f"\n{contradiction}", file=sys.stderr)
            print(f"\r{done * CHUNK:>8} pairs, {len(tally.contradictions)} contradictions", end="", file=sys.stderr)
    print(file=sys.stderr)
    return tally
