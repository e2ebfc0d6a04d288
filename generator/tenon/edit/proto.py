"""Adds to a .proto file, at the places that the compiler gives."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from protobuf.wkt import FileDescriptorProto

from tenon.edit.fields import NewField
from tenon.edit.text import Buffer
from tenon.edit.workspace import Workspace, refuse
from tenon.model.proto import ProtoFile
from tenon.source import Location

OPTIONS = "tenon/v1/options.proto"
_MESSAGE, _NESTED, _SERVICE, _METHOD = 4, 3, 6, 2
_IMPORT, _PACKAGE, _SYNTAX, _EDITION = 3, 2, 12, 14
"""Numbers of the fields of FileDescriptorProto, DescriptorProto and ServiceDescriptorProto that make paths."""
_COMMENT = re.compile(r"^\s*//|\*/\s*$")
_RESERVED_BY_PROTOBUF = range(19000, 20000)
_MAX_NUMBER = 536_870_911
_TABS = (4, 8, 1)
"""How wide a tab is to the compiler: buf counts four columns, protoc counts eight."""
WIDTH = 120

Path = tuple[int, ...]


class ProtoText:
    """One .proto file and what is added to it."""

    def __init__(self, workspace: Workspace, file: ProtoFile) -> None:
        self.file = file
        self.buffer: Buffer = workspace.buffer(file.at.file)
        self._workspace = workspace
        self._descriptor: Any = FileDescriptorProto.from_binary(file.descriptor)
        info = self._descriptor.source_code_info
        self._spans = {tuple(place.path): list(place.span) for place in (info.location if info else ())}
        self._imports = set(file.imports)

    @property
    def proto2(self) -> bool:
        return self._descriptor.syntax in ("", "proto2")

    def at(self, path: Path, symbol: str = "") -> Location:
        span = self._spans.get(path, [0, 0])
        return Location(self.file.at.file, span[0] + 1, span[1] + 1, symbol)

    def add_import(self, path: str) -> None:
        """Import `path`, among the other imports by name, if it is not there."""
        if path in self._imports or path == self.file.path:
            return
        self._imports.add(path)
        own = sorted(
            (span[0], name)
            for index, name in enumerate(self._descriptor.dependency)
            if (span := self._spans.get((_IMPORT, index))) is not None
        )
        lines = [f'import "{path}";']
        if own:
            line = next((line for line, name in own if name > path), own[-1][0] + 1)
        else:
            head = next(key for key in ((_PACKAGE,), (_SYNTAX,), (_EDITION,), ()) if key in self._spans)
            line = self._spans[head][0] + 1 if head else 0
            lines = ["", *lines]
        self.buffer.insert_lines(line, lines)

    def add_method(self, service: str, lines: Sequence[str]) -> None:
        """Add an RPC at the end of `service`; `lines` are not indented yet."""
        index = next(i for i, s in enumerate(self._descriptor.service) if self._full(s.name) == service)
        path = (_SERVICE, index)
        blank = [""] if self._descriptor.service[index].method else []
        self._add_inside(path, [*blank, *lines])

    def add_messages(self, text: Iterable[str], after: str | None = None) -> None:
        """Add messages: after the message `after`, where that one is here, else at the end."""
        line = len(self.buffer.text.rstrip("\n").split("\n"))
        for index, message in enumerate(self._descriptor.message_type):
            if self._full(message.name) == after:
                line = self._end((_MESSAGE, index))[0] + 1
        self.buffer.insert_lines(line, ["", *text])

    def add_field(self, message: str, field: NewField, number: int | None) -> int:
        """Add a field to `message`; its number. Raises Refused when name or number is taken."""
        path, descriptor = self._message(message)
        at = self.at(path, message)
        for index, existing in enumerate(descriptor.field):
            if existing.name == field.name:
                raise refuse(self.at((*path, 2, index)), "exists", f"{message}.{field.name} is there already",
                             "choose another name")  # fmt: skip
        if field.name in descriptor.reserved_name:
            raise refuse(at, "reserved", f"{field.name!a} was a field of {message} once, and is reserved",
                         "choose another name: stored messages may still hold it")  # fmt: skip
        number = _number(descriptor, number, at)
        self.need(field)
        self._add_inside(path, [*comment(field.comment), field_line(field, number)])
        return number

    def need(self, field: NewField) -> None:
        """Import what `field` refers to."""
        if field.imports:
            self.add_import(field.imports)
        if field.key or field.personal:
            self.add_import(OPTIONS)

    def _full(self, name: str) -> str:
        return f"{self._descriptor.package}.{name}" if self._descriptor.package else name

    def _message(self, name: str) -> tuple[Path, Any]:
        waiting: list[tuple[Path, str, Any]] = [
            ((_MESSAGE, index), self._full(m.name), m) for index, m in enumerate(self._descriptor.message_type)
        ]
        for path, full, message in waiting:
            if full == name:
                return path, message
            waiting += [((*path, _NESTED, index), f"{full}.{m.name}", m) for index, m in enumerate(message.nested_type)]
        raise KeyError(name)

    def _end(self, path: Path) -> tuple[int, int]:
        """Line and column (from 0) of the closing brace."""
        span = self._spans[path]
        line = span[2] if len(span) == 4 else span[0]
        text = self.buffer.lines[line]
        for tab in _TABS:
            column = _character(text, span[-1] - 1, tab)
            if text[column : column + 1] == "}":
                return line, column
        raise refuse(self.at(path), "brace", "the end of this block is not found", "put its `}` on a line alone")

    def _add_inside(self, path: Path, lines: Sequence[str]) -> None:
        """Add `lines` at the end of the block at `path`, one level deeper than it stands."""
        line, column = self._end(path)
        first = self.buffer.lines[self._spans[path][0]]
        margin = first[: len(first) - len(first.lstrip())]
        text = self.buffer.lines[line]
        step = "\t" if margin.startswith("\t") else self._step()
        body = [margin + step + _indented(each, step) if each else "" for each in lines]
        if not text[:column].strip():
            # A comment at the end of the block is about the block: it must not become the new one's.
            apart = [""] if _COMMENT.search(self.buffer.lines[line - 1]) else []
            self.buffer.insert_lines(line, [*apart, *body])
        else:  # message Nothing {}
            self.buffer.insert(self.buffer.offset(line, column), "\n" + "\n".join(body) + "\n" + margin)

    def _step(self) -> str:
        """The indentation of this file: that of its first field or method."""
        for path, span in sorted(self._spans.items()):
            if len(path) == 4 and path[0] in (_MESSAGE, _SERVICE) and path[2] == _METHOD:
                text = self.buffer.lines[span[0]]
                margin = text[: len(text) - len(text.lstrip())]
                if margin:
                    return margin
        return "  "


def message_lines(name: str, about: str, fields: Sequence[NewField]) -> list[str]:
    """A whole message."""
    head = comment(about)
    if not fields:
        return [*head, f"message {name} {{}}"]
    body = []
    for number, field in enumerate(fields, 1):
        body += [f"  {line}" for line in (*comment(field.comment), field_line(field, number))]
    return [*head, f"message {name} {{", *body, "}"]


def field_line(field: NewField, number: int) -> str:
    options = ["(tenon.v1.key) = true"] if field.key else []
    if field.personal:
        options.append(f"(tenon.v1.personal) = PERSONAL_DATA_{field.personal.upper()}")
    tail = f" [{', '.join(options)}]" if options else ""
    return f"{field.spelled} {field.name} = {number}{tail};"


def comment(text: str) -> list[str]:
    """Comment lines; what a shell lets through as a line break starts a new one."""
    return [
        f"// {part}".rstrip()
        for line in text.splitlines() or [""]
        for part in textwrap.wrap(line, WIDTH - 8, break_long_words=False) or [""]
    ]


def _number(message: Any, wanted: int | None, at: Location) -> int:
    """`wanted` if it is free, else the next number after all that were ever used. Raises Refused."""
    used = {field.number for field in message.field}
    spent = [range(r.start, r.end) for r in (*message.reserved_range, *message.extension_range)]
    if wanted is None:
        highest = max([*used, *(r.stop - 1 for r in spent if r.stop <= _MAX_NUMBER)], default=0)
        wanted = highest + 1
        return _RESERVED_BY_PROTOBUF.stop if wanted in _RESERVED_BY_PROTOBUF else wanted
    if wanted in used:
        raise refuse(at, "number", f"number {wanted} is taken", "leave --number out: the next free one is taken")
    if any(wanted in r for r in spent) or wanted in _RESERVED_BY_PROTOBUF or not 0 < wanted <= _MAX_NUMBER:
        raise refuse(at, "number", f"number {wanted} is reserved", "leave --number out: the next free one is taken")
    return wanted


def _indented(line: str, step: str) -> str:
    """A line of ours, indented by two spaces a level, in another step."""
    bare = line.lstrip(" ")
    return step * ((len(line) - len(bare)) // 2) + bare


def _character(line: str, column: int, tab: int) -> int:
    """The index of the character at the compiler's `column`."""
    at = 0
    for index, char in enumerate(line):
        if at >= column:
            return index
        at += tab - at % tab if char == "\t" else 1
    return len(line)
