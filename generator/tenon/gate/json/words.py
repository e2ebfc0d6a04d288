"""The sentences of the gate about JSON: what a stranger reads first."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tenon.gate.documents import canonical
from tenon.gate.json.causes import Cause
from tenon.gate.json.compare import Step
from tenon.gate.json.site import Site
from tenon.gate.verdict import Direction, Example

Path = tuple[str, ...]
"""Names of properties from the body inwards; ``[]`` for an item, ``*`` for any other property."""
THINGS = {Direction.REQUEST: "requests", Direction.RESPONSE: "answers", Direction.EVENT: "messages"}
_MAX_TEXT = 20_000
UNDECIDED = "make the change in smaller steps, or approve it with a waiver that says why it is harmless"


def path(steps: tuple[Step, ...], side: int) -> Path:
    """The names on the way."""
    found: list[str] = []
    for step in steps:
        match step[0]:
            case "properties":
                found.append(str(step[side]))
            case "items" | "prefixItems":
                found.append("[]")
            case "additionalProperties" | "patternProperties":
                found.append("*")
    return tuple(found)


def join(start: Path, more: tuple[str | int, ...]) -> Path:
    return (*start, *("[]" if isinstance(key, int) else key for key in more))


def pointer(where: Path) -> str:
    """``/address/[]/city``."""
    return "".join(f"/{name}" for name in where)


def dotted(where: Path) -> str:
    """``address[].city``."""
    return ".".join(where).replace(".[]", "[]")


def shown(value: Any) -> str:
    """A value in few characters."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def cut(value: Any) -> Any:
    """The value as a report shows it: a text of a million characters by its beginning and its length."""
    match value:
        case str() if len(value) > _MAX_TEXT:
            return f"{value[:40]}… ({len(value)} characters)"
        case dict():
            return {key: cut(each) for key, each in value.items()}
        case list():
            return [cut(each) for each in value[:_MAX_TEXT]]
        case _:
            return value


@dataclass(frozen=True, slots=True)
class Phrase:
    """How one direction is spoken of."""

    direction: Direction
    sender_is_new: bool
    thing: str

    def broken(self, cause: Cause, where: Path) -> str:
        """What is sent and refused."""
        at = dotted(where)
        may = f"`{at}` of {self.thing} may be" if at else f"in {self.thing} this may be"
        whose = f"{self.thing} whose `{at}` is" if at else f"{self.thing} in which this is"
        inside = f" in `{at}`" if at else ""
        given = shown(_inner(cause))
        match cause.keyword:
            case "required" if cause.token:
                if self.sender_is_new:
                    return f"{self.thing} may come without `{cause.token}`{inside}, which was always there"
                return f"{self.thing} without `{cause.token}`{inside} were accepted and are refused now"
            case "additionalProperties" | "unevaluatedProperties" | "propertyNames" if cause.token:
                if self.sender_is_new:
                    return f"{self.thing} may have `{cause.token}`{inside}, which the old contract refuses"
                return f"{self.thing} with `{cause.token}`{inside} were accepted and are refused now"
            case "type":
                kinds = " or ".join(_list(cause.taken)) or "the other type"
                if self.sender_is_new:
                    return f"{may} {given}; only {kinds} was promised"
                return f"{whose} {given} were accepted; only {kinds} is now"
            case "enum" | "const":
                if self.sender_is_new:
                    return f"{may} {given}, a value that the old contract does not list"
                return f"{whose} {given} were accepted; the value is no longer listed"
            case keyword:
                limit = (
                    f" ({keyword} {shown(cause.taken)})"
                    if isinstance(cause.taken, int | float | str)
                    else f" ({keyword})"
                )
                if self.sender_is_new:
                    return f"{may} {given}, which the old contract excludes{limit}"
                return f"{whose} {given} were accepted and are refused now{limit}"

    def remedy(self, cause: Cause) -> str:
        """What to do instead."""
        match cause.keyword:
            case "required" if self.sender_is_new:
                return f"keep `{cause.token}` required until no reader needs it, or answer in a new version"
            case "required":
                return f"make `{cause.token}` optional and give it a default, or ask for it in a new version"
            case "enum" | "const" if self.sender_is_new:
                return "answer with the new value in a new version only, or declare the enum extensible first"
            case "enum" | "const":
                return "go on accepting the value and mark it deprecated"
            case "additionalProperties" | "unevaluatedProperties" | "propertyNames" if self.sender_is_new:
                return "let readers ignore what they do not know, or send it in a new version"
            case "additionalProperties" | "unevaluatedProperties" | "propertyNames":
                return "go on accepting the property and ignore it"
            case _ if self.sender_is_new:
                return "send only what was promised; widen it in a new property or a new version"
            case _:
                return "go on accepting what was accepted; tighten it in a new property or a new version"

    def doubt(self, where: Path, reason: str) -> str:
        at = f" `{dotted(where)}` of" if where else ""
        if self.sender_is_new:
            return f"it is not decided whether all{at} new {self.thing} are as promised: {_plain(reason)}"
        return f"it is not decided whether all{at} {self.thing} that were accepted still are: {_plain(reason)}"

    @property
    def harmless(self) -> str:
        if self.sender_is_new:
            return f"all {self.thing} are still as promised"
        return f"all {self.thing} that were accepted still are"


