"""Spans leave for a collector when one is configured, and are lost with none of it on the call's path."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tenon_runtime.testing import Running

from runtime.tests.fixtures.probe.api import API
from runtime.tests.fixtures.probe.service import HANDLERS

bodies: list[bytes] = []


class Collector(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        bodies.append(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    bodies.clear()
    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    yield
    server.shutdown()
    thread.join()
    server.server_close()


async def test_a_span_keeps_the_callers_trace(collector: None) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with Running(API, *HANDLERS) as service, httpx.AsyncClient(base_url=service.http_url) as http:
        await http.get("/v1/tags", headers={"traceparent": parent})
        await http.post("/v1/echo/a", json={"tags": [], "fail": "aborted"})
        await http.get("/v1/tags", headers={"traceparent": parent[:-2] + "00"})
    spans = [
        span
        for body in bodies
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    assert [(span.name, span.status.message) for span in spans] == [
        ("probe.v1.ProbeService/Echo", ""),
        ("probe.v1.ProbeService/Echo", "aborted"),
    ]
    assert spans[0].trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
    assert spans[0].parent_span_id.hex() == "b7ad6b7169203331"
