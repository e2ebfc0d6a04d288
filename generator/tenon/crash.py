"""What goes wrong inside Tenon itself: a finding like any other, with the traceback for who asks for it."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from tenon.finding import Finding
from tenon.source import Location


class Broken(Exception):
    """`stage` (``reading openapi``) met an exception that nobody expected: it is the cause."""

    def __init__(self, stage: str) -> None:
        super().__init__(stage)
        self.stage = stage

    def __str__(self) -> str:
        cause = self.__cause__
        return f"{type(cause).__name__} while {self.stage}: {cause}"


@contextmanager
def stage(words: str) -> Iterator[None]:
    """Give whatever unexpected is raised inside the name of the stage. What the system refuses stays an OSError.

    Raises:
        Broken: with the exception as its cause.
    """
    try:
        yield
    except (Broken, OSError):
        raise
    except (Exception, MemoryError) as error:
        raise Broken(words) from error


def finding(error: BaseException, where: str, contracts: frozenset[str]) -> tuple[Finding, str]:
    """`error` as a finding, and its traceback.

    `where` is what findings call the contracts folder; `contracts` the files in it. The place is the contract that
    the failing code had in hand, where one can be told.
    """
    cause = error.__cause__ or error if isinstance(error, Broken) else error
    doing = error.stage if isinstance(error, Broken) else "writing"
    at = _contract(cause.__traceback__, where, contracts) or Location(where)
    trace = "".join(traceback.format_exception(cause))
    if isinstance(cause, MemoryError):
        remedy = "run it where there is more memory, or split the contracts"
        return Finding(at, "internal-error", f"memory ran out while {doing}", remedy), trace
    words = f"{type(cause).__name__} while {doing}: {str(cause)[:300]}".rstrip(": ")
    remedy = "this is a fault of tenon: report it with the contract and what `--debug` (or TENON_DEBUG=1) prints"
    return Finding(at, "internal-error", words, remedy), trace


def _contract(trace: TracebackType | None, where: str, contracts: frozenset[str]) -> Location | None:
    """The place that the innermost code knew of: a part of the model has one, a reader has a file's name."""
    for frame, _ in reversed(list(traceback.walk_tb(trace))):
        for value in frame.f_locals.values():
            if isinstance(value, str) and value in contracts:
                return Location(f"{where}/{value}")
            at = value if isinstance(value, Location) else None
            if at is None and type(value).__module__.startswith("tenon.model."):
                at = getattr(value, "at", None)
            if isinstance(at, Location) and at.file:
                return at
    return None
