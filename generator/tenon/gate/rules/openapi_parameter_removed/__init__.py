"""A parameter that clients send may not be forgotten.

A request with the parameter meant something: a filter, a page, a language. When the contract does not know it any more
the same request is refused by a strict server, and by a lenient one answered as if it had not been there, which is
worse, because nobody notices.

**Decided** by structure: parameters are known by place and name (headers in any case), path parameters by position. The
witness is the request with the parameter: it was read, and is not any more. With `deprecation_days` declared, the
removal of a parameter that was announced for long enough is allowed by policy.

Before:

    parameters: [{name: state, in: query, schema: {type: string}}]

After, where `?state=live` returns everything:

    parameters: []

**Safely**: mark it `deprecated: true` and go on reading it, watch until nobody sends it, then remove it.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.openapi.deprecation import announced
from tenon.gate.kinds.openapi.pairs import ParameterPair
from tenon.gate.kinds.openapi.requests import of_part, request
from tenon.gate.verdict import Bump, Change, breaking, safe

ON = (ParameterPair,)


def judge(pair: ParameterPair, context: Context) -> Iterator[Change]:
    if pair.old is None or pair.new is not None:
        return
    common = of_part(pair)
    reason = announced(pair.old, context)
    if reason:
        yield safe(pair.subject, f"removed as announced: {reason}", bump=Bump.MAJOR, **common)
        return
    yield breaking(
        pair.subject,
        f"the {pair.where} parameter `{pair.name}` is gone: requests with it mean something else now",
        "go on reading it, mark it deprecated, and remove it when nobody sends it",
        witness=request(
            pair.operation, f"`{pair.name}` was read", f"`{pair.name}` is not read", sends={pair.name: pair.where}
        ),
        **common,
    )
