"""Repairs of a REST face that disagrees with its RPC, where there is only one right answer: what the RPC says."""

from __future__ import annotations

import json
from typing import Any

from tenon.edit import mapping, render
from tenon.edit.schemas import Bound, bound, spelling
from tenon.edit.text import Buffer
from tenon.edit.workspace import Workspace
from tenon.model.graph import Package, RestOperation
from tenon.model.proto import EnumType, FieldKind
from tenon.read.document import Node

_TIED = frozenset(
    ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "enum", "const", "default", "example",
     "examples", "minLength", "maxLength", "pattern", "oneOf", "anyOf", "allOf"]
)  # fmt: skip
"""Keywords that speak of values of the wrong type: with one of them a person has to decide."""
_WIDE = frozenset({"int64", "uint64", "sint64", "fixed64", "sfixed64"})
_AFTER_SECURITY = ("parameters", "requestBody", "responses", "callbacks")


def repair(workspace: Workspace) -> list[str]:
    """Repair what can be proved; each line says what was done, and where."""
    said: list[str] = []
    done: set[tuple[str, str]] = set()
    enums = {enum.name: enum for enum in workspace.model.protobuf.enums}
    for package in workspace.model.packages:
        for operation in package.operations:
            if operation.rpc is not None:
                said += _security(workspace, package, operation)
        for each in bound(workspace, package.operations):
            if each.field is None:
                continue
            node = _element(workspace, each)
            if node is None or (node.source.file, node.pointer) in done:
                continue
            lines = _type(workspace, each, node) + _members(workspace, each, node, enums)
            if lines:
                done.add((node.source.file, node.pointer))
                said += lines
    return said


def _element(workspace: Workspace, each: Bound) -> Node | None:
    """The schema of one value: of a list or map the schema of its elements."""
    assert each.field is not None
    node: Node | None = each.node
    if each.field.map_key is not None or each.field.repeated:
        node = workspace.follow(each.node.get("additionalProperties" if each.field.map_key else "items"))
    return node if node is not None and isinstance(node.value, dict) else None


def _type(workspace: Workspace, each: Bound, node: Node) -> list[str]:
    field = each.field
    assert field is not None
    right = spelling(field.type)
    said, wanted = node.value.get("type"), right.get("type")
    if not isinstance(said, str) or not isinstance(wanted, str) or said == wanted or _TIED & node.value.keys():
        return []
    if said == "integer" and (wanted == "number" or (each.request and field.type.name in _WIDE)):
        return []
    given = node.get("type")
    assert given is not None
    buffer = workspace.buffer(node.source.name)
    _replace_scalar(buffer, given, wanted)
    form, stated = right.get("format"), node.get("format")
    if stated is not None and form != stated.value:
        if form is not None:
            _replace_scalar(buffer, stated, form)
        else:
            _remove(buffer, stated)
    elif stated is None and form is not None:
        mapping.put(buffer, node, {"format": form})
    spelled = f"{wanted}/{form}" if form else wanted
    return [f"{node.at}: {each.message.name}.{field.name} is {spelled} in JSON, not {said}"]


def _members(workspace: Workspace, each: Bound, node: Node, enums: dict[str, EnumType]) -> list[str]:
    field, listed = each.field, node.get("enum")
    assert field is not None
    if each.request or field.type.kind is not FieldKind.ENUM or listed is None or not isinstance(listed.value, list):
        return []
    values = enums[field.type.name].values
    if any(value not in [name for name, _ in values] for value in listed.value):
        return []  # another spelling: not ours to extend
    missing = [name for name, number in values if number != 0 and name not in listed.value]
    if not missing:
        return []
    mapping.append(workspace.buffer(node.source.name), listed, missing)
    return [f"{listed.at}: the enum has {', '.join(missing)}, as {field.type.name} has"]


