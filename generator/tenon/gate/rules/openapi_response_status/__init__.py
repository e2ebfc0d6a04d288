"""Answers come with the status codes that were promised.

A client handles the codes that its contract lists. A success that it does not know (`202` where there was only `200`)
is read wrongly: it comes with another body, or with none. Codes of errors may be added, for every HTTP client has to
treat a code that it does not know as the x00 of its class (RFC 9110, section 15); a code that is not sent any more
hurts nobody, unless no success is left.

**Decided** by structure. A range (`2XX`) or `default` in the old contract promised every code of it; then only the body
is compared, by the rule for bodies.

Before:

    responses: {"200": …}

After, where a client gets `202` and no body:

    responses: {"200": …, "202": …}

**Safely**: offer the other answer on request only (a parameter, a `Prefer` header), or as a new operation.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.openapi.pairs import ResponsePair
from tenon.gate.kinds.openapi.requests import of_part, request
from tenon.gate.verdict import Bump, Change, Direction, Witness, breaking, safe

ON = (ResponsePair,)


def judge(pair: ResponsePair, context: Context) -> Iterator[Change]:
    old, new = pair.operation.old, pair.operation.new
    if old is None or new is None or (pair.old is not None and pair.new is not None):
        return
    common = of_part(pair, Direction.RESPONSE)
    before, after = (side.site.child("responses").mapping for side in (old, new))
    code = pair.code
    if pair.old is None:
        covered = code.upper() in (key.upper() for key in before) or f"{code[:1]}XX" in before or "default" in before
        if code[:1] not in "23" or covered or pair.operation.sends or not _successes(before):
            yield safe(pair.subject, f"the answer {code} was added", detail="added", **common)
            return
        known = ", ".join(_successes(before))
        yield breaking(
            pair.subject,
            f"answers may come with {code}; only {known} was promised as success",
            "answer as promised unless the client asks for the other answer, or add an operation",
            detail="added",
            witness=Witness("request", {"status": code, **request(pair.operation, "", "").value}, "not sent", "sent"),
            **common,
        )
        return
    covered = f"{code[:1]}XX" in after or "default" in after
    if code.startswith("2") and not _successes(after) and not covered and not pair.operation.sends:
        yield breaking(
            pair.subject,
            f"answers with {code} are gone, and no success is left",
            "keep the answer, or remove the operation after a deprecation",
            detail="removed",
            witness=request(pair.operation, f"answered with {code}", "never answered with a success"),
            **common,
        )
    else:
        yield safe(pair.subject, f"the answer {code} is not sent any more", detail="removed", bump=Bump.PATCH, **common)


def _successes(responses: dict[str, object]) -> list[str]:
    return sorted(code for code in responses if code[:1] in "23")
