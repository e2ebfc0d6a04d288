"""An option of a protobuf file that decides where code is generated changed.

Protects code in the language that the option is for: `java_package` moves every class, `go_package` every import.
Nothing in the data changes.

**How it is decided.** By the file's options on both sides, given or not. This is a *policy*: whether code in that
language is generated from the contract cannot be seen in it.

**Before and after.** `option go_package = "example.com/shop/v1;shopv1";` lost its `;shopv1`: the import's name changes.

**How to do it safely.** Leave the option as it is. In a new major version of the package it can be chosen anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tenon.gate.context import Context
from tenon.gate.kinds.protobuf.pairs import FilePair
from tenon.gate.verdict import Change, Direction, Role, policy

ON = (FilePair,)
_LANGUAGES = {
    "java_package": "Java", "java_outer_classname": "Java", "java_multiple_files": "Java",
    "java_generic_services": "Java",
    "optimize_for": "C++ and Java", "go_package": "Go", "cc_generic_services": "C++", "cc_enable_arenas": "C++",
    "py_generic_services": "Python", "objc_class_prefix": "Objective-C", "csharp_namespace": "C#",
    "swift_prefix": "Swift", "php_class_prefix": "PHP", "php_namespace": "PHP", "php_metadata_namespace": "PHP",
    "ruby_package": "Ruby",
}  # fmt: skip


def judge(pair: FilePair, context: Context) -> Iterator[Change]:
    """Each option that is not what it was."""
    if pair.old is None or pair.new is None:
        return
    old, new = pair.old.GetOptions(), pair.new.GetOptions()
    for option, language in _LANGUAGES.items():
        before, after = _value(old, option), _value(new, option)
        if before != after:
            yield policy(
                pair.new.name, f"`{option}` was {before} and is {after}: {language} code finds what is generated "
                "elsewhere or in another form", f"write `{option}` as it was", direction=Direction.SOURCE,
                role=Role.CLIENT, detail=option, old=pair.sides.old.at(pair.old), new=pair.sides.new.at(pair.new),
            )  # fmt: skip


def _value(options: Any, name: str) -> str:
    known = options.DESCRIPTOR.fields_by_name.get(name)
    if known is None or not options.HasField(name):
        return "not given"
    value = getattr(options, name)
    return str(known.enum_type.values_by_number[value].name) if known.enum_type is not None else repr(value)
