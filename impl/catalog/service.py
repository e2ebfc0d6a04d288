"""What happens in the catalog: drafts, review, the feed."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from protobuf.wkt import Timestamp
from tenon_runtime import errors, field_rules, paging
from tenon_runtime.paging import Position

from api.catalog.v1 import (
    CatalogService,
    CheckTitlesRequest,
    CheckTitlesResponse,
    Context,
    CreateVideoRequest,
    CreateVideoResponse,
    DeleteVideoRequest,
    DeleteVideoResponse,
    FeedItem,
    GetVideoRequest,
    GetVideoResponse,
    ImportFailure,
    ImportVideosRequest,
    ImportVideosResponse,
    ListFeedRequest,
    ListFeedResponse,
    ListModerationQueueRequest,
    ListModerationQueueResponse,
    ListVideosRequest,
    ListVideosResponse,
    ModerateVideoRequest,
    ModerateVideoResponse,
    ModerationDecision,
    PublishVideoRequest,
    PublishVideoResponse,
    UpdateVideoRequest,
    UpdateVideoResponse,
    Video,
    VideoCreated,
    VideoDeleted,
    VideoDetails,
    VideoPublished,
    VideoState,
)
from impl.catalog import rules

MODERATE = "videos:moderate"
MAX_IMPORT = 1000
"""Videos in one import: what fits into one transaction."""


class CreatorNotVerified(errors.FailedPrecondition):
    """Only verified creators may publish."""


class VideoRejected(errors.FailedPrecondition):
    """A moderator rejected the video: change it first."""


class NotInReview(errors.FailedPrecondition):
    """Only a video in review can be decided on."""


class Catalog(CatalogService):
    """Implements CatalogService. A video moves draft → in_review → published or rejected, and from any to deleted."""

    async def create_video(self, request: CreateVideoRequest, ctx: Context) -> CreateVideoResponse:
        _only_owner(request.creator_id, ctx)
        video = await _draft(request.creator_id, rules.check(request.details), ctx)
        return CreateVideoResponse(video=video)

    async def update_video(self, request: UpdateVideoRequest, ctx: Context) -> UpdateVideoResponse:
        _only_owner(request.creator_id, ctx)
        details = rules.check(request.details)
        current = await _lock(request.creator_id, request.video_id, ctx)
        if request.has_field("expected_version") and request.expected_version != current.version:
            raise errors.Conflict(f"the video is at version {current.version}")
        row = await ctx.db.fetch_one(
            "UPDATE videos SET title = %s, description = %s, tags = %s, language = %s, version = version + 1,"
            " updated_at = now(), rejection_reason = '', state = CASE state WHEN 'rejected' THEN 'draft' ELSE state END"
            " WHERE creator_id = %s AND video_id = %s RETURNING *",
            [*_columns(details), request.creator_id, request.video_id],
        )
        return UpdateVideoResponse(video=_announce(row, ctx))

    async def publish_video(self, request: PublishVideoRequest, ctx: Context) -> PublishVideoResponse:
        _only_owner(request.creator_id, ctx)
        row = await _lock(request.creator_id, request.video_id, ctx)
        if row.state == "rejected":
            raise VideoRejected(f"rejected: {row.rejection_reason}")
        if row.state == "draft":
            verified = "SELECT verified_at IS NOT NULL FROM creators WHERE creator_id = %s"
            if not await ctx.db.fetch_value(verified, [request.creator_id]):
                raise CreatorNotVerified("only verified creators may publish")
            row = await ctx.db.fetch_one(
                "UPDATE videos SET state = 'in_review', submitted_at = now(), updated_at = now(), version = version + 1"
                " WHERE creator_id = %s AND video_id = %s RETURNING *",
                [request.creator_id, request.video_id],
            )
        return PublishVideoResponse(video=_video(row))

    async def delete_video(self, request: DeleteVideoRequest, ctx: Context) -> DeleteVideoResponse:
        if MODERATE not in ctx.principal.scopes:
            _only_owner(request.creator_id, ctx)
        # The row stays as a tombstone, so that a second deletion is told from a wrong id; what the creator wrote goes.
        row = await ctx.db.fetch_one(
            "UPDATE videos SET state = 'deleted', title = '', description = '', tags = '{}', language = '',"
            " rejection_reason = '', version = version + 1, updated_at = now()"
            " WHERE creator_id = %s AND video_id = %s AND state <> 'deleted' RETURNING *",
            [_known(request.creator_id), _known(request.video_id)],
        )
        if row is not None:
            ctx.publish(
                VideoDeleted(creator_id=row.creator_id, video_id=row.video_id, deleted_at=_time(row.updated_at))
            )
        elif not await ctx.db.fetch_value(
            "SELECT true FROM videos WHERE creator_id = %s AND video_id = %s", [request.creator_id, request.video_id]
        ):
            raise errors.NotFound("there is no such video")
        return DeleteVideoResponse()

    async def get_video(self, request: GetVideoRequest, ctx: Context) -> GetVideoResponse:
        row = await ctx.db.fetch_one(
            "SELECT * FROM videos WHERE creator_id = %s AND video_id = %s AND state <> 'deleted'",
            [_known(request.creator_id), _known(request.video_id)],
        )
        insider = ctx.principal.subject == request.creator_id or MODERATE in ctx.principal.scopes
        if row is None or (row.state != "published" and not insider):
            raise errors.NotFound("there is no such video")
        return GetVideoResponse(video=_video(row))

    async def list_videos(self, request: ListVideosRequest, ctx: Context) -> ListVideosResponse:
        if MODERATE not in ctx.principal.scopes:
            _only_owner(request.creator_id, ctx)
        size, after = paging.start(request.page_size, request.page_token)
        rows = await ctx.db.fetch_all(
            "SELECT * FROM videos WHERE creator_id = %(creator)s AND state <> 'deleted'"
            " AND (%(state)s = '' OR state = %(state)s) AND (created_at, video_id) < (%(at)s, %(id)s)"
            " ORDER BY created_at DESC, video_id DESC LIMIT %(limit)s",
            {
                "creator": _known(request.creator_id),
                "state": _STATE_NAMES.get(request.state, ""),
                "at": after.at,
                "id": after.id,
                "limit": size + 1,
            },
        )
        rows, token = paging.cut(rows, size, lambda row: Position(row.created_at, row.video_id))
        return ListVideosResponse(videos=[_video(row) for row in rows], next_page_token=token)

    async def list_feed(self, request: ListFeedRequest, ctx: Context) -> ListFeedResponse:
        size, after = paging.start(request.page_size, request.page_token)
        narrowed = {"v.creator_id = %(creator)s": request.creator_id, "v.tags @> ARRAY[%(tag)s]": request.tag}
        conditions = "".join(f" AND {condition}" for condition, value in narrowed.items() if value)
        rows = await ctx.db.fetch_all(
            "SELECT v.*, c.handle FROM videos v JOIN creators c ON c.creator_id = v.creator_id"
            " WHERE v.state = 'published' AND (v.published_at, v.video_id) < (%(at)s, %(id)s)"
            f"{conditions} ORDER BY v.published_at DESC, v.video_id DESC LIMIT %(limit)s",
            {
                "creator": request.creator_id and _known(request.creator_id),
                "tag": _text(request.tag),
                "at": after.at,
                "id": after.id,
                "limit": size + 1,
            },
        )
        rows, token = paging.cut(rows, size, lambda row: Position(row.published_at, row.video_id))
        return ListFeedResponse(items=[_feed_item(row) for row in rows], next_page_token=token)

    async def list_moderation_queue(
        self, request: ListModerationQueueRequest, ctx: Context
    ) -> ListModerationQueueResponse:
        size, after = paging.start(request.page_size, request.page_token, paging.OLDEST)
        rows = await ctx.db.fetch_all(
            "SELECT * FROM videos WHERE state = 'in_review' AND (submitted_at, video_id) > (%s, %s)"
            " ORDER BY submitted_at, video_id LIMIT %s",
            [after.at, after.id, size + 1],
        )
        rows, token = paging.cut(rows, size, lambda row: Position(row.submitted_at, row.video_id))
        return ListModerationQueueResponse(videos=[_video(row) for row in rows], next_page_token=token)

    async def moderate_video(self, request: ModerateVideoRequest, ctx: Context) -> ModerateVideoResponse:
        rejected = request.decision is ModerationDecision.REJECT
        reason = rules.check_reason(request.reason, needed=rejected)
        row = await _lock(request.creator_id, request.video_id, ctx)
        if row.state != "in_review":
            raise NotInReview(f"the video is {row.state.replace('_', ' ')}")
        decision = "reject" if rejected else "approve"
        await ctx.db.execute(
            "INSERT INTO moderation_decisions (creator_id, video_id, version, moderator, decision, reason)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [row.creator_id, row.video_id, row.version, ctx.principal.subject, decision, reason],
        )
        row = await ctx.db.fetch_one(
            "UPDATE videos SET state = %(state)s, rejection_reason = %(reason)s, version = version + 1,"
            " updated_at = now(), published_at = CASE WHEN %(publish)s THEN now() ELSE published_at END"
            " WHERE creator_id = %(creator)s AND video_id = %(video)s RETURNING *",
            {
                "state": "rejected" if rejected else "published",
                "reason": reason if rejected else "",
                "publish": not rejected,
                "creator": request.creator_id,
                "video": request.video_id,
            },
        )
        return ModerateVideoResponse(video=_announce(row, ctx))

    async def import_videos(self, requests: AsyncIterator[ImportVideosRequest], ctx: Context) -> ImportVideosResponse:
        response = ImportVideosResponse()
        index = -1
        async for request in requests:
            index += 1
            if index >= MAX_IMPORT:
                raise errors.ResourceExhausted(f"an import has at most {MAX_IMPORT} videos")
            _only_owner(request.creator_id, ctx)
            details = request.details or VideoDetails()
            try:
                field_rules.check(details)
                await _draft(request.creator_id, rules.check(details), ctx)
                response.created += 1
            except errors.SchemaViolation as error:
                reason = "; ".join(f"{broken.pointer}: {broken.detail}" for broken in error.violations)
                response.failures.append(ImportFailure(index=index, title=details.title[:100], reason=reason))
        return response

    async def check_titles(
        self, requests: AsyncIterator[CheckTitlesRequest], ctx: Context
    ) -> AsyncIterator[CheckTitlesResponse]:
        async for request in requests:
            title = request.title.strip()
            verdict, advice = rules.judge_title(title)
            yield CheckTitlesResponse(title=title, verdict=verdict, advice=advice)


def _only_owner(creator_id: str, ctx: Context) -> None:
    if ctx.principal.subject != creator_id:
        raise errors.PermissionDenied("these are another creator's videos")


def _known(id: str) -> str:
    """An id as it may be asked for. What was never given out does not exist: no need to ask the database."""
    try:
        if str(uuid.UUID(id)) == id:
            return id
    except ValueError:
        pass
    raise errors.NotFound("there is no such thing")


def _text(value: str) -> str:
    """Text that the database can compare with; PostgreSQL knows no NUL."""
    if "\0" in value:
        raise errors.InvalidArgument("a text must not contain NUL")
    return value


async def _lock(creator_id: str, video_id: str, ctx: Context) -> Any:
    """The video's row, unchanged by others until the call ends. Raises `errors.NotFound`."""
    row = await ctx.db.fetch_one(
        "SELECT * FROM videos WHERE creator_id = %s AND video_id = %s AND state <> 'deleted' FOR NO KEY UPDATE",
        [_known(creator_id), _known(video_id)],
    )
    if row is None:
        raise errors.NotFound("there is no such video")
    return row


