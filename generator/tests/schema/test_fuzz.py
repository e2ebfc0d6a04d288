"""Random pairs of schemas in every dialect: no proof is contradicted by a sampled value, every witness replays in both
validators, and what is known by construction is never denied."""

from __future__ import annotations

import random

import pytest

from bench import schema_fuzz
from bench.schema_pairs import pairs
from bench.schema_random import Dialect, Judges, Sampler


@pytest.mark.parametrize("seed", [1, 2])
def test_no_answer_is_contradicted(seed: int) -> None:
    tally = schema_fuzz.check(seed)
    assert tally.contradictions == []
    assert tally.verdicts["Proved"] > 50
    assert tally.verdicts["Refuted"] > 50
    assert tally.verdicts["Unproven"] <= tally.verdicts.total() // 50


@pytest.mark.slow
def test_no_answer_of_100_000_is_contradicted() -> None:
    tally = schema_fuzz.run(100_000, seed=7)
    assert tally.contradictions == []
    assert tally.verdicts["Unproven"] <= tally.verdicts.total() // 50


def test_the_answers_by_construction_are_right() -> None:
    """The generator's own test: what it calls contained is not refuted by the validators alone."""
    for index, pair in enumerate(pairs(3, 300)):
        left, right = (Judges(one, Dialect(pair.dialect)) for one in (pair.left, pair.right))
        if not pair.contained:
            assert left(pair.witness)
            assert right(pair.witness) is False
            continue
        sampler = Sampler(random.Random(index), pair.left, pair.right)
        for value in (sampler.value(pair.left, pair.left) for _ in range(10)):
            assert not (left(value) and right(value) is False), pair.rule


def test_a_seed_gives_the_same_pairs() -> None:
    assert list(pairs(4, 20)) == list(pairs(4, 20))
