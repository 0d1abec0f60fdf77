-- What a fact of a peer brought along in its own words; NULL for facts of this node.
ALTER TABLE fact ADD COLUMN hlc_text TEXT;
ALTER TABLE fact ADD COLUMN timestamp_text TEXT;

-- What peers may be shown at all, in order of arrival. The query that serves peers repeats these conditions word by word.
CREATE INDEX fact_for_peers ON fact (seq, scope, received_from)
    WHERE scope > 0 AND relation NOT GLOB 'stigmem:*' AND entity NOT GLOB 'stigmem:conflict:*'
    AND source NOT GLOB 'system:*';

-- A retraction also withdraws what arrives after it with a lower clock.
CREATE INDEX retraction_by_triple ON entry (triple, wall, counter) WHERE confidence = 0;

-- Registered nodes. status: 0 active, 1 rejected, 2 revoked (see domain/peer.rs). `declared_scopes` keeps the order in
-- which they were signed.
CREATE TABLE peer (
    seq             INTEGER PRIMARY KEY,
    id              TEXT NOT NULL UNIQUE,
    node_id         TEXT NOT NULL UNIQUE,
    node_url        TEXT NOT NULL,
    pubkey          TEXT NOT NULL,
    declared_scopes TEXT NOT NULL,
    signed_at       TEXT NOT NULL,
    signature       TEXT NOT NULL,
    per_second      REAL,
    burst           REAL,
    status          INTEGER NOT NULL,
    established_at  INTEGER
) STRICT;

-- How far this node has read each other node, by the node's own name: a checkpoint can be put back before the node is
-- registered again. `walk` is there while everything is read once more from the start: how far that has come.
CREATE TABLE pull (
    node_id    TEXT PRIMARY KEY,
    cursor     TEXT,
    walk       TEXT,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Nonces of tokens that are still valid, as hashes of one length.
CREATE TABLE nonce (
    issuer     TEXT NOT NULL,
    hash       BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (issuer, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX nonce_by_expiry ON nonce (expires_at);

-- What was refused, withheld or decided between nodes. `peer_id` is a peer's id, or the issuer's text of an unknown one.
CREATE TABLE federation_event (
    seq        INTEGER PRIMARY KEY,
    id         TEXT NOT NULL,
    peer_id    TEXT NOT NULL,
    event_type TEXT NOT NULL,
    detail     TEXT,
    ts         INTEGER NOT NULL
) STRICT;
CREATE INDEX federation_event_by_peer ON federation_event (peer_id, seq);

-- Facts that were kept from a peer and written down as such, once each.
CREATE TABLE withheld (
    peer TEXT NOT NULL,
    fact INTEGER NOT NULL,
    PRIMARY KEY (peer, fact)
) STRICT, WITHOUT ROWID;
