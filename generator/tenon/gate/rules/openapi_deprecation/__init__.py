"""What is announced holds.

A deprecation tells clients to move, and `x-sunset` until when the operation answers. A day that moves nearer takes back
a promise; a day that is nearer than the repository's own `deprecation_days` leaves clients less time than it declares.
Both are against the declared policy, though nobody breaks today. A deprecation itself, its end and a later day are safe
and go into the changelog.

**Decided** by the days written in the contract: `deprecated`, `x-sunset`, `x-deprecated-at` (YYYY-MM-DD).

Before:

    deprecated: true
    x-sunset: 2026-12-31

After:

    deprecated: true
    x-sunset: 2026-03-31

**Safely**: name a day that is far enough away, and move it only further.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.openapi.deprecation import day
from tenon.gate.kinds.openapi.pairs import OperationPair
from tenon.gate.kinds.openapi.requests import facts
from tenon.gate.verdict import Bump, Change, Direction, policy, safe

ON = (OperationPair,)


def judge(pair: OperationPair, context: Context) -> Iterator[Change]:
    if pair.old is None or pair.new is None:
        return
    sites = pair.old.site, pair.new.site
    flags = [site.mapping.get("deprecated") is True for site in sites]
    days = [day(site, "x-sunset") for site in sites]
    if flags[0] == flags[1] and days[0] == days[1]:
        return
    common = {**facts(pair, Direction.REQUEST, *sites), "bump": Bump.MINOR}
    if days[0] is not None and days[1] is not None and days[1] < days[0]:
        yield policy(
            pair.subject,
            f"its sunset moved from {days[0]} to {days[1]}: clients were promised more time",
            "keep the day that was announced, or a later one",
            detail="sunset",
            **common,
        )
    elif days[1] is not None and days[0] is None and (days[1] - context.today).days < context.policy.deprecation_days:
        yield policy(
            pair.subject,
            f"its sunset is {days[1]}, less than {context.policy.deprecation_days} days away",
            "announce a later day",
            detail="sunset",
            **common,
        )
    elif days[1] is not None and days[0] is not None and days[0] < days[1]:
        yield safe(pair.subject, f"its sunset moved from {days[0]} to {days[1]}", detail="sunset", **common)
    if flags[1] and not flags[0]:
        until = f" until {days[1]}" if days[1] else ""
        yield safe(pair.subject, f"it is deprecated, and answers{until or ' as before'}", detail="deprecated", **common)
    elif flags[0] and not flags[1]:
        yield safe(pair.subject, "it is not deprecated any more", detail="deprecated", **common)
