"""Parameters of requests have to go on accepting what they accepted.

A parameter that is new and required, one that became required, one that is written another way (`style`, `explode`,
`content` instead of `schema`), and one whose schema takes less than before all refuse requests of clients that were
good. Values of parameters are texts on the wire, so an `integer` that becomes a `string`, or a single value that
becomes a list of them, refuses nobody.

**Decided** by subset reasoning over the schemas, and where those differ in type over the texts that their values are
written as. Path parameters are paired by their position, not by name.

Before:

    parameters: [{name: limit, in: query, schema: {type: integer}}]

After, which refuses `?limit=500`:

    parameters: [{name: limit, in: query, schema: {type: integer, maximum: 100}}]

**Safely**: add parameters as optional with a default; treat a value over the new limit as the limit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tenon.gate.context import Context
from tenon.gate.json.site import Site
from tenon.gate.json.view import Opaque
from tenon.gate.json.witness import Builder
from tenon.gate.kinds.openapi.pairs import ParameterPair
from tenon.gate.kinds.openapi.requests import of_part, request
from tenon.gate.kinds.openapi.texts import accepts
from tenon.gate.verdict import Change, Verdict, breaking, safe

ON = (ParameterPair,)
_STYLES = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}


def judge(pair: ParameterPair, context: Context) -> Iterator[Change]:
    operation = pair.operation
    old, new = pair.old, pair.new
    if new is None:
        return  # its removal is another rule's
    needed = [side is not None and side.mapping.get("required") is True for side in (old, new)]
    common = of_part(pair) if old is None or needed[0] != needed[1] else {}
    if old is None and not needed[1]:
        yield safe(
            pair.subject, f"the optional {pair.where} parameter `{pair.name}` was added", detail="added", **common
        )
    elif not needed[0] and needed[1] and pair.where != "path" and not operation.sends:
        how = "is new and required" if old is None else "became required"
        yield breaking(
            pair.subject,
            f"the {pair.where} parameter `{pair.name}` {how}: requests without it were accepted and are refused now",
            "make it optional and give it a default",
            detail="required",
            witness=request(operation, "accepted", f"refused: the {pair.where} parameter {pair.name} is required"),
            **common,
        )
    elif needed[0] and not needed[1] and old is not None:
        yield safe(
            pair.subject, f"the {pair.where} parameter `{pair.name}` became optional", detail="optional", **common
        )
    if old is not None:
        yield from _written(pair, old, new)
        yield from _values(pair, old, new)


def _written(pair: ParameterPair, old: Site, new: Site) -> Iterator[Change]:
    """How values become text."""
    ways = [_way(each, pair.where) for each in (old, new)]
    if ways[0] == ways[1]:
        return
    yield breaking(
        pair.subject,
        f"`{pair.name}` is written another way: {_spelled(ways[0])} before, {_spelled(ways[1])} now",
        "keep how it is written, or read both ways",
        detail="style",
        witness=request(
            pair.operation,
            f"read by {_spelled(ways[0])}",
            f"read by {_spelled(ways[1])}",
            **{"parameters": {pair.name: "as " + _spelled(ways[0])}},
        ),
        **of_part(pair),
    )


def _way(site: Site, where: str) -> tuple[str, ...]:
    content = site.mapping.get("content")
    if isinstance(content, dict) and content:
        return ("content", str(next(iter(content))))
    style = site.text("style", _STYLES.get(where, "form"))
    explode = site.mapping.get("explode", style == "form")
    types = site.child("schema").follow().mapping.get("type")
    kinds = {types} if isinstance(types, str) else set(types or ()) if isinstance(types, list) else set()
    if kinds and not kinds & {"array", "object"} and style not in ("label", "matrix"):
        return ("plain text",)  # one value is written the same in each of these styles
    reserved = ("allowReserved",) if site.mapping.get("allowReserved") is True else ()
    return (f"style {style}", f"explode {str(bool(explode)).lower()}", *reserved)


def _spelled(way: tuple[str, ...]) -> str:
    return " with ".join(way)


def _values(pair: ParameterPair, old: Site, new: Site) -> Iterator[Change]:
    sides = [_schema(each) for each in (old, new)]
    touched = pair.operation.document.touched
    if touched is None or touched.same(sides[0].value, sides[1].value):
        return
    exchange = pair.operation.document.exchange(answer=False, sends=pair.operation.sends)
    found = list(exchange.judge(pair.subject, sides[0], sides[1], f"requests with `{pair.name}`"))
    if any(change.verdict is not Verdict.SAFE for change in found) and not pair.operation.sends:
        try:
            comparer = exchange.comparer
            sent = Builder(comparer.sender, comparer.judge)._flat(comparer.sender.of(sides[0]), [])
            taken = Builder(comparer.receiver, comparer.judge)._flat(comparer.receiver.of(sides[1]), [])
            if accepts(comparer.judge, sent, taken):
                said = f"the schema of `{pair.name}` takes more: every text that was accepted still is"
                yield safe(pair.subject, said, detail="schema", **of_part(pair))
                return
        except Opaque:
            pass
    for change in found:
        yield replace(change, stability=pair.operation.stability)


def _schema(site: Site) -> Site:
    content = site.mapping.get("content")
    if isinstance(content, dict) and content:
        media = site.child("content", next(iter(content))).follow()
        return Site(media.root, (*media.keys, "schema"), media.mapping.get("schema"))
    return Site(site.root, (*site.keys, "schema"), site.mapping.get("schema"))
