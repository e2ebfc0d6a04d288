"""Headers of answers stay as promised.

A client that reads a header of an answer (a rate limit, a cursor, an `ETag`) breaks when it is missing, or when its
value is one that was excluded. A header that is not `required` may be missing anyway, so its removal is no break of the
contract; it is told for the changelog.

**Decided** by structure, and by subset reasoning for the header's schema: what the new one allows the old one has to
have allowed. Names are compared without regard to case, and `Content-Type` is described elsewhere.

Before:

    headers: {X-Total: {required: true, schema: {type: integer}}}

After, where a reader finds nothing:

    headers: {}

**Safely**: go on sending the header until nobody reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tenon.gate.context import Context
from tenon.gate.json.site import Site
from tenon.gate.kinds.openapi.pairs import HeaderPair
from tenon.gate.kinds.openapi.requests import of_part, request
from tenon.gate.verdict import Bump, Change, Direction, breaking, safe

ON = (HeaderPair,)


def judge(pair: HeaderPair, context: Context) -> Iterator[Change]:
    if pair.name.lower() == "content-type":
        return
    needed = [side is not None and side.mapping.get("required") is True for side in (pair.old, pair.new)]
    common = of_part(pair, Direction.RESPONSE) if pair.old is None or pair.new is None or needed[0] != needed[1] else {}
    if pair.old is None:
        yield safe(pair.subject, f"the header `{pair.name}` was added", detail="added", **common)
        return
    if needed[0] and not needed[1]:
        how = "is gone" if pair.new is None else "may be missing now"
        yield breaking(
            pair.subject,
            f"the header `{pair.name}` was always there and {how}",
            "go on sending it until nobody reads it",
            detail="required",
            witness=request(pair.operation, f"answered with `{pair.name}`", f"answered without `{pair.name}`"),
            **common,
        )
    elif pair.new is None:
        yield safe(
            pair.subject, f"the optional header `{pair.name}` is gone", detail="removed", bump=Bump.MINOR, **common
        )
    if pair.new is not None:
        old, new = (
            Site(each.root, (*each.keys, "schema"), each.mapping.get("schema")) for each in (pair.old, pair.new)
        )
        touched = pair.operation.document.touched
        if old.there and new.there and touched is not None and not touched.same(old.value, new.value):
            exchange = pair.operation.document.exchange(answer=True, sends=pair.operation.sends)
            for change in exchange.judge(pair.subject, old, new, f"answers with `{pair.name}`"):
                yield replace(change, stability=pair.operation.stability)
