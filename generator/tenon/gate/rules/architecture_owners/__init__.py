"""Every operation has an owner and a service level objective.

An operation without an owner is repaired by nobody; one without an objective has no alert, so that its users find out
first.

**Who is hurt.** Callers, on the first bad night.

**How it is decided.** `policy`, for what `[policy] require` in `tenon.toml` names. `owner`: `spec.owner` of the
domain's `catalog-info.yaml`, or `owner` in `(tenon.v1.service)`. `slo`: `slo` in `(tenon.v1.method)` or in the
service's defaults, and `x-tenon-slo` for a REST operation without an RPC behind it. One change per domain; it lists
the operations. It is judged as the new side is, whether the old one was so or not.

Before, and after:

    rpc SendTip(SendTipRequest) returns (SendTipResponse);
    rpc SendTip(SendTipRequest) returns (SendTipResponse) {
      option (tenon.v1.method).slo = {availability: 0.999, latency: {nanos: 250000000}, latency_share: 0.99};
    }

**Do it right.** Write the defaults once, in the service's options; say at a method only what is different there.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.architecture.pairs import Undeclared
from tenon.gate.verdict import Change, Role, policy

ON = (Undeclared,)

_REMEDY = {
    "owner": "write spec.owner into the domain's catalog-info.yaml",
    "slo": "write slo into the defaults of (tenon.v1.service), or x-tenon-slo at an operation without an RPC",
}
_WORDS = {"owner": "owner", "slo": "service level objective"}


def judge(pair: Undeclared, context: Context) -> Iterator[Change]:
    count = len(pair.operations)
    which = f"`{pair.operations[0]}` has" if count == 1 else f"{count} operations have"
    yield policy(
        f"domain {pair.domain}",
        f"{which} no {_WORDS[pair.what]}, which this repository requires",
        _REMEDY[pair.what],
        role=Role.OPERATOR,
        new=pair.at,
        detail=pair.what,
        affects=pair.operations if count > 1 else (),
    )
