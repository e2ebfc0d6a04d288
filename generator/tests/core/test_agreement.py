"""Where the faces of one thing disagree, with both places; and policy, which a repository can switch off.

`SOUND` is a repository of two domains without a complaint. Each case changes one line of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from tenon import pipeline
from tenon.config import Config
from tenon.finding import Finding, Severity

ROOT = Path(__file__).parents[3]
PROTO, REST, EVENTS = "shop/v1/shop.proto", "shop/v1/shop.openapi.yaml", "shop/v1/shop.asyncapi.yaml"
OTHER = "post/v1/post.asyncapi.yaml"

SOUND = {
    "tenon/v1/options.proto": (ROOT / "contracts/tenon/v1/options.proto").read_text("utf-8"),
    PROTO: """\
syntax = "proto3";
package shop.v1;
import "google/protobuf/timestamp.proto";
import "tenon/v1/options.proto";

service Shop {
  option (tenon.v1.service) = {
    owner: "group:shop"
    defaults: {deadline: {seconds: 2} slo: {availability: 0.99 latency: {seconds: 1} latency_share: 0.9}}
  };
  rpc GetOrder(GetOrderRequest) returns (Order) {
    option (tenon.v1.method) = {scopes: "orders:read"};
  }
  rpc MakeOrder(MakeOrderRequest) returns (MakeOrderResponse) {
    option (tenon.v1.method) = {public: true};
  }
  rpc Watch(GetOrderRequest) returns (stream Order) {
    option (tenon.v1.method) = {public: true};
  }
}

message GetOrderRequest {
  string order_id = 1;
  View view = 2;
  int64 version = 3;
}
message MakeOrderRequest {
  Order order = 1;
  string note = 2;
  Filter filter = 3;
}
message MakeOrderResponse {
  Order order = 1;
}
message Filter {
  string state = 1;
}
message Order {
  string id = 1;
  int32 count = 2;
  int64 cents = 3;
  double weight = 4;
  bool paid = 5;
  bytes data = 6;
  google.protobuf.Timestamp at = 7;
  View view = 8;
  repeated Item items = 9;
  map<string, Item> by_name = 10;
}
message Item {
  string name = 1;
  Order order = 2;
}
enum View {
  VIEW_UNSPECIFIED = 0;
  VIEW_FULL = 1;
  VIEW_SHORT = 2;
}
message OrderMade {
  string order_id = 1 [(tenon.v1.key) = true];
  Order order = 2;
}
message OrderGone {
  string order_id = 1;
}
""",
    REST: """\
openapi: 3.1.0
info: {title: Shop, version: "1"}
paths:
  /v1/orders/{orderId}:
    get:
      operationId: getOrder
      x-tenon-rpc: shop.v1.Shop/GetOrder
      security: [{oauth: ["orders:read"]}]
      parameters:
        - {name: orderId, in: path, required: true, schema: {type: string}}
        - {name: view, in: query, schema: {type: string, enum: [VIEW_FULL, VIEW_SHORT]}}
        - {name: If-Match, in: header, x-tenon-field: version, schema: {type: string}}
        - {name: Traceparent, in: header, schema: {type: string}}
      responses:
        "200": {description: ok, content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}}
  /v1/orders:
    post:
      operationId: makeOrder
      x-tenon-rpc: shop.v1.Shop/MakeOrder
      security: []
      requestBody:
        content:
          application/json:
            schema:
              allOf:
                - {type: object, properties: {order: {$ref: "#/components/schemas/Order"}}}
                - properties: {note: {type: string}, state: {type: string, x-tenon-field: filter.state}}
      responses:
        "201":
          description: ok
          x-tenon-field: order
          content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}
  /v1/direct:
    get:
      operationId: direct
      x-tenon-slo: {availability: 0.99, latency: 1s}
      x-tenon-deadline: 2s
      security: []
      responses: {"204": {description: ok}}
