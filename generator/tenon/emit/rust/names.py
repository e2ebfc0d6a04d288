"""Where every protobuf type stands in the Rust crate and what it is called, decided once for the whole crate.

A package is a module; what is nested in a message is in a module named after the message, as prost has it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tenon.lang import rust
from tenon.lang.python import unique
from tenon.model.proto import EnumType, Field, FieldKind, Message, Protobuf

PROST_TYPES = "google.protobuf"
_PROST_TYPES = frozenset((
    "Any", "Api", "Mixin", "Method", "Duration", "FieldMask", "SourceContext", "Struct", "Value", "ListValue",
    "NullValue", "Timestamp", "Type", "Field", "Enum", "EnumValue", "Option", "Syntax", "FileDescriptorSet",
    "FileDescriptorProto", "DescriptorProto", "ExtensionRangeOptions", "FieldDescriptorProto",
    "OneofDescriptorProto", "EnumDescriptorProto", "EnumValueDescriptorProto", "ServiceDescriptorProto",
    "MethodDescriptorProto", "FileOptions", "MessageOptions", "FieldOptions", "OneofOptions", "EnumOptions",
    "EnumValueOptions", "ServiceOptions", "MethodOptions", "UninterpretedOption", "SourceCodeInfo",
    "GeneratedCodeInfo",
))  # fmt: skip
"""What the crate prost-types 0.14 has."""
_BUILTIN = {
    "Empty": "()", "BoolValue": "bool", "StringValue": "String", "BytesValue": "Vec<u8>", "FloatValue": "f32",
    "DoubleValue": "f64", "Int32Value": "i32", "Int64Value": "i64", "UInt32Value": "u32", "UInt64Value": "u64",
}  # fmt: skip
"""Well-known messages that prost reads as plain Rust types."""
_PRELUDE = {
    "String": "::std::string::String",
    "Vec": "::std::vec::Vec",
    "Option": "::core::option::Option",
    "Box": "::std::boxed::Box",
    "Result": "::core::result::Result",
    "Send": "::core::marker::Send",
    "Sync": "::core::marker::Sync",
    "Future": "::core::future::Future",
}
_FILES = frozenset({"lib", "main", "bin"})
"""Names that cargo gives a meaning to, as files beside the crate's root."""


@dataclass
class Scope:
    """One module: what is declared in it."""

    parts: tuple[str, ...]
    types: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)
    children: dict[str, Scope] = field(default_factory=dict)
    """Modules of packages, by the package's own part."""
    nested: dict[str, Scope] = field(default_factory=dict)
    """Modules of messages, by the message's full name."""

    def child(self, part: str) -> Scope:
        """The module of a package below this one."""
        if part not in self.children:
            name = rust.snake(part)
            name = f"{name}_" if not self.parts and name in _FILES else name
            self.children[part] = Scope((*self.parts, rust.ident(unique(name, self.modules))))
        return self.children[part]

    def inner(self, message: str) -> Scope:
        """The module of what is nested in the message with this full name."""
        if message not in self.nested:
            name = unique(rust.snake(message.rsplit(".", 1)[-1]), self.modules)
            self.nested[message] = Scope((*self.parts, rust.ident(name)))
        return self.nested[message]

    def std(self, name: str) -> str:
        """A name of the standard prelude, spelled out where a type here has the same."""
        return _PRELUDE[name] if name in self.types else name


