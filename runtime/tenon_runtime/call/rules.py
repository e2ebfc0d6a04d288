"""The rules that a protobuf contract states on its fields, judged by protovalidate."""

from __future__ import annotations

from typing import Any

from protobuf import (
    DescFieldValueList,
    DescFieldValueMap,
    DescFieldValueMessage,
    DescFieldValueScalar,
    DescMessage,
    DescUnknownField,
    Message,
    Oneof,
    ScalarType,
)

from tenon_runtime import errors

_OPTION = DescUnknownField(1159, DescFieldValueScalar(ScalarType.BYTES, None, None))
"""``buf.validate``'s number in the options of files, messages, oneofs and fields, whatever is in it."""


class Rules:
    """Finds at start-up which messages have rules, and judges those only."""

    def __init__(self) -> None:
        self._has_rules: dict[str, bool] = {}
        self._validator: Any = None

    def apply_to(self, message: type[Message[Any]]) -> bool:
        """Whether the message or anything in it has rules. They are compiled here, so that no call waits for it.

        Raises `protovalidate.CompilationError` when a rule of the contract is wrong.
        """
        desc = message.desc()
        if not _any_rule(desc, set()):
            return False
        if self._validator is None:
            import protovalidate

            self._validator = protovalidate.Validator()
        self._validator.collect_violations(message())
        return True

    def check(self, message: Message[Any]) -> None:
        """Raises `errors.SchemaViolation` with every broken rule."""
        found = self._validator.collect_violations(message)
        if found:
            from protovalidate import ViolationsPb

            protos = [violation.proto for violation in found]
            desc = type(message).desc()
            raise errors.SchemaViolation(
                f"{len(found)} broken " + ("rule" if len(found) == 1 else "rules"),
                violations=[errors.Violation(_pointer(desc, v.field), v.rule_id, v.message) for v in protos],
                details=[ViolationsPb(violations=protos)],
            )


def _any_rule(desc: DescMessage, seen: set[str]) -> bool:
    if desc.type_name in seen:
        return False
    seen.add(desc.type_name)
    options = [desc.proto.options, *(o.proto.options for o in desc.oneofs), *(f.proto.options for f in desc.fields)]
    if any(o is not None and _OPTION in o for o in options):
        return True
    return any(inner is not None and _any_rule(inner, seen) for inner in map(_message_in, desc.fields))


def _message_in(field: Any) -> DescMessage | None:
    match field.value:
        case DescFieldValueMessage(message=inner):
            return inner
        case DescFieldValueList(element=DescMessage() as inner):
            return inner
        case DescFieldValueMap(value=DescMessage() as inner):
            return inner
    return None


def _pointer(desc: DescMessage | None, path: Any) -> str:
    """A JSON pointer by protobuf JSON names."""
    pointer = ""
    for element in path.elements if path is not None else ():
        field = next((f for f in desc.fields if f.name == element.field_name), None) if desc else None
        pointer += "/" + (field.json_name if field else element.field_name)
        if isinstance(element.subscript, Oneof):
            pointer += "/" + str(element.subscript.value).replace("~", "~0").replace("/", "~1")
        desc = _message_in(field) if field else None
    return pointer
