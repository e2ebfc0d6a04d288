"""`tenon add` edits every face of a thing, adds lines only, and writes nothing that would not hold."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tenon import pipeline
from tenon.config import load
from tenon.finding import Severity
from tenon.model.graph import Model
from tenon.model.proto import Idempotency

ROOT = Path(__file__).parents[3]
PROTO = "contracts/catalog/v1/catalog.proto"
OPENAPI = "contracts/catalog/v1/catalog.openapi.yaml"


def model(root: Path) -> Model:
    """The contracts as they are now; they must hold."""
    config, _ = load(root)
    found, findings = pipeline.load(root / "contracts", config, "contracts")
    assert not [f for f in findings if f.severity is Severity.ERROR]
    return found


def line_of(text: str, start: str) -> int:
    return next(number for number, line in enumerate(text.split("\n"), 1) if line.startswith(start))


def document(root: Path, file: str) -> Any:
    return yaml.safe_load((root / file).read_text())


def test_an_rpc_gets_messages_and_a_rest_face_in_one_go(repository: Any) -> None:
    added = repository.added(
        "rpc", "catalog", "LikeVideo", "--rest", "POST /v1/creators/{creatorId}/videos/{videoId}/likes",
        "--field", "stars:int32:One to five.", "--returns", "video:Video", "--returns", "total:int64",
        "--comment", "Say that one likes a video.",
    )  # fmt: skip
    assert set(added) == {PROTO, OPENAPI}
    assert "  rpc LikeVideo(LikeVideoRequest) returns (LikeVideoResponse) {" in added[PROTO]
    assert "  // One to five." in added[PROTO]
    package = model(repository.root).package("catalog.v1")
    assert package is not None
    rpc = next(rpc for rpc in package.rpcs if rpc.method.name == "LikeVideo")
    assert (rpc.policy.scopes, rpc.policy.idempotency) == (("catalog:write",), Idempotency.KEYED)
    operation = next(o for o in package.operations if o.rpc is rpc)
    assert {(b.source, b.name) for b in operation.bindings} == {
        ("path", "creatorId"), ("path", "videoId"), ("body", "stars")
    }  # fmt: skip
    written = document(repository.root, OPENAPI)["paths"]["/v1/creators/{creatorId}/videos/{videoId}/likes"]
    assert written["parameters"] == [{"$ref": f"#/components/parameters/{name}"} for name in ("CreatorId", "VideoId")]
    assert set(written["post"]["responses"]) == {"200", "403", "404", "409", "422", "default"}
    assert written["post"]["summary"] == "Say that one likes a video"


def test_what_is_personal_elsewhere_is_personal_in_a_new_message(repository: Any) -> None:
    added = repository.added("rpc", "catalog", "Forget", "--rest", "DELETE /v1/creators/{creatorId}")
    assert "  string creator_id = 1 [(tenon.v1.personal) = PERSONAL_DATA_IDENTIFIER];" in added[PROTO]


def test_reads_take_their_fields_from_the_query_and_reuse_parameters(repository: Any) -> None:
    repository.added(
        "rpc", "catalog", "ListTags", "--rest", "GET /v1/tags", "--public", "--field", "page_size:int32",
        "--field", "states:repeated VideoState", "--field", "since:timestamp", "--returns", "tags:repeated string",
    )  # fmt: skip
    operation = document(repository.root, OPENAPI)["paths"]["/v1/tags"]["get"]
    assert operation["security"] == []
    assert operation["parameters"][0] == {"$ref": "#/components/parameters/PageSize"}
    assert [p["name"] for p in operation["parameters"][1:]] == ["states", "since"]
    assert operation["parameters"][1]["schema"]["items"] == {"$ref": "#/components/schemas/VideoState"}


def test_a_second_method_on_a_path_stands_beside_the_first(repository: Any) -> None:
    path = "/v1/creators/{creatorId}/videos/{videoId}/moderation"
    repository.added("rpc", "catalog", "GetModeration", "--rest", f"GET {path}", "--returns", "reason:string")
    item = document(repository.root, OPENAPI)["paths"][path]
    assert list(item) == ["parameters", "post", "get"]
    assert "parameters" not in item["get"]


@pytest.mark.parametrize(
    ("stream", "sides"), [("client", (True, False)), ("server", (False, True)), ("bidi", (True, True))]
)
def test_streams(repository: Any, stream: str, sides: tuple[bool, bool]) -> None:
    repository.added("rpc", "catalog.v1", "Follow", "--stream", stream, "--field", "tag:string")
    package = model(repository.root).package("catalog.v1")
    assert package is not None
    method = next(rpc.method for rpc in package.rpcs if rpc.method.name == "Follow")
    assert (method.client_streaming, method.server_streaming) == sides


def test_an_event_is_sent_here_and_received_there(repository: Any) -> None:
    added = repository.added(
        "event", "catalog", "VideoLiked", "--field", "video_id:string", "--field", "at:timestamp",
        "--receiver", "identity",
    )  # fmt: skip
    assert len(added) == 3
    found = model(repository.root)
    catalog, identity = found.package("catalog.v1"), found.package("identity.v1")
    assert catalog is not None and identity is not None
    event = next(e for e in catalog.sends if e.name == "catalog.video_liked")
    assert event.subject == "evt.catalog.{slot}.video_liked.v1"
    assert event.key is not None and event.key.name == "video_id"
    assert [s.event.name for s in identity.receives] == ["catalog.video_liked"]


RECEIVER = """\
from __future__ import annotations

