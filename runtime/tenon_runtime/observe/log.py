"""Structured logs: one JSON object per line on stderr, or text that a person can read when stderr is a terminal.

The standard library's `logging` carries them, so that what libraries log comes out in the same shape.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Mapping
from typing import Any, TextIO

from tenon_runtime.observe import trace

_logger = logging.getLogger("tenon")


class Log:
    """A logger with fields of its own, such as the trace and request ids."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, Any] | None = None) -> None:
        self._fields = dict(fields or {})

    def bind(self, **fields: Any) -> Log:
        """The same logger with more fields."""
        return Log({**self._fields, **fields})

    def debug(self, message: str, **fields: Any) -> None:
        self._write(logging.DEBUG, message, fields)

    def info(self, message: str, **fields: Any) -> None:
        self._write(logging.INFO, message, fields)

    def warning(self, message: str, **fields: Any) -> None:
        self._write(logging.WARNING, message, fields)

    def error(self, message: str, **fields: Any) -> None:
        self._write(logging.ERROR, message, fields)

    def exception(self, message: str, **fields: Any) -> None:
        """As `error`, with the stack of the exception being handled."""
        self._write(logging.ERROR, message, fields, sys.exc_info()[1])

    def _write(self, level: int, message: str, fields: dict[str, Any], error: BaseException | None = None) -> None:
        if _logger.isEnabledFor(level):
            # `message` is no format string here: a percent sign in it stays one.
            _logger.log(level, "%s", message, exc_info=error, extra={"fields": {**self._fields, **fields}})


def debugging() -> bool:
    """Whether lines at ``debug`` are written: asked before their fields are put together."""
    return _logger.isEnabledFor(logging.DEBUG)


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _utc(record.created),
            "level": record.levelname.lower(),
            "service": self._service,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        span = trace.current.get()
        if span is not None:
            line.setdefault("trace_id", span.trace_id)
        if record.exc_info:
            line["stack"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """A record for a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        fields = " ".join(f"{key}={value}" for key, value in getattr(record, "fields", {}).items())
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        line = f"{clock} {record.levelname.lower():7} {record.getMessage()}  {fields}".rstrip()
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def configure(service: str, level: str, style: str = "auto", stream: TextIO | None = None) -> None:
    """Send everything at or above `level` to `stream` (stderr), as ``json``, ``text``, or ``auto``: by what it is."""
    stream = sys.stderr if stream is None else stream
    text = style == "text" or (style == "auto" and stream.isatty())
    handler = logging.StreamHandler(stream)
    handler.setFormatter(TextFormatter() if text else JsonFormatter(service))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in ("hypercorn", "hpack", "h2", "asyncio", "psycopg", "httpx"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _utc(seconds: float) -> str:
    whole = int(seconds)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{int((seconds - whole) * 1e6):06d}Z"
