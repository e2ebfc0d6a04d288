"""What of a tree betterproto2 can have: no editions, no groups, and nothing that refers to what it cannot have."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from protobuf.wkt import FileDescriptorProto

from tenon.model.proto import FieldKind, Protobuf, ProtoFile

_GROUP = 10


@dataclass
class Choice:
    """`packages`: the files by package, dependencies included; `left_out`: files and packages with the reason;
    `digests`: what of each file reaches the compiler, which is all but comments and places."""

    files: dict[str, ProtoFile]
    packages: dict[str, list[ProtoFile]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    digests: dict[str, bytes] = field(default_factory=dict)

    def leave_out(self, name: str, why: str) -> None:
        """Name what is missing from the output."""
        self.left_out[name] = why

    def needed(self, wanted: list[ProtoFile]) -> list[ProtoFile]:
        """`wanted` and all that they import and that was chosen, in dependency order."""
        chosen = {file.path for files in self.packages.values() for file in files}
        todo = [file.path for file in wanted]
        seen: set[str] = set()
        while todo:
            path = todo.pop()
            if path in chosen and path not in seen:
                seen.add(path)
                todo += self.files[path].imports
        return [file for path, file in self.files.items() if path in seen]


def choose(protobuf: Protobuf) -> Choice:
    """Every file that can be had, with those that it imports."""
    choice = Choice({file.path: file for file in protobuf.files})
    uses = _uses(protobuf)
    homes = {m.name: m.file for m in protobuf.messages} | {e.name: e.file for e in protobuf.enums}
    for file in protobuf.files:  # in dependency order
        descriptor = FileDescriptorProto.from_binary(file.descriptor)
        descriptor.source_code_info = None
        choice.digests[file.path] = hashlib.sha256(descriptor.to_binary()).digest()
        if descriptor.syntax == "editions":
            choice.left_out[file.path] = "it uses protobuf editions, which betterproto2 does not know"
        elif _grouped(descriptor.message_type):
            choice.left_out[file.path] = "it has a group, which betterproto2 does not know"
        elif missing := next((homes[n] for n in sorted(uses.get(file.path, ())) if homes[n] in choice.left_out), None):
            choice.left_out[file.path] = f"it refers to {missing}"
    wanted = [f for f in protobuf.files if not f.imported_only and f.path not in choice.left_out]
    reached = _reached(wanted, uses, homes)
    for file in protobuf.files:
        if file.path in reached:
            choice.packages.setdefault(file.package, []).append(file)
    own = {file.path for file in protobuf.files if not file.imported_only}
    choice.left_out = {path: why for path, why in choice.left_out.items() if path in own}
    return choice


def _uses(protobuf: Protobuf) -> dict[str, set[str]]:
    """The types that each file refers to; options are none."""
    found: dict[str, set[str]] = {}
    for message in protobuf.messages:
        names = {f.type.name for f in message.fields if f.type.kind is not FieldKind.SCALAR}
        found.setdefault(message.file, set()).update(names)
    for service in protobuf.services:
        names = {name for method in service.methods for name in (method.input, method.output)}
        found.setdefault(service.file, set()).update(names)
    return found


def _grouped(messages: list) -> bool:  # type: ignore[type-arg]
    return any(
        any(int(field.type) == _GROUP for field in message.field) or _grouped(message.nested_type)
        for message in messages
    )


def _reached(wanted: list[ProtoFile], uses: dict[str, set[str]], homes: dict[str, str]) -> set[str]:
    """The files of `wanted` and of all types that they refer to, at whatever distance."""
    reached = {file.path for file in wanted}
    todo = list(reached)
    while todo:
        new = {homes[name] for name in uses.get(todo.pop(), ())} - reached
        reached |= new
        todo += new
    return reached
