-- The runtime's own tables, in the service's database. The distribution key comes first in every key, so that
-- the same statements run on one PostgreSQL and on a sharded one. How they are used: tenon_runtime.store.outbox,
-- tenon_runtime.events.relay and .inbox, tenon_runtime.store.idempotency.

-- The last sequence number given out per ordering key. Its row lock is held to commit: number n is visible before n + 1 exists.
CREATE TABLE ob_head (
    dist_key text NOT NULL,
    ord_key text NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (dist_key, ord_key)
);

-- Events to publish, written beside the data they tell of; done when stream_seq is set.
CREATE TABLE ob_outbox (
    dist_key text NOT NULL,
    ord_key text NOT NULL,
    key_seq bigint NOT NULL,
    event_id text NOT NULL,
    slot smallint NOT NULL,
    subject text NOT NULL,
    headers jsonb NOT NULL,
    payload bytea NOT NULL,
    stream_seq bigint,
    sent_at timestamptz,
    PRIMARY KEY (dist_key, ord_key, key_seq)
);
CREATE INDEX ob_outbox_unsent ON ob_outbox (slot, dist_key, ord_key, key_seq) WHERE stream_seq IS NULL;

-- One row per relay shard. The lease is for liveness only; checkpoint is the last position in the log that is marked
-- in ob_outbox; the epoch changes when the log has lost entries.
CREATE TABLE ob_slot (
    slot smallint NOT NULL PRIMARY KEY,
    owner text,
    lease_until timestamptz,
    checkpoint bigint NOT NULL DEFAULT 0,
    epoch bigint NOT NULL DEFAULT 0
);
INSERT INTO ob_slot (slot) SELECT generate_series(0, 63);

-- The last event of an ordering key whose effect is in this database.
CREATE TABLE ib_head (
    dist_key text NOT NULL,
    consumer text NOT NULL,
    source text NOT NULL,
    ord_key text NOT NULL,
    key_seq bigint NOT NULL,
    PRIMARY KEY (dist_key, consumer, source, ord_key)
);

-- Events without an order whose effect is in this database.
CREATE TABLE ib_seen (
    dist_key text NOT NULL,
    consumer text NOT NULL,
    event_id text NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (dist_key, consumer, event_id)
);

-- Events whose handling failed: counted until they succeed, parked (parked_at is set) when they failed too often.
-- Later events of a parked key park behind it.
CREATE TABLE ib_failed (
    dist_key text NOT NULL,
    consumer text NOT NULL,
    source text NOT NULL,
    ord_key text NOT NULL,
    key_seq bigint NOT NULL,
    event_id text NOT NULL,
    failures integer NOT NULL,
    reason text NOT NULL,
    subject text NOT NULL,
    headers jsonb NOT NULL,
    payload bytea NOT NULL,
    parked_at timestamptz,
    PRIMARY KEY (dist_key, consumer, source, ord_key, key_seq)
);

-- Answers by idempotency key, written in the transaction of their effect.
CREATE TABLE idem_key (
    dist_key text NOT NULL,
    principal text NOT NULL,
    operation text NOT NULL,
    idem_key text NOT NULL,
    request_hash bytea NOT NULL,
    status integer,
    response bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (dist_key, principal, operation, idem_key)
);
