-- What was going to be signed, recorded before it is signed; the serial number of an issued one stays with its certificate.
CREATE TABLE issuance_plans (
    serial text NOT NULL PRIMARY KEY,
    kind text NOT NULL,
    role text NOT NULL,
    purpose text NOT NULL,
    issuer text NOT NULL,
    replica_id text NOT NULL,
    created_at bigint NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('planned', 'issued', 'never_issued')),
    closed_at bigint,
    tbs bytea,
    tbs_sha256 bytea NOT NULL,
    CHECK ((outcome = 'planned') = (tbs IS NOT NULL)),
    CHECK ((outcome = 'planned') = (closed_at IS NULL))
);

CREATE INDEX issuance_plans_open ON issuance_plans (created_at, serial) WHERE outcome = 'planned';
CREATE INDEX issuance_plans_issued ON issuance_plans (closed_at) WHERE outcome = 'issued';
