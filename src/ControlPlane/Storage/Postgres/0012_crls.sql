-- Revocation lists. One row for each issuer that signs any: what changed, what the newest list covers, when the next is due.
create table crl_state (
  issuer text not null primary key,
  changes bigint not null,
  covered bigint not null,
  last_number bigint not null,
  published_number bigint not null,
  scheduled_at bigint not null,
  refresh_at bigint not null
);

-- Each list from its plan on: recorded with its bytes before it is signed, closed with the signature.
create table crls (
  issuer text not null,
  number bigint not null,
  this_update bigint not null,
  next_update bigint not null,
  entries bigint not null,
  outcome text not null check (outcome in ('planned', 'signed', 'imported', 'never_signed')),
  replica_id text not null,
  created_at bigint not null,
  closed_at bigint,
  tbs_sha256 bytea not null,
  signature bytea,
  primary key (issuer, number),
  check ((outcome = 'planned') = (closed_at is null)),
  check ((outcome in ('signed', 'imported')) = (signature is not null))
);

-- Large, written once, apart from what is updated.
create table crl_bytes (
  issuer text not null,
  number bigint not null,
  tbs bytea not null,
  primary key (issuer, number)
);

-- Since when the key was in other hands, where somebody knows (RFC 5280 §5.3.2).
alter table certificates add column invalid_since bigint;

-- A list is made from this index alone.
drop index certificates_revoked;
create index certificates_revoked on certificates (issuer, revoked_at, serial, not_after, revocation_reason, invalid_since) where revoked_at is not null;

-- The TLS certificates of a gateway, for the day it is disabled.
create index certificates_of_gateways on certificates (gateway_id, not_after) where provisioner_id is null and gateway_id is not null;
