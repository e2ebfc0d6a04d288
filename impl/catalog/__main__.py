"""Starts the service: `python -m impl.catalog`."""

from __future__ import annotations

from tenon_runtime import serve

from api.catalog.v1 import API
from impl.catalog.events import CatalogReceiver
from impl.catalog.service import Catalog

if __name__ == "__main__":
    serve(API, Catalog, CatalogReceiver)
