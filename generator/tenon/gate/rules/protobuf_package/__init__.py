"""A protobuf file has another package.

The package is part of the path of every RPC and of the name of every generated type. Who breaks: every client of the
services in the file, and all code that uses its types.

**How it is decided.** A file of the same import path on both sides whose package is another. A request to a service in
it, answered until now, is the proof. All that the file declares is one change.

**Before and after.** `package shop.v1;` became `package store.v1;`: `POST /shop.v1.Orders/Get` is answered with
*unimplemented*.

**How to do it safely.** Put the new package into a file of its own beside the old one, serve both, and remove the old
one when nobody calls it.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.protobuf.facts import repackaged
from tenon.gate.kinds.protobuf.judge import agrees, source
from tenon.gate.kinds.protobuf.pairs import FilePair
from tenon.gate.verdict import Change, Direction, Role, Witness, breaking

ON = (FilePair,)
_REMEDY = "keep the old package, and put the new one into a file of its own"


def judge(pair: FilePair, context: Context) -> Iterator[Change]:
    """One change for calls, one for code."""
    if pair.old is None or pair.new is None or not repackaged(pair.sides, pair.old):
        return
    places = {"old": pair.sides.old.at(pair.old), "new": pair.sides.new.at(pair.new)}
    what = f"the package of {pair.new.name} was `{pair.old.package}` and is `{pair.new.package}`"
    methods = [method for service in pair.old.services_by_name.values() for method in service.methods]
    kept = {method.full_name for each in pair.sides.new.services.values() for method in each.methods}
    gone = [method for method in methods if method.full_name not in kept]
    subject = f"package {pair.old.package}"
    if gone:
        path = f"/{gone[0].containing_service.full_name}/{gone[0].name}"
        yield breaking(
            subject, f"{what}: clients that call its services are answered with unimplemented", _REMEDY,
            direction=Direction.REQUEST, role=Role.CLIENT, affects=tuple(method.full_name for method in gone),
            witness=Witness("request", {"method": "POST", "path": path}, "answered", "unimplemented",
                            agrees(pair.sides, places, "FILE_SAME_PACKAGE")), **places,
        )  # fmt: skip
    yield source(
        pair.sides, subject, what, _REMEDY, f"types are generated in `{pair.old.package}`",
        f"types are generated in `{pair.new.package}`", places, "FILE_SAME_PACKAGE",
    )  # fmt: skip
