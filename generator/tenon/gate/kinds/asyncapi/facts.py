"""What the rules about AsyncAPI say of every change, and messages as their witnesses."""

from __future__ import annotations

from typing import Any

from tenon.gate.json.site import Site
from tenon.gate.kinds.asyncapi.pairs import AsyncOperationPair, MessagePair
from tenon.gate.verdict import Direction, Role, Witness


def traffic(pair: AsyncOperationPair, before: str, after: str, **more: Any) -> Witness:
    """A message that was good: its address, who moves it, and what `more` says of it."""
    known = pair.old or pair.new
    assert known is not None
    return Witness("request", {"action": known.action, "address": known.address, **more}, before, after)


def facts(pair: AsyncOperationPair, role: Role, old: Site | None, new: Site | None) -> dict[str, Any]:
    """The fields that every change about an operation has. What is absent is placed at the operation."""
    places = [
        site if site is not None and site.there else None if side is None else side.site
        for site, side in ((old, pair.old), (new, pair.new))
    ]
    return {
        "direction": Direction.EVENT,
        "role": role,
        "stability": pair.stability,
        "affects": (pair.subject,),
        "old": None if places[0] is None else places[0].location,
        "new": None if places[1] is None else places[1].location,
    }


def of_message(pair: MessagePair, *keys: str) -> dict[str, Any]:
    """The same for a message, or for what stands below it."""
    sites = [None if each is None else each.site.child(*keys) for each in (pair.old, pair.new)]
    holders = [None if each is None else each.site for each in (pair.old, pair.new)]
    places = [site if site is not None and site.there else holder for site, holder in zip(sites, holders, strict=True)]
    return facts(pair.operation, pair.role, *places)
