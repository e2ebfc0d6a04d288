"""A protobuf service or RPC was removed or renamed, streams another way, or takes or returns another message.

Protects callers: an RPC's path is made of its service's full name and its own, and both ends have to agree on what is
streamed and on the messages. Who breaks: every client of the old release.

**How it is decided.** A request that was answered is the proof for what is gone or streams another way. Where an RPC
takes or returns another message type, messages with each field of the writer's type are read as the reader's type by
Google's protobuf; a type of the same structure under another name is no alarm.

**Before and after.** `rpc GetCreator(...)` became `rpc FetchCreator(...)`:
`POST /identity.v1.IdentityService/GetCreator` is answered with *unimplemented*.

**How to do it safely.** Add the new RPC beside the old one, mark the old one `deprecated`, and remove it when its
metrics show that nobody calls it, or in the next major version of the package.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from tenon.gate.context import Context
from tenon.gate.kinds.protobuf import proof, reading, samples
from tenon.gate.kinds.protobuf.facts import repackaged
from tenon.gate.kinds.protobuf.judge import ENCODING_WORDS, agrees
from tenon.gate.kinds.protobuf.pairs import MethodPair, ServicePair, Way
from tenon.gate.verdict import Change, Direction, Role, Witness, breaking, safe, unproven

ON = (ServicePair, MethodPair)
_REMEDY = "keep the RPC as it is, marked `deprecated`, and add another one beside it"
_MAX_TRIALS = 300


def judge(pair: ServicePair | MethodPair, context: Context) -> Iterator[Change]:
    """Whether old calls are still answered."""
    if isinstance(pair, ServicePair):
        yield from _service(pair)
    elif pair.old is None:
        yield safe(pair.name, f"RPC `{pair.name}` was added", affects=(pair.name,), **pair.places)
    elif pair.new is None:
        yield breaking(
            pair.name, f"RPC `{pair.name}` was removed or renamed: clients that call it get `unimplemented`",
            _REMEDY, direction=Direction.REQUEST, role=Role.CLIENT, witness=_call(pair, "unimplemented"),
            affects=(pair.name,), **pair.places,
        )  # fmt: skip
    else:
        yield from _streaming(pair)
        yield from _message(pair, Way.REQUEST, pair.old.input_type, pair.new.input_type)
        yield from _message(pair, Way.RESPONSE, pair.new.output_type, pair.old.output_type)


def _service(pair: ServicePair) -> Iterator[Change]:
    descriptor = pair.old if pair.old is not None else pair.new
    if repackaged(pair.sides, descriptor.file):
        return
    names = tuple(method.full_name for method in descriptor.methods)
    if pair.old is None:
        yield safe(pair.name, f"service `{pair.name}` was added", affects=names, **pair.places)
    elif pair.new is None:
        path = f"/{pair.name}/{pair.old.methods[0].name}" if pair.old.methods else f"/{pair.name}/"
        judges = agrees(pair.sides, pair.places, "PACKAGE_SERVICE_NO_DELETE")
        yield breaking(
            pair.name, f"service `{pair.name}` was removed or renamed: clients that call it get `unimplemented`",
            "keep the service until nobody calls it", direction=Direction.REQUEST, role=Role.CLIENT, affects=names,
            witness=Witness("request", {"method": "POST", "path": path}, "answered", "unimplemented", judges),
            **pair.places,
        )  # fmt: skip


def _call(pair: MethodPair, after: str, before: str = "answered") -> Witness:
    judges = agrees(pair.sides, pair.places, "RPC_")
    return Witness("request", {"method": "POST", "path": pair.path}, before, after, judges)


def _streaming(pair: MethodPair) -> Iterator[Change]:
    for side, old, new in (
        ("requests", pair.old.client_streaming, pair.new.client_streaming),
        ("responses", pair.old.server_streaming, pair.new.server_streaming),
    ):
        if old != new:
            before, after = (f"{'a stream of' if each else 'one of'} its {side}" for each in (old, new))
            yield breaking(
                pair.name, f"RPC `{pair.name}` has {after} and had {before}: old clients speak it the old way and fail",
                _REMEDY, direction=Direction.REQUEST, role=Role.CLIENT, detail=f"streamed {side}",
                witness=_call(pair, f"expects {after}", f"expects {before}"), affects=(pair.name,), **pair.places,
            )  # fmt: skip


def _message(pair: MethodPair, way: Way, writer: Any, reader: Any) -> Iterator[Change]:
    """`writer` is what is written across the releases, `reader` the type it is read as."""
    if writer.full_name == reader.full_name:
        return
    old, new = (writer, reader) if way.from_old else (reader, writer)
    part = "request" if way is Way.REQUEST else "response"
    subject = f"{pair.name} {part}"
    what = f"the {part} of `{pair.name}` was {old.full_name} and is {new.full_name}"
    writing = reading.direct(pair.sides, way)[0]
    shared: dict[str, Any] = {"direction": way.direction, "role": way.role, "affects": (pair.name,), **pair.places}
    for encoding in reading.ENCODINGS:
        tried = (
            trial
            for field in writer.fields
            for trial in reading.trials(
                pair.sides, encoding, way, field, reader,
                samples.filled(writing, field, reader.fields_by_number.get(field.number)),
            )
        )  # fmt: skip
        trial = next((each for each in itertools.islice(tried, _MAX_TRIALS) if not each.same), None)
        if trial is not None:
            yield breaking(subject, f"{what}: {ENCODING_WORDS[encoding]}, {trial.story}",
                           "keep the message type, or add another RPC", detail=encoding,
                           witness=trial.witness(*agrees(pair.sides, pair.places, "RPC_SAME_")), **shared)  # fmt: skip
        elif proof.included(encoding, writer, reader, exact=not way.from_old):
            yield safe(
                subject, f"{what}: {ENCODING_WORDS[encoding]} it has the same structure", detail=encoding, **shared
            )
        else:
            yield unproven(subject, f"{what}: no message was found that is read differently "
                           f"{ENCODING_WORDS[encoding]}, and the structures do not prove that there is none",
                           "keep the message type, or add another RPC", detail=encoding, **shared)  # fmt: skip
