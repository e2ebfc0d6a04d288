"""Descriptors to model: names, comments, positions and our options."""

from __future__ import annotations

import hashlib
from typing import Any

from protobuf import Message, Registry
from protobuf.wkt import FileDescriptorProto, FileDescriptorSet

from tenon.finding import Finding, Severity
from tenon.model import proto
from tenon.model.text import Text, forbidden
from tenon.read.protobuf.workspace import modules
from tenon.read.tree import Tree
from tenon.source import Location

_SCALARS = {
    1: "double", 2: "float", 3: "int64", 4: "uint64", 5: "int32", 6: "fixed64", 7: "fixed32", 8: "bool", 9: "string",
    12: "bytes", 13: "uint32", 15: "sfixed32", 16: "sfixed64", 17: "sint32", 18: "sint64",
}  # fmt: skip
_GROUP, _MESSAGE, _ENUM = 10, 11, 14
_REPEATED = 3
_PACKAGE = (2,)
"""Where the package statement stands: field 2 of FileDescriptorProto."""
_NO_SIDE_EFFECTS, _IDEMPOTENT = 1, 2
"""Values of google.protobuf.MethodOptions.IdempotencyLevel."""
_IDEMPOTENCY = (
    None, proto.Idempotency.NO_SIDE_EFFECTS, proto.Idempotency.IDEMPOTENT, proto.Idempotency.KEYED,
    proto.Idempotency.KEY_REQUIRED,
)  # fmt: skip
"""By number of tenon.v1.Idempotency."""


_DAY = 86_400.0

OPTIONS_FILE = "tenon/v1/options.proto"
OPTIONS_SHAPE = "d0984d34d4d4f6ec"
"""`fingerprint` of the options file that this version writes and reads."""


def fingerprint(file: FileDescriptorProto) -> str:
    """What a file declares, positions and comments aside, as 16 hexadecimal digits."""
    bare = FileDescriptorProto.from_binary(file.to_binary())
    bare.source_code_info = None
    return hashlib.sha256(bare.to_binary()).hexdigest()[:16]


def convert(image: bytes, tree: Tree) -> tuple[proto.Protobuf, list[Finding]]:
    """Turn a serialised FileDescriptorSet into the model."""
    descriptors = FileDescriptorSet.from_binary(image)
    options = _Options(descriptors)
    own = _own_paths(tree)
    files: list[proto.ProtoFile] = []
    readers = []
    findings: list[Finding] = options.findings
    for descriptor in descriptors.file:
        location = own.get(descriptor.name)
        reader = _FileReader(descriptor, location or descriptor.name, tree, options)
        files.append(
            proto.ProtoFile(
                path=descriptor.name,
                package=descriptor.package,
                imports=tuple(descriptor.dependency),
                at=reader.at(_PACKAGE),
                descriptor=descriptor.to_binary(),
                imported_only=location is None,
            )
        )
        reader.read()
        readers.append(reader)
        if location is not None:
            findings += reader.findings
    grouped = _reaching({name for reader in readers for name in reader.grouped}, readers)
    services = []
    for reader in readers:
        for service in reader.services:
            kept, refused = _split(service, grouped)
            services.append(kept)
            findings += refused
    return (
        proto.Protobuf(
            tuple(files),
            tuple(m for reader in readers for m in reader.messages),
            tuple(e for reader in readers for e in reader.enums),
            tuple(services),
        ),
        findings,
    )


def _own_paths(tree: Tree) -> dict[str, str]:
    """The file in the tree by the path that imports have for it."""
    own: dict[str, str] = {}
    roots = modules(tree)
    for name, _ in tree.matching(".proto"):
        for root in roots:
            if (path := root.import_path(name)) is not None:
                own.setdefault(path, name)
    return own


def _reaching(grouped: set[str], readers: list[_FileReader]) -> set[str]:
    """The messages that contain one of `grouped`, at whatever depth."""
    if not grouped:
        return grouped
    users: dict[str, set[str]] = {}
    for reader in readers:
        for message in reader.messages:
            for field in message.fields:
                if field.type.kind is proto.FieldKind.MESSAGE:
                    users.setdefault(field.type.name, set()).add(message.name)
    todo = list(grouped)
    while todo:
        new = users.get(todo.pop(), set()) - grouped
        grouped |= new
        todo += new
    return grouped


def _split(service: proto.Service, grouped: set[str]) -> tuple[proto.Service, list[Finding]]:
    """The service without the methods whose messages hold groups, and a finding for each of those."""
    kept, refused = [], []
    for method in service.methods:
        if method.input in grouped or method.output in grouped:
            refused.append(
                Finding(method.at, "proto-group", f"{service.name}.{method.name} uses a message with a group",
                        "replace the group by a nested message (message_encoding = LENGTH_PREFIXED)",
                        Severity.UNSUPPORTED)
            )  # fmt: skip
        else:
            kept.append(method)
    if not refused:
        return service, []
    return (
        proto.Service(service.name, service.package, service.file, tuple(kept), service.owner, service.comment,
                      service.at),
        refused,
    )  # fmt: skip


