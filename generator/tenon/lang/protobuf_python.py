"""Where protobuf's Python plugin puts a message and what it calls it.

The rules are the plugin's own (protobuf-py, pinned exactly): we ask its functions rather than repeat them, so a
new version that changes a name changes it here too.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from protobuf._sanitization import escape_class_name, escape_message_attr, escape_proto_module_component

from tenon.lang.python import unique
from tenon.model.proto import Field, Protobuf

MESSAGES = "api._pb"
"""The package that the plugin's modules are put in. Nobody but generated code imports from it."""
FIELD_RULES = "buf/validate/validate.proto"
"""Protovalidate's options. A tree that does not hold the file itself gets it, and its classes, from the wheel."""
_WELL_KNOWN = "google/protobuf/"


def module(path: str) -> str:
    """The module of a .proto file: ``identity/v1/identity.proto`` gives ``api._pb.identity.v1.identity_pb``."""
    stem = path.removesuffix(".proto")
    *folders, name = stem.split("/")
    parts = [escape_proto_module_component(part) for part in folders]
    made = ".".join([*parts, f"{escape_proto_module_component(name)}_pb"])
    return f"protobuf.wkt.{made}" if path.startswith(_WELL_KNOWN) else f"{MESSAGES}.{made}"


def attribute(field: Field) -> str:
    """The attribute of a message that holds `field`."""
    return escape_message_attr(field.oneof or field.name)


def class_parts(name: str, package: str) -> list[str]:
    """The classes to go through for a message or enum: ``a.v1.Outer.Inner`` gives ``[Outer, Inner]``."""
    relative = name[len(package) + 1 :] if package else name
    return [escape_class_name(part) for part in relative.split(".")]


@dataclass
class Imports:
    """The imports of one generated module; every name stands for one thing, with a suffix where two would clash."""

    taken: set[str] = field(default_factory=set)
    _found: dict[tuple[str, str], str] = field(default_factory=dict)

    def use(self, source: str, name: str) -> str:
        """Import `name` from module `source`; the local name it has."""
        if (source, name) not in self._found:
            self._found[source, name] = unique(name, self.taken)
        return self._found[source, name]

    @property
    def names(self) -> set[str]:
        """The local names of all that was imported."""
        return set(self._found.values())

    def lines(self) -> list[str]:
        """The import statements, one a module, in order."""
        modules: dict[str, list[str]] = {}
        for (source, name), local in sorted(self._found.items()):
            modules.setdefault(source, []).append(name if name == local else f"{name} as {local}")
        return [f"from {source} import {', '.join(names)}" for source, names in modules.items()]


class Types:
    """Python expressions for protobuf types."""

    def __init__(self, protobuf: Protobuf) -> None:
        self._where = {m.name: (m.file, m.package) for m in protobuf.messages}
        self._where |= {e.name: (e.file, e.package) for e in protobuf.enums}

    def use(self, name: str, imports: Imports) -> str:
        """The expression for message or enum `name`, imported through `imports`."""
        file, package = self._where[name]
        outer, *inner = class_parts(name, package)
        return ".".join([imports.use(module(file), outer), *inner])
