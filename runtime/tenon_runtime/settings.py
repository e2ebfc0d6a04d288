"""What a service's surroundings decide: one frozen value, read once from ``TENON_*`` in the environment."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any


class BadSettings(Exception):
    """Some ``TENON_*`` is not understood. The text has one line per fault, to be shown as it is."""


def _text(value: str) -> str:
    return value


def _port(value: str) -> int:
    number = int(value)
    if not 0 <= number <= 65535:
        raise ValueError("a port is between 0 and 65535; 0 takes a free one")
    return number


def _count(value: str) -> int:
    number = int(value)
    if number < 1:
        raise ValueError("at least 1")
    return number


def _seconds(value: str) -> float:
    number = float(value)
    if not 0 <= number < 86400:
        raise ValueError("seconds, from 0 to a day")
    return number


def _one_of(*allowed: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value.lower() not in allowed:
            raise ValueError("one of " + ", ".join(allowed))
        return value.lower()

    return parse


def _setting(parse: Callable[[str], Any], default: Any = None) -> Any:
    return field(default=default, metadata={"parse": parse})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A field ``x_y`` is set by ``TENON_X_Y``; an empty value is no value."""

    host: str = _setting(_text, "127.0.0.1")
    """The address to listen on."""
    http_port: int = _setting(_port, 8080)
    """HTTP/1.1: REST, Connect, gRPC-Web, health, metrics. 0: a free one."""
    grpc_port: int = _setting(_port, 9090)
    """HTTP/2 without TLS: gRPC. 0: a free one."""
    ports_file: Path | None = field(default=None, metadata={"parse": Path})
    """Gets ``{"http": 1, "grpc": 2, "pid": 3}`` once the service listens."""
    database_url: str | None = _setting(_text)
    """PostgreSQL, as ``postgresql://user:password@host/database``. Without it there is no `ctx.db` and no event."""
    nats_url: str | None = _setting(_text)
    """NATS, as ``nats://host:port``, several separated by commas. Without it events wait in the outbox."""
    jwks: str | None = _setting(_text)
    """The keys that tokens are verified with: a URL, a file, or the key set itself."""
    issuer: str | None = _setting(_text)
    """A token's ``iss`` must be this."""
    audience: str | None = _setting(_text)
    """A token's ``aud`` must have this."""
    flags: Path | None = field(default=None, metadata={"parse": Path})
    """A flag definition file in flagd's format."""
    log: str = _setting(_one_of("debug", "info", "warning", "error"), "info")
    """The lowest level to be written. Calls that succeed are written at ``debug``."""
    log_format: str = _setting(_one_of("auto", "json", "text"), "auto")
    """auto: text on a terminal, else JSON."""
    response_check: str = _setting(_one_of("count", "raise", "off"), "count")
    """What happens when an answer breaks the contract: counted, or turned into an internal error."""
    concurrency: int = _setting(_count, 512)
    """Calls in flight before the service refuses more with ResourceExhausted."""
    body_limit: int = _setting(_count, 1 << 20)
    """Bytes of one REST body or RPC message."""
    drain_seconds: float = _setting(_seconds, 20.0)
    """How long calls in flight may go on after SIGTERM."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the environment. Raises BadSettings naming every value that is wrong and every unknown name."""
        environment = os.environ if environment is None else environment
        known = {f"TENON_{f.name.upper()}": f for f in fields(cls)}
        values: dict[str, Any] = {}
        faults: list[str] = []
        for name in sorted(n for n in environment if n.startswith("TENON_")):
            text = environment[name]
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                faults.append(f"{name}: there is no such setting" + (f"; did you mean {near[0]}?" if near else ""))
            elif text:
                try:
                    values[known[name].name] = known[name].metadata["parse"](text)
                except ValueError as error:
                    faults.append(f"{name}={text}: {error}")
        if faults:
            raise BadSettings("\n".join(faults))
        return cls(**values)
