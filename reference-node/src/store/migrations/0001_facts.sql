-- The facts themselves. A row is written once; the triggers below make that a property of the file, not a habit.
-- `confidence` is the text that the content id covers: a REAL column would lose the sign of -0.0.
CREATE TABLE fact (
    seq           INTEGER PRIMARY KEY,
    id            BLOB NOT NULL UNIQUE,
    cid           BLOB NOT NULL,
    entity        TEXT NOT NULL,
    relation      TEXT NOT NULL,
    source        TEXT NOT NULL,
    scope         INTEGER NOT NULL,
    value_type    INTEGER NOT NULL,
    value_text    TEXT NOT NULL,
    confidence    TEXT NOT NULL,
    valid_until   TEXT,
    timestamp     INTEGER NOT NULL,
    wall          INTEGER NOT NULL,
    counter       INTEGER NOT NULL,
    received_from TEXT
) STRICT;
CREATE INDEX fact_by_cid ON fact (cid, wall, counter);
CREATE TRIGGER fact_is_never_changed BEFORE UPDATE ON fact BEGIN SELECT RAISE(ABORT, 'facts are immutable'); END;
CREATE TRIGGER fact_is_never_deleted BEFORE DELETE ON fact BEGIN SELECT RAISE(ABORT, 'facts are immutable'); END;

-- Entities, relations and sources as small numbers, which keeps the indexes below small.
CREATE TABLE term (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;

-- (entity, relation, scope), with the number of distinct values among its live facts: all, and those not settled by a
-- resolution; and how many of its facts a default query shows.
CREATE TABLE triple (
    id          INTEGER PRIMARY KEY,
    entity      INTEGER NOT NULL,
    relation    INTEGER NOT NULL,
    scope       INTEGER NOT NULL,
    live_values INTEGER NOT NULL DEFAULT 0,
    open_values INTEGER NOT NULL DEFAULT 0,
    shown       INTEGER NOT NULL DEFAULT 0,
    UNIQUE (entity, relation, scope)
) STRICT;

-- One distinct value of a triple, with the number of live facts that hold it: all, and those not settled.
CREATE TABLE holding (
    id     INTEGER PRIMARY KEY,
    triple INTEGER NOT NULL,
    key    BLOB NOT NULL,
    live   INTEGER NOT NULL DEFAULT 0,
    open   INTEGER NOT NULL DEFAULT 0,
    UNIQUE (triple, key)
) STRICT;

-- The present standing of each fact: what changes while the fact stays as it is.
-- state: 0 shown, 1 hidden by a preferred fact, 2 expired, 3 retracted (see domain/standing.rs).
CREATE TABLE entry (
    seq        INTEGER PRIMARY KEY,
    entity     INTEGER NOT NULL,
    relation   INTEGER NOT NULL,
    source     INTEGER NOT NULL,
    scope      INTEGER NOT NULL,
    triple     INTEGER NOT NULL,
    holding    INTEGER,
    confidence REAL NOT NULL,
    wall       INTEGER NOT NULL,
    counter    INTEGER NOT NULL,
    expires_at INTEGER,
    state      INTEGER NOT NULL,
    settled    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX entry_all ON entry (wall, counter);
CREATE INDEX entry_by_entity ON entry (entity, wall, counter);
CREATE INDEX shown_all ON entry (wall, counter) WHERE state = 0;
CREATE INDEX shown_by_entity ON entry (entity, wall, counter) WHERE state = 0;
CREATE INDEX shown_by_entity_relation ON entry (entity, relation, wall, counter) WHERE state = 0;
CREATE INDEX shown_by_relation ON entry (relation, wall, counter) WHERE state = 0;
CREATE INDEX shown_by_source ON entry (source, wall, counter) WHERE state = 0;
CREATE INDEX standing_by_triple ON entry (triple, state, confidence, wall, counter) WHERE state < 3;
CREATE INDEX live_by_holding ON entry (holding) WHERE state < 2;
CREATE INDEX expiring ON entry (expires_at) WHERE expires_at IS NOT NULL AND state < 2;

-- How many facts a default query shows, per entity (1), relation (2), source (3) and altogether (0), by scope.
CREATE TABLE tally (
    kind  INTEGER NOT NULL,
    term  INTEGER NOT NULL,
    scope INTEGER NOT NULL,
    shown INTEGER NOT NULL,
    PRIMARY KEY (kind, term, scope)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER tally_new AFTER INSERT ON entry WHEN new.state = 0 BEGIN
    INSERT INTO tally VALUES (0, 0, new.scope, 1), (1, new.entity, new.scope, 1),
        (2, new.relation, new.scope, 1), (3, new.source, new.scope, 1)
        ON CONFLICT DO UPDATE SET shown = shown + 1;
    UPDATE triple SET shown = shown + 1 WHERE id = new.triple;
END;
CREATE TRIGGER tally_shown AFTER UPDATE OF state ON entry WHEN new.state = 0 AND old.state <> 0 BEGIN
    INSERT INTO tally VALUES (0, 0, new.scope, 1), (1, new.entity, new.scope, 1),
        (2, new.relation, new.scope, 1), (3, new.source, new.scope, 1)
        ON CONFLICT DO UPDATE SET shown = shown + 1;
    UPDATE triple SET shown = shown + 1 WHERE id = new.triple;
END;
CREATE TRIGGER tally_gone AFTER UPDATE OF state ON entry WHEN new.state <> 0 AND old.state = 0 BEGIN
    UPDATE tally SET shown = shown - 1 WHERE scope = old.scope
        AND (kind, term) IN (VALUES (0, 0), (1, old.entity), (2, old.relation), (3, old.source));
    UPDATE triple SET shown = shown - 1 WHERE id = old.triple;
END;

-- Conflicts between two distinct values (holdings) of a triple; `newer` and `older` are facts.
CREATE TABLE conflict (
    seq         INTEGER PRIMARY KEY,
    id          BLOB NOT NULL UNIQUE,
    triple      INTEGER NOT NULL,
    scope       INTEGER NOT NULL,
    low         INTEGER NOT NULL,
    high        INTEGER NOT NULL,
    newer       INTEGER NOT NULL,
    older       INTEGER NOT NULL,
    detected_at INTEGER NOT NULL,
    resolved_by INTEGER,
    UNIQUE (low, high)
) STRICT;
CREATE INDEX conflict_unresolved ON conflict (seq) WHERE resolved_by IS NULL;
CREATE INDEX conflict_resolved ON conflict (seq) WHERE resolved_by IS NOT NULL;

-- TTL meta-facts that count: `meta` sets the expiry of `target`.
CREATE TABLE ttl (
    meta    INTEGER PRIMARY KEY,
    target  INTEGER NOT NULL,
    triple  INTEGER NOT NULL,
    at      INTEGER NOT NULL
) STRICT;
CREATE INDEX ttl_by_target ON ttl (target);

CREATE TABLE api_key (
    id            TEXT PRIMARY KEY,
    hash          BLOB NOT NULL UNIQUE,
    entity_uri    TEXT NOT NULL,
    permissions   INTEGER NOT NULL,
    scopes        INTEGER NOT NULL,
    description   TEXT,
    created_at    INTEGER NOT NULL,
    expires_at    TEXT,
    expires_micro INTEGER
) STRICT;

-- What makes this node itself: its name and the secret behind its cursors.
CREATE TABLE node (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
