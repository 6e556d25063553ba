-- Whether an authorization still waits for its proof: what one account may have of them at a time is limited.
alter table authorizations add column pending bigint not null default 0;

create index authorizations_pending on authorizations (account_id, expires_at) where pending = 1;
