"""Logs, spans and settings."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
from tenon_runtime.observe import log, trace
from tenon_runtime.settings import BadSettings, Settings

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_line_is_json_with_its_fields(stream: io.StringIO) -> None:
    log.configure("probe", "info", "auto", stream)
    bound = log.Log({"request_id": "r"}).bind(trace_id="t")
    bound.info("100% done", count=3)
    bound.debug("not written")
    line = json.loads(stream.getvalue())
    assert line | {"time": ""} == {
        "time": "",
        "level": "info",
        "service": "probe",
        "logger": "tenon",
        "message": "100% done",
        "request_id": "r",
        "trace_id": "t",
        "count": 3,
    }


def test_what_a_library_logs_in_a_call_has_the_calls_trace(stream: io.StringIO) -> None:
    log.configure("probe", "info", "json", stream)
    span = trace.begin("x", None)
    token = trace.current.set(span)
    try:
        raise ValueError("inside")
    except ValueError:
        logging.getLogger("library").exception("it broke")
    trace.current.reset(token)
    line = json.loads(stream.getvalue())
    assert line["trace_id"] == span.trace_id
    assert "ValueError: inside" in line["stack"]


def test_text_for_a_person(stream: io.StringIO) -> None:
    log.configure("probe", "info", "text", stream)
    log.Log().warning("careful", why="because")
    assert stream.getvalue().rstrip().endswith("warning careful  why=because")


def test_a_span_is_the_callers_child() -> None:
    span = trace.begin("x", PARENT)
    assert (span.trace_id, span.parent_id) == ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
    assert span.traceparent == f"00-{span.trace_id}-{span.span_id}-01"
    assert trace.begin("y", span.traceparent).parent_id == span.span_id


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "x",
        PARENT + "-more",
        PARENT.upper(),
        PARENT.replace("00-", "ff-", 1),
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01",
    ],
)
def test_a_broken_header_begins_a_new_trace(header: str | None) -> None:
    span = trace.begin("x", header)
    assert span.parent_id is None
    assert len(span.trace_id) == 32 and span.trace_id != "0af7651916cd43dd8448eb211c80319c"


def test_a_later_version_of_the_header_is_understood() -> None:
    assert trace.begin("x", PARENT.replace("00-", "01-", 1) + "-more").parent_id == "b7ad6b7169203331"


def test_nothing_is_exported_unless_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", raising=False)
    assert trace.exporter("probe") is None


def test_settings_come_from_the_environment() -> None:
    settings = Settings.from_environment({"TENON_HTTP_PORT": "0", "TENON_LOG": "DEBUG", "TENON_JWKS": "", "HOME": "/"})
    assert (settings.http_port, settings.log, settings.jwks) == (0, "debug", None)
    with pytest.raises(BadSettings, match="at least 1"):
        Settings.from_environment({"TENON_CONCURRENCY": "0"})