components:
  securitySchemes: {oauth: {type: oauth2, flows: {}}}
  schemas:
    Order:
      type: object
      properties:
        id: {type: string}
        count: {type: integer}
        cents: {type: string}
        weight: {type: number}
        paid: {type: boolean}
        data: {type: string, format: byte}
        at: {type: string, format: date-time}
        view: {type: string, enum: [VIEW_UNSPECIFIED, VIEW_FULL, VIEW_SHORT]}
        items: {type: array, items: {$ref: "#/components/schemas/Item"}}
        byName: {type: object, additionalProperties: {$ref: "#/components/schemas/Item"}}
    Item:
      type: object
      properties:
        name: {type: string}
        order: {$ref: "#/components/schemas/Order"}
""",
    EVENTS: """\
asyncapi: 3.0.0
info: {title: Shop, version: "1"}
channels:
  made:
    address: evt.shop.{slot}.order_made.v1
    messages: {made: {$ref: "#/components/messages/made"}}
operations:
  sendMade: {action: send, channel: {$ref: "#/channels/made"}}
components:
  messages:
    made:
      payload:
        schemaFormat: application/vnd.google.protobuf;version=3
        schema: {$ref: "./shop.proto#shop.v1.OrderMade"}
""",
    "shop/catalog-info.yaml": "kind: Component\nmetadata: {name: shop}\nspec: {owner: 'group:shop'}\n",
    OTHER: """\
asyncapi: 3.0.0
info: {title: Post, version: "1"}
channels:
  made:
    address: evt.shop.*.order_made.v1
    messages: {made: {$ref: "#/components/messages/made"}}
operations:
  onMade: {action: receive, channel: {$ref: "#/channels/made"}}
components:
  messages:
    made:
      payload:
        schemaFormat: application/vnd.google.protobuf;version=3
        schema: {$ref: "../../shop/v1/shop.proto#shop.v1.OrderMade"}
