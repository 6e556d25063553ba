-- Revocation lists. One row for each issuer that signs any: what changed, what the newest list covers, when the next is due.
create table crl_state (
  issuer text not null primary key,
  changes integer not null,
  covered integer not null,
  last_number integer not null,
  published_number integer not null,
  scheduled_at integer not null,
  refresh_at integer not null
) strict;

-- Each list from its plan on: recorded with its bytes before it is signed, closed with the signature.
create table crls (
  issuer text not null,
  number integer not null,
  this_update integer not null,
  next_update integer not null,
  entries integer not null,
  outcome text not null check (outcome in ('planned', 'signed', 'imported', 'never_signed')),
  replica_id text not null,
  created_at integer not null,
  closed_at integer,
  tbs_sha256 blob not null,
  signature blob,
  primary key (issuer, number),
  check ((outcome = 'planned') = (closed_at is null)),
  check ((outcome in ('signed', 'imported')) = (signature is not null))
) strict;

-- Large, written once, apart from what is updated.
create table crl_bytes (
  issuer text not null,
  number integer not null,
  tbs blob not null,
  primary key (issuer, number)
) strict;

-- Since when the key was in other hands, where somebody knows (RFC 5280 §5.3.2).
alter table certificates add column invalid_since integer;

-- A list is made from this index alone.
drop index certificates_revoked;
create index certificates_revoked on certificates (issuer, revoked_at, serial, not_after, revocation_reason, invalid_since) where revoked_at is not null;

-- The TLS certificates of a gateway, for the day it is disabled.
create index certificates_of_gateways on certificates (gateway_id, not_after) where provisioner_id is null and gateway_id is not null;
