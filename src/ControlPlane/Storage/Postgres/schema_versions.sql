-- Which steps of the schema this store has. Made before any step, and never changed by one.
CREATE TABLE IF NOT EXISTS schema_versions (
    version    bigint PRIMARY KEY,
    name       text NOT NULL,
    sha256     text NOT NULL,
    applied_at bigint NOT NULL
);
