"""`buf breaking` complains of something that none of our rules decides.

A second judge with other rules, run on both sides with the categories `PACKAGE` and `WIRE_JSON`. Where its rule and one
of ours look at the same thing, ours decides, for it tries the bytes: a type that is replaced by an identical one is no
alarm, and a break that both see names it among those who confirmed it. What is left is reported here in its own words:
as a *policy* where only generated code is concerned, else as *unproven*.

**How it is decided.** By the id of its rule. One that we do not know, of a newer `buf`, counts as not decided.

**Before and after.** `int64 id = 1 [jstype = JS_NUMBER];` lost its `jstype`: the id is text in JavaScript now.

**How to do it safely.** As the message says; `buf breaking` documents each of its rules by the id that is shown.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenon.gate.context import Context
from tenon.gate.kinds.protobuf.pairs import Complaint
from tenon.gate.verdict import Change, Direction, Role, policy, unproven

ON = (Complaint,)
DECIDED = frozenset({
    "ENUM_SAME_TYPE", "ENUM_VALUE_NO_DELETE", "ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED",
    "ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED", "ENUM_VALUE_SAME_NAME", "EXTENSION_MESSAGE_NO_DELETE",
    "FIELD_NO_DELETE", "FIELD_NO_DELETE_UNLESS_NAME_RESERVED", "FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED",
    "FIELD_SAME_JAVA_UTF8_VALIDATION",
    "FIELD_SAME_CARDINALITY", "FIELD_SAME_DEFAULT", "FIELD_SAME_JSON_NAME", "FIELD_SAME_NAME", "FIELD_SAME_ONEOF",
    "FIELD_SAME_TYPE", "FIELD_SAME_UTF8_VALIDATION", "FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY",
    "FIELD_WIRE_JSON_COMPATIBLE_TYPE", "FILE_SAME_CC_ENABLE_ARENAS", "FILE_SAME_CC_GENERIC_SERVICES",
    "FILE_SAME_CSHARP_NAMESPACE", "FILE_SAME_GO_PACKAGE", "FILE_SAME_JAVA_GENERIC_SERVICES",
    "FILE_SAME_JAVA_MULTIPLE_FILES", "FILE_SAME_JAVA_OUTER_CLASSNAME", "FILE_SAME_JAVA_PACKAGE",
    "FILE_SAME_OBJC_CLASS_PREFIX", "FILE_SAME_OPTIMIZE_FOR", "FILE_SAME_PACKAGE", "FILE_SAME_PHP_CLASS_PREFIX",
    "FILE_SAME_PHP_METADATA_NAMESPACE", "FILE_SAME_PHP_NAMESPACE", "FILE_SAME_PY_GENERIC_SERVICES",
    "FILE_SAME_RUBY_PACKAGE", "FILE_SAME_SWIFT_PREFIX", "FILE_SAME_SYNTAX", "MESSAGE_SAME_REQUIRED_FIELDS",
    "ONEOF_NO_DELETE", "PACKAGE_ENUM_NO_DELETE", "PACKAGE_MESSAGE_NO_DELETE", "PACKAGE_NO_DELETE",
    "PACKAGE_SERVICE_NO_DELETE", "RESERVED_ENUM_NO_DELETE", "RESERVED_MESSAGE_NO_DELETE", "RPC_NO_DELETE",
    "RPC_SAME_CLIENT_STREAMING", "RPC_SAME_IDEMPOTENCY_LEVEL", "RPC_SAME_REQUEST_TYPE", "RPC_SAME_RESPONSE_TYPE",
    "RPC_SAME_SERVER_STREAMING",
})  # fmt: skip
"""Rules of `buf breaking` for which a rule of ours has the verdict. `FILE_SAME_SYNTAX` is not about data: what a syntax
means for each field and enum is compared itself."""
_CODE = frozenset({
    "EXTENSION_NO_DELETE", "FIELD_SAME_CPP_STRING_TYPE", "FIELD_SAME_JSTYPE",
    "MESSAGE_NO_REMOVE_STANDARD_DESCRIPTOR_ACCESSOR", "PACKAGE_EXTENSION_NO_DELETE",
})  # fmt: skip
"""Those about generated code only."""


def judge(pair: Complaint, context: Context) -> Iterator[Change]:
    """Its words, where they are about something that we do not decide."""
    if pair.rule in DECIDED:
        return
    subject, message = f"{pair.at.file} {pair.rule}", " ".join(pair.message.split())
    remedy = "write it as it was, or let the owners of what is generated from it agree"
    if pair.rule in _CODE:
        yield policy(
            subject, message, remedy, direction=Direction.SOURCE, role=Role.CLIENT, detail=message, new=pair.at
        )
    else:
        yield unproven(subject, message, remedy, role=Role.CLIENT, detail=message, new=pair.at)
