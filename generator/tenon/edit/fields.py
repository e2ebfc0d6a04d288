"""``name:type`` from the command line as a field of a message."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tenon.edit.workspace import Workspace, nearest, refuse
from tenon.model.proto import FieldKind, FieldType
from tenon.source import Location

SCALARS = (
    "string", "bool", "int32", "int64", "uint32", "uint64", "sint32", "sint64", "fixed32", "fixed64", "sfixed32",
    "sfixed64", "double", "float", "bytes",
)  # fmt: skip
ALIASES = {
    name.lower(): f"google.protobuf.{name}"
    for name in ("Timestamp", "Duration", "FieldMask", "Struct", "Value", "ListValue", "Any", "Empty")
}
"""Short names of well-known types."""
_WRAPPERS = ("Double", "Float", "Int64", "UInt64", "Int32", "UInt32", "Bool", "String", "Bytes")
_FILES = {
    "google.protobuf.Timestamp": "timestamp", "google.protobuf.Duration": "duration",
    "google.protobuf.FieldMask": "field_mask", "google.protobuf.Any": "any", "google.protobuf.Empty": "empty",
    **{f"google.protobuf.{name}": "struct" for name in ("Struct", "Value", "ListValue")},
    **{f"google.protobuf.{name}Value": "wrappers" for name in _WRAPPERS},
}  # fmt: skip
PERSONAL = ("identifier", "contact", "profile", "sensitive")
"""Kinds of personal data, as tenon.v1.PersonalData has them."""
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_MAP = re.compile(r"map\s*<\s*(\w+)\s*,\s*([\w.]+)\s*>")
_MAP_KEYS = frozenset(SCALARS) - {"double", "float", "bytes"}
_TYPE = re.compile(r"(?:(repeated|optional)\s+)?(\.?[A-Za-z_][\w.]*)")
COMMAND = Location("command line")
"""Where a complaint about an argument stands."""


@dataclass(frozen=True, slots=True)
class NewField:
    """A field to be added. `type` is resolved; `spelled` is how the .proto writes it, label included."""

    name: str
    spelled: str
    type: FieldType
    repeated: bool
    map_key: str | None
    comment: str
    imports: str | None
    """The file that the type needs, as imports name it."""
    key: bool = False
    personal: str | None = None

    @property
    def json_name(self) -> str:
        return json_name(self.name)


def json_name(name: str) -> str:
    """protobuf's own rule: underscores go, the letter after one is a capital."""
    return re.sub(r"_([a-z0-9]?)", lambda match: match[1].upper(), name)


def snake(name: str) -> str:
    """``creatorId`` and ``creator-id`` as ``creator_id``."""
    return re.sub(r"[-_]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)).lower()


def words(name: str) -> str:
    """``creator_id`` or ``CreatorId`` in words."""
    return snake(name).replace("_", " ")


def parse(
    workspace: Workspace, package: str, given: str, *, personal: str | None = None, proto2: bool = False
) -> NewField:
    """Read ``name:type`` or ``name:type:comment``, in terms of `package`. Raises Refused."""
    name, _, rest = given.partition(":")
    spelled, _, comment = (part.strip() for part in rest.partition(":"))
    name = name.strip()
    if not spelled:
        raise refuse(COMMAND, "field", f"{given!a} has no type", f"write it as {name or 'name'}:string")
    if not _NAME.fullmatch(name) or name.endswith("_") or "__" in name:
        remedy = f"use snake_case, as {snake(name)!a}" if _NAME.fullmatch(snake(name)) else "use snake_case"
        raise refuse(COMMAND, "name", f"{name!a} is no name of a field", remedy)
    if personal is not None and personal not in PERSONAL:
        raise refuse(COMMAND, "personal", f"{personal!a} is no kind of personal data", f"use {', '.join(PERSONAL)}")
    if matched := _MAP.fullmatch(spelled):
        if matched[1] not in _MAP_KEYS:
            raise refuse(COMMAND, "type", f"{matched[1]!a} cannot be the key of a map", "use string or an integer type")
        kind, written, needs = _resolve(workspace, package, matched[2])
        spelled, repeated, map_key = f"map<{matched[1]}, {written}>", False, matched[1]
    elif plain := _TYPE.fullmatch(spelled):
        kind, written, needs = _resolve(workspace, package, plain[2])
        label = plain[1] or ("optional" if proto2 else None)
        spelled, repeated, map_key = f"{label} {written}" if label else written, plain[1] == "repeated", None
    else:
        raise refuse(
            COMMAND, "type", f"{spelled!a} is no type", "use string, 'repeated string', 'map<string, int64>' …"
        )
    comment = comment or f"The {words(name)}."
    personal = personal or _personal_elsewhere(workspace, package, name)
    return NewField(name, spelled, kind, repeated, map_key, comment, needs, personal=personal)


def _personal_elsewhere(workspace: Workspace, package: str, name: str) -> str | None:
    """The kind of personal data that the package's other fields of this name hold: what is personal once, is always."""
    marked = re.compile(rf"\b{name} = [0-9]+ \[[^\]]*PERSONAL_DATA_([A-Z]+)")
    for file in workspace.model.protobuf.files:
        if file.package == package and (match := marked.search(workspace.buffer(file.at.file).text)):
            kind = match[1].lower()
            return kind if kind in PERSONAL else None
    return None


def _resolve(workspace: Workspace, package: str, name: str) -> tuple[FieldType, str, str | None]:
    """The type called `name` in `package`, how it is written there, and the file to import."""
    if name in SCALARS:
        return FieldType(FieldKind.SCALAR, name), name, None
    full = ALIASES.get(name.lower(), name.removeprefix("."))
    if full in _FILES:
        return FieldType(FieldKind.MESSAGE, full), full, f"google/protobuf/{_FILES[full]}.proto"
    protobuf = workspace.model.protobuf
    known = {m.name: (FieldKind.MESSAGE, m.file) for m in protobuf.messages}
    known |= {e.name: (FieldKind.ENUM, e.file) for e in protobuf.enums}
    for candidate in (f"{package}.{full}", full):
        if candidate in known:
            kind, file = known[candidate]
            owner = next(f.package for f in protobuf.files if f.path == file)
            if owner.split(".")[0] != package.split(".")[0] and not owner.startswith("tenon."):
                raise refuse(COMMAND, "type", f"{candidate} belongs to another domain",
                             "domains share nothing but events: copy the few fields that are needed")  # fmt: skip
            written = candidate.removeprefix(f"{package}.") if owner == package else candidate
            return FieldType(kind, candidate), written, file
    local = [each.removeprefix(f"{package}.") for each in known if each.startswith(f"{package}.")]
    near = nearest(full, [*local, *SCALARS, *ALIASES])
    if near:
        remedy = f"did you mean {near}?"
    else:
        remedy = f"use a scalar, timestamp, duration, or one of: {', '.join(sorted(local)) or '(none yet)'}"
    raise refuse(COMMAND, "type", f"there is no type {name!a} in {package}", remedy)
