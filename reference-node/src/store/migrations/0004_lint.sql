-- Ways through one scope for lint and synthesis, so that neither reads what it has no use for. The queries repeat the conditions
-- of the partial ones word by word.
CREATE INDEX triple_by_scope ON triple (scope, entity, relation);
CREATE INDEX entry_ending ON entry (scope, expires_at) WHERE expires_at IS NOT NULL AND state < 3;
CREATE INDEX entry_hidden ON entry (scope) WHERE state = 1;
CREATE INDEX fact_with_ref ON fact (scope) WHERE value_type = 5;
CREATE INDEX fact_with_bare_relation ON fact (scope) WHERE instr(relation, ':') = 0;
CREATE INDEX conflict_open_by_scope ON conflict (scope) WHERE resolved_by IS NULL;
CREATE INDEX conflict_open_by_triple ON conflict (triple) WHERE resolved_by IS NULL;

-- What takes longer than a client waits. kind: 0 lint, 1 decay; status: 0 pending, 1 running, 2 done, 3 failed (see domain/job.rs). `head`
-- holds the members of the result that are short, `parts` and `bytes` say how much of it lies in `job_part`.
CREATE TABLE job (
    seq         INTEGER PRIMARY KEY,
    id          BLOB NOT NULL UNIQUE,
    kind        INTEGER NOT NULL,
    scope       INTEGER NOT NULL,
    status      INTEGER NOT NULL,
    estimated_s INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    started_at  INTEGER,
    ended_at    INTEGER,
    head        TEXT,
    error       TEXT,
    parts       INTEGER NOT NULL DEFAULT 0,
    bytes       INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The long part of a result, in pieces that fit into memory.
CREATE TABLE job_part (
    job  INTEGER NOT NULL,
    part INTEGER NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (job, part)
) STRICT;
