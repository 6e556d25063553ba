-- What has left the store: lists say so. One row.
CREATE TABLE certificate_departures (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    ended_until INTEGER, -- the latest end among them
    archived    INTEGER NOT NULL,
    deleted     INTEGER NOT NULL
) STRICT;
INSERT INTO certificate_departures (id, archived, deleted) VALUES (1, 0, 0);

-- Who renews whom, for those few that renew by possession.
CREATE INDEX certificates_renewing ON certificates (renews) WHERE renews IS NOT NULL;
