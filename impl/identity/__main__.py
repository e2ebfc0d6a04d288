"""Starts the service: `python -m impl.identity`."""

from __future__ import annotations

from tenon_runtime import serve

from api.identity.v1 import API
from impl.identity.service import Identity
from impl.identity.signing import KeyRing

if __name__ == "__main__":
    serve(API, Identity, keys=KeyRing)