from api.identity.v1 import Context, IdentityEvents
from api.identity.v1.events import VideoLiked


class IdentityReceiver(IdentityEvents):
    async def on_video_liked(self, event: VideoLiked, ctx: Context) -> None:
        raise NotImplementedError
"""
_SERVED = """
from tenon_runtime.call.bind import bind
from tenon_runtime.missing import with_receiver
from impl.identity.__main__ import API, Identity

handlers, faults = bind(API, with_receiver(API, [Identity]))  # as serve does
print(*sorted(type(each).__name__ for each in handlers.values()), *faults)
"""


def test_a_first_receiver_needs_no_edit_of_the_entry_point(repository: Any) -> None:
    """`tenon generate` starts events.py, `tenon todo` names its method, and the service serves it."""
    shutil.copytree(ROOT / "impl" / "identity", repository.root / "impl" / "identity")
    entry = (repository.root / "impl/identity/__main__.py").read_text()
    assert "Receiver" not in entry
    repository.added("event", "catalog", "VideoLiked", "--field", "video_id:string", "--receiver", "identity")
    assert repository.tenon("generate")[0] == 0
    code, printed = repository.tenon("todo", "identity")
    assert code == 1
    assert re.search(r"impl/identity/events.py:\d+  IdentityEvents.on_video_liked", printed), printed

    (repository.root / "impl/identity/events.py").write_text(RECEIVER)
    code, printed = repository.tenon("todo", "identity")
    assert (code, "complete" in printed) == (0, True), printed
    path = os.pathsep.join([str(repository.root), str(repository.root / "generated" / "python")])
    done = subprocess.run(
        [sys.executable, "-c", _SERVED], env={**os.environ, "PYTHONPATH": path},
        cwd=repository.root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout.split(), done.returncode) == (["Identity", "IdentityReceiver"], 0), done.stderr
    assert (repository.root / "impl/identity/__main__.py").read_text() == entry


def test_an_event_that_is_there_can_get_another_receiver(repository: Any) -> None:
    added = repository.added("event", "catalog", "VideoDeleted", "--receiver", "identity")
    assert set(added) == {"contracts/identity/v1/identity.asyncapi.yaml"}


def test_a_field_reaches_every_schema_of_its_message(repository: Any) -> None:
    added = repository.added("field", "catalog.Video", "likes:int64:How many like it.")
    assert added[PROTO][0] == "  // How many like it."
    assert re.fullmatch(r"  int64 likes = [0-9]+;", added[PROTO][1])
    assert added[OPENAPI] == [
        "        likes:",
        "          type: string",
        "          format: int64",
        "          description: How many like it.",
    ]


def test_a_field_of_a_request_without_a_body_comes_by_the_query(repository: Any) -> None:
    repository.added("field", "catalog.ListFeedRequest", "language:string")
    operation = document(repository.root, OPENAPI)["paths"]["/v1/feed"]["get"]
    assert operation["parameters"][-1]["name"] == "language"


def test_a_field_of_an_empty_message_opens_it(repository: Any) -> None:
    code, printed = repository.tenon("add", "field", "catalog.DeleteVideoResponse", "at:timestamp")
    assert code == 0, printed
    text = (repository.root / PROTO).read_text()
    assert "message DeleteVideoResponse {\n  // The at.\n  google.protobuf.Timestamp at = 1;\n}" in text


def test_personal_data_is_marked(repository: Any) -> None:
    added = repository.added("field", "catalog.FeedItem", "mail:string", "--personal", "contact")
    assert re.fullmatch(r"  string mail = [0-9]+ \[\(tenon.v1.personal\) = PERSONAL_DATA_CONTACT\];", added[PROTO][1])


def test_a_domain_is_alive_from_its_first_minute(repository: Any) -> None:
    added = repository.added("domain", "orders")
    assert {Path(file).name for file in added} == {
        "catalog-info.yaml", "orders.proto", "orders.openapi.yaml", "orders.asyncapi.yaml"
    }  # fmt: skip
    package = model(repository.root).package("orders.v1")
    assert package is not None
    assert [rpc.method.name for rpc in package.rpcs] == ["CreateOrder", "GetOrder"]
    assert [o.operation.path.raw for o in package.operations] == ["/v1/orders", "/v1/orders/{orderId}"]
    assert [e.name for e in package.sends] == ["orders.order_created"]


@pytest.mark.parametrize("name", ["billing", "news", "companies", "video_chat", "address"])
def test_a_domain_of_any_name_holds(repository: Any, name: str) -> None:
    repository.added("domain", name, "--public")
    model(repository.root)


def test_migrations_are_numbered(repository: Any) -> None:
    for name in ("add likes", "FillLikes"):
        assert repository.tenon("add", "migration", "catalog", name)[0] == 0
    folder = repository.root / "impl" / "catalog" / "migrations"
    assert [f.name for f in sorted(folder.iterdir())] == ["0001_add_likes.sql", "0002_fill_likes.sql"]
    assert (folder / "0001_add_likes.sql").read_text().startswith("-- Add likes.\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rpc", "catalog", "GetVideo"], PROTO + ":{line of   rpc GetVideo}:3"),
        (["rpc", "catalog", "getVideo"], "PascalCase"),
        (["rpc", "katalog", "Look"], "did you mean catalog?"),
        (["rpc", "catalog", "Look", "--rest", "GET /v1/feed"], "GET /v1/feed is there already"),
        (["rpc", "catalog", "Look", "--rest", "GET /v1/creators/{id}/videos"], "with other names"),
        (["rpc", "catalog", "Look", "--rest", "LOOK here"], "no operation"),
        (["rpc", "catalog", "Look", "--rest", "GET /v1/look", "--stream", "server"], "REST carries no stream"),
        (["rpc", "catalog", "Look", "--rest", "GET /v1/look", "--field", "video:Video"], "cannot stand in a query"),
        (["rpc", "catalog", "Look", "--field", "video:Vdeo"], "did you mean Video?"),
        (["rpc", "catalog", "Look", "--field", "video:identity.v1.Creator"], "belongs to another domain"),
        (["rpc", "catalog", "Look", "--field", "aB:string"], "'a_b'"),
        (["rpc", "catalog", "Look", "--field", "a"], "has no type"),
        (["rpc", "catalog", "Look", "--field", "a:string", "--field", "a:string"], "given twice"),
        (["event", "catalog", "VideoCreated", "--field", "a:string"], "catalog.video_created is there already"),
        (["event", "catalog", "Liked", "--field", "a:string", "--key", "b"], "cannot order events"),
        (["event", "catalog", "Liked", "--receiver", "catalog"], "sends the event itself"),
        (["event", "identity", "CreatorVerified", "--receiver", "catalog"], "receives it already"),
        (["field", "catalog.Video", "title:string"], PROTO + ":{line of   string title = 3}:3"),
        (["field", "catalog.Video", "likes:int64", "--number", "3"], "number 3 is taken"),
        (["field", "catalog.Vidoe", "likes:int64"], "did you mean catalog.Video?"),
        (["domain", "catalog"], "is there already"),
        (["domain", "My-Shop"], "'my_shop'"),
        (["migration", "catalgo", "x"], "did you mean catalog?"),
    ],
)
def test_refusals_name_the_place_and_the_remedy_and_write_nothing(
    repository: Any, arguments: list[str], said: str
) -> None:
    before = repository.texts()
    code, printed = repository.tenon("add", *arguments)
    assert code == 1
    assert re.sub(r"\{line of (.*)\}", lambda m: str(line_of(before[PROTO], m[1])), said) in printed
    assert "remedy:" in printed
    assert repository.texts() == before


def test_what_would_not_hold_is_not_written(repository: Any) -> None:
    """Policy demands a service level; a service without defaults has none to give."""
    proto = repository.root / "contracts" / "shop" / "v1" / "shop.proto"
    proto.parent.mkdir(parents=True)
    proto.write_text('syntax = "proto3";\npackage shop.v1;\nservice ShopService {}\n')
    (proto.parents[1] / "catalog-info.yaml").write_text(
        (repository.root / "contracts/catalog/catalog-info.yaml").read_text().replace("catalog", "shop")
    )
    before = repository.texts()
    code, printed = repository.tenon("add", "rpc", "shop", "Look")
    assert code == 1
    assert "policy-slo" in printed and "policy-deadline" in printed
    assert repository.texts() == before


def test_a_dry_run_shows_a_difference_that_git_would_apply(repository: Any) -> None:
    before = repository.texts()
    code, printed = repository.tenon("add", "field", "catalog.Video", "likes:int64", "--dry-run")
    assert code == 0
    assert f"--- a/{PROTO}\n+++ b/{PROTO}" in printed
    assert "\n+  int64 likes = " in printed
    assert repository.texts() == before


def test_ten_additions_in_a_row_hold_together(repository: Any) -> None:
    repository.added("domain", "orders")
    for number in range(4):
        repository.added("rpc", "orders", f"Step{number}", "--rest", f"POST /v1/orders/{{orderId}}/step-{number}",
                         "--field", "at:timestamp", "--returns", "order:Order")  # fmt: skip
        repository.added("event", "orders", f"Step{number}Done", "--field", "order_id:string", "--receiver", "catalog")
    repository.added("field", "orders.Order", "note:optional string")
    package = model(repository.root).package("orders.v1")
    assert package is not None
    assert (len(package.rpcs), len(package.operations), len(package.sends)) == (6, 6, 5)