async def _draft(creator_id: str, details: VideoDetails, ctx: Context) -> Video:
    row: Any = await ctx.db.fetch_one(
        "INSERT INTO videos (title, description, tags, language, creator_id, video_id, state)"
        " VALUES (%s, %s, %s, %s, %s, %s, 'draft') RETURNING *",
        [*_columns(details), creator_id, str(uuid.uuid4())],
    )
    ctx.publish(VideoCreated(creator_id=row.creator_id, video_id=row.video_id, created_at=_time(row.created_at)))
    return _video(row)


def _announce(row: Any, ctx: Context) -> Video:
    """The changed video; if it is published, everybody is told how it looks now."""
    if row.state == "published":
        ctx.publish(
            VideoPublished(
                creator_id=row.creator_id,
                video_id=row.video_id,
                details=VideoDetails(
                    title=row.title, description=row.description, tags=row.tags, language=row.language
                ),
                version=row.version,
                published_at=_time(row.published_at),
            )
        )
    return _video(row)


_STATES = {
    "draft": VideoState.DRAFT,
    "in_review": VideoState.IN_REVIEW,
    "published": VideoState.PUBLISHED,
    "rejected": VideoState.REJECTED,
}
_STATE_NAMES = {state: name for name, state in _STATES.items()}


def _columns(details: VideoDetails) -> list[Any]:
    return [details.title, details.description, list(details.tags), details.language]


def _video(row: Any) -> Video:
    return Video(
        creator_id=row.creator_id,
        video_id=row.video_id,
        title=row.title,
        description=row.description,
        tags=row.tags,
        language=row.language,
        state=_STATES[row.state],
        rejection_reason=row.rejection_reason,
        version=row.version,
        created_at=_time(row.created_at),
        updated_at=_time(row.updated_at),
        submitted_at=_time(row.submitted_at),
        published_at=_time(row.published_at),
    )


def _feed_item(row: Any) -> FeedItem:
    return FeedItem(
        creator_id=row.creator_id,
        creator_handle=row.handle,
        video_id=row.video_id,
        title=row.title,
        description=row.description,
        tags=row.tags,
        language=row.language,
        published_at=_time(row.published_at),
    )


def _time(at: datetime | None) -> Timestamp | None:
    return Timestamp.from_datetime(at) if at else None
