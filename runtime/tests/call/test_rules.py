"""The rules that a contract states on its fields, through the whole chain and every protocol."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import grpc
import grpc.aio
import httpx
import pytest
from protobuf import Message
from protobuf._codegen import file_desc
from protobuf.wkt.google.protobuf.descriptor_pb import (
    DescriptorProto,
    FieldDescriptorProto,
    FieldOptions,
    FileDescriptorProto,
    MethodDescriptorProto,
    ServiceDescriptorProto,
)
from protovalidate import ViolationsPb
from protovalidate._gen.buf.validate import validate_pb
from tenon_runtime import (
    SPEC_FORMAT,
    Api,
    Context,
    Idempotency,
    Kind,
    Method,
    Policy,
    Service,
    ServiceSpec,
    errors,
    field_rules,
)
from tenon_runtime.call.rules import Rules
from tenon_runtime.testing import Running

_Field = FieldDescriptorProto


def _contract() -> Any:
    """A request with ``string userName = 1 [(buf.validate.field).string.min_len = 3]``, and one within a list of it."""
    options = FieldOptions()
    rules = validate_pb.FieldRules.from_json('{"string":{"minLen":"3"}}')
    options[validate_pb.ext_field] = rules
    inner = _Field(
        name="user_name",
        json_name="userName",
        number=1,
        type=_Field.Type.STRING,
        label=_Field.Label.OPTIONAL,
        options=options,
    )
    outer = _Field(
        name="users",
        json_name="users",
        number=1,
        type=_Field.Type.MESSAGE,
        type_name=".obeyed.v1.User",
        label=_Field.Label.REPEATED,
    )
    file = FileDescriptorProto(
        name="obeyed.proto",
        package="obeyed.v1",
        syntax="proto3",
        dependency=["buf/validate/validate.proto"],
        message_type=[DescriptorProto(name="User", field=[inner]), DescriptorProto(name="Users", field=[outer])],
        service=[
            ServiceDescriptorProto(
                name="RuledService",
                method=[
                    MethodDescriptorProto(name="Add", input_type=".obeyed.v1.Users", output_type=".obeyed.v1.Users"),
                    MethodDescriptorProto(
                        name="Feed",
                        input_type=".obeyed.v1.Users",
                        output_type=".obeyed.v1.Users",
                        client_streaming=True,
                    ),
                ],
            )
        ],
    )
    return file_desc(file.to_binary(), [validate_pb.desc()], {})


FILE = _contract()
User, Users = (message.type for message in FILE.messages)
POLICY = Policy(deadline=5.0, idempotency=Idempotency.UNKNOWN, scopes=(), public=True, slo=None)
reached: list[str] = []


class RuledService(Service):
    spec = ServiceSpec(
        "obeyed.v1.RuledService",
        lambda: FILE,
        (
            Method("Add", "add", Users, Users, Kind.UNARY, POLICY, "obeyed.proto#Add"),
            Method("Feed", "feed", Users, Users, Kind.CLIENT_STREAM, POLICY, "obeyed.proto#Feed"),
        ),
    )

    @abstractmethod
    async def add(self, request: Any, ctx: Context[Any]) -> Any: ...

    @abstractmethod
    async def feed(self, request: Any, ctx: Context[Any]) -> Any: ...


class Ruled(RuledService):
    async def add(self, request: Any, ctx: Context[Any]) -> Any:
        reached.append("add")
        return request

    async def feed(self, request: Any, ctx: Context[Any]) -> Any:
        users = [user async for message in request for user in message.users]
        reached.append("feed")
        return Users(users=users)


API = Api("obeyed.v1", "obeyed", "", SPEC_FORMAT, (RuledService,), None, None, (), None, None)


async def test_a_message_that_breaks_a_rule_reaches_no_handler() -> None:
    reached.clear()
    async with Running(API, Ruled) as service, httpx.AsyncClient(base_url=service.http_url) as http:
        good = {"users": [{"userName": "ada"}]}
        assert (await http.post("/obeyed.v1.RuledService/Add", json=good)).json() == good
        bad = await http.post("/obeyed.v1.RuledService/Add", json={"users": [{"userName": "ada"}, {"userName": "x"}]})
        assert (bad.status_code, bad.json()["code"]) == (400, "invalid_argument")
        assert bad.json()["details"][0]["type"] == "buf.validate.Violations"
    assert reached == ["add"]


async def test_grpc_callers_get_the_violations_as_details() -> None:
    reached.clear()
    async with Running(API, Ruled) as service, grpc.aio.insecure_channel(service.grpc_target) as channel:
        feed = channel.stream_unary("/obeyed.v1.RuledService/Feed", request_serializer=Message.to_binary)
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await feed(iter([Users(users=[User(user_name="ada")]), Users(users=[User(user_name="x")])]), timeout=60)
        assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        details = dict(raised.value.trailing_metadata() or ())["grpc-status-details-bin"]
        assert isinstance(details, bytes) and b"string.min_len" in details and b"user_name" in details
        assert reached == []


def test_code_that_goes_on_after_a_bad_message_judges_it_itself() -> None:
    field_rules.check(Users(users=[User(user_name="ada")]))
    field_rules.check(ViolationsPb())  # has no rules
    with pytest.raises(errors.SchemaViolation):
        field_rules.check(User(user_name="x"))


def test_violations_point_by_json_names() -> None:
    rules = Rules()
    assert rules.apply_to(Users)
    assert not rules.apply_to(ViolationsPb)
    with pytest.raises(errors.InvalidArgument) as raised:
        rules.check(Users(users=[User(user_name="x")]))
    assert [(v.pointer, v.rule) for v in raised.value.violations] == [("/users/0/userName", "string.min_len")]
