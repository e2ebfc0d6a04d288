"""Field rules of protovalidate were tightened, or loosened.

Rules such as `(buf.validate.field).string.max_len` are checked where requests and events arrive. Who breaks: old
clients whose requests were accepted and are refused now, although no byte of the encoding has changed; and receivers of
events that were published before.

**How it is decided.** Messages with values around every bound of the old and the new rules are checked with
`protovalidate` under both contracts: one that was accepted and is refused is the proof. Without one, the rules are
compared as sets of values: bounds, lengths, prefixes, expressions, lists, elements and keys are translated to JSON
Schema, and inclusion is proved. What a schema does not say (CEL, formats, lengths in bytes) counts as equal where it is
written the same; where it is not, the change is unproven. In answers, where nothing is checked, rules may change.

**Before and after.** `string title = 1 [(buf.validate.field).string.max_len = 200];` became `max_len = 100`: titles of
150 characters are refused.

**How to do it safely.** Check the new bound in the service for new data only, or warn for a while; tighten the rule
when metrics show that nobody is beyond it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tenon.gate.context import Context
from tenon.gate.kinds.protobuf import constraints, validation
from tenon.gate.kinds.protobuf.facts import same_type
from tenon.gate.kinds.protobuf.pairs import FieldPair, MessagePair, Way
from tenon.gate.verdict import Bump, Change, Witness, breaking, safe, unproven

ON = (FieldPair, MessagePair)
_REMEDY = "keep the old bound, and check the new one in the service for new data only"


def judge(pair: FieldPair | MessagePair, context: Context) -> Iterator[Change]:
    """Rules of fields; those of messages and oneofs."""
    if isinstance(pair, FieldPair):
        yield from _field(pair)
    elif pair.old is not None and pair.new is not None:
        yield from _message(pair)


def _field(pair: FieldPair) -> Iterator[Change]:
    new = pair.sides.new.option(pair.new, constraints.FIELD) if pair.new is not None else None
    old = pair.sides.old.option(pair.old, constraints.FIELD) if pair.old is not None else None
    if pair.new is None or _said(old) == _said(new) or (pair.old is not None and not same_type(pair)):
        return
    way = _checked(pair.message)
    what = f"the rules of `{pair.new.name}` changed" if pair.old is not None else f"`{pair.new.name}` came with rules"
    if way is None:
        if pair.old is not None:
            yield _fine(pair, f"{what}: they are not checked in answers")
        return
    answer = constraints.Comparison(False)
    first: tuple[Any, ...] = ()
    if pair.old is not None:
        answer = constraints.compare(constraints.of_field(pair.old, old), constraints.of_field(pair.new, new))
        first = (answer.example,) if answer.refuted else ()
    if answer.proved:
        yield _fine(pair, f"{what}: whatever was accepted is accepted")
        return
    judges = pair.sides.validation
    if judges.able:
        message = pair.message.old
        tried = (
            validation.with_values(judges, message, pair.old, old, new, first=first)
            if pair.old is not None
            else iter([validation.base(judges, message)])
        )
        found = validation.example(judges, message, pair.message.new, tried)
        if found is not None:
            yield _refused(pair, pair.message, way, what, found)
            return
    if pair.old is not None:
        yield _unsure(pair, pair.message, way, what, answer.reason)


def _message(pair: MessagePair) -> Iterator[Change]:
    old, new = (_whole(side, each) for side, each in ((pair.sides.old, pair.old), (pair.sides.new, pair.new)))
    if old == new:
        return
    what, way = "the rules of the whole message changed", _checked(pair)
    if way is None or new <= old:
        yield _fine(pair, f"{what}: whatever was accepted is accepted")
        return
    judges = pair.sides.validation
    tried = validation.combinations(judges, pair.old) if judges.able else iter(())
    found = validation.example(judges, pair.old, pair.new, tried)
    if found is not None:
        yield _refused(pair, pair, way, what, found)
    else:
        yield _unsure(pair, pair, way, what, "cel")


def _whole(side: Any, message: Any) -> frozenset[str]:
    """Each rule that is about more than one field."""
    rules = side.option(message, constraints.MESSAGE)
    found = {f"{each.name}={item}" for each, value in (rules.ListFields() if rules is not None else ())
             for item in (value if each.is_repeated else [value])}  # fmt: skip
    for group in message.oneofs:
        stated = side.option(group, constraints.ONEOF)
        if stated is not None and stated.required:
            found.add(f"oneof={group.name}")
    return frozenset(found)


def _checked(message: MessagePair) -> Way | None:
    """The way in which a new release checks what an old one has sent."""
    return next((way for way in message.travel.ways if way.from_old), None)


def _said(rules: Any) -> bytes:
    return bytes(rules.SerializeToString(deterministic=True)) if rules is not None else b""


def _fine(pair: FieldPair | MessagePair, message: str) -> Change:
    return safe(pair.name, message, detail="rules", bump=Bump.MINOR, **pair.places)


def _refused(
    pair: FieldPair | MessagePair, message: MessagePair, way: Way, what: str, found: tuple[Any, str]
) -> Change:
    shown, why = found
    return breaking(
        pair.name, f"{what}: {way.words} was accepted and is refused now ({why})", _REMEDY, direction=way.direction,
        role=way.role, detail="rules", affects=message.travel.methods, **pair.places,
        witness=Witness("json", shown, "accepted", f"refused: {why}", ("protovalidate",)),
    )  # fmt: skip


def _unsure(pair: FieldPair | MessagePair, message: MessagePair, way: Way, what: str, reason: str) -> Change:
    return unproven(
        pair.name, f"{what}: nothing was found that is refused now, and {reason or 'the rules'} could not be compared",
        _REMEDY, direction=way.direction, role=way.role, detail="rules", affects=message.travel.methods, **pair.places,
    )  # fmt: skip
