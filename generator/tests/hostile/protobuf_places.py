"""Each place of a protobuf contract where a text can stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

OPTIONS = {
    "tenon/v1/options.proto": (Path(__file__).parents[3] / "contracts/tenon/v1/options.proto").read_text("utf-8")
}
"""The file that a contract imports for our own options."""


def line_comment(payload: str) -> str:
    return "\n".join(f"//{line}" for line in payload.split("\n")) + "\n"


def block_comment(payload: str) -> str:
    return "/*" + payload.replace("*/", "* /").replace("/*", "/ *") + "*/\n"


def quoted(payload: str) -> str:
    """As a string literal: what is not a plain letter is written as the bytes of its UTF-8."""
    body = "".join(
        c if c.isascii() and c.isalnum() else "".join(f"\\x{byte:02x}" for byte in c.encode("utf-8", "surrogatepass"))
        for c in payload
    )
    return f'"{body}"'


def _message_comment(i: int, payload: str) -> str:
    return f"{line_comment(payload)}message M{i} {{ optional string a = 1; }}\n"


def _message_block_comment(i: int, payload: str) -> str:
    return f"{block_comment(payload)}message M{i} {{ optional string a = 1; }}\n"


def _trailing_comment(i: int, payload: str) -> str:
    return f"message M{i} {{ {line_comment(payload)}\n optional string a = 1; {line_comment(payload)}\n }}\n"


def _detached_comment(i: int, payload: str) -> str:
    return f"{line_comment(payload)}\n{line_comment('plain')}message M{i} {{ optional string a = 1; }}\n"


def _field_comment(i: int, payload: str) -> str:
    return f"message M{i} {{\n{line_comment(payload)}optional string a = 1;\n}}\n"


def _enum_comment(i: int, payload: str) -> str:
    return f"{line_comment(payload)}enum E{i} {{ E{i}_UNSPECIFIED = 0; }}\n"


def _value_comment(i: int, payload: str) -> str:
    return f"enum E{i} {{\n{line_comment(payload)}E{i}_UNSPECIFIED = 0;\n}}\n"


def _oneof_comment(i: int, payload: str) -> str:
    return f"message M{i} {{\n{line_comment(payload)}oneof o {{ string a = 1; }}\n}}\n"


def _service_comment(i: int, payload: str) -> str:
    return f"{line_comment(payload)}service S{i} {{ rpc Get(shared.Request) returns (shared.Answer); }}\n"


def _method_comment(i: int, payload: str) -> str:
    return f"service S{i} {{\n{line_comment(payload)}rpc Get(shared.Request) returns (stream shared.Answer);\n}}\n"


def _extension_comment(i: int, payload: str) -> str:
    return f"extend google.protobuf.MessageOptions {{\n{line_comment(payload)}optional string e{i} = {50100 + i};\n}}\n"


def _json_name(i: int, payload: str) -> str:
    return f"message M{i} {{ optional string a = 1 [json_name = {quoted(payload or 'x')}]; }}\n"


def _string_default(i: int, payload: str) -> str:
    return f"message M{i} {{ optional string a = 1 [default = {quoted(payload)}]; }}\n"


def _bytes_default(i: int, payload: str) -> str:
    return f"message M{i} {{ optional bytes a = 1 [default = {quoted(payload)}]; }}\n"


def _custom_option(i: int, payload: str) -> str:
    return f"message M{i} {{ option (shared.note) = {quoted(payload)}; optional string a = 1; }}\n"


def _owner(i: int, payload: str) -> str:
    return (
        f"service S{i} {{ option (tenon.v1.service) = {{ owner: {quoted(payload)} }};\n"
        "rpc Get(shared.Request) returns (shared.Answer); }\n"
    )


def _scope(i: int, payload: str) -> str:
    return (
        f"service S{i} {{ rpc Get(shared.Request) returns (shared.Answer) "
        f"{{ option (tenon.v1.method) = {{ scopes: {quoted(payload)} }}; }} }}\n"
    )


def _reserved(i: int, payload: str) -> str:
    return f"message M{i} {{ reserved {quoted('r' + payload) if payload.isidentifier() else quoted('r')}; }}\n"


def _go_package(i: int, payload: str) -> str:
    return f"option go_package = {quoted(payload)};\n" if i == 0 else ""


PLACES: dict[str, Callable[[int, str], str]] = {
    "message-comment": _message_comment,
    "message-block-comment": _message_block_comment,
    "trailing-comment": _trailing_comment,
    "detached-comment": _detached_comment,
    "field-comment": _field_comment,
    "enum-comment": _enum_comment,
    "value-comment": _value_comment,
    "oneof-comment": _oneof_comment,
    "service-comment": _service_comment,
    "method-comment": _method_comment,
    "extension-comment": _extension_comment,
    "json-name": _json_name,
    "string-default": _string_default,
    "bytes-default": _bytes_default,
    "custom-option": _custom_option,
    "owner": _owner,
    "scope": _scope,
    "file-option": _go_package,
}
"""Each puts one payload into declaration number `i`."""

_SHARED = """syntax = "proto2";
package shared;
import "google/protobuf/descriptor.proto";
message Request { optional string a = 1; }
message Answer { optional string a = 1; }
extend google.protobuf.MessageOptions { optional string note = 50001; }
"""


def contract(place: str, payloads: Mapping[str, str]) -> dict[str, str]:
    """A tree with one declaration a payload, each holding it in `place`; and the comments of the file hold all."""
    package = place.replace("-", "_")
    declarations = "".join(PLACES[place](i, payload) for i, payload in enumerate(payloads.values()))
    everything = "".join(map(line_comment, payloads.values())) if place == "message-comment" else "// Plain.\n"
    text = (
        f'{everything}syntax = "proto2";\n\n{everything}\n{everything}package {package}.v1;\n'
        'import "shared.proto";\nimport "tenon/v1/options.proto";\nimport "google/protobuf/descriptor.proto";\n'
        f"{declarations}"
    )
    return {f"{package}/v1/place.proto": text, "shared.proto": _SHARED, **OPTIONS}
