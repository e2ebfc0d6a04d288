"""What belongs to which module of the crate, and what its text depends on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from protobuf import Registry
from protobuf._file_registry import add_file  # what FileDescriptorSet.to_registry does, a file at a time
from protobuf.wkt import FileDescriptorProto

from tenon.model.graph import Model, Package
from tenon.model.proto import EnumType, Message, ProtoFile


class Crate:
    """The contents of every package. `filled`: the packages that have any."""

    def __init__(self, model: Model, filled: set[str], messages: list[Message], enums: list[EnumType]) -> None:
        self._files = {file.path: file for file in model.protobuf.files}
        self._digests = {path: hashlib.sha256(file.descriptor).digest() for path, file in self._files.items()}
        self._registry = Registry()
        self._layout = repr(sorted(filled)).encode()
        self._messages: dict[str, list[Message]] = {}
        self._enums: dict[str, list[EnumType]] = {}
        for message in messages:
            self._messages.setdefault(message.package, []).append(message)
        for enum in enums:
            self._enums.setdefault(enum.package, []).append(enum)

    def messages(self, package: str) -> list[Message]:
        return self._messages.get(package, [])

    def enums(self, package: str) -> list[EnumType]:
        return self._enums.get(package, [])

    def key(self, name: str, package: Package | None) -> Iterator[bytes]:
        """All that decides the text of a module: its files and what they import, its events, and who its neighbours
        are, as modules give way to each other's names."""
        yield name.encode()
        yield self._layout
        for file in self._closure(name, package):
            yield self._digests[file.path]
            yield file.at.file.encode()
        if package is not None:
            for event in (*package.sends, *(subscription.event for subscription in package.receives)):
                seen = (event.name, event.short, event.subject, event.stream, event.message.description.raw)
                yield repr((*seen, event.proto and event.proto.name, event.at.file)).encode()
            yield repr((len(package.sends), [rpc.method.name for rpc in package.rpcs])).encode()

    def registry(self, name: str) -> Registry:
        """The descriptors of a package's messages, every feature resolved; each file is read once for the crate."""
        for file in self._closure(name, None):
            if self._registry.file(file.path) is None:
                add_file(self._registry, FileDescriptorProto.from_binary(file.descriptor), stubs={})
        return self._registry

    def _closure(self, name: str, package: Package | None) -> list[ProtoFile]:
        """The files of a package, of its services and events, and all that those import, in dependency order."""
        todo = {message.file for message in self.messages(name)} | {enum.file for enum in self.enums(name)}
        if package is not None:
            todo |= {service.file for service in package.services}
            events = (*package.sends, *(subscription.event for subscription in package.receives))
            todo |= {event.proto.file for event in events if event.proto is not None}
        seen: set[str] = set()
        left = sorted(todo)
        while left:
            path = left.pop()
            if path not in seen:
                seen.add(path)
                left += self._files[path].imports
        return [file for path, file in self._files.items() if path in seen]
