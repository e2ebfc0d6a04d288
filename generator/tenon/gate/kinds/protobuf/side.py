"""One side's contracts as Google's protobuf sees them: descriptors, places and message classes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from tenon.gate.snapshot import Snapshot
from tenon.read.protobuf import buf
from tenon.read.protobuf.workspace import modules
from tenon.read.tree import MAX_PATH, Tree
from tenon.source import Location

Steps = tuple[int, ...]
_IMPORT = re.compile(r"""(?m)^\s*import\s+(?:public\s+|weak\s+|option\s+)?["']([^"'\n]+)["']""")
_TAKEN = frozenset(dir(descriptor_pb2.FileDescriptorProto)) - {
    field.name for field in descriptor_pb2.FileDescriptorProto.DESCRIPTOR.fields
}
"""What messages have in Python whatever their fields are."""
_MAX_IMPORTS = 1000
"""Files that a single named contract may import."""


@dataclass
class Source:
    """The .proto files of one side before they are compiled."""

    tree: Tree
    label: str
    """What places put before the file's name: empty, or ``v1.2.0:``."""

    @cached_property
    def texts(self) -> dict[str, bytes]:
        """The contracts and the configuration that they are compiled with."""
        return {name: path.read_bytes() for name, path in self.tree.matching(".proto", "buf.yaml", "buf.work.yaml")}

    @cached_property
    def digest(self) -> bytes:
        """Names the text of all files."""
        total = hashlib.sha256()
        for name, text in self.texts.items():
            total.update(name.encode() + b"\0" + hashlib.sha256(text).digest())
        return total.digest()

    def imports(self, also: set[str]) -> dict[str, set[str]]:
        """The files that each contract imports. `also`: files of the other side, which may be named still."""
        roots = modules(self.tree)
        own = [name for name in self.texts if name.endswith(".proto")]
        by_path = {
            path: name for name in (*also, *own) for root in roots if (path := root.import_path(name)) is not None
        }
        return {
            name: {
                by_path[path]
                for path in _IMPORT.findall(self.texts[name].decode("utf-8", "replace"))
                if path in by_path
            }
            for name in own
        }

    def only(self, names: set[str]) -> Source:
        """These contracts, and the configuration."""
        files = {name: path for name, path in self.tree.files.items() if name in names or not name.endswith(".proto")}
        return Source(Tree(self.tree.root, self.tree.name, files=files), self.label)


def narrowed(old: Source, new: Source) -> tuple[Source, Source]:
    """What has to be compiled of both sides to compare them: files that differ, what imports them, and its imports."""
    names = old.texts.keys() | new.texts.keys()
    changed = {name for name in names if old.texts.get(name) != new.texts.get(name)}
    if any(not name.endswith(".proto") for name in changed):
        return old, new
    graphs = [side.imports(changed) for side in (old, new)]
    reached: set[str] = set()
    for graph in graphs:
        users: dict[str, set[str]] = {}
        for name, found in graph.items():
            for each in found:
                users.setdefault(each, set()).add(name)
        reached |= _closure(changed, users)
    # What one side needs stands on the other as well: else it would look removed there.
    needed = {name for graph in graphs for name in _closure(reached, graph)}
    return old.only(needed), new.only(needed)


def _closure(start: set[str], edges: dict[str, set[str]]) -> set[str]:
    seen, todo = set(start), list(start)
    while todo:
        more = edges.get(todo.pop(), set()) - seen
        seen |= more
        todo += more
    return seen


def source(snapshot: Snapshot, label: str) -> Source:
    """The contracts of `snapshot`: its folder's, or the one file's with what it imports from beside it."""
    prefix = snapshot.contracts.relative_to(snapshot.root).as_posix() if snapshot.only is None else "."
    tree = Tree(snapshot.contracts if snapshot.only is None else snapshot.root, "" if prefix == "." else prefix)
    if snapshot.only is not None:
        todo = [snapshot.only] if snapshot.only.endswith(".proto") else []
        while todo and len(tree.files) < _MAX_IMPORTS:
            name = todo.pop()
            path = snapshot.path(name)
            if path is not None and name not in tree.files:
                tree.files[name] = path
                todo += _IMPORT.findall(path.read_text("utf-8", "replace"))
        return Source(tree, label)
    inside = "" if prefix == "." else f"{prefix}/"
    names = snapshot.contract_files(".proto", "buf.yaml", "buf.work.yaml")
    tree.files.update(
        (name.removeprefix(inside), path)
        for name, path in names.items()
        if name.isprintable() and "\\" not in name and len(name.encode()) <= MAX_PATH
    )
    return Source(tree, label)


