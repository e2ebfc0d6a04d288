"""W3C trace context, and spans that cost next to nothing while nobody collects them.

Ids and propagation are our own; the OpenTelemetry SDK is loaded only when OTEL_EXPORTER_OTLP_ENDPOINT is set, and is
then given finished spans. Source: https://www.w3.org/TR/trace-context/.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from contextvars import ContextVar

from tenon_runtime import native

_random = random.Random(os.urandom(16))


class Span:
    """One timed piece of work in a trace."""

    __slots__ = ("flags", "name", "parent_id", "span_id", "start", "trace_id")

    def __init__(self, name: str, trace_id: str, parent_id: str | None, flags: int) -> None:
        self.name = name
        self.trace_id = trace_id
        """32 hexadecimal digits."""
        self.span_id = f"{_random.getrandbits(64) or 1:016x}"
        """16 hexadecimal digits."""
        self.parent_id = parent_id
        self.flags = flags
        """1: recorded by whoever began the trace."""
        self.start = time.time_ns()

    @property
    def traceparent(self) -> str:
        """The header that makes a receiver's span this one's child."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags:02x}"


Exporter = Callable[[Span, int, str | None], None]
"""Takes a finished span, its end in nanoseconds since the epoch, and an error code or None."""

current: ContextVar[Span | None] = ContextVar("tenon_span", default=None)
"""The span of the call that is running, for clients and for the lines that libraries log."""


def begin(name: str, traceparent: str | None) -> Span:
    """A span of the caller's trace, or the first of a new one when there is no valid `traceparent`."""
    if traceparent is not None and (caller := native.traceparent(traceparent)):
        return Span(name, *caller)
    return Span(name, f"{_random.getrandbits(128) or 1:032x}", None, 1)


def exporter(service: str) -> tuple[Exporter, Callable[[], None]] | None:
    """How finished spans leave, with a function that sends the last ones; None while OTLP is not configured."""
    if not (os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")):
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

    resource = Resource.create({"service.name": service})
    processor = BatchSpanProcessor(OTLPSpanExporter())

    def export(span: Span, end: int, code: str | None) -> None:
        trace_id = int(span.trace_id, 16)
        flags = TraceFlags(span.flags)
        parent = SpanContext(trace_id, int(span.parent_id, 16), True, flags) if span.parent_id else None
        processor.on_end(
            ReadableSpan(
                name=span.name,
                context=SpanContext(trace_id, int(span.span_id, 16), False, flags),
                parent=parent,
                resource=resource,
                attributes={"rpc.method": span.name, "rpc.code": code or "ok"},
                kind=SpanKind.SERVER,
                status=Status(StatusCode.ERROR, code) if code else Status(StatusCode.UNSET),
                start_time=span.start,
                end_time=end,
            )
        )

    return export, processor.shutdown
