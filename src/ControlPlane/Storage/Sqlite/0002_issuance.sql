-- What was going to be signed, recorded before it is signed; the serial number of an issued one stays with its certificate.
CREATE TABLE issuance_plans (
    serial TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    role TEXT NOT NULL,
    purpose TEXT NOT NULL,
    issuer TEXT NOT NULL,
    replica_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('planned', 'issued', 'never_issued')),
    closed_at INTEGER,
    tbs BLOB,
    tbs_sha256 BLOB NOT NULL,
    CHECK ((outcome = 'planned') = (tbs IS NOT NULL)),
    CHECK ((outcome = 'planned') = (closed_at IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX issuance_plans_open ON issuance_plans (created_at, serial) WHERE outcome = 'planned';
CREATE INDEX issuance_plans_issued ON issuance_plans (closed_at) WHERE outcome = 'issued';