@dataclass(eq=False)
class Side:
    """A compiled side. Descriptors are those of Google's protobuf, in a pool of the side's own."""

    label: str
    image: bytes = field(repr=False)
    """The serialised FileDescriptorSet."""
    prefix: str
    own: dict[str, str]
    """The file in the tree by the path that imports have for it; what is imported from elsewhere is not there."""
    protos: dict[str, descriptor_pb2.FileDescriptorProto] = field(default_factory=dict, repr=False)
    pool: Any = field(default_factory=descriptor_pool.DescriptorPool, repr=False)
    _places: dict[str, dict[str, Steps]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for proto in descriptor_pb2.FileDescriptorSet.FromString(self.image).file:
            self.protos[proto.name] = proto
            for message in proto.message_type:
                _make_usable(message)
            bare = descriptor_pb2.FileDescriptorProto()
            bare.CopyFrom(proto)
            bare.ClearField("source_code_info")
            self.pool.AddSerializedFile(bare.SerializeToString())

    @cached_property
    def files(self) -> dict[str, Any]:
        """The side's own files."""
        return {name: self.pool.FindFileByName(name) for name in self.protos if name in self.own}

    @cached_property
    def messages(self) -> dict[str, Any]:
        """Every message of the own files, nested ones too, map entries not."""
        found: dict[str, Any] = {}
        todo = [message for file in self.files.values() for message in file.message_types_by_name.values()]
        while todo:
            message = todo.pop()
            if not message.GetOptions().map_entry:
                found[message.full_name] = message
                todo += message.nested_types
        return dict(sorted(found.items()))

    @cached_property
    def enums(self) -> dict[str, Any]:
        top = [enum for file in self.files.values() for enum in file.enum_types_by_name.values()]
        nested = [enum for message in self.messages.values() for enum in message.enum_types]
        return {enum.full_name: enum for enum in sorted((*top, *nested), key=lambda enum: str(enum.full_name))}

    @cached_property
    def services(self) -> dict[str, Any]:
        found = (service for file in self.files.values() for service in file.services_by_name.values())
        return {service.full_name: service for service in sorted(found, key=lambda each: str(each.full_name))}

    def digest(self, descriptor: Any) -> bytes:
        """The same for two descriptors that say the same, in files whose options say the same."""
        proto = self.protos[descriptor.file.name]
        header = (proto.syntax, proto.edition, proto.options.SerializeToString(deterministic=True), proto.package)
        path = self._path(descriptor.file.name, descriptor.full_name)
        said = _follow(proto, path).SerializeToString(deterministic=True)
        return hashlib.sha256(repr((header, said)).encode()).digest()

    def proto(self, descriptor: Any) -> Any:
        """The descriptor as a message: DescriptorProto, EnumDescriptorProto and so on."""
        return _follow(self.protos[descriptor.file.name], self._path(descriptor.file.name, descriptor.full_name))

    def cls(self, message: Any) -> Any:
        """The class of a message of this side."""
        return message_factory.GetMessageClass(message)

    def options(self, descriptor: Any) -> Any:
        """The descriptor's options with this side's own extensions readable, or None where none can be declared."""
        raw = descriptor.GetOptions()
        try:
            known = self.cls(self.pool.FindMessageTypeByName(raw.DESCRIPTOR.full_name))
        except KeyError:
            return None
        try:
            return known.FromString(raw.SerializeToString())
        except DecodeError:  # the tree's own descriptor.proto is none
            return None

    def option(self, descriptor: Any, extension: str) -> Any:
        """The value of the custom option of this full name, or None where it is not set or not defined."""
        options = self.options(descriptor)
        if options is None:
            return None
        try:
            known = self.pool.FindExtensionByName(extension)
        except KeyError:
            return None
        if known.containing_type.full_name != options.DESCRIPTOR.full_name:
            return None
        if known.is_repeated:
            return list(options.Extensions[known]) or None
        return options.Extensions[known] if options.HasExtension(known) else None

    def at(self, file: Any, symbol: str = "") -> Location:
        """Where `symbol` of the own or imported `file` (a file descriptor) is declared."""
        name = self.own.get(file.name, file.name)
        where = self.label + (f"{self.prefix}/{name}" if self.prefix else name)
        path = self._path(file.name, symbol) if symbol else (2,)
        for place in self.protos[file.name].source_code_info.location:
            if tuple(place.path) == path:
                return Location(where, place.span[0] + 1, place.span[1] + 1, symbol)
        return Location(where, symbol=symbol)

    def _path(self, file: str, symbol: str) -> Steps:
        if file not in self._places:
            self._places[file] = dict(_walk(self.protos[file]))
        return self._places[file].get(symbol, ())


def compiled(given: Source, whole: Source | None = None) -> tuple[Side | None, list[str]]:
    """The side, or what keeps it from being compared: ``file:line: reason``.

    `whole`: what is compiled where `given`, a part of it, does not compile.
    """
    image, findings = buf.build(given.tree)
    if findings and whole is not None:
        given, (image, findings) = whole, buf.build(whole.tree)
    if findings:
        return None, [f"{given.label}{str(finding.at).removeprefix('/')}: {finding.message}" for finding in findings]
    own: dict[str, str] = {}
    for name, _ in given.tree.matching(".proto"):
        for root in modules(given.tree):
            if (path := root.import_path(name)) is not None:
                own.setdefault(path, name)
    try:
        return Side(given.label, image, given.tree.name, own), []
    except (TypeError, ValueError) as error:  # a pool refuses what the compiler accepts
        return None, [f"{given.label}{given.tree.name or '.'}: Google's protobuf does not take it: {error}"]


def _make_usable(message: Any) -> None:
    """Give a field that is called like a part of Python's message classes an underscore. JSON has its own name."""
    names = {each.name for each in message.field}
    for each in message.field:
        if each.name in _TAKEN:
            while each.name in names:
                each.name += "_"
            names.add(each.name)
    for nested in message.nested_type:
        _make_usable(nested)


def _follow(proto: Any, path: Steps) -> Any:
    for step in range(0, len(path), 2):
        field_name = proto.DESCRIPTOR.fields_by_number[path[step]].name
        proto = getattr(proto, field_name)[path[step + 1]]
    return proto


def _walk(file: Any) -> Iterator[tuple[str, Steps]]:
    """Symbols and where they stand, as paths of field numbers in FileDescriptorProto."""
    prefix = f"{file.package}." if file.package else ""
    for index, message in enumerate(file.message_type):
        yield from _walk_message(message, prefix, (4, index))
    for index, enum in enumerate(file.enum_type):
        yield from _walk_enum(enum, prefix, (5, index))
    for index, service in enumerate(file.service):
        yield prefix + service.name, (6, index)
        for number, method in enumerate(service.method):
            yield f"{prefix}{service.name}.{method.name}", (6, index, 2, number)


def _walk_message(message: Any, prefix: str, path: Steps) -> Iterator[tuple[str, Steps]]:
    name = prefix + message.name
    yield name, path
    for index, each in enumerate(message.field):
        yield f"{name}.{each.name}", (*path, 2, index)
    for index, each in enumerate(message.oneof_decl):
        yield f"{name}.{each.name}", (*path, 8, index)
    for index, each in enumerate(message.nested_type):
        yield from _walk_message(each, f"{name}.", (*path, 3, index))
    for index, each in enumerate(message.enum_type):
        yield from _walk_enum(each, f"{name}.", (*path, 4, index))


def _walk_enum(enum: Any, prefix: str, path: Steps) -> Iterator[tuple[str, Steps]]:
    yield prefix + enum.name, path
    for index, value in enumerate(enum.value):
        yield f"{prefix}{enum.name}.{value.name}", (*path, 2, index)
