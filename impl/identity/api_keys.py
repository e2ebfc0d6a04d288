"""API keys: 32 random bytes behind the ids that find them, in one text. Only the SHA-256 of the bytes is kept."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import uuid
from dataclasses import dataclass

from tenon_runtime import errors
from tenon_runtime.context import Transaction

OPERATOR = "00000000-0000-0000-0000-000000000000"
"""The account of who runs the platform: no creator. Staff's keys belong to it."""
CREATOR_SCOPES = ("api-keys:write", "creators:read", "creators:write", "videos:read", "videos:write")
"""What a creator's first key may do."""
OPERATOR_SCOPES = (*CREATOR_SCOPES, "creators:admin", "signing-keys:admin", "videos:moderate")

_PREFIX = "tk_"
_ID = 16
_SECRET = 32


@dataclass(frozen=True, slots=True)
class Grant:
    """What an API key stands for."""

    creator_id: str
    scopes: tuple[str, ...]


async def create(db: Transaction, creator_id: str, label: str, scopes: list[str]) -> tuple[str, str]:
    """A new key's id and secret."""
    api_key_id = uuid.uuid4()
    random = secrets.token_bytes(_SECRET)
    await db.execute(
        "INSERT INTO api_keys (creator_id, api_key_id, label, scopes, secret_hash) VALUES (%s, %s, %s, %s, %s)",
        [creator_id, str(api_key_id), label, scopes, hashlib.sha256(random).digest()],
    )
    text = base64.urlsafe_b64encode(uuid.UUID(creator_id).bytes + api_key_id.bytes + random)
    return str(api_key_id), _PREFIX + text.rstrip(b"=").decode()


async def redeem(db: Transaction, secret: str) -> Grant:
    """What the key allows. Raises `errors.Unauthenticated`, without telling what is wrong with it.

    The operator's first key is IDENTITY_BOOTSTRAP_KEY in the environment. It is for making staff's keys: then unset it.
    """
    bootstrap = os.environ.get("IDENTITY_BOOTSTRAP_KEY", "")
    if len(bootstrap) >= 20 and hmac.compare_digest(secret.encode(), bootstrap.encode()):
        return Grant(OPERATOR, OPERATOR_SCOPES)
    creator_id, api_key_id, random = _parse(secret)
    row = await db.fetch_one(
        "SELECT secret_hash, scopes FROM api_keys WHERE creator_id = %s AND api_key_id = %s AND revoked_at IS NULL",
        [creator_id, api_key_id],
    )
    if row is None or not hmac.compare_digest(bytes(row.secret_hash), hashlib.sha256(random).digest()):
        raise _refused()
    return Grant(creator_id, tuple(row.scopes))


def _parse(secret: str) -> tuple[str, str, bytes]:
    try:
        text = secret.removeprefix(_PREFIX)
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise _refused() from None
    if len(data) != 2 * _ID + _SECRET or not secret.startswith(_PREFIX):
        raise _refused()
    return str(uuid.UUID(bytes=data[:_ID])), str(uuid.UUID(bytes=data[_ID : 2 * _ID])), data[2 * _ID :]


def _refused() -> errors.Unauthenticated:
    return errors.Unauthenticated("this API key is not accepted")
