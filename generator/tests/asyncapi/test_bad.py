"""Bad AsyncAPI contracts: what is said, and where."""

from __future__ import annotations

from pathlib import Path

import pytest
from tenon.read import asyncapi
from tenon.read.tree import Tree

HEAD = 'asyncapi: 3.0.0\ninfo: {title: T, version: "1"}\n'
CHANNEL = "channels: {c: {address: c, messages: {m: {payload: {type: string}}}}}\n"


def operation(rest: str) -> str:
    return HEAD + CHANNEL + "operations: {o: {" + rest + "}}\n"


def payload(rest: str) -> str:
    return HEAD + "channels: {c: {messages: {m: {payload: " + rest + "}}}}\n"


TO_C = "channel: {$ref: '#/channels/c'}"
PROTOBUF = "schemaFormat: application/vnd.google.protobuf;version=3"
BAD = {
    "version": ("asyncapi: 1.2.0\n", "unsupported asyncapi-version 1"),
    "action": (operation("action: publish"), "error asyncapi-action 4"),
    "no channel": (operation("action: send"), "error asyncapi-channel 4"),
    "channel elsewhere": (operation("action: send, channel: {$ref: '#/info'}"), "error asyncapi-channel 4"),
    "message of another": (operation(f"action: send, {TO_C}, messages: [{{}}]"), "error asyncapi-message 4"),
    "url": (HEAD + "channels: {c: {$ref: 'http://example.com/c'}}\n", "error ref-outside 3"),
    "protobuf outside": (payload(f"{{{PROTOBUF}, schema: {{$ref: '../x.proto#a.B'}}}}"), "error ref-missing 3"),
    "protobuf text": (payload(f"{{{PROTOBUF}, schema: 'message A {{}}'}}"), "error asyncapi-protobuf 3"),
    "protobuf name": (payload(f"{{{PROTOBUF}, schema: {{$ref: 'x.proto#a/B'}}}}"), "error asyncapi-protobuf 3"),
    "format": (payload("{schemaFormat: application/raml+yaml, schema: 1}"), "unsupported asyncapi-format 3"),
    "payload": (payload("1"), "error shape 3"),
    "channels": (HEAD + "channels: [1]\n", "error shape 3"),
    "operations with one id": (
        "asyncapi: 2.6.0\nchannels:\n  a: {publish: {operationId: x}}\n  b: {publish: {operationId: x}}\n",
        "error operation-id 4",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_contract(name: str, tmp_path: Path) -> None:
    text, wanted = BAD[name]
    (tmp_path / "a.yaml").write_text(text, "utf-8")
    _, findings = asyncapi.read(Tree.scan(tmp_path, "contracts"))
    assert [f"{f.severity.name.lower()} {f.rule} {f.at.line}" for f in findings] == [wanted]
    assert all(finding.remedy for finding in findings)
