-- Acts the CA stands for. seq orders the pages; id is the name people see. The canonical bytes hold the whole event.
CREATE TABLE audit_events (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    id        BLOB NOT NULL UNIQUE,
    canonical BLOB NOT NULL,
    sha256    BLOB NOT NULL
) STRICT;

-- One row: a number that every change of configuration raises, so that snapshots in memory know when they are old.
CREATE TABLE config_generation (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    number INTEGER NOT NULL
) STRICT;
INSERT INTO config_generation (id, number) VALUES (1, 1);

-- Who does what only one process should do at a time.
CREATE TABLE leases (
    name       TEXT PRIMARY KEY,
    holder     TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
