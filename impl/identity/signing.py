"""Signing keys: made, published, used and retired. They live in the database, so that every replica has the same."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tenon_runtime.call.ports import Store
from tenon_runtime.context import Transaction
from tenon_runtime.settings import Settings

from api.identity.v1 import Jwk

TOKEN_LIFETIME = timedelta(minutes=15)
CLOCK_SKEW = timedelta(minutes=1)
"""How long a key stays published after the last token signed with it ran out."""
LOOKUP_SECONDS = 1.0
"""How long looking for a key may take."""

_private: dict[str, Ed25519PrivateKey] = {}
"""Keys read before, by id: opening an encrypted one costs milliseconds."""


def public_jwk(key: Ed25519PrivateKey) -> Jwk:
    """The public half. The id is the key's thumbprint (RFC 7638), so that one key has one id everywhere."""
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    x = _base64url(raw)
    thumbprint = hashlib.sha256(json.dumps({"crv": "Ed25519", "kty": "OKP", "x": x}, separators=(",", ":")).encode())
    return Jwk(kty="OKP", crv="Ed25519", x=x, kid=_base64url(thumbprint.digest()), alg="EdDSA", use="sig")


async def create(db: Transaction, after: timedelta = timedelta()) -> tuple[Jwk, datetime]:
    """Make a key that signs from `after` on, and remove those that no token in force can be signed with."""
    key = Ed25519PrivateKey.generate()
    jwk = public_jwk(key)
    activates_at = await db.fetch_value(
        "INSERT INTO signing_keys (kid, private_key, activates_at) VALUES (%s, %s, now() + %s) RETURNING activates_at",
        [jwk.kid, _seal(key), after],
    )
    published = [row.kid for row in await _published(db)]
    await db.execute("DELETE FROM signing_keys WHERE kid <> ALL (%s)", [published])
    return jwk, activates_at


async def published(db: Transaction) -> list[Jwk]:
    """Every key that a token in force may be signed with, and those that will sign."""
    return [public_jwk(_open(row)) for row in await _published(db)]


async def sign(db: Transaction, subject: str, scopes: list[str]) -> str:
    """A token. The first one ever makes the first key."""
    row = await _active(db)
    if row is None:
        await create(db)
        row = await _active(db)
    now = datetime.now(UTC)
    settings = _settings()
    claims = {
        "iss": settings.issuer,
        "aud": settings.audience,
        "sub": subject,
        "scope": " ".join(scopes),
        "iat": now,
        "exp": now + TOKEN_LIFETIME,
    }
    given = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(given, _open(row), algorithm="EdDSA", headers={"kid": row.kid})


class KeyRing:
    """The published keys as this service itself needs them, to verify its callers' tokens."""

    def __init__(self, store: Store | None) -> None:
        self._store = store
        self._keys: dict[str, jwt.PyJWK] = {}

    async def find(self, kid: str | None) -> jwt.PyJWK | None:
        """The key with this id. An unknown one is looked for each time: a replica may just have made it."""
        if kid not in self._keys and self._store:
            async with self._store.begin(read_only=True, timeout=LOOKUP_SECONDS) as unit:
                keys = await published(unit.db)
            self._keys = {key.kid: jwt.PyJWK(json.loads(key.to_json())) for key in keys}
        return self._keys.get(kid or "")


async def _active(db: Transaction) -> Any:
    return await db.fetch_one(
        "SELECT kid, private_key FROM signing_keys WHERE activates_at <= now() ORDER BY activates_at DESC, kid LIMIT 1"
    )


async def _published(db: Transaction) -> list[Any]:
    """Rows, the latest first, up to the one that was active when the oldest token in force was signed."""
    rows = await db.fetch_all(
        "SELECT kid, private_key, activates_at <= now() - %s AS settled FROM signing_keys"
        " ORDER BY activates_at DESC, kid",
        [TOKEN_LIFETIME + CLOCK_SKEW],
    )
    settled = next((i for i, row in enumerate(rows) if row.settled), len(rows))
    return rows[: settled + 1]


@functools.cache
def _settings() -> Settings:
    return Settings.from_environment()


def _passphrase() -> bytes | None:
    return os.environ.get("IDENTITY_SIGNING_PASSPHRASE", "").encode() or None


def _seal(key: Ed25519PrivateKey) -> bytes:
    passphrase = _passphrase()
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption(),
    )


def _open(row: Any) -> Ed25519PrivateKey:
    if row.kid not in _private:
        _private[row.kid] = _unseal(row.private_key)
    return _private[row.kid]


def _unseal(sealed: bytes) -> Ed25519PrivateKey:
    encrypted = b"ENCRYPTED" in bytes(sealed)
    key = serialization.load_pem_private_key(bytes(sealed), _passphrase() if encrypted else None)
    assert isinstance(key, Ed25519PrivateKey)
    return key


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
