"""Deny by default: tokens, scopes, keys and where they come from."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from tenon_runtime import errors
from tenon_runtime.auth import keys as keys_module
from tenon_runtime.auth.keys import FetchedKeys, StaticKeys, keys_from, parse_jwks
from tenon_runtime.auth.tokens import Verifier
from tenon_runtime.testing import Running

from runtime.tests.fixtures.probe.api import API
from runtime.tests.fixtures.probe.service import HANDLERS, reached

KEYS: dict[str, Any] = {
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "RS256": rsa.generate_private_key(65537, 2048),
}
CLAIMS = {"sub": "ada", "scope": "probe:secret other:thing"}


def jwk(algorithm: str, key: Any, kid: str) -> dict[str, Any]:
    made = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
    return {**made, "kid": kid, "alg": algorithm, "use": "sig"}


JWKS = json.dumps({"keys": [jwk(algorithm, key, algorithm) for algorithm, key in KEYS.items()]})


def token(algorithm: str = "EdDSA", *, kid: str | None = None, key: Any = None, **claims: Any) -> str:
    every = {**CLAIMS, "exp": time.time() + 60, **claims}
    present = {name: value for name, value in every.items() if value is not None}
    return jwt.encode(present, key or KEYS[algorithm], algorithm, headers={"kid": kid or algorithm})


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    reached.clear()
    async with (
        Running(API, *HANDLERS, jwks=JWKS, issuer="https://identity", audience="probe") as service,
        httpx.AsyncClient(base_url=service.http_url) as client,
    ):
        yield client


GOOD = {"iss": "https://identity", "aud": "probe"}


@pytest.mark.parametrize("algorithm", list(KEYS))
@pytest.mark.parametrize("path", ["GET /v1/secret", "POST /probe.v1.ProbeService/Secret"])
async def test_a_good_token_names_the_caller(http: httpx.AsyncClient, algorithm: str, path: str) -> None:
    method, _, url = path.partition(" ")
    bearer = {"authorization": f"Bearer {token(algorithm, **GOOD)}"}
    answer = await http.request(method, url, json={} if method == "POST" else None, headers=bearer)
    assert (answer.status_code, answer.json()) == (200, {"subject": "ada"})


def _unsigned() -> str:
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none', 'kid': 'EdDSA'})}.{part({**CLAIMS, **GOOD, 'exp': time.time() + 60})}."


def _confused() -> str:
    """HMAC with the public key as secret."""
    public = jwt.PyJWK(json.loads(JWKS)["keys"][2]).key
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    import hashlib
    import hmac

    def part(value: bytes) -> bytes:
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    claims = {**CLAIMS, **GOOD, "exp": time.time() + 60}
    signed = part(b'{"alg":"HS256","kid":"RS256"}') + b"." + part(json.dumps(claims).encode())
    return (signed + b"." + part(hmac.new(pem, signed, hashlib.sha256).digest())).decode()


@pytest.mark.parametrize(
    "header",
    [
        None,
        "Bearer",
        "Basic YTpi",
        "Bearer not.a.token",
        f"Bearer {_unsigned()}",
        f"Bearer {_confused()}",
        f"Bearer {token(**GOOD, exp=time.time() - 60)}",
        f"Bearer {token(**GOOD, exp=None)}",
        f"Bearer {token(**GOOD, sub=None)}",
        f"Bearer {token(iss='https://evil', aud='probe')}",
        f"Bearer {token(iss='https://identity', aud='other')}",
        f"Bearer {token(**GOOD, kid='unknown')}",
        f"Bearer {token(**GOOD, kid='ES256')}",
        f"Bearer {token(**GOOD, key=ed25519.Ed25519PrivateKey.generate())}",
        f"Bearer {token(**GOOD, nbf=time.time() + 600)}",
        "Bearer " + "a" * 9000,
    ],
)
async def test_everything_else_is_unauthenticated(http: httpx.AsyncClient, header: str | None) -> None:
    answer = await http.get("/v1/secret", headers={} if header is None else {"authorization": header})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert reached == []


async def test_a_missing_scope_is_permission_denied(http: httpx.AsyncClient) -> None:
    bearer = {"authorization": f"Bearer {token(**GOOD, scope='other:thing')}"}
    answer = await http.get("/v1/secret", headers=bearer)
    assert (answer.status_code, reached) == (403, [])
    assert 'scope="probe:secret"' in answer.headers["www-authenticate"]


async def test_a_bad_token_on_a_public_operation_is_nobody(http: httpx.AsyncClient) -> None:
    assert (await http.get("/v1/tags", headers={"authorization": "Bearer x"})).status_code == 200


async def test_a_service_can_bring_its_own_keys() -> None:
    async with (
        Running(API, *HANDLERS, keys=StaticKeys(parse_jwks(JWKS))) as service,
        httpx.AsyncClient(base_url=service.http_url) as http,
    ):
        answer = await http.get("/v1/secret", headers={"authorization": f"Bearer {token()}"})
        assert answer.status_code == 200


async def test_without_keys_nobody_gets_in() -> None:
    async with Running(API, *HANDLERS) as service, httpx.AsyncClient(base_url=service.http_url) as http:
        answer = await http.get("/v1/secret", headers={"authorization": f"Bearer {token()}"})
        assert answer.status_code == 401


async def test_an_unknown_key_is_looked_up_once_in_a_while_and_known_ones_outlive_an_outage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[str] = []
    read = keys_module._read

    def counted(location: str) -> bytes:
        reads.append(location)
        return read(location)

    monkeypatch.setattr(keys_module, "_read", counted)
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [jwk("EdDSA", KEYS["EdDSA"], "first")]}))
    keys = keys_from(str(file))
    assert isinstance(keys, FetchedKeys)
    assert await keys.find("first")
    assert [await keys.find("second") for _ in range(10)] == [None] * 10
    assert len(reads) == 1
    file.write_text(json.dumps({"keys": [jwk("EdDSA", KEYS["EdDSA"], "second")]}))
    clock[0] += 10
    assert await keys.find("second")
    file.unlink()
    clock[0] += 10
    assert await keys.find("third") is None
    assert await keys.find("second")
    assert len(reads) == 3


async def test_a_symmetric_key_in_a_public_set_is_no_key() -> None:
    with pytest.raises(ValueError, match="not a JSON Web Key Set"):
        parse_jwks("[]")
    document = json.dumps({"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "x"}, {"kty": "none"}, 1]})
    assert parse_jwks(document) == {}


async def test_a_verified_token_is_remembered_until_it_expires() -> None:
    asked: list[str | None] = []

    class Counting(StaticKeys):
        async def find(self, kid: str | None) -> jwt.PyJWK | None:
            asked.append(kid)
            return await super().find(kid)

    verifier = Verifier(Counting(parse_jwks(JWKS)), None, None)
    text = token()
    assert [(await verifier.verify(text)).subject for _ in range(3)] == ["ada"] * 3
    assert asked == ["EdDSA"]
    with pytest.raises(errors.Unauthenticated):
        await verifier.verify(text + "x")
