-- An account that may not ask for certificates for a while, in the words that its client is told; null while it may.
alter table accounts add column pause_message text;
alter table accounts add column paused_at bigint;

-- Accounts that a key bound.
create index accounts_by_eab_key on accounts (eab_key_id) where eab_key_id is not null;
