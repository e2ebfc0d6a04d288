"""schemathesis reads the contracts as any consumer would, and tries what they allow and what they forbid.

Deterministic: the coverage phase walks each schema's boundaries, and the seed is fixed. Every operation is called with
a token that holds all scopes. Answers have to fit the contract, bad requests are refused, and nothing may be a 5xx.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tenon_runtime.engines import Postgres
from tenon_runtime.testing import Running

from api.catalog.v1 import API as CATALOG
from api.identity.v1 import API as IDENTITY
from impl.catalog.events import CatalogReceiver
from impl.catalog.service import Catalog
from impl.identity.service import Identity
from impl.identity.signing import KeyRing

ROOT = Path(__file__).parents[1]
BOOTSTRAP = "bootstrap-key-of-these-tests"
UNSAID = "positive_data_acceptance"
"""Left out: a page token is opaque, a handle may be taken, a key may be used up. No schema says so: a 4xx is right."""


@dataclass(frozen=True)
class Target:
    """Where both services are, and who calls."""

    urls: dict[str, str]
    token: str


@pytest.fixture
async def target(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Target]:
    monkeypatch.setenv("IDENTITY_BOOTSTRAP_KEY", BOOTSTRAP)
    with tempfile.TemporaryDirectory(prefix="tenon-st-") as folder:
        Path(folder).chmod(0o755)
        async with (
            Postgres(Path(folder, "pg")) as postgres,
            Running(IDENTITY, Identity, keys=KeyRing, database_url=await postgres.url("identity")) as identity,
            Running(
                CATALOG,
                Catalog,
                CatalogReceiver,
                jwks=f"{identity.http_url}/.well-known/jwks.json",
                database_url=await postgres.url("catalog"),
            ) as catalog,
            httpx.AsyncClient(base_url=identity.http_url) as http,
        ):
            issued = await http.post("/v1/tokens", json={"apiKey": BOOTSTRAP})
            yield Target({"identity": identity.http_url, "catalog": catalog.http_url}, issued.json()["accessToken"])


async def test_both_services_keep_their_contracts(target: Target, tmp_path: Path) -> None:
    found = await asyncio.gather(*(_run(domain, target, tmp_path) for domain in ("identity", "catalog")))
    assert [status for status, _ in found] == [0, 0], "\n".join(output for _, output in found)


async def _run(domain: str, target: Target, folder: Path) -> tuple[int | None, str]:
    """schemathesis on one service: its exit status and what it printed."""
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("st")),
        *("run", str(ROOT / "contracts" / domain / "v1" / f"{domain}.openapi.yaml"), "--url", target.urls[domain]),
        *("--header", f"Authorization: Bearer {target.token}"),
        *("--phases", "coverage", "--exclude-checks", UNSAID, "--seed", "1", "--warnings", "off"),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode, output.decode()
