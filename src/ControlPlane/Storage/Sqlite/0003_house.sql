-- The hierarchy. Two purposes that never cross: 'Issuing' and 'Identity'. Several authorities and issuers of each
-- may stand side by side in different states: that is rotation.
create table authorities (
  id text not null primary key,
  purpose text not null,
  display_name text not null,
  root_der blob not null,
  root_key text,
  state text not null,
  permitted_names text not null,
  revocation_base_url text,
  created_at integer not null
) strict;

create table issuers (
  id text not null primary key,
  authority_id text not null references authorities (id),
  der blob not null,
  signing_key text not null,
  state text not null,
  created_at integer not null
) strict;

-- What people configure, as documents with a version for compare-and-swap.
create table profiles (
  id text not null primary key,
  document text not null,
  version integer not null
) strict;

create table provisioners (
  id text not null primary key,
  document text not null,
  version integer not null,
  created_at integer not null,
  updated_at integer not null
) strict;

create table accounts (
  id text not null primary key,
  provisioner_id text not null,
  key_thumbprint text not null,
  key_json text not null,
  key_sha256 blob not null,
  status text not null,
  contacts text not null,
  terms_agreed integer not null,
  eab_key_id text,
  binding text,
  created_at integer not null,
  version integer not null,
  unique (provisioner_id, key_thumbprint)
) strict;

create index accounts_by_time on accounts (created_at, id);
create index accounts_by_key on accounts (key_sha256);

create table authorizations (
  id text not null primary key,
  account_id text not null references accounts (id),
  identifier text not null,
  document text not null,
  reusable_until integer not null,
  processing_by text,
  created_at integer not null,
  expires_at integer not null,
  version integer not null
) strict;

create index authorizations_by_name on authorizations (account_id, identifier, reusable_until);
create index authorizations_by_expiry on authorizations (expires_at);
create index authorizations_processing on authorizations (processing_by) where processing_by is not null;

create table orders (
  id text not null primary key,
  account_id text not null references accounts (id),
  provisioner_id text not null,
  document text not null,
  evidence blob not null,
  planned_serial text,
  certificate_serial text,
  created_at integer not null,
  expires_at integer not null,
  version integer not null
) strict;

create index orders_by_account on orders (account_id, created_at, id);
create index orders_by_time on orders (created_at, id);
create index orders_by_expiry on orders (expires_at);
create index orders_by_plan on orders (planned_serial) where planned_serial is not null;

create table certificates (
  serial text not null primary key,
  der blob not null,
  issuer text not null,
  provisioner_id text,
  account_id text,
  order_id text,
  profile_id text,
  gateway_id text,
  identifiers text not null,
  key_type text not null,
  key_sha256 blob not null,
  not_before integer not null,
  not_after integer not null,
  created_at integer not null,
  revoked_at integer,
  revocation_reason integer,
  replaced_by text,
  new_order_evidence blob,
  finalize_evidence blob
) strict;

create index certificates_by_time on certificates (created_at, serial);
create index certificates_by_expiry on certificates (not_after, serial);
create index certificates_by_account on certificates (account_id, created_at) where account_id is not null;
create index certificates_by_key on certificates (key_sha256);
create index certificates_revoked on certificates (issuer, revoked_at) where revoked_at is not null;

create table certificate_names (
  identifier text not null,
  serial text not null references certificates (serial) on delete cascade,
  primary key (identifier, serial)
) strict, without rowid;

-- mTLS identities: gateways, operators, the control plane. Never in the list of certificates for names.
create table identity_certificates (
  serial text not null primary key,
  uri text not null,
  der blob not null,
  not_after integer not null,
  created_at integer not null
) strict;

create index identity_certificates_by_expiry on identity_certificates (not_after);

-- Keys for external account binding; the MAC key is sealed.
create table eab_keys (
  id text not null primary key,
  provisioner_id text not null,
  comment text not null,
  sealed_mac_key blob not null,
  max_uses integer not null,
  uses integer not null,
  disabled integer not null,
  expires_at integer,
  created_at integer not null
) strict;

-- Renewal windows pulled forward: for a certificate, an authority, or all ('-').
create table renewal_advances (
  target text not null primary key,
  explanation_url text not null,
  advanced_at integer not null
) strict;

create table blocked_keys (
  key_sha256 blob not null primary key,
  serial text not null,
  created_at integer not null
) strict;