def _security(workspace: Workspace, package: Package, operation: RestOperation) -> list[str]:
    """Public and scopes as the RPC has them."""
    assert operation.rpc is not None
    policy, stated = operation.rpc.policy, operation.operation
    scopes = [scope.raw for scope in stated.scopes]
    if stated.public == policy.public and sorted(scopes) == sorted(policy.scopes):
        return []
    node = workspace.node(stated.at)
    if node is None or package.document is None:
        return []
    buffer = workspace.buffer(node.source.name)
    right: list[Any] = [] if policy.public else [{_scheme(package.document.bundled, node): list(policy.scopes)}]
    security = node.get("security")
    if security is None:
        _put_before(buffer, node, right)
    elif (names := _only_list(security)) is not None and right:
        _replace_list(buffer, names, list(policy.scopes))
    else:
        _replace_entry(buffer, security, right)
    needs = f"the scopes {', '.join(sorted(policy.scopes)) or '(any token)'}" if right else "no token"
    at = security.at if security is not None else node.at
    return [f"{at}: {stated.method.upper()} {stated.path.raw} needs {needs}, as {operation.rpc.method.name} does"]


def _scheme(document: Any, node: Node) -> str:
    """The security scheme that this operation, the document or nobody yet names."""
    root = node
    while root.parent is not None:
        root = root.parent
    for place in (node, root):
        listed = place.get("security")
        for requirement in (listed.value or ()) if listed else ():
            if isinstance(requirement, dict) and requirement:
                return str(next(iter(requirement)))
    schemes = (document.get("components") or {}).get("securitySchemes") or {"token": None}
    return str(next(iter(schemes)))


def _only_list(security: Node) -> Node | None:
    """The one list of scopes, where there is one requirement of one scheme."""
    first = security.get(0)
    if not isinstance(security.value, list) or len(security.value) != 1 or first is None or len(first.value) != 1:
        return None
    names = first.get(next(iter(first.value)))
    return names if names is not None and isinstance(names.value, list) else None


def _replace_scalar(buffer: Buffer, node: Node, value: str) -> None:
    start = mapping.start_of(buffer, node)
    buffer.replace(start, mapping.end_of_scalar(buffer, node, start), _spelled(buffer, start, value))


def _spelled(buffer: Buffer, start: int, value: str) -> str:
    """In the quotes that stood there."""
    quote = buffer.text[start : start + 1]
    return json.dumps(value) if quote == '"' else f"'{value}'" if quote == "'" else render.scalar(value)


def _remove(buffer: Buffer, node: Node) -> None:
    """Take a scalar's line out, where it has one of its own."""
    line = mapping.line_of(node)
    text = buffer.lines[line]
    if text.strip().startswith(("format", '"format"', "'format'")) and "{" not in text:
        buffer.replace(buffer.offset(line), buffer.offset(line + 1), "")


def _replace_list(buffer: Buffer, names: Node, wanted: list[str]) -> None:
    start = mapping.start_of(buffer, names)
    if buffer.text[start : start + 1] == "[":
        inner = ", ".join(json.dumps(name) for name in wanted)
        buffer.replace(start, mapping.closing(buffer.text, start) + 1, f"[{inner}]")
        return
    if missing := [name for name in wanted if name not in names.value]:
        mapping.append(buffer, names, missing)
    for _, child in names.children():
        if child.value not in wanted:
            line = mapping.line_of(child)
            buffer.replace(buffer.offset(line), buffer.offset(line + 1), "")


def _replace_entry(buffer: Buffer, node: Node, value: list[Any]) -> None:
    """Another value for the key of `node`."""
    start = mapping.start_of(buffer, node)
    if buffer.text[start : start + 1] == "[":
        end = mapping.closing(buffer.text, start) + 1
        flow = mapping.inside_flow(buffer, node)
    else:
        end, flow = buffer.offset(mapping.end_line(buffer, node)) - 1, False
    line, column = mapping.line_of(node), mapping.column_of(node)
    if not value or flow:
        made = json.dumps(value)
        if not flow:
            start = buffer.text.index(":", buffer.offset(line, column)) + 1
            made = f" {made}"
        buffer.replace(start, end, made)
        return
    start = buffer.text.index(":", buffer.offset(line, column)) + 1
    buffer.replace(start, end, "\n" + "\n".join(render.block(value, column + 2)))


def _put_before(buffer: Buffer, node: Node, value: list[Any]) -> None:
    """`security` where people write it: before what the operation takes and gives."""
    start = mapping.start_of(buffer, node)
    later = [child for key in _AFTER_SECURITY if (child := node.get(key)) is not None]
    if not later or buffer.text[start : start + 1] == "{":
        mapping.put(buffer, node, {"security": value})
        return
    line = min(mapping.line_of(child) for child in later)
    buffer.insert_lines(line, render.entry("security", value, mapping.column_of(later[0])))
