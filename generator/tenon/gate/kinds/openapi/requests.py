"""What the rules about the structure of OpenAPI say of every change, and requests as their witnesses."""

from __future__ import annotations

from typing import Any

from tenon.gate.json.site import Site
from tenon.gate.kinds.openapi.pairs import OperationPair, PartPair
from tenon.gate.verdict import Direction, Witness


def request(pair: OperationPair, before: str, after: str, **more: Any) -> Witness:
    """A request that was good: the method, the path, and what `more` says of it."""
    known = pair.old or pair.new
    assert known is not None
    return Witness("request", {"method": known.method, "path": known.path, **more}, before, after)


def facts(pair: OperationPair, direction: Direction, old: Site | None, new: Site | None) -> dict[str, Any]:
    """The fields that every change about an operation has. What is absent is placed at the operation."""
    places = [
        site if site is not None and site.there else None if side is None else side.site
        for site, side in ((old, pair.old), (new, pair.new))
    ]
    return {
        "direction": direction,
        "role": pair.role,
        "stability": pair.stability,
        "affects": (pair.subject,),
        "old": None if places[0] is None else places[0].location,
        "new": None if places[1] is None else places[1].location,
    }


def of_part(pair: PartPair, direction: Direction = Direction.REQUEST) -> dict[str, Any]:
    """The same for a part of an operation."""
    return facts(pair.operation, direction, pair.old, pair.new)
