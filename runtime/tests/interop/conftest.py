"""The probe, and each peer connected to it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from connectrpc.protocol import ProtocolType
from tenon_runtime.testing import Running

from runtime.tests.fixtures.probe.api import API
from runtime.tests.fixtures.probe.service import HANDLERS, ended, reached
from runtime.tests.interop.peers import Connectrpc, Grpcio, Grpclib, Peer

CONNECTRPC = {
    "connect binary": (ProtocolType.CONNECT, False),
    "connect json": (ProtocolType.CONNECT, True),
    "grpc by connectrpc": (ProtocolType.GRPC, False),
    "grpc-web": (ProtocolType.GRPC_WEB, False),
}
TEMPLATE = '{"version":"v2","plugins":[{"local":"protoc-gen-python_betterproto2","out":"%s","opt":["client_generation=async"]}]}'  # fmt: skip # noqa: E501


@pytest.fixture(scope="session")
def betterproto2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The package that betterproto2's compiler makes of the probe's contract."""
    folder = tmp_path_factory.mktemp("peers")
    contract = Path(__file__).parent.parent / "fixtures" / "probe" / "probe.proto"
    tools = Path(sys.executable).parent
    (folder / "contracts").mkdir()
    (folder / "contracts" / "probe.proto").write_bytes(contract.read_bytes())
    subprocess.run(
        [tools / "buf", "generate", "contracts", "--template", TEMPLATE % "betterproto2_probe"],
        cwd=folder,
        env={**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"},
        check=True,
        capture_output=True,
    )
    sys.path.insert(0, str(folder))
    yield "betterproto2_probe"
    sys.path.remove(str(folder))


@pytest.fixture
async def service() -> AsyncIterator[Running]:
    reached.clear()
    ended.clear()
    async with Running(API, *HANDLERS) as running:
        yield running


async def connect(name: str, service: Running, package: str) -> Peer:
    match name:
        case "grpcio":
            return await Grpcio.connect(service)
        case "grpclib":
            return await Grpclib.connect(service, package)
    return Connectrpc(service, *CONNECTRPC[name])


@pytest.fixture(params=["grpcio", "grpclib", *CONNECTRPC])
async def peer(request: pytest.FixtureRequest, service: Running, betterproto2: str) -> AsyncIterator[Peer]:
    connected = await connect(request.param, service, betterproto2)
    yield connected
    await connected.close()
