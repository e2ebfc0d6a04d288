"""What rules ask of descriptors beyond what these say themselves."""

from __future__ import annotations

from typing import Any

from tenon.gate.kinds.protobuf.pairs import FieldPair, Sides
from tenon.gate.kinds.protobuf.samples import entry
from tenon.gate.kinds.protobuf.side import Side


def moved(pair: FieldPair) -> Any | None:
    """The new field of the old one's name where it has another number now."""
    if pair.old is None or pair.message.new is None:
        return None
    found = pair.message.new.fields_by_name.get(pair.old.name)
    return found if found is not None and found.number != pair.old.number else None


def same_type(pair: FieldPair) -> bool:
    """Whether both fields are there, of the same type and cardinality, and the old one did not go elsewhere."""
    old, new = pair.old, pair.new
    if old is None or new is None or moved(pair) is not None or old.is_repeated != new.is_repeated:
        return False
    return value_type(old) == value_type(new) and (entry(old) is None) == (entry(new) is None)


def value_type(field: Any) -> Any:
    """What tells a field's type from another's, cardinality and group encoding apart."""
    pairs = entry(field)
    if pairs is not None:
        return tuple(value_type(each) for each in pairs.fields)
    inner = field.message_type or field.enum_type
    return inner.full_name if inner is not None else field.type


def oneof(field: Any) -> Any:
    """The oneof that the contract wrote; not the one that an optional field of proto3 has."""
    group = field.containing_oneof
    if group is None:
        return None
    hidden = len(group.fields) == 1 and group.name.lstrip("X") == f"_{field.name}"
    return None if hidden else group


def is_reserved(side: Side, descriptor: Any, number: int | None = None, name: str | None = None) -> bool:
    """Whether a message or enum reserves the number or the name."""
    proto = side.proto(descriptor)
    if name is not None:
        return name in proto.reserved_name
    inclusive = 1 if hasattr(proto, "value") else 0  # an enum's range holds its end, a message's does not
    return any(each.start <= (number or 0) < each.end + inclusive for each in proto.reserved_range)


def ranges(side: Side, descriptor: Any) -> list[tuple[int, int]]:
    """Reserved ranges as (first, last), merged and in order."""
    proto = side.proto(descriptor)
    last = 0 if hasattr(proto, "value") else 1
    return merged([(each.start, each.end - last) for each in proto.reserved_range])


def merged(given: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges without overlaps, in order."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(given):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def missing(given: list[tuple[int, int]], kept: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """What of `given` no range of `kept` holds. Both are merged."""
    found = []
    for first, last in given:
        free = first
        for start, end in kept:
            if first <= end and start <= last:
                if start > free:
                    found.append((free, start - 1))
                free = end + 1
        if free <= last:
            found.append((free, last))
    return found


def repackaged(sides: Sides, file: Any) -> bool:
    """Whether the file is on both sides and its package is another: one cause for all that it declares."""
    old, new = sides.old.protos.get(file.name), sides.new.protos.get(file.name)
    return old is not None and new is not None and old.package != new.package
