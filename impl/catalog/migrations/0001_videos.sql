-- Everything is distributed by creator_id: one creator's rows are on one node, and one call touches one node.

CREATE TABLE creators (
    creator_id text NOT NULL,
    handle text NOT NULL,
    registered_at timestamptz NOT NULL,
    verified_at timestamptz,
    PRIMARY KEY (creator_id)
);
COMMENT ON TABLE creators IS 'What identity''s events said about creators; identity is the one who knows.';

CREATE TABLE videos (
    creator_id text NOT NULL,
    video_id text NOT NULL,
    title text NOT NULL,
    description text NOT NULL,
    tags text [] NOT NULL,
    language text NOT NULL,
    state text NOT NULL CHECK (state IN ('draft', 'in_review', 'published', 'rejected', 'deleted')),
    rejection_reason text NOT NULL DEFAULT '',
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    submitted_at timestamptz,
    published_at timestamptz,
    PRIMARY KEY (creator_id, video_id)
);
CREATE INDEX videos_of_creator ON videos (creator_id, created_at DESC, video_id DESC) WHERE state <> 'deleted';
CREATE INDEX videos_feed ON videos (published_at DESC, video_id DESC) WHERE state = 'published';
CREATE INDEX videos_queue ON videos (submitted_at, video_id) WHERE state = 'in_review';
CREATE INDEX videos_tags ON videos USING gin (tags) WHERE state = 'published';

CREATE TABLE moderation_decisions (
    creator_id text NOT NULL,
    video_id text NOT NULL,
    version bigint NOT NULL,
    moderator text NOT NULL,
    decision text NOT NULL CHECK (decision IN ('approve', 'reject')),
    reason text NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (creator_id, video_id, version)
);
COMMENT ON COLUMN moderation_decisions.version IS 'The version of the video that was decided on.';
