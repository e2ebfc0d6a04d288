"""A service level objective was loosened or taken away.

Callers plan with an objective, and alerts are made from it. Who is hurt: callers whose own objective rests on this one,
and the operators whom nothing wakes any more. Nothing in a message changes, so this is a *policy*.

**How it is decided.** By availability, latency and the share of calls under it in `slo` of `(tenon.v1.method)`, else of
the service's defaults, or `x-tenon-slo`: looser is a lower share or a longer latency. A tighter objective, or a new
one, is safe.

**Before and after.** `availability: 0.999` became `availability: 0.99`: ten times as many calls may fail.

**How to do it safely.** Agree with the owners of the callers first, and waive the policy with their names.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.openapi.pairs import OperationPair
from tenon.gate.kinds.openapi.promises import promises as of_operation
from tenon.gate.kinds.protobuf.pairs import MethodPair
from tenon.gate.kinds.protobuf.promises import promises as of_method
from tenon.gate.promise import Slo, seconds
from tenon.gate.verdict import Bump, Change, Direction, policy, safe

ON = (MethodPair, OperationPair)


def judge(pair: MethodPair | OperationPair, context: Context) -> Iterator[Change]:
    """The two objectives."""
    both = of_method(pair) if isinstance(pair, MethodPair) else of_operation(pair)
    if both is None or both.old.slo == both.new.slo:
        return
    old, new = both.old.slo, both.new.slo
    looser = [] if old is None else ["it has no objective any more"] if new is None else list(_looser(old, new))
    if looser:
        yield policy(
            both.subject_of("slo"),
            f"the objective was loosened: {', '.join(looser)}", "keep the objective, or agree with the "
            "owners of the callers", direction=Direction.RESPONSE, role=both.role, detail="slo", bump=Bump.MINOR,
            **both.common,
        )  # fmt: skip
    else:
        yield safe(both.subject_of("slo"), "the objective was tightened", direction=Direction.RESPONSE, detail="slo",
                   **both.common)  # fmt: skip


def _looser(old: Slo, new: Slo) -> Iterator[str]:
    if new.availability < old.availability:
        yield f"availability is {new.availability:g} and was {old.availability:g}"
    if new.latency > old.latency:
        yield f"the latency is {seconds(new.latency)} and was {seconds(old.latency)}"
    if new.share < old.share:
        yield f"{new.share:g} of the calls stay under the latency and {old.share:g} did"
