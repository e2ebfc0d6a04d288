"""The independent clients: what betterproto2 can have works, and what it cannot is named.

`cases/<feature>/want` is the folder of peers; ``UPDATE=1`` rewrites it.
"""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpclib.client import Channel
from grpclib.const import Cardinality, Handler
from grpclib.server import Server
from tenon import pipeline
from tenon.config import Config
from tenon.emit import peers
from tenon.emit.peers import compiler
from tenon.emit.peers.choice import Choice
from tenon.file import File
from tenon.lang import python_gate
from tenon.memo import Memo
from tenon.model.graph import Model
from tenon.write import Manifest, write

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
CASES = sorted(path.name for path in (HERE / "cases").iterdir())


def load(case: str) -> Model:
    model, _ = pipeline.load(HERE / "cases" / case / "contracts", Config(), "contracts")
    return model


@pytest.fixture(scope="module", params=CASES)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A case and its peers as they are written."""
    out = tmp_path_factory.mktemp(request.param)
    write(out, list(peers.emit(load(request.param))), Manifest(), lambda files: pipeline.judge(iter(files)))
    return request.param, out


def test_the_peers_are_as_wanted(made: tuple[str, Path]) -> None:
    case, out = made
    want = HERE / "cases" / case / "want"
    if os.environ.get("UPDATE"):
        shutil.rmtree(want, ignore_errors=True)
        shutil.copytree(out, want)
    assert texts(out) == texts(want)


def test_every_module_of_them_can_be_imported(made: tuple[str, Path]) -> None:
    folder = made[1] / "generated" / "tests" / "peers"
    modules = [".".join(path.relative_to(folder).with_suffix("").parts) for path in folder.rglob("*.py")]
    names = sorted(name.removesuffix(".__init__") for name in modules)
    assert len(names) >= 7
    code = f"import importlib\nfor name in {names!r}: importlib.import_module(name)"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def texts(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): p.read_text("utf-8") for p in folder.rglob("*.*") if p.suffix != ".pyc"}


@pytest.fixture
def talk() -> Iterator[Path]:
    """The peers of case ``talk``, importable."""
    folder = HERE / "cases" / "talk" / "want" / "generated" / "tests" / "peers"
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.split(".")[0] == "tenon_peers"]:
        del sys.modules[name]


async def test_stubs_speak_grpc_in_all_four_kinds(talk: Path) -> None:
    a, b = importlib.import_module("tenon_peers.a.v1"), importlib.import_module("tenon_peers.b.v1")
    empty = importlib.import_module("tenon_peers.google.protobuf").Empty
    said: list[str] = []

    class Talk:
        async def ask(self, stream: Any) -> None:
            request = await stream.recv_message()
            await stream.send_message(b.Answer(text=f"re {request.text}"))

        async def listen(self, stream: Any) -> None:
            request = await stream.recv_message()
            for number in range(3):
                await stream.send_message(b.Answer(text=f"{request.text}{number}"))

        async def tell(self, stream: Any) -> None:
            said.extend([request.text async for request in stream])
            await stream.send_message(empty())

        async def chat(self, stream: Any) -> None:
            async for request in stream:
                await stream.send_message(b.Answer(text=request.text.upper()))

        def __mapping__(self) -> dict[str, Handler]:
            return {
                "/a.v1.Talk/Ask": Handler(self.ask, Cardinality.UNARY_UNARY, a.Question, b.Answer),
                "/a.v1.Talk/Listen": Handler(self.listen, Cardinality.UNARY_STREAM, a.Question, b.Answer),
                "/a.v1.Talk/Tell": Handler(self.tell, Cardinality.STREAM_UNARY, a.Question, empty),
                "/a.v1.Talk/Chat": Handler(self.chat, Cardinality.STREAM_STREAM, a.Question, b.Answer),
            }

    async def questions() -> AsyncIterator[Any]:
        for text in ("x", "y"):
            yield a.Question(text=text)

    async def heard(answers: AsyncIterable[Any]) -> list[str]:
        return [answer.text async for answer in answers]

    server = Server([Talk()])
    await server.start("127.0.0.1", 0)
    port = server._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    async with Channel("127.0.0.1", port) as channel:
        stub = a.TalkStub(channel)
        assert (await stub.ask(a.Question(text="a"))).text == "re a"
        assert await heard(stub.listen(a.Question(text="b"))) == ["b0", "b1", "b2"]
        assert isinstance(await stub.tell(questions()), empty) and said == ["x", "y"]
        assert await heard(stub.chat(questions())) == ["X", "Y"]
    server.close()
    await server.wait_closed()


def test_messages_are_read_by_google_s_protobuf(talk: Path) -> None:
    pool = descriptor_pool.DescriptorPool()
    for file in load("talk").protobuf.files:
        pool.Add(descriptor_pb2.FileDescriptorProto.FromString(file.descriptor))
    question = importlib.import_module("tenon_peers.a.v1").Question(text="ä")
    google = message_factory.GetMessageClass(pool.FindMessageTypeByName("a.v1.Question"))
    assert google.FromString(bytes(question)) == google(text="ä")


def test_what_cannot_be_had_is_named_with_the_reason() -> None:
    readme = texts(HERE / "cases" / "limits" / "want")["generated/tests/peers/README.md"]
    for words in (
        "- `new.proto`: it uses protobuf editions",
        "- `old.proto`: it has a group",
        "- `user.proto`: it refers to new.proto",
        "- `collide`: betterproto2 gives two things the name OuterInner",
        "- `collided`: it refers to collide",
    ):
        assert words in readme


def test_comments_and_options_do_not_reach_the_output() -> None:
    (hostile,) = [text for path, text in texts(HERE / "cases" / "limits" / "want").items() if "/hostile/" in path]
    assert "class Hostile" in hostile and "abort" not in hostile and "import os" not in hostile


def test_the_compiler_runs_only_for_packages_that_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[set[str]] = []
    run = compiler._run

    def counted(choice: Choice, packages: list[str]) -> dict[str, str] | None:
        asked.append(set(packages))
        return run(choice, packages)

    monkeypatch.setattr(compiler, "_run", counted)
    model = replace(load("talk"), memo=Memo(tmp_path))
    first: list[File] = list(peers.emit(model))
    assert list(peers.emit(model)) == first
    changed = HERE / "cases" / "talk" / "contracts"
    shutil.copytree(changed, tmp_path / "contracts")
    answer = tmp_path / "contracts" / "b" / "v1" / "b.proto"
    answer.write_text(answer.read_text("utf-8") + "\nmessage More {}\n", "utf-8")
    again, _ = pipeline.load(tmp_path / "contracts", Config(), "contracts")
    list(peers.emit(replace(again, memo=Memo(tmp_path))))
    assert asked == [{"a.v1", "b.v1", "google.protobuf"}, {"a.v1", "b.v1"}]


@pytest.mark.parametrize(
    "line",
    ["default_message_pool.clear()", "betterproto2.field(1)", "x = lambda: open('a')", "x = lambda y: y", "import os",
     "betterproto2.check_compiler_version(os.abort())", "x = betterproto2.casing.field(1)"],
)  # fmt: skip
def test_the_gate_lets_nothing_else_pass(line: str) -> None:
    assert python_gate.violations("generated/tests/peers/tenon_peers/a/__init__.py", f"{line}\n")


def test_what_peers_may_do_no_other_module_may() -> None:
    for line in ("default_message_pool.register_message('a', 'B', B)", "x = lambda: B", "x = betterproto2.field(1)"):
        assert not python_gate.violations("generated/tests/peers/a.py", line)
        assert python_gate.violations("generated/python/api/a.py", line)
