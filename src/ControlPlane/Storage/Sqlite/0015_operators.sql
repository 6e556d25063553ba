-- Operators bound to provisioners, and acts that wait for a second operator.
ALTER TABLE operators ADD COLUMN provisioners TEXT NOT NULL DEFAULT ''; -- one id a line; empty means all

CREATE TABLE second_operator_demands (
    resource   TEXT NOT NULL PRIMARY KEY, -- authorities/x or provisioners/x; it outlives the resource
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE approvals (
    id             TEXT NOT NULL PRIMARY KEY,
    method         TEXT NOT NULL, -- the path of the RPC
    request        BLOB NOT NULL,
    request_sha256 BLOB NOT NULL, -- of method and request
    resource       TEXT NOT NULL,
    summary        TEXT NOT NULL,
    asker          TEXT NOT NULL,
    state          INTEGER NOT NULL, -- the numbers of grpcca.v1.Approval.State
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    decided_by     TEXT NOT NULL,
    decided_at     INTEGER,
    outcome        TEXT NOT NULL -- why it was rejected, or what went wrong
) STRICT, WITHOUT ROWID;

CREATE INDEX approvals_asked ON approvals (asker, state, expires_at);
CREATE INDEX approvals_created_at ON approvals (created_at);
