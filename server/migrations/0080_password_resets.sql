-- One-time links with which a person chooses a new password, made by an administrator or the operator. Only the hash of
-- the link's token is kept.
create table password_resets (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  -- SHA-256 of the token in the link.
  hash bytea not null unique,
  made_by uuid,
  made_at timestamptz not null default now(),
  expires_at timestamptz not null,
  -- Used, or voided by a newer link, a new password or a suspension: either way it opens nothing any more.
  used_at timestamptz,
  void_at timestamptz
);
-- Voiding looks for a person's open links.
create index password_resets_user on password_resets (user_id);
