-- Other certificates of an issuer, by other roots: further chains to the same key and name (RFC 8555 §7.4.2).
CREATE TABLE issuer_chains (
    id         TEXT    NOT NULL PRIMARY KEY,
    issuer_id  TEXT    NOT NULL REFERENCES issuers (id),
    der        bytea   NOT NULL,
    sha256     bytea   NOT NULL UNIQUE,
    root_der   bytea   NOT NULL,
    created_at bigint  NOT NULL
);

CREATE INDEX issuer_chains_by_issuer ON issuer_chains (issuer_id);
