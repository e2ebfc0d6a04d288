"""What carries bytes: ASGI applications over the one handler table, and the server that listens."""