""",
    "post/catalog-info.yaml": "kind: Component\nmetadata: {name: post}\nspec: {owner: 'group:post'}\n",
}
ALL = frozenset({"owner", "slo", "deadline", "security"})


def complaints(root: Path, files: Mapping[str, str], config: Config | None = None) -> list[Finding]:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    _, found = pipeline.load(root, config or Config(ours=True, require=ALL), "contracts")
    return [finding for finding in found if finding.severity is not Severity.WARNING]


def changed(file: str, old: str, new: str) -> dict[str, str]:
    assert old in SOUND[file], "the case has lost its line"
    return {**SOUND, file: SOUND[file].replace(old, new, 1)}


def test_a_sound_repository_has_no_complaint(tmp_path: Path) -> None:
    assert complaints(tmp_path, SOUND) == []


CASES = {
    # The REST face against the RPC behind it.
    "rpc-unknown": (REST, "Shop/GetOrder", "Shop/FetchOrder", "rest-rpc-unknown", None),
    "rpc-of-a-stream": (REST, "Shop/GetOrder", "Shop/Watch", "rest-rpc-streaming", PROTO),
    "parameter-unknown": (REST, "name: view,", "name: sight,", "rest-rpc-field", PROTO),
    "parameter-field-unknown": (REST, "x-tenon-field: version", "x-tenon-field: revision", "rest-rpc-field", PROTO),
    "parameter-type": (
        REST,
        "name: orderId, in: path, required: true, schema: {type: string}",
        "name: orderId, in: path, required: true, schema: {type: integer}",
        "rest-rpc-type",
        PROTO,
    ),
    "enum-value": (REST, "enum: [VIEW_FULL, VIEW_SHORT]", "enum: [VIEW_FULL, VIEW_WIDE]", "rest-rpc-type", PROTO),
    "answer-lacks-an-enum-value": (
        REST,
        "enum: [VIEW_UNSPECIFIED, VIEW_FULL, VIEW_SHORT]",
        "enum: [VIEW_FULL]",
        "rest-rpc-type",
        PROTO,
    ),
    "body-unknown": (REST, "note: {type: string}", "notice: {type: string}", "rest-rpc-field", PROTO),
    "body-type": (REST, "note: {type: string}", "note: {type: boolean}", "rest-rpc-type", PROTO),
    "body-nested-field": (REST, "filter.state", "filter.condition", "rest-rpc-field", PROTO),
    "body-field-that-is-no-text": (
        REST,
        "x-tenon-field: filter.state",
        "x-tenon-field: [filter]",
        "rest-rpc-field",
        PROTO,
    ),
    "body-twice": (
        REST,
        "state: {type: string, x-tenon-field: filter.state}",
        "state: {type: string, x-tenon-field: note}",
        "rest-rpc-twice",
        None,
    ),
    "answer-unknown": (REST, "x-tenon-field: order", "x-tenon-field: invoice", "rest-rpc-field", PROTO),
    "answer-none": (REST, '"201":', '"404":', "rest-rpc-answer", None),
    "wide-integer": (REST, "cents: {type: string}", "cents: {type: integer}", "rest-rpc-type", PROTO),
    "integer": (REST, "count: {type: integer}", "count: {type: string}", "rest-rpc-type", PROTO),
    "number": (REST, "weight: {type: number}", "weight: {type: string}", "rest-rpc-type", PROTO),
    "boolean": (REST, "paid: {type: boolean}", "paid: {type: string}", "rest-rpc-type", PROTO),
    "timestamp": (REST, "at: {type: string, format: date-time}", "at: {type: integer}", "rest-rpc-type", PROTO),
    "list": (REST, "items: {type: array, items:", "items: {type: object, items:", "rest-rpc-type", PROTO),
    "map": (REST, "byName: {type: object,", "byName: {type: array,", "rest-rpc-type", PROTO),
    "deep": (REST, "        name: {type: string}\n", "        name: {type: number}\n", "rest-rpc-type", PROTO),
    "deep-unknown": (REST, "        name: {type: string}\n", "        title: {type: string}\n", "rest-rpc-type", PROTO),
    "scopes": (REST, '["orders:read"]', '["orders:write"]', "rest-rpc-security", PROTO),
    "no-scopes": (REST, '["orders:read"]', "[]", "rest-rpc-security", PROTO),
    "public": (REST, 'security: [{oauth: ["orders:read"]}]', "security: []", "rest-rpc-security", PROTO),
    # Events against protobuf, and against each other.
    "payload-unknown": (EVENTS, "shop.v1.OrderMade", "shop.v1.OrderMaid", "event-payload", None),
    "subject": (EVENTS, "evt.shop.{slot}.order_made.v1", "shop.made", "event-subject", None),
    "owner": (EVENTS, "evt.shop.{slot}", "evt.post.{slot}", "event-owner", None),
    "key": (
        PROTO,
        "string order_id = 1 [(tenon.v1.key) = true]",
        "Order order_id = 1 [(tenon.v1.key) = true]",
        "event-key",
        None,
    ),
    "nobody-sends": (OTHER, "evt.shop.*.order_made", "evt.shop.*.order_lost", "event-no-sender", None),
    "another-payload": (OTHER, "shop.v1.OrderMade", "shop.v1.OrderGone", "event-payload-differs", EVENTS),
    "reply": (
        OTHER,
        "action: receive,",
        "action: receive, reply: {channel: {$ref: '#/channels/made'}},",
        "event-reply",
        None,
    ),
    "own-event": (
        EVENTS,
        "  sendMade:",
        "  onMade: {action: receive, channel: {$ref: '#/channels/made'}}\n  sendMade:",
        "event-no-sender",
        None,
    ),
    "two-senders": (
        EVENTS,
        "  sendMade:",
        "  sendAgain: {action: send, channel: {$ref: '#/channels/made'}}\n  sendMade:",
        "event-two-senders",
        EVENTS,
    ),
    # Names.
    "methods": (PROTO, "rpc Watch(", "rpc get_order(", "name-collision", PROTO),
    "services": (
        PROTO,
        "service Shop {",
        "service ShopClient { rpc X(Item) returns (Item); }\nservice Shop {",
        "name-collision",
        PROTO,
    ),
    # Options that the compiler takes and that mean nothing.
    "share": (PROTO, "availability: 0.99", "availability: nan", "option-value", None),
    "share-too-large": (PROTO, "latency_share: 0.9", "latency_share: 99", "option-value", None),
    "deadline": (PROTO, "deadline: {seconds: 2}", "deadline: {seconds: -2}", "option-value", None),
    "deadline-too-long": (PROTO, "deadline: {seconds: 2}", "deadline: {seconds: 315576000000}", "option-value", None),
    # Policy.
    "no-owner": ("shop/catalog-info.yaml", "spec: {owner: 'group:shop'}", "spec: {}", None, None),
    "no-slo": (REST, "      x-tenon-slo: {availability: 0.99, latency: 1s}\n", "", "policy-slo", None),
    "no-security": (
        PROTO,
        "  rpc Watch(GetOrderRequest) returns (stream Order) {\n    option (tenon.v1.method) = {public: true};",
        "  rpc Watch(GetOrderRequest) returns (stream Order) {",
        "policy-security",
        None,
    ),
    "no-rpc-slo": (
        PROTO,
        " slo: {availability: 0.99 latency: {seconds: 1} latency_share: 0.9}",
        "",
        "policy-slo",
        None,
    ),
    "no-deadline": (PROTO, "deadline: {seconds: 2} ", "", "policy-deadline", None),
}


@pytest.mark.parametrize("name", CASES)
def test_disagreement(tmp_path: Path, name: str) -> None:
    file, old, new, rule, also = CASES[name]
    found = complaints(tmp_path, changed(file, old, new))
    if rule is None:  # the service's own option names the owner
        assert not found
        return
    assert rule in {finding.rule for finding in found}, found
    for finding in found:
        assert finding.at.file.startswith("contracts/")
        assert finding.at.line, finding
        assert finding.message and finding.remedy
    if also:
        assert {finding.also.file for finding in found if finding.rule == rule and finding.also} == {
            f"contracts/{also}"
        }
        assert all(finding.also.line for finding in found if finding.also)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case[3] and case[3].startswith("policy-")])
def test_policy_can_be_switched_off(tmp_path: Path, name: str) -> None:
    file, old, new, rule, _ = CASES[name]
    without = ALL - {str(rule).removeprefix("policy-")}
    assert complaints(tmp_path, changed(file, old, new), Config(ours=True, require=without)) == []


def test_nobody_owns_it(tmp_path: Path) -> None:
    files = changed("shop/catalog-info.yaml", "spec: {owner: 'group:shop'}", "spec: {}")
    files[PROTO] = files[PROTO].replace('    owner: "group:shop"\n', "")
    assert {finding.rule for finding in complaints(tmp_path, files)} == {"policy-owner"}
    assert complaints(tmp_path, files, Config(ours=True)) == []


def test_foreign_contracts_need_no_policy_and_no_subjects(tmp_path: Path) -> None:
    files = {name: text for name, text in SOUND.items() if not name.endswith("catalog-info.yaml")}
    files[EVENTS] = files[EVENTS].replace("evt.shop.{slot}.order_made.v1", "orders/made")
    files[PROTO] = files[PROTO].replace("slo: {availability: 0.99 latency: {seconds: 1} latency_share: 0.9}", "")
    assert complaints(tmp_path, files, Config()) == []


def test_faces_that_contain_themselves_are_compared_once(tmp_path: Path) -> None:
    """Schemas in circles, and messages and schemas that are nested a thousand levels deep together."""
    old = "type: object\n      properties:\n        id:"
    files = changed(REST, old, f"allOf: [{{$ref: '#/components/schemas/Order'}}]\n      {old}")
    assert not complaints(tmp_path / "circle", files)
    levels = 1200
    chain = (
        "".join(f"message L{i} {{ L{i + 1} next = 1; }}\n" for i in range(levels))
        + f"message L{levels} {{ int32 end = 1; }}"
    )
    files = changed(PROTO, "message Item {", f"{chain}\nmessage Item {{\n  L0 level = 3;")
    schemas = "".join(
        f"    L{i}: {{properties: {{next: {{$ref: '#/components/schemas/L{i + 1}'}}}}}}\n" for i in range(levels)
    )
    files[REST] = SOUND[REST].replace(
        "        name: {type: string}\n", "        level: {$ref: '#/components/schemas/L0'}\n"
    )
    sound = {**files, REST: files[REST] + schemas + f"    L{levels}: {{properties: {{end: {{type: integer}}}}}}\n"}
    assert not complaints(tmp_path / "deep", sound)
    wrong = {**files, REST: files[REST] + schemas + f"    L{levels}: {{properties: {{end: {{type: boolean}}}}}}\n"}
    assert {finding.rule for finding in complaints(tmp_path / "wrong", wrong)} == {"rest-rpc-type"}
