"""From a pair to its changes: each encoding is tried and has its own verdict; generated code has another."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from google.protobuf.descriptor import FieldDescriptor as _F

from tenon.gate.kinds.protobuf import proof, reading, samples
from tenon.gate.kinds.protobuf.pairs import FieldPair, Sides, Travel
from tenon.gate.kinds.protobuf.reading import Trial
from tenon.gate.verdict import Change, Direction, Role, Witness, breaking, safe, unproven
from tenon.source import Location

BUF = "buf breaking"
_MAX_TRIALS = 300
_NAMES = {value: name.removeprefix("TYPE_").lower() for name, value in vars(_F).items() if name.startswith("TYPE_")}
ENCODING_WORDS = {reading.WIRE: "in binary", reading.JSON: "in JSON"}
Messages = Callable[[Any, Any], Iterator[Any]]


def type_name(field: Any) -> str:
    """A field's type as .proto files write it: ``repeated int32``, ``map<string, p.v1.Item>``."""
    pairs = samples.entry(field)
    if pairs is not None:
        key, value = pairs.fields_by_number[1], pairs.fields_by_number[2]
        return f"map<{type_name(key)}, {type_name(value)}>"
    inner = field.message_type or field.enum_type
    name = str(inner.full_name) if inner is not None else _NAMES[field.type]
    return f"repeated {name}" if field.is_repeated else name


def agrees(sides: Sides, places: dict[str, Location], *prefixes: str) -> tuple[str, ...]:
    """``buf breaking``, where it complains in this place by a rule whose id begins with one of `prefixes`."""
    at = places.get("new")
    ids = sides.complaints.get((at.file, at.line), frozenset()) if at is not None else frozenset()
    return (BUF,) if any(each.startswith(prefixes) for each in ids) else ()


def tried(pair: FieldPair, encoding: str, messages: Messages | None = None) -> Trial | None:
    """The first message that the other side reads differently, over all ways that the field's message goes."""
    old, new = pair.message.old, pair.message.new
    for way in pair.message.travel.ways:
        field, reader = (pair.old, new) if way.from_old else (pair.new, old)
        if field is None or reader is None:
            continue
        writing = reading.direct(pair.sides, way)[0]
        given = messages(writing, field) if messages is not None else None
        found = reading.trials(pair.sides, encoding, way, field, reader, given)
        trial = next((each for each in itertools.islice(found, _MAX_TRIALS) if not each.same), None)
        if trial is not None:
            return trial
    return None


def proved(pair: FieldPair, encoding: str) -> bool:
    """Whether every way of the field is understood, by the types alone."""
    for way in pair.message.travel.ways:
        writer, reader = (pair.old, pair.new) if way.from_old else (pair.new, pair.old)
        if not proof.understood(encoding, writer, reader, exact=not way.from_old):
            return False
    return True


def encodings(
    pair: FieldPair, what: str, remedy: str, *prefixes: str, messages: Messages | None = None, alone: bool = False
) -> Iterator[Change]:
    """A verdict for each encoding of a field that is on both sides.

    `what` tells what changed; `prefixes` are the ids of ``buf breaking`` that mean the same; `alone`: what no trial
    refutes is safe, for the trials are exhaustive.
    """
    for encoding in reading.ENCODINGS:
        trial = tried(pair, encoding, messages)
        if trial is not None:
            yield of_trial(pair, trial, what, remedy, *prefixes)
        elif alone or proved(pair, encoding):
            yield safe(
                pair.name, f"{what}: {ENCODING_WORDS[encoding]} every value keeps its meaning",
                detail=encoding, affects=pair.message.travel.methods, **pair.places,
            )  # fmt: skip
        else:
            way = pair.message.travel.ways[0]
            yield unproven(
                pair.name, f"{what}: no value was found that is read differently {ENCODING_WORDS[encoding]}, and the "
                "types do not prove that there is none", remedy, direction=way.direction, role=way.role,
                detail=encoding, affects=pair.message.travel.methods, **pair.places,
            )  # fmt: skip


def of_trial(pair: FieldPair, trial: Trial, what: str, remedy: str, *prefixes: str) -> Change:
    """The break that a trial shows."""
    return breaking(
        pair.name, f"{what}: {ENCODING_WORDS[trial.encoding]}, {trial.story}", remedy,
        direction=trial.way.direction, role=trial.way.role, detail=trial.encoding,
        witness=trial.witness(*agrees(pair.sides, pair.places, *prefixes)),
        affects=pair.message.travel.methods, **pair.places,
    )  # fmt: skip


def source(
    sides: Sides, subject: str, what: str, remedy: str, before: str, after: str, places: dict[str, Location],
    *prefixes: str, detail: str = "source", affects: Iterable[str] = (),
) -> Change:  # fmt: skip
    """A break of code that is compiled against what is generated: it is read off both descriptors."""
    witness = Witness("source", {"name": subject}, before, after, agrees(sides, places, *prefixes))
    return breaking(
        subject, f"{what}: code written against the old generated code does not compile or run", remedy,
        direction=Direction.SOURCE, role=Role.CLIENT, detail=detail, witness=witness, affects=tuple(affects), **places,
    )  # fmt: skip


def added(subject: str, what: str, places: dict[str, Location], travel: Travel | None = None) -> Change:
    """Something new, for the changelog."""
    affects = travel.methods if travel is not None else ()
    return safe(subject, what, affects=affects, **places)