def _inner(cause: Cause) -> Any:
    value = cause.instance
    for key in cause.path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return value
    return value


def _plain(text: str) -> str:
    return " ".join(text.split()).rstrip(".")


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(each) for each in value] if isinstance(value, list) else []


_LIMITS = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "additionalProperties",
    "const",
    "format",
]


FACETS = frozenset((*_LIMITS, "type", "enum")) - {"additionalProperties"}
"""The keywords that say which scalars a schema takes."""


def summary(before: dict[str, Any], after: dict[str, Any], same_scalars: bool) -> str:
    """What differs between two schemas, flattened; empty where it is only written another way.

    `same_scalars`: their `FACETS` are the same set, whatever the words.
    """
    parts: list[str] = []
    ours, theirs = before.get("properties", {}), after.get("properties", {})
    needed = set(after.get("required", ())) - set(before.get("required", ()))
    freed = set(before.get("required", ())) - set(after.get("required", ()))
    for names, verb in ((theirs.keys() - ours.keys(), "added"), (ours.keys() - theirs.keys(), "removed")):
        if names:
            parts.append(f"{_names(names)} {'was' if len(names) == 1 else 'were'} {verb}")
    for names, verb in ((needed & ours.keys(), "required"), (freed & theirs.keys(), "optional")):
        if names:
            parts.append(f"{_names(names)} became {verb}")
    if same_scalars:
        return "; ".join(parts)
    types = [_list(each.get("type")) for each in (before, after)]
    if sorted(types[0]) != sorted(types[1]):
        parts.append(f"the type went from {' or '.join(types[0]) or 'any'} to {' or '.join(types[1]) or 'any'}")
    members = [
        {canonical(one) for one in each["enum"]} if isinstance(each.get("enum"), list) else None
        for each in (before, after)
    ]
    if members[0] is None or members[1] is None:
        if members[0] is not members[1]:
            parts.append("a list of values was " + ("added" if members[0] is None else "removed"))
    else:
        for values, verb in ((members[1] - members[0], "added"), (members[0] - members[1], "removed")):
            if values:
                parts.append(f"{', '.join(sorted(each.decode() for each in values)[:5])} {verb} as value")
    for key in _LIMITS:
        if canonical(before.get(key)) != canonical(after.get(key)) and not isinstance(
            before.get(key, after.get(key)), dict | bool
        ):
            parts.append(
                f"{key} went from {shown(before.get(key))} to {shown(after.get(key))}".replace("null", "nothing")
            )
    return "; ".join(parts[:5])


def _names(names: Any) -> str:
    found = sorted(names)
    return ", ".join(f"`{name}`" for name in found[:6]) + (f" and {len(found) - 6} more" if len(found) > 6 else "")


def example(old: Site, new: Site, cause: Cause) -> Example | None:
    """The same schema before and after, cut to what matters."""
    pair = [_excerpt(site, cause) for site in (old, new)]
    return Example(*pair) if pair[0] != pair[1] and all(pair) else None


def _excerpt(site: Site, cause: Cause) -> str:
    value = site.mapping
    kept = {key: value[key] for key in ("type", cause.keyword) if key in value}
    name = cause.token or (str(cause.path[0]) if cause.path else "")
    properties = value.get("properties")
    if isinstance(properties, dict) and name in properties:
        kept["properties"] = {name: properties[name]}
    text = json.dumps(kept, ensure_ascii=False, default=str)
    return text if len(text) <= 400 else text[:397] + "..."
