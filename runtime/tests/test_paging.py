"""Pages neither repeat nor skip, and a token that is not ours is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tenon_runtime import errors, paging
from tenon_runtime.paging import Position

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
# Three at each time: the id decides among them.
ENTRIES = [Position(NOON + timedelta(microseconds=i // 3), f"id-{i:02}") for i in range(50)]


def _newest_first(size: int, token: str) -> tuple[list[Position], str]:
    """What a database answers: the rows after the position, at most one more than the page has."""
    size, after = paging.start(size, token)
    rows = sorted((e for e in ENTRIES if (e.at, e.id) < (after.at, after.id)), key=lambda e: (e.at, e.id), reverse=True)
    return paging.cut(rows[: size + 1], size, lambda entry: entry)


@pytest.mark.parametrize("size", [1, 7, 25, 49, 50, 51, 100])
def test_pages_are_the_list(size: int) -> None:
    seen: list[Position] = []
    token = ""
    while True:
        page, token = _newest_first(size, token)
        seen += page
        if not token:
            break
    assert seen == ENTRIES[::-1]


def test_sizes() -> None:
    assert paging.start(0, "") == (20, paging.NEWEST)
    assert paging.start(1000, "", paging.OLDEST) == (100, paging.OLDEST)
    with pytest.raises(errors.InvalidArgument):
        paging.start(-1, "")


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "!",
        "e30",
        "W10",
        "WzEsMl0",
        "WyIyMDI2LTAxLTAxIiwiXHUwMDAwIl0",
        "Wy" * 300,
        "a" * 1000,
        "WyJub29uIiwieCJd",
        "é",
    ],
)
def test_foreign_tokens_are_refused(token: str) -> None:
    with pytest.raises(errors.InvalidArgument) as caught:
        paging.start(10, token)
    assert caught.value.violations[0].pointer == "/pageToken"
