"""The deadline of an operation was cut.

A deadline says how long a call may take; the server ends what takes longer. Who breaks: callers of slow calls, which
were answered in time until now and are cut off with *deadline exceeded*.

**How it is decided.** By `deadline` of `(tenon.v1.method)`, else of the service's defaults, else the 30 s that a
server allows at most; for OpenAPI by `x-tenon-deadline`. A request that takes longer than the new deadline and not
longer than the old one is the proof. A longer deadline is safe.

**Before and after.** `deadline: {seconds: 5}` became `deadline: {seconds: 1}`: a search that takes 3 s is cut off.

**How to do it safely.** Make the operation fast first; cut the deadline when its latency stays far below the new one,
and tell the callers.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.openapi.pairs import OperationPair
from tenon.gate.kinds.openapi.promises import promises as of_operation
from tenon.gate.kinds.protobuf.pairs import MethodPair
from tenon.gate.kinds.protobuf.promises import promises as of_method
from tenon.gate.promise import seconds
from tenon.gate.verdict import Change, Direction, Witness, breaking, safe

ON = (MethodPair, OperationPair)


def judge(pair: MethodPair | OperationPair, context: Context) -> Iterator[Change]:
    """A call that takes a time between the two deadlines."""
    both = of_method(pair) if isinstance(pair, MethodPair) else of_operation(pair)
    if both is None or both.old.deadline is None or both.new.deadline is None:
        return
    old, new = both.old.deadline, both.new.deadline
    what = f"a call may take {seconds(new)} and could take {seconds(old)}"
    if new < old:
        takes = (old + new) / 2
        yield breaking(
            both.subject_of("deadline"),
            f"{what}: callers whose calls take longer are cut off", "keep the deadline until nothing "
            f"takes longer than {seconds(new)}", direction=Direction.REQUEST, role=both.role, detail="deadline",
            witness=Witness("request", {**both.request, "takes": seconds(takes)}, f"answered after {seconds(takes)}",
                            f"deadline exceeded after {seconds(new)}"), **both.common,
        )  # fmt: skip
    elif new > old:
        yield safe(both.subject_of("deadline"), what, direction=Direction.REQUEST, detail="deadline", **both.common)
