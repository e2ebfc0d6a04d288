"""Where the public keys come from that tokens are verified with."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from pathlib import Path
from typing import Any, Protocol

import jwt

from tenon_runtime.observe.log import Log

REFRESH_SECONDS = 300.0
"""How old a fetched key set may get before it is fetched anew."""
RETRY_SECONDS = 5.0
"""How long an unknown key id or a failed fetch keeps us from asking again."""
MAX_BYTES = 1 << 20


class Keys(Protocol):
    """A key set. A service that signs its own tokens gives one to `serve`."""

    async def find(self, kid: str | None) -> jwt.PyJWK | None:
        """The key with this id; without an id, the only key there is. None: unknown."""


def parse_jwks(document: str | bytes) -> dict[str | None, jwt.PyJWK]:
    """Keys by id. Keys of a kind that is not known are left out. Raises ValueError when it is no key set."""
    value = json.loads(document)
    if not isinstance(value, dict) or not isinstance(value.get("keys"), list):
        raise ValueError("not a JSON Web Key Set: an object with a list `keys` is expected")
    keys: dict[str | None, jwt.PyJWK] = {}
    for entry in value["keys"]:
        if not isinstance(entry, dict) or entry.get("kty") == "oct" or entry.get("use", "sig") != "sig":
            # A symmetric key in a public set would let every reader sign.
            continue
        try:
            keys[entry.get("kid")] = jwt.PyJWK(entry)
        except jwt.PyJWTError:
            continue
    return keys


class StaticKeys:
    """A key set that does not change."""

    def __init__(self, keys: dict[str | None, jwt.PyJWK]) -> None:
        self._keys = keys

    async def find(self, kid: str | None) -> jwt.PyJWK | None:
        return _pick(self._keys, kid)


class FetchedKeys:
    """A key set at a URL or in a file: cached, read anew when it is old or lacks a key, kept through an outage."""

    def __init__(self, location: str) -> None:
        self._location = location
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._fetched = self._tried = float("-inf")
        self._lock = asyncio.Lock()
        self._refresh: asyncio.Task[None] | None = None

    async def find(self, kid: str | None) -> jwt.PyJWK | None:
        key = _pick(self._keys, kid)
        now = time.monotonic()
        if key is None and now - self._tried >= RETRY_SECONDS:
            await self._fetch()
            return _pick(self._keys, kid)
        if now - self._fetched >= REFRESH_SECONDS and now - self._tried >= RETRY_SECONDS and self._refresh is None:
            # A key that we have is used at once: nobody waits for the new set.
            self._refresh = asyncio.create_task(self._fetch())
            self._refresh.add_done_callback(self._refreshed)
        return key

    def _refreshed(self, task: asyncio.Task[None]) -> None:
        self._refresh = None

    async def _fetch(self) -> None:
        async with self._lock:
            if time.monotonic() - self._tried < RETRY_SECONDS:
                return
            try:
                self._keys = parse_jwks(await asyncio.to_thread(_read, self._location)) or self._keys
                self._fetched = time.monotonic()
            except (OSError, ValueError) as error:
                Log().warning("the key set cannot be read; the last known keys stay", jwks=self._location, error=error)
            self._tried = time.monotonic()


def keys_from(setting: str) -> Keys:
    """Keys as TENON_JWKS names them: the key set itself, a URL, or a file.

    Raises ValueError when it is an inline key set that cannot be read.
    """
    text = setting.strip()
    return StaticKeys(parse_jwks(text)) if text.startswith("{") else FetchedKeys(text)


def _pick(keys: dict[str | None, jwt.PyJWK], kid: str | None) -> jwt.PyJWK | None:
    if kid is None and len(keys) == 1:
        return next(iter(keys.values()))
    return keys.get(kid)


def _read(location: str) -> bytes:
    if not location.startswith(("http://", "https://")):
        return Path(location.removeprefix("file://")).read_bytes()
    request: Any = urllib.request.Request(location, headers={"accept": "application/json"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        body: bytes = answer.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise ValueError("the key set is larger than 1 MB")
    return body
