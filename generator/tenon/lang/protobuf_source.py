"""A protobuf file's descriptor as source text, for definitions that reach us compiled and without their source.

The text, compiled, gives the descriptor again (comments and positions aside). It covers syntax proto2 and proto3 with
extensions, options and custom options; editions, groups and maps are refused, because nobody needs them here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from protobuf import DescFieldValueList, DescFile, Enum, Message

_MAX_TAG = 1 << 29
"""One more than the largest field number."""
_MAX_ENUM = (1 << 31) - 1
_LABELS = {1: "optional", 2: "required", 3: "repeated"}
_SCALARS = (
    "", "double", "float", "int64", "uint64", "int32", "fixed64", "fixed32", "bool", "string", "", "", "bytes",
    "uint32", "", "sfixed32", "sfixed64", "sint32", "sint64",
)  # fmt: skip
"""By number of google.protobuf.FieldDescriptorProto.Type."""


class Unprintable(ValueError):
    """The descriptor has something that this module has no text for."""


def source(file: DescFile) -> str:
    """The source text of `file`.

    Raises:
        Unprintable: it has an edition, a group or a map.
    """
    if file.proto.syntax not in ("", "proto2", "proto3"):
        raise Unprintable(f"{file.proto.name} has syntax {file.proto.syntax}")
    return "\n".join(_Printer(file).lines()) + "\n"


class _Printer:
    def __init__(self, file: DescFile) -> None:
        self._proto = file.proto
        self._proto3 = file.proto.syntax == "proto3"
        self._extensions = [each for known in (file, *file.dependencies) for each in known.extensions]

    def lines(self) -> Iterator[str]:
        proto = self._proto
        yield f'syntax = "{proto.syntax or "proto2"}";'
        if proto.package:
            yield f"package {proto.package};"
        for index, path in enumerate(proto.dependency):
            yield f"import {'public ' if index in proto.public_dependency else ''}{_quoted(path)};"
        yield from self._option_lines(proto.options)
        for extension in proto.extension:
            yield f"extend {extension.extendee} {{"
            yield from _indented(self._field(extension))
            yield "}"
        for message in proto.message_type:
            yield from self._message(message)
        for enum in proto.enum_type:
            yield from self._enum(enum)

    def _message(self, message: Any) -> Iterator[str]:
        if message.options is not None and message.options.map_entry:
            raise Unprintable(f"{message.name} is a map's entry")
        yield f"message {message.name} {{"
        yield from _indented(self._option_lines(message.options))
        for nested in message.nested_type:
            yield from _indented(self._message(nested))
        for enum in message.enum_type:
            yield from _indented(self._enum(enum))
        open_oneof: int | None = None
        for field in message.field:
            in_oneof = field.has_field("oneof_index") and not field.proto3_optional
            oneof = field.oneof_index if in_oneof else None
            if open_oneof is not None and oneof != open_oneof:
                yield "  }"
            if oneof is not None and oneof != open_oneof:
                yield f"  oneof {message.oneof_decl[oneof].name} {{"
                yield from _indented(_indented(self._option_lines(message.oneof_decl[oneof].options)))
            open_oneof = oneof
            yield from _indented(self._field(field, in_oneof=oneof is not None))
        if open_oneof is not None:
            yield "  }"
        for extension in message.extension:
            yield f"  extend {extension.extendee} {{"
            yield from _indented(_indented(self._field(extension)))
            yield "  }"
        for each in message.extension_range:
            options = self._bracketed(each.options)
            yield f"  extensions {_range(each.start, each.end - 1, _MAX_TAG - 1)}{options};"
        yield from _indented(
            _reserved(message.reserved_name, [(r.start, r.end - 1) for r in message.reserved_range], _MAX_TAG - 1)
        )
        yield "}"

    def _enum(self, enum: Any) -> Iterator[str]:
        yield f"enum {enum.name} {{"
        yield from _indented(self._option_lines(enum.options))
        for value in enum.value:
            yield f"  {value.name} = {value.number}{self._bracketed(value.options)};"
        ranges = [(r.start, r.end) for r in enum.reserved_range]  # inclusive, unlike a message's
        yield from _indented(_reserved(enum.reserved_name, ranges, _MAX_ENUM))
        yield "}"

    def _field(self, field: Any, *, in_oneof: bool = False) -> Iterator[str]:
        label = "" if in_oneof else _LABELS[int(field.label)] + " "
        if self._proto3 and int(field.label) == 1 and not field.proto3_optional:
            label = ""
        kind = field.type_name or _SCALARS[int(field.type)]
        if not kind or int(field.type) == 10:
            raise Unprintable(f"{field.name} is a group")
        extra = []
        if field.has_field("default_value"):
            match int(field.type):
                case 9:
                    default = _quoted(field.default_value)
                case 12:  # bytes are escaped in the descriptor
                    default = f'"{field.default_value}"'
                case _:
                    default = field.default_value
            extra.append(f"default = {default}")
        if field.json_name and field.json_name != _json_name(field.name):
            extra.append(f"json_name = {_quoted(field.json_name)}")
        yield f"{label}{kind} {field.name} = {field.number}{self._bracketed(field.options, extra)};"

    def _option_lines(self, options: Message[Any] | None) -> Iterator[str]:
        return (f"option {each};" for each in self._options(options))

    def _bracketed(self, options: Message[Any] | None, more: list[str] | None = None) -> str:
        found = [*(more or []), *self._options(options)]
        return f" [{', '.join(found)}]" if found else ""

    def _options(self, options: Message[Any] | None) -> Iterator[str]:
        """``name = value`` for every option that is set, custom ones included."""
        if options is None:
            return
        yield from (f"{name} = {text}" for name, text in _set(options))
        for extension in self._extensions:
            if extension.extendee.type_name == type(options).desc().type_name and extension.type in options:
                value = options[extension.type]
                for each in value if isinstance(extension.value, DescFieldValueList) else [value]:
                    yield f"({extension.type_name}) = {_value(each)}"


def _set(message: Message[Any]) -> Iterator[tuple[str, str]]:
    """Name and value, in protobuf's text format, of every field that is set; a list's elements one by one."""
    for field in type(message).desc().fields:
        if message.has_field(field.name):
            value = getattr(message, field.local_name)
            for each in value if isinstance(field.value, DescFieldValueList) else [value]:
                yield field.name, _value(each)


def _value(value: Any) -> str:
    match value:
        case Message():
            return f"{{{' '.join(f'{name}: {text}' for name, text in _set(value))}}}"
        case bool():
            return str(value).lower()
        case str() | bytes():
            return _quoted(value)
        case Enum():
            return str(value.name)
        case int() | float():
            return repr(value)
    raise Unprintable(f"an option's value is a {type(value).__name__}")


def _reserved(names: list[str], ranges: list[tuple[int, int]], most: int) -> Iterator[str]:
    if ranges:
        yield f"reserved {', '.join(_range(*each, most) for each in ranges)};"
    if names:
        yield f"reserved {', '.join(map(_quoted, names))};"


def _range(first: int, last: int, most: int) -> str:
    return str(first) if first == last else f"{first} to {'max' if last == most else last}"


def _json_name(name: str) -> str:
    """What protobuf makes of a field's name when nothing is said."""
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def _quoted(text: str | bytes) -> str:
    """A string literal in printable ASCII."""
    raw = text.encode() if isinstance(text, str) else text
    plain = (chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\{b:03o}" for b in raw)
    return f'"{"".join(plain)}"'


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)
