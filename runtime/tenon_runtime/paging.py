"""Pages of a list that is ordered by time: where to go on, as an opaque token.

A list of any length costs the same per page, and entries that come or go meanwhile neither repeat nor hide others::

    size, after = paging.start(request.page_size, request.page_token)
    rows = await ctx.db.fetch_all(
        "SELECT ... WHERE (created_at, id) < (%s, %s) ORDER BY created_at DESC, id DESC LIMIT %s",
        [after.at, after.id, size + 1],
    )
    rows, token = paging.cut(rows, size, lambda row: paging.Position(row.created_at, row.id))
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from tenon_runtime import errors

T = TypeVar("T")

MAX_TOKEN = 512


@dataclass(frozen=True, slots=True)
class Position:
    """Where an entry stands: its time, and its id among those of the same time."""

    at: datetime
    id: str


NEWEST = Position(datetime(9999, 12, 31, tzinfo=UTC), "")
"""Before the first entry of a list that goes from new to old."""
OLDEST = Position(datetime(1, 1, 1, tzinfo=UTC), "")
"""Before the first entry of a list that goes from old to new."""


def start(
    size: int, token: str, first: Position = NEWEST, *, default: int = 20, most: int = 100
) -> tuple[int, Position]:
    """How many entries to give (0 asks for `default`; never over `most`), and after which position.

    Raises `errors.InvalidArgument` for a negative size and for a token that `cut` did not make.
    """
    if size < 0:
        raise _bad("/pageSize", "minimum", "a page cannot have less than no entries")
    return min(size or default, most), _read(token) if token else first


def cut(rows: list[T], size: int, position: Callable[[T], Position]) -> tuple[list[T], str]:
    """Of `size` + 1 rows asked for, this page and the next one's token: empty when there are no more."""
    if len(rows) <= size:
        return rows, ""
    last = position(rows[size - 1])
    text = json.dumps([last.at.astimezone(UTC).isoformat(), last.id], separators=(",", ":"))
    return rows[:size], base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _read(token: str) -> Position:
    try:
        if len(token) > MAX_TOKEN:
            raise ValueError("too long")
        padded = token + "=" * (-len(token) % 4)
        at, id = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if not isinstance(id, str) or not id.isprintable():
            raise ValueError("no id")
        return Position(datetime.fromisoformat(at).astimezone(UTC), id)
    except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError):
        raise _bad("/pageToken", "pageToken", "this is not a page token; leave it out for the first page") from None


def _bad(pointer: str, rule: str, detail: str) -> errors.InvalidArgument:
    return errors.InvalidArgument(detail, violations=[errors.Violation(pointer, rule, detail)])
