-- Who may call: gateways, operators, the tokens they join with, and request ids that were used.
CREATE TABLE gateways (
    id                  TEXT    NOT NULL PRIMARY KEY,
    base_urls           TEXT    NOT NULL, -- one a line, the preferred one first
    retired_base_urls   TEXT    NOT NULL, -- one a line
    tls_names           TEXT    NOT NULL, -- one a line, kind:value; empty means the hosts of base_urls
    provisioners        TEXT    NOT NULL, -- one id a line; empty means all
    disabled            INTEGER NOT NULL,
    created_at          INTEGER NOT NULL,
    enrolled_at         INTEGER,
    identity_serial     TEXT    NOT NULL, -- lower-case hex; empty before enrolment
    previous_serial     TEXT    NOT NULL, -- what the last renewal replaced
    identity_expires_at INTEGER,
    version             INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE operators (
    id                  TEXT    NOT NULL PRIMARY KEY,
    role                INTEGER NOT NULL, -- the numbers of grpcca.v1.Role
    disabled            INTEGER NOT NULL,
    created_at          INTEGER NOT NULL,
    enrolled_at         INTEGER,
    identity_serial     TEXT    NOT NULL,
    previous_serial     TEXT    NOT NULL,
    identity_expires_at INTEGER,
    version             INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE join_tokens (
    subject       TEXT    NOT NULL PRIMARY KEY, -- gateways/x or operators/x: a new token voids the one before
    secret_sha256 BLOB    NOT NULL UNIQUE,
    expires_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX join_tokens_expires_at ON join_tokens (expires_at);

CREATE TABLE request_ids (
    actor          TEXT    NOT NULL,
    request_id     TEXT    NOT NULL,
    method         TEXT    NOT NULL,
    request_sha256 BLOB    NOT NULL,
    answer         BLOB    NOT NULL, -- the response message, without secrets
    expires_at     INTEGER NOT NULL,
    PRIMARY KEY (actor, request_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX request_ids_expires_at ON request_ids (expires_at);
