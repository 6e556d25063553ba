-- Operators bound to provisioners, and acts that wait for a second operator.
ALTER TABLE operators ADD COLUMN provisioners text NOT NULL DEFAULT ''; -- one id a line; empty means all

CREATE TABLE second_operator_demands (
    resource   text NOT NULL PRIMARY KEY, -- authorities/x or provisioners/x; it outlives the resource
    created_by text NOT NULL,
    created_at bigint NOT NULL
);

CREATE TABLE approvals (
    id             text NOT NULL PRIMARY KEY,
    method         text NOT NULL, -- the path of the RPC
    request        bytea NOT NULL,
    request_sha256 bytea NOT NULL, -- of method and request
    resource       text NOT NULL,
    summary        text NOT NULL,
    asker          text NOT NULL,
    state          bigint NOT NULL, -- the numbers of grpcca.v1.Approval.State
    created_at     bigint NOT NULL,
    expires_at     bigint NOT NULL,
    decided_by     text NOT NULL,
    decided_at     bigint,
    outcome        text NOT NULL -- why it was rejected, or what went wrong
);

CREATE INDEX approvals_asked ON approvals (asker, state, expires_at);
CREATE INDEX approvals_created_at ON approvals (created_at);
