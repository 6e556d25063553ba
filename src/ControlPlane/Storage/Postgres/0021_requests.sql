-- Certificates without ACME: who asked, and what a renewed one renews.
alter table certificates add column requester text;
alter table certificates add column renewed_through text;
alter table certificates add column renews text;

-- Tokens are good once: their hashes, until they would be refused as expired.
create table used_tokens (
  id bytea not null primary key,
  expires_at bigint not null
);
create index used_tokens_by_expiry on used_tokens (expires_at);
