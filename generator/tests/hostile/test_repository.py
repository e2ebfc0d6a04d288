"""A repository of ours, in which every text there is is hostile: all that is generated, in every language."""

from __future__ import annotations

from pathlib import Path

import pytest
from tenon.config import Config

from generator.tests.hostile.documents import as_json, as_yaml
from generator.tests.hostile.harness import Result, imported, run, same_shape
from generator.tests.hostile.payloads import TEXT, some
from generator.tests.hostile.protobuf_places import OPTIONS, line_comment, quoted

_OURS = Config(ours=True)


def _proto(domain: str, text: str) -> str:
    said, value, owner = line_comment(text), quoted(text), quoted(text.strip() or "nobody")
    return f"""syntax = "proto3";
{said}
package {domain}.v1;
import "tenon/v1/options.proto";
{said}message Thing {{
{said}  string id = 1 [(tenon.v1.key) = true];
{said}  State state = 2 [json_name = {quoted(text or "state")}];
{said}  oneof either {{
{said}    string one = 3 [(tenon.v1.personal) = PERSONAL_DATA_CONTACT];
{said}    Thing other = 4;
  }}
{said}  map<string, Thing> all = 5;
}}
{said}enum State {{
{said}  STATE_UNSPECIFIED = 0;
}}
{said}service Things {{
  option (tenon.v1.service) = {{ owner: {owner} defaults: {{ deadline: {{ seconds: 1 }}
    slo: {{ availability: 0.99 latency: {{ seconds: 1 }} latency_share: 0.9 }} }} }};
{said}  rpc Get(Thing) returns (Thing) {{ option (tenon.v1.method) = {{ scopes: {value} }}; }}
{said}  rpc Watch(Thing) returns (stream Thing) {{ option (tenon.v1.method) = {{ public: true }}; }}
}}
"""


def _openapi(domain: str, text: str) -> object:
    said = {"title": text, "description": text}
    schema = {"type": "object", **said, "properties": {"e": {"enum": [text, "x"]}}}
    answers = {"200": {"description": text, "content": {"application/json": {"schema": schema}}}}
    operation = {"operationId": f"get{domain}", "summary": text, "description": text, "tags": [text],
                 "responses": answers, "x-tenon-slo": {"availability": 0.99, "latency": "1s"}}  # fmt: skip
    return {"openapi": "3.1.0", "info": {"version": text, **said}, "paths": {f"/{domain}": {"get": operation}}}


def _asyncapi(domain: str, text: str, other: str) -> object:
    said = {"title": text, "summary": text, "description": text}
    channels = {}
    for name, sender in (("own", domain), ("other", other)):
        schema = {"$ref": f"../../{sender}/v1/d.proto#{sender}.v1.Thing"}
        payload = {"schemaFormat": "application/vnd.google.protobuf;version=3", "schema": schema}
        address = f"evt.{sender}.{{slot}}.made.v1"
        channels[name] = {"address": address, **said, "messages": {"m": {**said, "payload": payload}}}
    return {
        "asyncapi": "3.0.0",
        "info": {"version": text, **said},
        "channels": channels,
        "operations": {
            "send": {"action": "send", "channel": {"$ref": "#/channels/own"}, **said},
            "receive": {"action": "receive", "channel": {"$ref": "#/channels/other"}, **said},
        },
    }


def _component(domain: str, text: str, language: str) -> object:
    metadata = {"name": domain, "title": text, "description": text,
                "annotations": {"tenon.dev/owns": text, "tenon.dev/language": language}}  # fmt: skip
    return {"apiVersion": "backstage.io/v1alpha1", "kind": "Component", "metadata": metadata,
            "spec": {"type": text, "lifecycle": text, "owner": text.strip() or "nobody", "system": text}}  # fmt: skip


