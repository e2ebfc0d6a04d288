"""What happens in identity: creators register and are verified, API keys become tokens."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

from protobuf.wkt import Timestamp
from tenon_runtime import errors, paging
from tenon_runtime.paging import Position

from api.identity.v1 import (
    ApiKey,
    Context,
    CreateApiKeyRequest,
    CreateApiKeyResponse,
    Creator,
    CreatorRegistered,
    CreatorStatus,
    CreatorVerified,
    GetCreatorRequest,
    GetCreatorResponse,
    GetJwksRequest,
    GetJwksResponse,
    IdentityService,
    IssueTokenRequest,
    IssueTokenResponse,
    ListApiKeysRequest,
    ListApiKeysResponse,
    ListCreatorsRequest,
    ListCreatorsResponse,
    RegisterCreatorRequest,
    RegisterCreatorResponse,
    RevokeApiKeyRequest,
    RevokeApiKeyResponse,
    RotateSigningKeyRequest,
    RotateSigningKeyResponse,
    UpdateCreatorRequest,
    UpdateCreatorResponse,
    VerifyCreatorRequest,
    VerifyCreatorResponse,
    WatchCreatorRequest,
    WatchCreatorResponse,
)
from impl.identity import api_keys, rules, signing

ADMIN = "creators:admin"
WATCH_INTERVAL = 0.5
"""Seconds between two looks at a watched profile."""

_SELECT = (
    "SELECT c.*, u.email FROM creators c JOIN users u ON u.creator_id = c.creator_id AND u.role = 'owner'"
    " WHERE c.creator_id = %s"
)


class HandleTaken(errors.AlreadyExists):
    """Somebody else has this handle."""


class ScopeNotHeld(errors.PermissionDenied):
    """Nobody can give away what they may not do themselves."""


class Identity(IdentityService):
    """Implements IdentityService."""

    async def register_creator(self, request: RegisterCreatorRequest, ctx: Context) -> RegisterCreatorResponse:
        handle, display_name, bio = rules.free(request.handle), request.display_name.strip(), request.bio.strip()
        creator_id = str(uuid.uuid4())
        free = await ctx.db.execute(
            "INSERT INTO handles (handle, creator_id) VALUES (%s, %s) ON CONFLICT DO NOTHING", [handle, creator_id]
        )
        if not free:
            raise HandleTaken(f"the handle {handle} is taken")
        await ctx.db.execute(
            "INSERT INTO creators (creator_id, handle, display_name, bio) VALUES (%s, %s, %s, %s)",
            [creator_id, handle, display_name, bio],
        )
        await ctx.db.execute(
            "INSERT INTO users (creator_id, user_id, role, email) VALUES (%s, %s, 'owner', %s)",
            [creator_id, str(uuid.uuid4()), request.contact_email],
        )
        _, secret = await api_keys.create(ctx.db, creator_id, "First key", list(api_keys.CREATOR_SCOPES))
        row = await _row(creator_id, ctx)
        ctx.publish(
            CreatorRegistered(creator_id=creator_id, handle=handle, registered_at=_time(row.registered_at)),
        )
        return RegisterCreatorResponse(creator=_creator(row, insider=True), api_key=secret)

    async def get_creator(self, request: GetCreatorRequest, ctx: Context) -> GetCreatorResponse:
        row = await _row(request.creator_id, ctx)
        return GetCreatorResponse(creator=_creator(row, insider=_insider(request.creator_id, ctx)))

    async def update_creator(self, request: UpdateCreatorRequest, ctx: Context) -> UpdateCreatorResponse:
        _only_self(request.creator_id, ctx)
        row = await _row(request.creator_id, ctx, lock=True)
        if request.has_field("expected_version") and request.expected_version != row.version:
            raise errors.Conflict(f"the profile is at version {row.version}")
        display_name = request.display_name.strip() if request.has_field("display_name") else row.display_name
        bio = request.bio.strip() if request.has_field("bio") else row.bio
        email = request.contact_email if request.has_field("contact_email") else row.email
        await ctx.db.execute(
            "UPDATE creators SET display_name = %s, bio = %s, version = version + 1 WHERE creator_id = %s",
            [display_name, bio, request.creator_id],
        )
        await ctx.db.execute(
            "UPDATE users SET email = %s WHERE creator_id = %s AND role = 'owner'", [email, request.creator_id]
        )
        return UpdateCreatorResponse(creator=_creator(await _row(request.creator_id, ctx), insider=True))

    async def verify_creator(self, request: VerifyCreatorRequest, ctx: Context) -> VerifyCreatorResponse:
        row = await _row(request.creator_id, ctx, lock=True)
        if row.verified_at is None:
            await ctx.db.execute(
                "UPDATE creators SET verified_at = now(), verified_by = %s, evidence = %s, version = version + 1"
                " WHERE creator_id = %s",
                [ctx.principal.subject, request.evidence.strip(), request.creator_id],
            )
            row = await _row(request.creator_id, ctx)
            ctx.publish(CreatorVerified(creator_id=row.creator_id, verified_at=_time(row.verified_at)))
        return VerifyCreatorResponse(creator=_creator(row, insider=True))

    async def list_creators(self, request: ListCreatorsRequest, ctx: Context) -> ListCreatorsResponse:
        size, after = paging.start(request.page_size, request.page_token)
        narrowed = {
            CreatorStatus.PENDING: " AND c.verified_at IS NULL",
            CreatorStatus.VERIFIED: " AND c.verified_at IS NOT NULL",
        }.get(request.status, "")
        rows = await ctx.db.fetch_all(
            "SELECT c.*, u.email FROM creators c JOIN users u ON u.creator_id = c.creator_id AND u.role = 'owner'"
            f" WHERE (c.registered_at, c.creator_id) < (%s, %s){narrowed}"
            " ORDER BY c.registered_at DESC, c.creator_id DESC LIMIT %s",
            [after.at, after.id, size + 1],
        )
        rows, token = paging.cut(rows, size, lambda row: Position(row.registered_at, row.creator_id))
        return ListCreatorsResponse(creators=[_creator(row, insider=True) for row in rows], next_page_token=token)

    async def watch_creator(self, request: WatchCreatorRequest, ctx: Context) -> AsyncIterator[WatchCreatorResponse]:
        insider = _insider(request.creator_id, ctx)
        seen = 0
        while True:
            row = await _row(request.creator_id, ctx)
            await ctx.commit()  # no connection is held between two looks
            if row.version != seen:
                seen = row.version
                yield WatchCreatorResponse(creator=_creator(row, insider=insider))
            if ctx.remaining() <= 2 * WATCH_INTERVAL:
                return
            await asyncio.sleep(WATCH_INTERVAL)

    async def create_api_key(self, request: CreateApiKeyRequest, ctx: Context) -> CreateApiKeyResponse:
        _only_self(request.creator_id, ctx)
        scopes = sorted(set(request.scopes))
        _only_held(scopes, ctx.principal.scopes)
        api_key_id, secret = await api_keys.create(ctx.db, request.creator_id, request.label.strip(), scopes)
        row = await ctx.db.fetch_one(
            "SELECT * FROM api_keys WHERE creator_id = %s AND api_key_id = %s", [request.creator_id, api_key_id]
        )
        return CreateApiKeyResponse(api_key=_api_key(row), secret=secret)

    async def list_api_keys(self, request: ListApiKeysRequest, ctx: Context) -> ListApiKeysResponse:
        _only_self(request.creator_id, ctx)
        size, after = paging.start(request.page_size, request.page_token)
        rows = await ctx.db.fetch_all(
            "SELECT * FROM api_keys WHERE creator_id = %s AND (created_at, api_key_id) < (%s, %s)"
            " ORDER BY created_at DESC, api_key_id DESC LIMIT %s",
            [request.creator_id, after.at, after.id, size + 1],
        )
        rows, token = paging.cut(rows, size, lambda row: Position(row.created_at, row.api_key_id))
        return ListApiKeysResponse(api_keys=[_api_key(row) for row in rows], next_page_token=token)

    async def revoke_api_key(self, request: RevokeApiKeyRequest, ctx: Context) -> RevokeApiKeyResponse:
        _only_self(request.creator_id, ctx)
        known = await ctx.db.execute(
            "UPDATE api_keys SET revoked_at = COALESCE(revoked_at, now()) WHERE creator_id = %s AND api_key_id = %s",
            [request.creator_id, _known(request.api_key_id)],
        )
        if not known:
            raise errors.NotFound("there is no such API key")
        return RevokeApiKeyResponse()

    async def issue_token(self, request: IssueTokenRequest, ctx: Context) -> IssueTokenResponse:
        grant = await api_keys.redeem(ctx.db, request.api_key)
        scopes = sorted(set(request.scopes) or grant.scopes)
        _only_held(scopes, frozenset(grant.scopes))
        token = await signing.sign(ctx.db, grant.creator_id, scopes)
        ctx.response_headers["cache-control"] = "no-store"
        return IssueTokenResponse(
            access_token=token,
            token_type="Bearer",
            expires_in=int(signing.TOKEN_LIFETIME.total_seconds()),
            scopes=scopes,
        )

    async def rotate_signing_key(self, request: RotateSigningKeyRequest, ctx: Context) -> RotateSigningKeyResponse:
        key, activates_at = await signing.create(ctx.db, timedelta(seconds=request.activate_after_seconds))
        return RotateSigningKeyResponse(key=key, activates_at=_time(activates_at))

    async def get_jwks(self, request: GetJwksRequest, ctx: Context) -> GetJwksResponse:
        ctx.response_headers["cache-control"] = "public, max-age=300"
        return GetJwksResponse(keys=await signing.published(ctx.db))


def _insider(creator_id: str, ctx: Context) -> bool:
    return ctx.principal.subject == creator_id or ADMIN in ctx.principal.scopes


def _only_self(creator_id: str, ctx: Context) -> None:
    if ctx.principal.subject != creator_id:
        raise errors.PermissionDenied("this is another creator's account")


def _only_held(scopes: list[str], held: frozenset[str]) -> None:
    missing = [scope for scope in scopes if scope not in held]
    if missing:
        raise ScopeNotHeld("not held: " + " ".join(missing))


def _known(id: str) -> str:
    """An id as it may be asked for. What was never given out does not exist: no need to ask the database."""
    try:
        if str(uuid.UUID(id)) == id:
            return id
    except ValueError:
        pass
    raise errors.NotFound("there is no such thing")


async def _row(creator_id: str, ctx: Context, *, lock: bool = False) -> Any:
    """The creator with the owner's address. Raises `errors.NotFound`."""
    row = await ctx.db.fetch_one(_SELECT + (" FOR NO KEY UPDATE" if lock else ""), [_known(creator_id)])
    if row is None:
        raise errors.NotFound("there is no such creator")
    return row


def _creator(row: Any, *, insider: bool) -> Creator:
    return Creator(
        creator_id=row.creator_id,
        handle=row.handle,
        display_name=row.display_name,
        bio=row.bio,
        contact_email=row.email if insider else "",
        status=CreatorStatus.VERIFIED if row.verified_at else CreatorStatus.PENDING,
        version=row.version,
        registered_at=_time(row.registered_at),
        verified_at=_time(row.verified_at),
    )


def _api_key(row: Any) -> ApiKey:
    return ApiKey(
        api_key_id=row.api_key_id,
        label=row.label,
        scopes=row.scopes,
        created_at=_time(row.created_at),
        revoked_at=_time(row.revoked_at),
    )


def _time(at: datetime | None) -> Timestamp | None:
    return Timestamp.from_datetime(at) if at else None
