"""HTTP/2 as a caller may lawfully use it."""

from __future__ import annotations

import asyncio
import struct

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, Event, StreamEnded
from tenon_runtime.testing import Running

from runtime.tests.fixtures.probe import probe_pb as pb


def frame(number: int) -> bytes:
    message = pb.SumRequest(number=number).to_binary()
    return b"\0" + struct.pack(">I", len(message)) + message


class Caller:
    """A client that says what it is told, frame by frame."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._http2 = H2Connection(H2Configuration(client_side=True, header_encoding=None))
        self._http2.initiate_connection()

    def open(self, stream: int, method: str) -> None:
        headers = {
            ":method": "POST",
            ":scheme": "http",
            ":path": f"/probe.v1.ProbeService/{method}",
            ":authority": "probe",
            "content-type": "application/connect+proto",
        }
        self._http2.send_headers(stream, list(headers.items()))

    async def send(self, stream: int, data: bytes, *, end: bool = False) -> None:
        self._http2.send_data(stream, data, end_stream=end)
        self._writer.write(self._http2.data_to_send())
        await self._writer.drain()

    async def answer(self, stream: int) -> bytes:
        """Everything that a stream carries until it ends."""
        body = b""
        async with asyncio.timeout(60):
            while True:
                received = await self._reader.read(65536)
                assert received, "the connection was closed"
                events: list[Event] = self._http2.receive_data(received)
                self._writer.write(self._http2.data_to_send())
                for event in events:
                    if isinstance(event, DataReceived) and event.stream_id == stream:
                        body += event.data or b""
                    if isinstance(event, StreamEnded) and event.stream_id == stream:
                        return body


async def test_who_still_sends_after_the_answer_harms_nobody(service: Running) -> None:
    host, _, port = service.grpc_target.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    caller = Caller(reader, writer)
    caller.open(1, "Sum")
    await caller.send(1, frame(-1))
    assert b"out_of_range" in await caller.answer(1)
    await caller.send(1, frame(1))
    await caller.send(1, frame(1), end=True)
    caller.open(3, "Sum")
    await caller.send(3, frame(5), end=True)
    assert pb.SumResponse(total=5).to_binary() in await caller.answer(3)
    writer.close()
