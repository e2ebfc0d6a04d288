"""Names in generated code: `operationId` and the parameters of a path.

Nobody sees them on the wire, but a generated client has a method called by the `operationId`, with arguments called by
the names in the path. When they change, code that uses that client does not compile after the next update. It is safe
for everybody who is running, and a major step for the SDK, which is what the report asks for.

**Decided** by structure, for operations that are otherwise the same one: same method, same path but for names.

Before:

    /things/{id}: {get: {operationId: getThing}}

After, where `client.get_thing(id=1)` is gone:

    /things/{thingId}: {get: {operationId: readThing}}

**Safely**: keep the names, or release the SDK with the old method as a deprecated alias.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.openapi.pairs import OperationPair
from tenon.gate.kinds.openapi.requests import facts
from tenon.gate.verdict import Bump, Change, Direction, safe

ON = (OperationPair,)


def judge(pair: OperationPair, context: Context) -> Iterator[Change]:
    if pair.old is None or pair.new is None or pair.sends:
        return
    names = [side.value.get("operationId") for side in (pair.old, pair.new)]
    if names[0] == names[1] and pair.old.path == pair.new.path:
        return
    places = [side.site.child("operationId") for side in (pair.old, pair.new)]
    common = {**facts(pair, Direction.SOURCE, *places), "bump": Bump.MAJOR}
    if names[0] is not None and names[0] != names[1]:
        said = f"`{names[0]}` is called `{names[1]}` now" if names[1] else f"`{names[0]}` has no operationId any more"
        yield safe(
            pair.subject,
            f"{said}: the same on the wire, another name in generated code",
            detail="operationId",
            **common,
        )
    if pair.old.path != pair.new.path and pair.old.path.count("{") == pair.new.path.count("{"):
        said = f"{pair.old.path} is written {pair.new.path} now"
        yield safe(
            pair.subject, f"{said}: the same on the wire, other names in generated code", detail="path", **common
        )
