-- What administration needs: invitations, long-running tasks, and lists of people and devices in every order they are shown in.

-- When somebody was invited who has not come yet; null for everybody who has. `last_seen_at` follows their devices.
alter table users add column invited_at timestamptz, add column last_seen_at timestamptz;
update users u set last_seen_at = (select max(d.last_seen_at) from devices d where d.user_id = u.id) where exists (select from devices d where d.user_id = u.id);

-- Each order of the people list is an index, so that a page costs the same at the end as at the beginning. By name: users_order.
create index users_order_email on users ((coalesce(lower(email), '')), id);
create index users_order_created on users (created_at, id);
create index users_order_seen on users ((coalesce(last_seen_at, '-infinity'::timestamptz)), id);
-- The search box asks for a part of a name or the beginning of an address: both sides of that "or" need an index.
create index users_email_trigrams on users using gin (lower(email) gin_trgm_ops);

-- Live devices, last used first.
create index devices_live on devices (last_seen_at, id) where ended_at is null;

-- A one-time link with which an invited person chooses a password. Only its hash is kept.
create table invitations (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  -- SHA-256 of the token in the link.
  hash bytea not null unique,
  made_by uuid,
  made_at timestamptz not null default now(),
  expires_at timestamptz not null,
  -- Used, or replaced by a newer one: either way it opens nothing any more.
  used_at timestamptz,
  void_at timestamptz
);
create index invitations_user on invitations (user_id);

-- Long work somebody started, as the task centre shows it.
create table tasks (
  id uuid primary key,
  kind text not null,
  name text not null,
  state text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'failed', 'stopped')),
  progress bigint not null default 0,
  -- null: not known yet.
  total bigint,
  by_id uuid references users (id) on delete set null,
  by_name text not null,
  made_at timestamptz not null default now(),
  started_at timestamptz,
  -- The last sign of life: work whose process died shows by its silence.
  moved_at timestamptz,
  finished_at timestamptz,
  result jsonb,
  -- The permission one needs to be handed what the task produced.
  file_needs text
);
create index tasks_order on tasks (made_at, id);

-- What a task produced, in pieces, so that any process can hand it out.
create table task_files (
  task_id uuid not null references tasks (id) on delete cascade,
  number integer not null,
  text text not null,
  primary key (task_id, number)
);
