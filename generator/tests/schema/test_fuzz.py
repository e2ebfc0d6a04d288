"""Random pairs of schemas in every dialect: no proof is contradicted by a sampled value, every witness replays in both
validators, and what is known by construction is never denied."""

from __future__ import annotations

import pytest

from bench import schema_fuzz


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
