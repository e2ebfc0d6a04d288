"""Idempotency keys: the first call's answer is kept in the transaction of its effect."""

from __future__ import annotations

import asyncio

import psycopg

from tenon_runtime import errors
from tenon_runtime.call.ports import StoredAnswer, UnitOfWork

from .work import PostgresUnitOfWork

_WAIT_SHARE = 0.8  # of the call's remaining time: enough is left to answer "still running"


class PostgresIdempotency:
    """See `tenon_runtime.call.ports.IdempotencyStore`.

    The primary key of ``idem_key`` is the lock: a second INSERT waits for the first transaction to end.
    """

    async def claim(
        self, uow: UnitOfWork, *, principal: str, operation: str, key: str, request_hash: bytes
    ) -> StoredAnswer | None:
        """Take the key for this call (None), or give the answer it already got.

        :raises errors.IdempotencyKeyReused: it was used with another request.
        :raises errors.IdempotencyKeyInUse: the other call is still running after most of this call's time.
        """
        where = {"key": key, "principal": principal, "operation": operation, "hash": request_hash}
        remaining = uow.remaining() if isinstance(uow, PostgresUnitOfWork) else 5.0
        try:
            async with asyncio.timeout(max(0.05, remaining * _WAIT_SHARE)):
                claimed = await uow.db.execute(
                    "INSERT INTO idem_key (dist_key, principal, operation, idem_key, request_hash)"
                    " VALUES (%(key)s, %(principal)s, %(operation)s, %(key)s, %(hash)s) ON CONFLICT DO NOTHING",
                    where,
                )
        except (TimeoutError, psycopg.errors.QueryCanceled):
            raise errors.IdempotencyKeyInUse("the first call with this Idempotency-Key is still running") from None
        if claimed:
            return None
        row = await uow.db.fetch_one(
            "SELECT request_hash, status, response FROM idem_key WHERE dist_key = %(key)s AND principal = %(principal)s"
            " AND operation = %(operation)s AND idem_key = %(key)s",
            where,
        )
        if row is None or row.status is None:
            raise errors.IdempotencyKeyInUse("the first call with this Idempotency-Key is still running")
        if bytes(row.request_hash) != request_hash:
            raise errors.IdempotencyKeyReused("this Idempotency-Key was used with another request")
        return StoredAnswer(row.status, bytes(row.response))

    async def save(self, uow: UnitOfWork, *, principal: str, operation: str, key: str, answer: StoredAnswer) -> None:
        """Keep the answer; it becomes visible when the unit of work commits."""
        await uow.db.execute(
            "UPDATE idem_key SET status = %(status)s, response = %(response)s WHERE dist_key = %(key)s"
            " AND principal = %(principal)s AND operation = %(operation)s AND idem_key = %(key)s",
            {
                "status": answer.status,
                "response": answer.response,
                "key": key,
                "principal": principal,
                "operation": operation,
            },
        )