def repository(texts: list[str]) -> dict[str, str]:
    """A domain for each text; each receives what the one before it sends, the last is written in Rust."""
    files = dict(OPTIONS)
    for i, text in enumerate(texts):
        domain, other = f"d{i}", f"d{i - 1 if i else len(texts) - 1}"
        files[f"{domain}/v1/d.proto"] = _proto(domain, text)
        files[f"{domain}/v1/d.openapi.json"] = as_json(_openapi(domain, text))
        files[f"{domain}/v1/d.asyncapi.json"] = as_json(_asyncapi(domain, text, other))
        language = "rust" if i == len(texts) - 1 else "python"
        files[f"{domain}/catalog-info.yaml"] = as_yaml(_component(domain, text, language))
    return files


def _compare(tmp_path: Path, texts: list[str]) -> tuple[Result, Result]:
    hostile = run(tmp_path / "hostile", repository(texts), config=_OURS)
    benign = run(tmp_path / "benign", repository(["plain words"] * len(texts)), config=_OURS)
    assert not [finding for finding in benign.findings if finding.severity == 0], benign.findings
    assert not [finding for finding in hostile.findings if finding.severity == 0], hostile.findings
    same_shape(hostile, benign)
    return hostile, benign


@pytest.mark.parametrize("number", range(5))
def test_every_language(tmp_path: Path, number: int) -> None:
    hostile, benign = _compare(tmp_path, [text for text in some(number).values() if len(text) < 4000][number::3])
    folders = [
        result.root / "out/generated" / name for result in (hostile, benign) for name in ("python", "tests/peers")
    ]
    imported(folders, tmp_path / "canary")


@pytest.mark.slow
@pytest.mark.parametrize("name", TEXT)
def test_each_alone(tmp_path: Path, name: str) -> None:
    _compare(tmp_path, [TEXT[name], "plain words", TEXT[name]])


def _levels(width: int, depth: int) -> str:
    """Messages of which each holds the next one `width` times."""
    made = "".join(
        f"message L{i} {{ {' '.join(f'L{i + 1} f{j} = {j + 1};' for j in range(width))} }}\n" for i in range(depth)
    )
    return f"message Thing {{ string id = 1; L0 level = 2; }}\n{made}message L{depth} {{ string end = 1; }}\n"


def _mutual(count: int) -> str:
    fields = "".join(f"M{j} f{j} = {j + 2};" for j in range(count))
    return f"message Thing {{ string id = 1; {fields} }}\n" + "".join(
        f"message M{i} {{ {fields} }}\n" for i in range(count)
    )


def _schemas(width: int, depth: int) -> dict[str, object]:
    names = [f"f{j}" for j in range(width)]
    made: dict[str, object] = {
        f"L{i}": {
            "type": "object",
            "required": names,
            "properties": {name: {"$ref": f"#/components/schemas/L{i + 1}"} for name in names},
        }
        for i in range(depth)
    }
    return {**made, f"L{depth}": {"type": "string"}}


@pytest.mark.parametrize(("width", "depth"), [(1, 800), (3, 40), (30, 12), (0, 12)])
def test_what_holds_itself_many_times_over_does_not_grow(tmp_path: Path, width: int, depth: int) -> None:
    """Whatever is made of a message with all that is inside: matchers, examples, diagrams."""
    messages = _levels(width, depth) if width else _mutual(depth)
    schemas = _schemas(width or 3, depth)
    files = repository(["plain words"] * 2)
    for domain in ("d0", "d1"):
        head = f'syntax = "proto3"; package {domain}.v1;\n{messages}'
        files[f"{domain}/v1/d.proto"] = f"{head}service Things {{ rpc Get(Thing) returns (Thing); }}\n"
        answer = {"description": "x", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/L0"}}}}
        get = {"security": [], "x-tenon-idempotency": "no_side_effects", "responses": {"200": answer}}
        document = {"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": {"/x": {"get": get}}}
        files[f"{domain}/v1/d.openapi.json"] = as_json({**document, "components": {"schemas": schemas}})
    result = run(tmp_path, files, config=_OURS)
    assert not [finding for finding in result.findings if finding.severity == 0]
    assert sum(map(len, result.files.values())) < 3_000_000
