-- What the standing check between messages and the analytics store has found: one row, its latest state.

create table analytics_check (
  only_one boolean primary key default true check (only_one),
  checked_at timestamptz,
  -- The sweep goes through all hours again and again; this is where it stands.
  swept_to timestamptz,
  sweep_finished_at timestamptz,
  hours_checked bigint not null default 0,
  hours_repaired bigint not null default 0,
  -- The latest difference: its hour, what was there and what should have been.
  last_difference jsonb
);
insert into analytics_check default values;

-- The sweep reads messages hour by hour; new ones come at the end, so the index grows where it is warm.
create index messages_created on messages (created_at);
