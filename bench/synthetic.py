"""Contracts of any number of domains, each with 10 RPCs, 10 REST operations and 5 events: the same on every run."""

from __future__ import annotations

from pathlib import Path

RPCS, EVENTS, FIELDS = 10, 5, 8


def write(root: Path, domains: int) -> None:
    """Write ``contracts/`` below `root`, the options file included."""
    contracts = root / "contracts"
    options = contracts / "tenon/v1/options.proto"
    options.parent.mkdir(parents=True, exist_ok=True)
    options.write_text((Path(__file__).parent.parent / "contracts/tenon/v1/options.proto").read_text())
    (root / "tenon.toml").write_text('[policy]\nrequire = ["owner", "slo", "deadline", "security"]\n')
    for number in range(domains):
        write_domain(contracts, f"d{number:03}")


def write_domain(contracts: Path, name: str) -> None:
    """Write one domain."""
    folder = contracts / name / "v1"
    folder.mkdir(parents=True, exist_ok=True)
    (contracts / name / "catalog-info.yaml").write_text(_catalog(name))
    (folder / f"{name}.proto").write_text(_proto(name))
    (folder / f"{name}.openapi.yaml").write_text(_openapi(name))
    (folder / f"{name}.asyncapi.yaml").write_text(_asyncapi(name))


def _catalog(name: str) -> str:
    return f"""apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: {name}
  annotations:
    tenon.dev/language: python
    tenon.dev/owns: {name}_things
spec:
  type: service
  lifecycle: production
  owner: group:{name}
"""


def _proto(name: str) -> str:
    fields = "\n".join(f"  // Field {i} of a thing.\n  string field_{i} = {i + 2};" for i in range(FIELDS))
    parts = [
        f"""// Things of {name}.
syntax = "proto3";

package {name}.v1;

import "google/protobuf/timestamp.proto";
import "tenon/v1/options.proto";

// One thing.
message Thing {{
  // Its id.
  string thing_id = 1;
{fields}
  // When it was made.
  google.protobuf.Timestamp create_time = {FIELDS + 2};
}}
""",
        f"""// Keeps the things of {name}.
service {name.title()}Service {{
  option (tenon.v1.service) = {{
    owner: "group:{name}"
    defaults: {{
      deadline: {{seconds: 2}}
      slo: {{availability: 0.999 latency: {{nanos: 250000000}} latency_share: 0.99}}
      scopes: "{name}:write"
    }}
  }};
"""
        + "".join(f"  // Operation {i}.\n  rpc Do{i}(Do{i}Request) returns (Do{i}Response);\n" for i in range(RPCS))
        + "}\n",
    ]
    for i in range(RPCS):
        parts.append(
            f"""// What operation {i} is asked.
message Do{i}Request {{
  // Which thing.
  string thing_id = 1;
  // What to call it.
  string title = 2;
  // How many.
  int32 count = 3;
}}

// What operation {i} answers.
message Do{i}Response {{
  // The thing after the operation.
  Thing thing = 1;
}}
"""
        )
    for i in range(EVENTS):
        parts.append(
            f"""// Event {i} happened.
message Happened{i} {{
  // To which thing.
  string thing_id = 1 [(tenon.v1.key) = true];
  // What it is called now.
  string title = 2;
}}
"""
        )
    return "\n".join(parts)


def _openapi(name: str) -> str:
    paths = "".join(
        f"""  /v1/{name}/{{thingId}}/do{i}:
    post:
      operationId: do{i}
      x-tenon-rpc: {name}.v1.{name.title()}Service/Do{i}
      summary: Operation {i}
      security: [{{token: ["{name}:write"]}}]
      parameters:
        - {{name: thingId, in: path, required: true, schema: {{type: string, maxLength: 64}}}}
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [title]
              additionalProperties: false
              properties:
                title: {{type: string, minLength: 1, maxLength: 200}}
                count: {{type: integer, minimum: 0, maximum: 1000}}
      responses:
        "200":
          description: The thing.
          x-tenon-field: thing
          content:
            application/json:
              schema: {{$ref: "#/components/schemas/Thing"}}
"""
        for i in range(RPCS)
    )
    fields = "".join(f"        field{i}: {{type: string, maxLength: 100}}\n" for i in range(FIELDS))
    return f"""openapi: 3.1.0
info: {{title: {name}, version: 1.0.0}}
paths:
{paths}components:
  securitySchemes:
    token: {{type: http, scheme: bearer}}
  schemas:
    Thing:
      type: object
      required: [thingId]
      properties:
        thingId: {{type: string, maxLength: 64}}
{fields}        createTime: {{type: string, format: date-time}}
"""


def _asyncapi(name: str) -> str:
    channels = "".join(
        f"""  happened{i}:
    address: evt.{name}.{{slot}}.happened_{i}.v1
    parameters: {{slot: {{description: The relay's shard.}}}}
    messages:
      happened{i}: {{$ref: "#/components/messages/happened{i}"}}
"""
        for i in range(EVENTS)
    )
    operations = "".join(
        f"""  sendHappened{i}:
    action: send
    channel: {{$ref: "#/channels/happened{i}"}}
"""
        for i in range(EVENTS)
    )
    messages = "".join(
        f"""    happened{i}:
      name: {name}.happened_{i}
      contentType: application/protobuf
      payload:
        schemaFormat: application/vnd.google.protobuf;version=3
        schema: {{$ref: "./{name}.proto#{name}.v1.Happened{i}"}}
"""
        for i in range(EVENTS)
    )
    return f"""asyncapi: 3.0.0
info: {{title: {name}, version: 1.0.0}}
channels:
{channels}operations:
{operations}components:
  messages:
{messages}"""
