"""One field as prost's derive macro wants it: the attribute's arguments and the Rust type."""

from __future__ import annotations

from protobuf import (
    DescField,
    DescFieldValueEnum,
    DescFieldValueList,
    DescFieldValueMessage,
    DescFieldValueScalar,
    DescMessage,
)

from tenon.emit.rust.names import Names, Scope
from tenon.lang import rust
from tenon.lang.python import unique
from tenon.model.proto import Field, FieldKind, Message

_SCALARS = {
    "double": "f64", "float": "f32", "int32": "i32", "int64": "i64", "uint32": "u32", "uint64": "u64", "sint32": "i32",
    "sint64": "i64", "fixed32": "u32", "fixed64": "u64", "sfixed32": "i32", "sfixed64": "i64", "bool": "bool",
    "string": "String", "bytes": "Vec<u8>",
}  # fmt: skip
_EXPLICIT, _REQUIRED = 1, 3
"""Members of google.protobuf.FeatureSet.FieldPresence."""


class Spelling:
    """The fields of one message. `names`: the struct's members by field or oneof name."""

    def __init__(
        self, message: Message, descriptor: DescMessage, scope: Scope, names: Names, boxed: set[tuple[str, str]]
    ) -> None:
        self.scope = scope
        self.names = _members(message)
        self._message = message
        self._fields = {field.name: field for field in descriptor.fields}
        self._types = names
        self._boxed = boxed

    def field(self, field: Field) -> tuple[list[str], str]:
        """The attribute's arguments and the type of a field outside of oneofs."""
        if field.map_key is not None:
            return self._map(field)
        descriptor = self._fields[field.name]
        attribute, type = self._value(field, descriptor, self.scope)
        tag = f'tag = "{field.number}"'
        if field.repeated:
            if isinstance(descriptor.value, DescFieldValueList) and _packable(field) and not descriptor.value.packed:
                return [*attribute, "repeated", 'packed = "false"', tag], f"{self.scope.std('Vec')}<{type}>"
            return [*attribute, "repeated", tag], f"{self.scope.std('Vec')}<{type}>"
        boxed = (self._message.name, field.name) in self._boxed
        if descriptor.presence == _REQUIRED and not boxed:
            return [*attribute, "required", *self._default(field, descriptor), tag], type
        if field.type.kind is FieldKind.MESSAGE or descriptor.presence in (_EXPLICIT, _REQUIRED):
            option = f"{self.scope.std('Option')}<{self._box(type, self.scope) if boxed else type}>"
            more = ["optional", *(["boxed"] if boxed else [])]
            return [*attribute, *more, *self._default(field, descriptor), tag], option
        return [*attribute, tag], type

    def variant(self, field: Field, scope: Scope) -> tuple[list[str], str]:
        """The attribute's arguments and the type of a field in a oneof, declared in `scope`."""
        attribute, type = self._value(field, self._fields[field.name], scope)
        tag = f'tag = "{field.number}"'
        if (self._message.name, field.name) in self._boxed:
            return [*attribute, "boxed", tag], self._box(type, scope)
        return [*attribute, tag], type

    def _box(self, type: str, scope: Scope) -> str:
        return f"{scope.std('Box')}<{type}>"

    def _value(self, field: Field, descriptor: DescField, scope: Scope) -> tuple[list[str], str]:
        match field.type.kind:
            case FieldKind.SCALAR:
                return [field.type.name], self._scalar(field.type.name, scope)
            case FieldKind.ENUM:
                return [f'enumeration = "{self._types.use(field.type.name, scope)}"'], "i32"
        value = descriptor.value
        group = isinstance(value, DescFieldValueMessage | DescFieldValueList) and value.delimited_encoding
        return ["group" if group else "message"], self._types.use(field.type.name, scope)

    def _scalar(self, name: str, scope: Scope) -> str:
        spelled = _SCALARS[name]
        return spelled.replace("Vec", scope.std("Vec")).replace("String", scope.std("String"))

    def _map(self, field: Field) -> tuple[list[str], str]:
        """A BTreeMap, so that equal messages have equal bytes."""
        match field.type.kind:
            case FieldKind.SCALAR:
                wire, type = field.type.name, self._scalar(field.type.name, self.scope)
            case FieldKind.ENUM:
                wire, type = f"enumeration({self._types.use(field.type.name, self.scope)})", "i32"
            case FieldKind.MESSAGE:
                wire, type = "message", self._types.use(field.type.name, self.scope)
        key = field.map_key or "string"
        attribute = [f'btree_map = "{key}, {wire}"', f'tag = "{field.number}"']
        return attribute, f"::std::collections::BTreeMap<{self._scalar(key, self.scope)}, {type}>"

    def _default(self, field: Field, descriptor: DescField) -> list[str]:
        match descriptor.value:
            case DescFieldValueScalar(default_value=str() as value):
                return [f"default = {rust.literal(value)}"]
            case DescFieldValueScalar(default_value=bytes() as value):
                return [f"default = {rust.byte_literal(value)}"]
            case DescFieldValueScalar(default_value=bool() | int() | float() as value):
                return [f'default = "{str(value).lower()}"']
            case DescFieldValueEnum(default_value=int() as value):
                variant = self._types.variants.get(field.type.name, {}).get(value)
                return [f'default = "{variant}"'] if variant else []
        return []


def _packable(field: Field) -> bool:
    return field.type.kind is FieldKind.ENUM or (
        field.type.kind is FieldKind.SCALAR and field.type.name not in ("string", "bytes")
    )


def _members(message: Message) -> dict[str, str]:
    """The struct's members, apart from the accessors that prost derives for enums (``set_x`` and ``push_x``)."""
    taken = {
        f"{prefix}_{rust.snake(field.name)}"
        for field in message.fields
        if field.type.kind is FieldKind.ENUM
        for prefix in ("set", "push")
    }
    return {name: unique(rust.snake(name), taken) for name in dict.fromkeys(f.oneof or f.name for f in message.fields)}