def _with_imports(descriptors: FileDescriptorSet, file: FileDescriptorProto) -> list[FileDescriptorProto]:
    """`file` and all that it imports, in dependency order."""
    wanted = {file.name}
    for each in reversed(descriptors.file):
        if each.name in wanted:
            wanted |= set(each.dependency)
    return [each for each in descriptors.file if each.name in wanted]


class _Options:
    """Our own options, where the tree has the file that defines them and it is the one we know."""

    def __init__(self, descriptors: FileDescriptorSet) -> None:
        self.findings: list[Finding] = []
        self._extensions: dict[str, Any] = {}
        file = next((f for f in descriptors.file if f.name == OPTIONS_FILE), None)
        if file is None:
            return
        if (shape := fingerprint(file)) != OPTIONS_SHAPE:
            self.findings.append(
                Finding(Location(OPTIONS_FILE), "options-unknown",
                        f"this is not the options file that this version of tenon knows (its shape is {shape})",
                        "take the file that `tenon new` writes; until then its options are ignored",
                        Severity.WARNING)
            )  # fmt: skip
            return
        registry: Registry = FileDescriptorSet(file=_with_imports(descriptors, file)).to_registry()
        for name in ("method", "service", "key", "personal"):
            found = registry.extension(f"tenon.v1.{name}")
            if found is not None:
                self._extensions[name] = found.type

    def get(self, options: Message[Any] | None, name: str) -> Any:
        """The value of option ``(tenon.v1.<name>)``, or None."""
        extension = self._extensions.get(name)
        if options is None or extension is None or extension not in options:
            return None
        return options[extension]


