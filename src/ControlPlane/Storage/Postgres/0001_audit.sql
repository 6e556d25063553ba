-- Acts the CA stands for. seq orders the pages; id is the name people see. The canonical bytes hold the whole event.
CREATE TABLE audit_events (
    seq       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id        bytea NOT NULL UNIQUE,
    canonical bytea NOT NULL,
    sha256    bytea NOT NULL
);

-- One row: a number that every change of configuration raises, so that snapshots in memory know when they are old.
CREATE TABLE config_generation (
    id     bigint PRIMARY KEY CHECK (id = 1),
    number bigint NOT NULL
);
INSERT INTO config_generation (id, number) VALUES (1, 1);

-- Who does what only one process should do at a time.
CREATE TABLE leases (
    name       text PRIMARY KEY,
    holder     text NOT NULL,
    expires_at bigint NOT NULL
);
