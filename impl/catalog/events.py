"""What the catalog knows about creators, from identity's events."""

from __future__ import annotations

from tenon_runtime import errors

from api.catalog.v1 import CatalogEvents, Context
from api.catalog.v1.events import CreatorRegistered, CreatorVerified


class CatalogReceiver(CatalogEvents):
    """Keeps the projection `creators`. Events of one creator arrive in the order they happened in."""

    async def on_creator_registered(self, event: CreatorRegistered, ctx: Context) -> None:
        await ctx.db.execute(
            "INSERT INTO creators (creator_id, handle, registered_at) VALUES (%s, %s, %s)"
            " ON CONFLICT (creator_id) DO NOTHING",
            [event.creator_id, event.handle, event.registered_at and event.registered_at.to_datetime()],
        )

    async def on_creator_verified(self, event: CreatorVerified, ctx: Context) -> None:
        known = await ctx.db.execute(
            "UPDATE creators SET verified_at = %s WHERE creator_id = %s",
            [event.verified_at and event.verified_at.to_datetime(), event.creator_id],
        )
        if not known:
            raise errors.FailedPrecondition(f"creator {event.creator_id} was verified but never registered")
