"""Ports that stay the same over restarts and are nobody else's meanwhile."""

from __future__ import annotations

import json
import socket
import sys
from contextlib import ExitStack
from pathlib import Path


class Ports:
    """Remembers ports by name in a file; takes another where one is in use."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._held = ExitStack()
        self._ports: dict[str, int] = {}
        try:
            self._before: dict[str, int] = {str(k): int(v) for k, v in json.loads(file.read_text()).items()}
        except (OSError, ValueError, AttributeError):
            self._before = {}

    def take(self, name: str) -> int:
        """The port of `name`, as before if it is free.

        On Linux it stays bound here, without listening, so that nobody gets it by chance: a service that binds with
        SO_REUSEADDR, as all do, can listen on it nevertheless.
        """
        reservation = self._bind(self._before.get(name, 0)) or self._bind(0)
        assert reservation is not None
        port: int = reservation.getsockname()[1]
        if sys.platform == "linux":
            self._held.enter_context(reservation)
        else:
            reservation.close()
        self._ports[name] = port
        self._file.write_text(json.dumps(self._before | self._ports, indent=2))
        return port

    def close(self) -> None:
        """Give them back."""
        self._held.close()

    def _bind(self, port: int) -> socket.socket | None:
        if port and port in self._ports.values():
            return None
        reservation = socket.socket()
        reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            reservation.bind(("127.0.0.1", port))
        except OSError:
            reservation.close()
            return None
        return reservation
