"""Operations that share a method and a path: a constant in the query or in a header tells which one is meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tenon_runtime.call.operation import Call
from tenon_runtime.call.table import Entry
from tenon_runtime.host.rest import strict_json
from tenon_runtime.host.rest.parameters import decode, pairs_of


@dataclass(frozen=True, slots=True)
class Variant:
    """One operation of a route. `constants` as in `tenon_runtime.spec.Operation`."""

    constants: tuple[tuple[str, str, str], ...]
    entry: Entry
    call: Call


Variants = tuple[Variant, ...]


def variants(found: Iterable[Variant]) -> Variants:
    """Those of one route, the most constants first. Raises ValueError for two that cannot be told apart."""
    made = tuple(sorted(found, key=lambda variant: -len(variant.constants)))
    if len({frozenset(variant.constants) for variant in made}) < len(made):
        raise ValueError("the route is there twice")
    return made


def pick(found: Variants, query: str, headers: Mapping[str, str]) -> Variant:
    """The first whose constants the request has; with none, the last: its own rules then say what is wrong."""
    if len(found) == 1:
        return found[0]
    try:
        pairs = {(name, decode(text)) for name, text in pairs_of(query)}
    except strict_json.NotJson:
        return found[-1]
    for variant in found:
        if all(
            (name, value) in pairs if source == "query" else headers.get(name.lower()) == value
            for source, name, value in variant.constants
        ):
            return variant
    return found[-1]
