"""hypercorn's HTTP/2, made to bear a caller who still sends after he was answered.

In hypercorn 0.18 data for a stream that is no longer there ends the whole connection, with every other call on it. Such
data is lawful: the caller of a client stream that ended early has not yet heard of the end (RFC 9113 section 8.1).
"""

from __future__ import annotations

from typing import Any

import hypercorn.protocol
from hypercorn.protocol.events import Event
from hypercorn.protocol.h2 import H2Protocol


class _Ended:
    """Stands for every stream that was answered and forgotten."""

    async def handle(self, event: Event) -> None:
        """Nobody is interested."""


class _Streams(dict[int, Any]):
    def __missing__(self, stream: int) -> Any:
        return _ENDED


_ENDED = _Ended()


class PatientH2Protocol(H2Protocol):
    """Drops what arrives for a stream that has ended. Flow control goes on: the data is acknowledged."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.streams = _Streams()


def install() -> None:
    """Let hypercorn use it. It has no seam for this: the class is looked up in its module when a connection begins."""
    hypercorn.protocol.H2Protocol = PatientH2Protocol  # type: ignore[assignment, attr-defined]