class Names:
    """The names of `messages` and `enums`; all that they refer to is among them or in prost-types."""

    def __init__(self, messages: list[Message], enums: list[EnumType], packages: set[str]) -> None:
        self.root = Scope(())
        self._scopes: dict[str, Scope] = {}
        self._types: dict[str, tuple[Scope, str]] = {}
        for package in sorted(packages):
            self.package(package)
        items: list[Message | EnumType] = [*messages, *enums]
        for item in sorted(items, key=lambda item: item.name.count(".")):
            scope = self._of(item)
            self._types[item.name] = scope, rust.distinct(rust.pascal(item.name.rsplit(".", 1)[-1]), scope.types)
        self.variants = {enum.name: _variants(enum) for enum in enums}
        """The variant of every number, by enum: the first where several names share one."""

    def package(self, name: str) -> Scope:
        """The module of a package."""
        scope = self.root
        for part in name.split(".") if name else ():
            scope = scope.child(part)
        return scope

    def _of(self, item: Message | EnumType) -> Scope:
        scope, name = self.package(item.package), item.package
        relative = item.name[len(item.package) + 1 :] if item.package else item.name
        for part in relative.split(".")[:-1]:
            name = f"{name}.{part}" if name else part
            scope = scope.inner(name)
        return scope

    def declared(self, item: Message | EnumType) -> tuple[Scope, str]:
        """The module and the name of a type."""
        return self._types[item.name]

    def use(self, name: str, scope: Scope) -> str:
        """The path of the type with protobuf name `name`, as `scope` writes it."""
        if name in self._types:
            home, own = self._types[name]
            if home is scope:
                return own
            if home.parts[:-1] == scope.parts and home in scope.nested.values():
                return f"{home.parts[-1]}::{own}"
            return "::".join(["crate", *home.parts, own])
        short = name.removeprefix(f"{PROST_TYPES}.")
        if short in _BUILTIN:
            return _BUILTIN[short].replace("String", scope.std("String")).replace("Vec", scope.std("Vec"))
        *outer, own = short.split(".")
        return "::".join(["::prost_types", *(rust.ident(rust.snake(part)) for part in outer), rust.pascal(own)])


def _variants(enum: EnumType) -> dict[int, str]:
    own = rust.variants(enum.name.rsplit(".", 1)[-1], [name for name, _ in enum.values])
    found: dict[int, str] = {}
    for (_, number), variant in zip(enum.values, own, strict=True):
        found.setdefault(number, variant)
    return found


def external(name: str) -> bool:
    """Whether a crate that we use has the type with this protobuf name."""
    first = name.removeprefix(f"{PROST_TYPES}.").split(".")[0]
    return name.startswith(f"{PROST_TYPES}.") and (first in _PROST_TYPES or first in _BUILTIN)


def needed(protobuf: Protobuf) -> tuple[list[Message], list[EnumType]]:
    """The types of the tree's own files and what they refer to, as far as no crate has it."""
    own = {file.path for file in protobuf.files if not file.imported_only}
    messages = {m.name: m for m in protobuf.messages}
    todo = [m.name for m in protobuf.messages if m.file in own]
    todo += [e.name for e in protobuf.enums if e.file in own]
    todo += [t for s in protobuf.services if s.file in own for m in s.methods for t in (m.input, m.output)]
    wanted: set[str] = set()
    while todo:
        name = todo.pop()
        if name in wanted or external(name):
            continue
        wanted.add(name)
        if name in messages:
            todo += [f.type.name for f in messages[name].fields if f.type.kind is not FieldKind.SCALAR]
    return [m for m in protobuf.messages if m.name in wanted], [e for e in protobuf.enums if e.name in wanted]


def recursive(messages: list[Message]) -> set[tuple[str, str]]:
    """The fields (message, field) whose value contains their message again, and so must be boxed.

    They are the edges inside a strongly connected component of "holds one of" (Tarjan, without recursion: contracts
    may nest deeply).
    """
    edges = {m.name: [(f, f.type.name) for f in m.fields if _holds(f)] for m in messages}
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    component: dict[str, int] = {}
    stack: list[str] = []
    for start in edges:
        work = [(start, 0)] if start not in index else []
        while work:
            node, at = work.pop()
            if at == 0:
                index[node] = low[node] = len(index)
                stack.append(node)
            targets = [target for _, target in edges[node] if target in edges]
            if at and targets[at - 1] not in component:
                low[node] = min(low[node], low[targets[at - 1]])
            while at < len(targets) and targets[at] in index:
                if targets[at] not in component:
                    low[node] = min(low[node], index[targets[at]])
                at += 1
            if at < len(targets):
                work += [(node, at + 1), (targets[at], 0)]
            elif low[node] == index[node]:
                while True:
                    member = stack.pop()
                    component[member] = index[node]
                    if member == node:
                        break
    return {
        (name, field.name)
        for name, fields in edges.items()
        for field, target in fields
        if target in component and component[target] == component[name]
    }


def _holds(field: Field) -> bool:
    return field.type.kind is FieldKind.MESSAGE and not field.repeated and field.map_key is None
