-- Services of others that are asked before a certificate is issued, or told afterwards. Secrets are sealed.
CREATE TABLE webhooks (
    id              TEXT    NOT NULL PRIMARY KEY,
    url             TEXT    NOT NULL,
    events          TEXT    NOT NULL,
    provisioners    TEXT    NOT NULL,
    timeout_ms      INTEGER NOT NULL,
    expiring_ms     INTEGER NOT NULL,
    disabled        INTEGER NOT NULL,
    comment         TEXT    NOT NULL,
    ca_pem          TEXT    NOT NULL,
    sealed_secret   BLOB    NOT NULL,
    previous_secret BLOB,
    previous_until  INTEGER,
    version         INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    delivered       INTEGER NOT NULL,
    given_up        INTEGER NOT NULL,
    dropped         INTEGER NOT NULL,
    delivered_at    INTEGER,
    failed_at       INTEGER,
    failure         TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- What was promised in an act's own transaction and is not delivered yet.
CREATE TABLE webhook_deliveries (
    id         TEXT    NOT NULL PRIMARY KEY,
    webhook_id TEXT    NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    type       TEXT    NOT NULL,
    body       BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    due_at     INTEGER NOT NULL,
    attempts   INTEGER NOT NULL,
    failure    TEXT    NOT NULL
) STRICT;

CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, due_at, id);
CREATE INDEX webhook_deliveries_by_time ON webhook_deliveries (webhook_id, created_at, id);

-- Whose end was told, so that it is told once.
CREATE TABLE webhook_expiries (
    webhook_id TEXT    NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    serial     TEXT    NOT NULL,
    not_after  INTEGER NOT NULL,
    PRIMARY KEY (webhook_id, serial)
) STRICT, WITHOUT ROWID;

CREATE INDEX webhook_expiries_by_end ON webhook_expiries (not_after);
