-- Other certificates of an issuer, by other roots: further chains to the same key and name (RFC 8555 §7.4.2).
CREATE TABLE issuer_chains (
    id         TEXT    NOT NULL PRIMARY KEY,
    issuer_id  TEXT    NOT NULL REFERENCES issuers (id),
    der        BLOB    NOT NULL,
    sha256     BLOB    NOT NULL UNIQUE,
    root_der   BLOB    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX issuer_chains_by_issuer ON issuer_chains (issuer_id);