class _FileReader:
    """Reads one FileDescriptorProto."""

    def __init__(self, descriptor: Any, file: str, tree: Tree, options: _Options) -> None:
        self.messages: list[proto.Message] = []
        self.enums: list[proto.EnumType] = []
        self.services: list[proto.Service] = []
        self.findings: list[Finding] = []
        self.grouped: set[str] = set()
        self._descriptor = descriptor
        self._file = file
        self._tree = tree
        self._options = options
        info = descriptor.source_code_info
        self._places = {tuple(place.path): place for place in (info.location if info else ())}

    def at(self, path: tuple[int, ...], symbol: str = "") -> Location:
        place = self._places.get(path)
        line, column = (place.span[0] + 1, place.span[1] + 1) if place is not None and path else (0, 0)
        return self._tree.location(self._file, line, column, symbol)

    def read(self) -> None:
        package = self._descriptor.package
        prefix = f"{package}." if package else ""
        for index, message in enumerate(self._descriptor.message_type):
            self._message(message, prefix, (4, index))
        for index, enum in enumerate(self._descriptor.enum_type):
            self._enum(enum, prefix, (5, index))
        for index, service in enumerate(self._descriptor.service):
            self._service(service, prefix, (6, index))

    def _comment(self, path: tuple[int, ...], symbol: str) -> Text:
        place = self._places.get(path)
        if place is None:
            return Text("")
        raw = (place.leading_comments or place.trailing_comments).strip("\n")
        return self._text(raw, path, symbol)

    def _text(self, raw: str, path: tuple[int, ...], symbol: str) -> Text:
        if words := forbidden(raw):
            self.findings.append(
                Finding(self.at(path, symbol), "forbidden-text", f"{symbol} contains {words}", "remove the character")
            )
        return Text(raw)

    def _message(self, message: Any, prefix: str, path: tuple[int, ...]) -> None:
        name = prefix + message.name
        entries = {f".{name}.{n.name}": n for n in message.nested_type if n.options and n.options.map_entry}
        self.messages.append(
            proto.Message(
                name=name,
                package=self._descriptor.package,
                file=self._descriptor.name,
                fields=tuple(
                    self._field(field, message, name, entries, (*path, 2, index))
                    for index, field in enumerate(message.field)
                ),
                comment=self._comment(path, name),
                at=self.at(path, name),
            )
        )
        for index, nested in enumerate(message.nested_type):
            if f".{name}.{nested.name}" not in entries:
                self._message(nested, f"{name}.", (*path, 3, index))
        for index, enum in enumerate(message.enum_type):
            self._enum(enum, f"{name}.", (*path, 4, index))

    def _field(
        self, field: Any, message: Any, owner: str, entries: dict[str, Any], path: tuple[int, ...]
    ) -> proto.Field:
        symbol = f"{owner}.{field.name}"
        entry = entries.get(field.type_name)
        value = entry.field[1] if entry is not None else field
        if int(field.type) == _GROUP:
            self.grouped.add(owner)
        self._text(field.default_value, path, symbol)
        in_oneof = field.has_field("oneof_index")
        synthetic = bool(field.proto3_optional)
        return proto.Field(
            name=field.name,
            json_name=self._text(field.json_name, path, symbol),
            number=field.number,
            type=_type(value),
            repeated=int(field.label) == _REPEATED and entry is None,
            map_key=_SCALARS[int(entry.field[0].type)] if entry is not None else None,
            oneof=message.oneof_decl[field.oneof_index].name if in_oneof and not synthetic else None,
            presence=in_oneof or int(field.type) in (_GROUP, _MESSAGE),
            comment=self._comment(path, symbol),
            at=self.at(path, symbol),
            key=bool(self._options.get(field.options, "key")),
            personal=bool(self._options.get(field.options, "personal")),
        )

    def _enum(self, enum: Any, prefix: str, path: tuple[int, ...]) -> None:
        name = prefix + enum.name
        self.enums.append(
            proto.EnumType(
                name=name,
                package=self._descriptor.package,
                file=self._descriptor.name,
                values=tuple((value.name, value.number) for value in enum.value),
                comment=self._comment(path, name),
                at=self.at(path, name),
            )
        )

    def _service(self, service: Any, prefix: str, path: tuple[int, ...]) -> None:
        name = prefix + service.name
        info = self._options.get(service.options, "service")
        defaults = self._policy(info.defaults if info is not None else None, None, path, name)
        self.services.append(
            proto.Service(
                name=name,
                package=self._descriptor.package,
                file=self._descriptor.name,
                methods=tuple(
                    self._method(method, name, defaults, (*path, 2, index))
                    for index, method in enumerate(service.method)
                ),
                owner=self._text(info.owner if info is not None else "", path, name),
                comment=self._comment(path, name),
                at=self.at(path, name),
            )
        )

    def _method(self, method: Any, service: str, defaults: proto.Policy, path: tuple[int, ...]) -> proto.Method:
        symbol = f"{service}.{method.name}"
        policy = self._policy(self._options.get(method.options, "method"), defaults, path, symbol)
        for scope in policy.scopes:
            self._text(scope.raw, path, symbol)
        level = int(method.options.idempotency_level) if method.options is not None else 0
        if policy.idempotency is None and level:
            standard = proto.Idempotency.NO_SIDE_EFFECTS if level == _NO_SIDE_EFFECTS else proto.Idempotency.IDEMPOTENT
            policy = proto.Policy(policy.deadline, standard, policy.scopes, policy.public, policy.slo)
        return proto.Method(
            name=method.name,
            input=method.input_type.removeprefix("."),
            output=method.output_type.removeprefix("."),
            client_streaming=bool(method.client_streaming),
            server_streaming=bool(method.server_streaming),
            policy=policy,
            comment=self._comment(path, symbol),
            at=self.at(path, symbol),
        )

    def _policy(self, declared: Any, defaults: proto.Policy | None, path: tuple[int, ...], symbol: str) -> proto.Policy:
        fallback = defaults or proto.Policy()
        if declared is None:
            return fallback
        if wrong := _out_of_bounds(declared):
            self.findings.append(
                Finding(self.at(path, symbol), "option-value", f"{symbol}: {wrong}", "correct the option")
            )
            return fallback
        return proto.Policy(
            deadline=_seconds(declared.deadline) if declared.deadline is not None else fallback.deadline,
            idempotency=_IDEMPOTENCY[int(declared.idempotency)] or fallback.idempotency,
            scopes=tuple(map(Text, declared.scopes)) or (() if declared.public else fallback.scopes),
            public=bool(declared.public) or (fallback.public and not declared.scopes),
            slo=_slo(declared.slo) if declared.slo is not None else fallback.slo,
        )


def _type(field: Any) -> proto.FieldType:
    match int(field.type):
        case number if number in _SCALARS:
            return proto.FieldType(proto.FieldKind.SCALAR, _SCALARS[number])
        case number if number == _ENUM:
            return proto.FieldType(proto.FieldKind.ENUM, field.type_name.removeprefix("."))
    return proto.FieldType(proto.FieldKind.MESSAGE, field.type_name.removeprefix("."))


def _out_of_bounds(declared: Any) -> str | None:
    """What in a policy means nothing: options are any number that the compiler takes."""
    if int(declared.idempotency) >= len(_IDEMPOTENCY):
        return "the idempotency is a number without a name"
    durations = [declared.deadline, declared.slo.latency if declared.slo is not None else None]
    if not all(duration is None or 0 < _seconds(duration) <= _DAY for duration in durations):
        return "a deadline or latency is more than nothing, and at most a day"
    slo = declared.slo
    if slo is not None and not (0 < slo.availability < 1 and (0 < slo.latency_share < 1 or slo.latency_share == 0)):
        return "a share is between 0 and 1"
    return None


def _seconds(duration: Any) -> float:
    return float(duration.seconds + duration.nanos / 1e9)


def _slo(slo: Any) -> proto.Slo:
    return proto.Slo(slo.availability, _seconds(slo.latency) if slo.latency is not None else 0.0, slo.latency_share)
