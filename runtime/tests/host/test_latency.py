"""What would cost every caller 40 ms, found without a clock."""

from __future__ import annotations

import socket

from tenon_runtime.host.server import _bind


def test_small_writes_do_not_wait_for_acknowledgements() -> None:
    """Nagle's algorithm is off on the listener and so on every connection that it accepts."""
    listener = _bind("127.0.0.1", 0)
    with listener, socket.create_connection(_listen(listener)):
        listener.setblocking(True)
        connection, _ = listener.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def _listen(listener: socket.socket) -> tuple[str, int]:
    listener.listen()
    host, port = listener.getsockname()
    return host, port
