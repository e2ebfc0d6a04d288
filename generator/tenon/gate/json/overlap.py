"""Whether branches of a union share more values than before: a value of two branches of `oneOf` is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from tenon.gate.json.alternatives import apart, matched, plain, pure, union
from tenon.gate.json.judge import Judge
from tenon.gate.json.view import Schema, View, self_contained

_OTHER = ".taken"
_MAX_DEPTH = 4


class Sides(Protocol):
    """What is compared: a sender's view and a receiver's."""

    sender: View
    receiver: View
    judge: Judge

    @property
    def opened(self) -> View: ...

    def same(self, sent: Any, taken: Any) -> bool: ...


@dataclass
class Overlap:
    """The branches of one union."""

    sides: Sides
    names: Any = None
    """The `propertyNames` that close the union."""

    def no_more(self, branch: Schema, before: Schema, other: Schema, depth: int = 0) -> bool:
        """Whether what the branch `other` sends is in a changed `branch` only if it was in it `before`."""
        sides = self.sides
        if apart((sides.sender, other), (sides.receiver, branch)):
            return True
        inner = self._inner(branch, before, other, depth)
        if inner is not None:
            return inner
        sent = self_contained(
            sides.sender, {"allOf": [other, *([{"propertyNames": self.names}] if self.names else [])]}
        )
        question = conjunction(sent, self_contained(sides.receiver, branch))
        return sides.judge.ask(question, self._written(before), quick=True).proved

    def _inner(self, branch: Schema, before: Schema, other: Schema, depth: int) -> bool | None:
        """The same for the branches of a union in a union; None where they are none."""
        ours, theirs = plain(self.sides.sender, before), plain(self.sides.receiver, branch)
        if _kind(ours) == _kind(theirs) is not None:  # both are `allOf` of one, beside the same type
            assert isinstance(ours, dict) and isinstance(theirs, dict)
            return self.no_more(theirs["allOf"][0], ours["allOf"][0], other, depth + 1)
        keys = union(ours) if isinstance(ours, dict) else None, union(theirs) if isinstance(theirs, dict) else None
        if keys[0] is None or keys[1] is None or depth >= _MAX_DEPTH:
            return None
        assert isinstance(ours, dict) and isinstance(theirs, dict)
        beside = [
            {key: value for key, value in each.items() if key not in ("anyOf", "oneOf")} for each in (ours, theirs)
        ]
        if not self.sides.same(*beside):
            return None
        mine, others = ours[keys[0]], theirs[keys[1]]
        pairs, _, right = matched((self.sides.sender, mine), (self.sides.receiver, others))
        return all(
            self.no_more(others[twin], mine[index], other, depth + 1)
            for index, twin in pairs
            if not self.sides.same(mine[index], others[twin])
        ) and all(self.no_more(others[index], False, other, depth + 1) for index in right)

    def _written(self, before: Schema) -> Schema:
        """The branch as it is written, not closed, where it has a name."""
        name = pure(before)
        if name is None:
            return self_contained(self.sides.sender, before)
        opened = self.sides.opened
        return self_contained(opened, {"$ref": f"#/$defs/{opened.name(self.sides.sender.reference(name))}"})


def _kind(schema: Schema) -> Any:
    """The type beside an `allOf` of one, where there is nothing else."""
    if isinstance(schema, dict) and set(schema) == {"allOf", "type"} and len(schema["allOf"]) == 1:
        return schema["type"]
    return None


def conjunction(one: Schema, two: Schema) -> Schema:
    """Both, each with the definitions of its own root."""
    if not isinstance(one, dict) or not isinstance(two, dict):
        return two if one is True else one
    other = _renamed(two)
    definitions = {**one.get("$defs", {}), **other.get("$defs", {})}
    parts = [{key: value for key, value in each.items() if key != "$defs"} for each in (one, other)]
    return {"allOf": parts, **({"$defs": definitions} if definitions else {})}


def _renamed(schema: Any) -> Any:
    """The schema with the names of its definitions set apart from those of another root."""
    if isinstance(schema, dict):
        found = {key: _renamed(value) for key, value in schema.items()}
        if isinstance(found.get("$ref"), str):
            found["$ref"] += _OTHER
        if isinstance(schema.get("$defs"), dict):
            found["$defs"] = {name + _OTHER: value for name, value in found["$defs"].items()}
        return found
    return [_renamed(each) for each in schema] if isinstance(schema, list) else schema
