-- Services of others that are asked before a certificate is issued, or told afterwards. Secrets are sealed.
CREATE TABLE webhooks (
    id              TEXT    NOT NULL PRIMARY KEY,
    url             TEXT    NOT NULL,
    events          TEXT    NOT NULL,
    provisioners    TEXT    NOT NULL,
    timeout_ms      bigint  NOT NULL,
    expiring_ms     bigint  NOT NULL,
    disabled        bigint  NOT NULL,
    comment         TEXT    NOT NULL,
    ca_pem          TEXT    NOT NULL,
    sealed_secret   bytea   NOT NULL,
    previous_secret bytea,
    previous_until  bigint,
    version         bigint  NOT NULL,
    created_at      bigint  NOT NULL,
    updated_at      bigint  NOT NULL,
    delivered       bigint  NOT NULL,
    given_up        bigint  NOT NULL,
    dropped         bigint  NOT NULL,
    delivered_at    bigint,
    failed_at       bigint,
    failure         TEXT    NOT NULL
);

-- What was promised in an act's own transaction and is not delivered yet.
CREATE TABLE webhook_deliveries (
    id         TEXT    NOT NULL PRIMARY KEY,
    webhook_id TEXT    NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    type       TEXT    NOT NULL,
    body       bytea   NOT NULL,
    created_at bigint  NOT NULL,
    due_at     bigint  NOT NULL,
    attempts   bigint  NOT NULL,
    failure    TEXT    NOT NULL
);

CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, due_at, id);
CREATE INDEX webhook_deliveries_by_time ON webhook_deliveries (webhook_id, created_at, id);

-- Whose end was told, so that it is told once.
CREATE TABLE webhook_expiries (
    webhook_id TEXT    NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    serial     TEXT    NOT NULL,
    not_after  bigint  NOT NULL,
    PRIMARY KEY (webhook_id, serial)
);

CREATE INDEX webhook_expiries_by_end ON webhook_expiries (not_after);
