"""Requests as witnesses of what is no matter of schemas."""

from __future__ import annotations

from typing import Any

from tenon.gate.kinds.openapi.pairs import OperationPair
from tenon.gate.verdict import Witness


def request(pair: OperationPair, before: str, after: str, **more: Any) -> Witness:
    """A request that was good: the method, the path, and what `more` says of it."""
    known = pair.old or pair.new
    assert known is not None
    return Witness("request", {"method": known.method, "path": known.path, **more}, before, after)
