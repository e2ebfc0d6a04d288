"""PostgreSQL: one transaction per call, migrations, the outbox and idempotency keys."""

from __future__ import annotations

from .migrate import MigrationError
from .postgres import PostgresStore

__all__ = ["MigrationError", "PostgresStore"]
