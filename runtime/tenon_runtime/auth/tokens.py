"""Bearer tokens: signed JWT (RFC 7519, 8725) with ``sub``, ``scope`` (RFC 8693), ``exp``, ``iss`` and ``aud``."""

from __future__ import annotations

import time
from typing import Any

import jwt

from tenon_runtime import errors
from tenon_runtime.auth.keys import Keys
from tenon_runtime.context import Principal

ALGORITHMS = ("EdDSA", "ES256", "RS256")
LEEWAY_SECONDS = 10
"""How far clocks may differ."""
CACHE_SIZE = 4096
CACHE_SECONDS = 60.0
"""How long a verified token is trusted without verifying it again, at most until it expires."""
MAX_TOKEN = 8192


class Verifier:
    """Makes principals of tokens. A token that was verified a moment ago is not verified again."""

    def __init__(self, keys: Keys, issuer: str | None, audience: str | None) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._cache: dict[str, tuple[float, Principal]] = {}

    async def verify(self, token: str) -> Principal:
        """The principal that the token names. Raises `errors.Unauthenticated`."""
        now = time.time()
        cached = self._cache.get(token)
        if cached is not None and now < cached[0]:
            return cached[1]
        if len(token) > MAX_TOKEN:
            raise errors.Unauthenticated("the token is too long")
        claims = await self._claims(token)
        scope = claims.get("scope", "")
        principal = Principal(claims["sub"], frozenset(scope.split() if isinstance(scope, str) else ()), claims)
        if len(self._cache) >= CACHE_SIZE:
            self._cache.clear()
        self._cache[token] = (min(float(claims["exp"]), now + CACHE_SECONDS), principal)
        return principal

    async def _claims(self, token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            algorithm = header.get("alg")
            if algorithm not in ALGORITHMS:
                raise errors.Unauthenticated("the token's algorithm is not accepted: use " + ", ".join(ALGORITHMS))
            kid = header.get("kid")
            key = await self._keys.find(kid if isinstance(kid, str) else None)
            if key is None:
                raise errors.Unauthenticated("the token is signed with an unknown key")
            if key.algorithm_name != algorithm:
                raise errors.Unauthenticated("the token's algorithm is not its key's")
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                issuer=self._issuer,
                audience=self._audience,
                leeway=LEEWAY_SECONDS,
                options={"require": ["sub", "exp"], "verify_aud": self._audience is not None},
            )
        except jwt.PyJWTError as error:
            raise errors.Unauthenticated(f"the token is not valid: {error}") from None
        if not isinstance(claims["sub"], str) or not claims["sub"]:
            raise errors.Unauthenticated("the token names no subject")
        return claims
