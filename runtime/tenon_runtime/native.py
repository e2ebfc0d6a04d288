"""What every language computes alike, on the path of each call or event: in Rust where `tenon_core` is installed.

Two spellings of one set of definitions: Python's below, which is always there, and Rust's in
``rust/crates/tenon-service``, made a Python module by ``rust/crates/tenon-core``. `runtime/tests/native` tries them on
the same input, good and bad; ``python -m bench native`` says what the second one gains. Nothing depends on which runs.
"""

from __future__ import annotations

import hashlib
import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from urllib.parse import quote, unquote

SLOTS = 64
"""Shards of a domain's log; the relay's unit of work."""
EDITION = 1
"""Which definitions these are; a `tenon_core` that was built from others is left alone."""

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_UNITS = {b"H": 3600.0, b"M": 60.0, b"S": 1.0, b"m": 1e-3, b"u": 1e-6, b"n": 1e-9}
_PLAIN = " !#$&'()*+,-./:;<=>?@[]^_`{|}~"
"""Beside letters and digits."""


@dataclass(frozen=True, slots=True)
class Definitions:
    """One spelling of them."""

    slot_of: Callable[[str], int]
    """The shard of a distribution key: SHA-256's first 8 bytes, big-endian, mod 64. Raises UnicodeEncodeError."""
    traceparent: Callable[[str], tuple[str, str, int] | None]
    """Trace id, parent id and 1 if it is recorded; None when the header is not valid.

    Source: https://www.w3.org/TR/trace-context/#traceparent-header.
    """
    timeout_seconds: Callable[[bytes, bool], float | None]
    """Seconds of ``grpc-timeout``, or of ``connect-timeout-ms`` where the second argument is False; None when it
    cannot be read. At most ten digits."""
    escape_subject: Callable[[str], str]
    """A key as the header ``ce-subject``: printable ASCII stays but for ``"%\\``. Raises UnicodeEncodeError."""
    key_of_subject: Callable[[str], str]
    """The way back. Never raises: what is no code stays, what is no UTF-8 becomes U+FFFD."""
    parse_json: Callable[[bytes], Any] | None
    """The value of strict JSON. Raises ValueError for all other texts, and for some numbers: then Python has the word.

    None: only `tenon_runtime.host.rest.strict_json` knows.
    """


def _slot_of(dist_key: str) -> int:
    return int.from_bytes(hashlib.sha256(dist_key.encode()).digest()[:8], "big") % SLOTS


def _traceparent(header: str) -> tuple[str, str, int] | None:
    if match := _TRACEPARENT.fullmatch(header):
        version, trace_id, parent_id, flags, rest = match.groups()
        known = version != "ff" and (version != "00" or rest is None)
        if known and trace_id.strip("0") and parent_id.strip("0"):
            return trace_id, parent_id, int(flags, 16) & 1
    return None


def _timeout_seconds(header: bytes, grpc: bool) -> float | None:
    digits, unit = (header[:-1], _UNITS.get(header[-1:])) if grpc else (header, 1e-3)
    return int(digits) * unit if unit and digits.isdigit() and len(digits) <= 10 else None


def _escape_subject(key: str) -> str:
    return quote(key, safe=_PLAIN)


def in_rust(core: ModuleType) -> Definitions:
    """Those of the module `tenon_core`."""
    return Definitions(
        slot_of=core.slot_of,
        traceparent=core.traceparent,
        timeout_seconds=core.timeout_seconds,
        escape_subject=core.escape_subject,
        key_of_subject=core.key_of_subject,
        parse_json=core.parse_json,
    )


def _installed() -> Definitions | None:
    try:
        core = importlib.import_module("tenon_core")
    except ImportError:  # or built for another machine
        return None
    return in_rust(core) if getattr(core, "EDITION", None) == EDITION else None


PYTHON = Definitions(_slot_of, _traceparent, _timeout_seconds, _escape_subject, unquote, None)
CHOSEN = _installed() or PYTHON

slot_of = CHOSEN.slot_of
traceparent = CHOSEN.traceparent
timeout_seconds = CHOSEN.timeout_seconds
escape_subject = CHOSEN.escape_subject
key_of_subject = CHOSEN.key_of_subject
parse_json = CHOSEN.parse_json
