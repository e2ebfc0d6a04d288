-- A creator's rows are distributed by creator_id: one call touches one node. The two exceptions say why.

CREATE TABLE creators (
    creator_id text NOT NULL,
    handle text NOT NULL,
    display_name text NOT NULL,
    bio text NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    registered_at timestamptz NOT NULL DEFAULT now(),
    verified_at timestamptz,
    verified_by text,
    evidence text,
    PRIMARY KEY (creator_id)
);
CREATE INDEX creators_newest ON creators (registered_at DESC, creator_id DESC);

CREATE TABLE users (
    creator_id text NOT NULL,
    user_id text NOT NULL,
    role text NOT NULL CHECK (role IN ('owner')),
    email text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (creator_id, user_id)
);
COMMENT ON TABLE users IS 'The people behind creators: what identifies a person and is no public profile is here only.';

CREATE TABLE api_keys (
    creator_id text NOT NULL,
    api_key_id text NOT NULL,
    label text NOT NULL,
    scopes text [] NOT NULL,
    secret_hash bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    PRIMARY KEY (creator_id, api_key_id)
);
COMMENT ON COLUMN api_keys.secret_hash IS 'SHA-256. The secret has 256 random bits, so there is nothing to guess slowly.';
CREATE INDEX api_keys_newest ON api_keys (creator_id, created_at DESC, api_key_id DESC);

-- Distributed by handle: that a handle is unique can only be seen where all creators of one handle meet.
CREATE TABLE handles (
    handle text NOT NULL,
    creator_id text NOT NULL,
    PRIMARY KEY (handle)
);

-- A reference table: a handful of rows that belong to no creator.
CREATE TABLE signing_keys (
    kid text NOT NULL,
    private_key bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    activates_at timestamptz NOT NULL,
    PRIMARY KEY (kid)
);
COMMENT ON COLUMN signing_keys.private_key IS 'PKCS #8, PEM; encrypted when IDENTITY_SIGNING_PASSPHRASE is set.';
