"""One shape for everything that is called, and the one loop that puts middleware around it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tenon_runtime.context import Context
from tenon_runtime.spec import Kind, Policy

Call = Callable[[Any, Context[Any]], Awaitable[Any]]
"""``async (request, ctx) -> response``. The request of a client stream is an async iterator; a call that answers with a
stream hands its messages out through `stream.Emit` and returns None, so that middleware need not know of streams."""


@dataclass(frozen=True, slots=True)
class OperationInfo:
    """What middleware may know of an operation when it is put around it, at start-up."""

    name: str
    """``identity.v1.IdentityService/GetKeys``, ``identity.v1#getKeys`` (direct REST), ``on identity.verified``."""
    kind: Kind
    policy: Policy
    input: type[Any] | None
    """The request's class; None: a JSON value."""
    output: type[Any] | None
    """The response's class; None: a JSON value."""
    ref: str


Middleware = Callable[[OperationInfo, Call], Call]
"""Called once per operation at start-up. Returns `next` itself where it has nothing to do."""


def fold(info: OperationInfo, handler: Call, middleware: Sequence[Middleware]) -> Call:
    """The handler with all middleware around it, the first outermost, as one callable."""
    call = handler
    for wrap in reversed(middleware):
        call = wrap(info, call)
    return call
