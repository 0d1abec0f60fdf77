-- Decay policies that were made over HTTP, as the JSON that answers show. Those of the setting are not here.
CREATE TABLE decay_policy (
    seq  INTEGER PRIMARY KEY,
    id   TEXT NOT NULL UNIQUE,
    body TEXT NOT NULL
) STRICT;

-- Facts that a sweep wrote in place of others. `root` is the fact that was reduced first, `since` and `asserted` its
-- timestamp and confidence, from which every later sweep reckons.
CREATE TABLE reduction (
    seq      INTEGER PRIMARY KEY,
    root     INTEGER NOT NULL,
    since    INTEGER NOT NULL,
    asserted REAL NOT NULL
) STRICT;
CREATE INDEX reduction_by_root ON reduction (root, seq);

-- Which facts decided a conflict: what they settled stays hidden, also when belief in them falls.
CREATE INDEX conflict_by_decision ON conflict (resolved_by) WHERE resolved_by IS NOT NULL;
