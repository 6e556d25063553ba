-- Who may call: gateways, operators, the tokens they join with, and request ids that were used.
CREATE TABLE gateways (
    id                  text    NOT NULL PRIMARY KEY,
    base_urls           text    NOT NULL, -- one a line, the preferred one first
    retired_base_urls   text    NOT NULL, -- one a line
    tls_names           text    NOT NULL, -- one a line, kind:value; empty means the hosts of base_urls
    provisioners        text    NOT NULL, -- one id a line; empty means all
    disabled            bigint  NOT NULL,
    created_at          bigint  NOT NULL,
    enrolled_at         bigint,
    identity_serial     text    NOT NULL, -- lower-case hex; empty before enrolment
    previous_serial     text    NOT NULL, -- what the last renewal replaced
    identity_expires_at bigint,
    version             bigint  NOT NULL
);

CREATE TABLE operators (
    id                  text    NOT NULL PRIMARY KEY,
    role                bigint  NOT NULL, -- the numbers of grpcca.v1.Role
    disabled            bigint  NOT NULL,
    created_at          bigint  NOT NULL,
    enrolled_at         bigint,
    identity_serial     text    NOT NULL,
    previous_serial     text    NOT NULL,
    identity_expires_at bigint,
    version             bigint  NOT NULL
);

CREATE TABLE join_tokens (
    subject       text    NOT NULL PRIMARY KEY, -- gateways/x or operators/x: a new token voids the one before
    secret_sha256 bytea   NOT NULL UNIQUE,
    expires_at    bigint  NOT NULL
);

CREATE INDEX join_tokens_expires_at ON join_tokens (expires_at);

CREATE TABLE request_ids (
    actor          text    NOT NULL,
    request_id     text    NOT NULL,
    method         text    NOT NULL,
    request_sha256 bytea   NOT NULL,
    answer         bytea   NOT NULL, -- the response message, without secrets
    expires_at     bigint  NOT NULL,
    PRIMARY KEY (actor, request_id)
);

CREATE INDEX request_ids_expires_at ON request_ids (expires_at);
