"""The few ASGI shapes that the hosts share. Source: https://asgi.readthedocs.io/en/latest/specs/www.html."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
RawHeaders = Iterable[tuple[bytes, bytes]]


def headers_of(scope: Scope) -> dict[str, str]:
    """The request's headers, names in lower case; repeated ones joined with a comma (RFC 9110 section 5.2)."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name = raw_name.decode("latin-1").lower()
        value = raw_value.decode("latin-1")
        if name in headers:
            value = f"{headers[name]}{'; ' if name == 'cookie' else ', '}{value}"
        headers[name] = value
    return headers


async def respond(send: Send, status: int, body: bytes, media_type: str, headers: RawHeaders = ()) -> None:
    """One whole answer."""
    every = [(b"content-length", b"%d" % len(body)), *headers]
    if media_type:
        every.append((b"content-type", media_type.encode()))
    await send({"type": "http.response.start", "status": status, "headers": every})
    await send({"type": "http.response.body", "body": body, "more_body": False})
