-- What held when: memberships, roles, departments, status and settings as intervals [from_at, to_at). An open interval
-- holds now. Triggers write them, so that no verb, import or repair by hand can forget to. See
-- docs/decisions/0020-intervals.md.
--
-- All these tables are alike. The key begins with what the interval is about, which is also how questions begin; the
-- partial unique index allows one open interval a subject, and finds it when it is closed. Every interval lasts: a
-- change in the same microsecond, or after the clock was set back, begins one microsecond after its predecessor began.
-- So intervals of one subject cannot overlap. None refers to the row it tells of: history outlives it.

-- ── memberships (owner: server/conversations) ───────────────────────────────────────────────────────────────────
create table membership_intervals (
  conversation_id uuid not null,
  user_id uuid not null,
  -- null: not known, for the time before this table.
  role text check (role in ('owner', 'moderator', 'member')),
  from_at timestamptz not null,
  to_at timestamptz,
  primary key (conversation_id, user_id, from_at),
  check (to_at > from_at)
);
create unique index membership_intervals_open on membership_intervals (conversation_id, user_id) where to_at is null;

-- Of a membership that lasts it is known since when. Of its role only that it holds now: who was given a role when is
-- in no table. In direct conversations there is just one role. An earlier membership of a person who came back is not
-- known.
insert into membership_intervals (conversation_id, user_id, role, from_at, to_at)
select m.conversation_id, m.user_id, case when c.kind = 'direct' then m.role end, m.joined_at,
  case when m.left_at is not null then greatest(m.left_at, m.joined_at + interval '1 microsecond')
    when c.kind <> 'direct' then greatest(now(), m.joined_at + interval '1 microsecond') end
from members m join conversations c on c.id = m.conversation_id;
insert into membership_intervals (conversation_id, user_id, role, from_at)
select m.conversation_id, m.user_id, m.role, i.to_at
from members m join membership_intervals i using (conversation_id, user_id) where m.left_at is null and i.to_at is not null;

-- An import adds a hundred thousand members with a few statements: one insert each, not one a row.
create function begin_membership_intervals() returns trigger language plpgsql set enable_seqscan = off as $$
begin
  insert into membership_intervals (conversation_id, user_id, role, from_at, to_at)
  select n.conversation_id, n.user_id, n.role, begun.at,
    case when n.left_at is not null then greatest(n.left_at, begun.at + interval '1 microsecond') end
  from fresh n cross join lateral (
    select greatest(n.joined_at, (select max(i.to_at) from membership_intervals i where i.conversation_id = n.conversation_id and i.user_id = n.user_id)) as at
  ) begun;
  return null;
end $$;

create function change_membership_intervals() returns trigger language plpgsql set enable_seqscan = off as $$
declare
  v_at timestamptz := clock_timestamp();
begin
  if old.left_at is null then
    if tg_op = 'UPDATE' then v_at := coalesce(new.left_at, v_at); end if;
    update membership_intervals i set to_at = greatest(v_at, i.from_at + interval '1 microsecond')
    where i.conversation_id = old.conversation_id and i.user_id = old.user_id and i.to_at is null;
  elsif tg_op = 'UPDATE' and new.joined_at is distinct from old.joined_at then
    v_at := new.joined_at;
  end if;
  if tg_op = 'UPDATE' and new.left_at is null then
    insert into membership_intervals (conversation_id, user_id, role, from_at)
    select new.conversation_id, new.user_id, new.role,
      greatest(v_at, (select max(i.to_at) from membership_intervals i where i.conversation_id = new.conversation_id and i.user_id = new.user_id));
  end if;
  return null;
end $$;

create trigger members_begin_interval after insert on members referencing new table as fresh
  for each statement execute function begin_membership_intervals();
-- Read marks, mutes and places in streams are written all the time and name none of these columns: they never come
-- here.
create trigger members_change_interval after update of role, left_at on members for each row
  when (old.left_at is distinct from new.left_at or (old.role <> new.role and new.left_at is null))
  execute function change_membership_intervals();
create trigger members_end_interval after delete on members for each row when (old.left_at is null)
  execute function change_membership_intervals();

-- ── roles (owner: server/access) ────────────────────────────────────────────────────────────────────────────────
create table role_intervals (
  user_id uuid not null,
  role text not null,
  from_at timestamptz not null,
  to_at timestamptz,
  primary key (user_id, role, from_at),
  check (to_at > from_at)
);
create unique index role_intervals_open on role_intervals (user_id, role) where to_at is null;

-- Roles withdrawn before this are in the audit log.
insert into role_intervals (user_id, role, from_at) select user_id, role, granted_at from role_grants;

create function keep_role_intervals() returns trigger language plpgsql set enable_seqscan = off as $$
begin
  if tg_op <> 'INSERT' then
    update role_intervals i set to_at = greatest(clock_timestamp(), i.from_at + interval '1 microsecond')
    where i.user_id = old.user_id and i.role = old.role and i.to_at is null;
  end if;
  if tg_op <> 'DELETE' then
    insert into role_intervals (user_id, role, from_at)
    select new.user_id, new.role, greatest(new.granted_at, (select max(i.to_at) from role_intervals i where i.user_id = new.user_id and i.role = new.role));
  end if;
  return null;
end $$;
create trigger role_grants_keep_interval after insert or delete on role_grants for each row execute function keep_role_intervals();
create trigger role_grants_change_interval after update of user_id, role on role_grants for each row
  when (old.user_id <> new.user_id or old.role <> new.role) execute function keep_role_intervals();

-- ── people: their department, and whether they may come in (owner: server/users) ────────────────────────────────
create table department_intervals (
  user_id uuid not null,
  -- A person in no department has no interval.
  department_id uuid not null,
  from_at timestamptz not null,
  -- false: it held at from_at, and may have begun before.
  from_known boolean not null default true,
  to_at timestamptz,
  primary key (user_id, from_at),
  check (to_at > from_at)
);
create unique index department_intervals_open on department_intervals (user_id) where to_at is null;

create table status_intervals (
  user_id uuid not null,
  -- A person who is active has no interval.
  status text not null check (status in ('invited', 'suspended')),
  from_at timestamptz not null,
  from_known boolean not null default true,
  to_at timestamptz,
  primary key (user_id, from_at),
  check (to_at > from_at)
);
create unique index status_intervals_open on status_intervals (user_id) where to_at is null;

-- Every change of a department renews updated_at, and so do other changes: it holds at least since then.
insert into department_intervals (user_id, department_id, from_at, from_known)
select id, department_id, updated_at, updated_at = created_at from users where department_id is not null;
insert into status_intervals (user_id, status, from_at, from_known)
select id, status, coalesce(case status when 'suspended' then suspended_at else invited_at end, updated_at),
  case status when 'suspended' then suspended_at else invited_at end is not null
from users where status <> 'active';

create function begin_person_intervals() returns trigger language plpgsql set enable_seqscan = off as $$
begin
  insert into department_intervals (user_id, department_id, from_at)
  select n.id, n.department_id, greatest(n.created_at, (select max(i.to_at) from department_intervals i where i.user_id = n.id))
  from fresh n where n.department_id is not null;
  insert into status_intervals (user_id, status, from_at)
  select n.id, n.status, greatest(n.created_at, (select max(i.to_at) from status_intervals i where i.user_id = n.id))
  from fresh n where n.status <> 'active';
  return null;
end $$;

create function change_department_intervals() returns trigger language plpgsql set enable_seqscan = off as $$
begin
  update department_intervals i set to_at = greatest(clock_timestamp(), i.from_at + interval '1 microsecond')
  where i.user_id = old.id and i.to_at is null;
  if tg_op = 'UPDATE' and new.department_id is not null then
    insert into department_intervals (user_id, department_id, from_at)
    select new.id, new.department_id, greatest(clock_timestamp(), (select max(i.to_at) from department_intervals i where i.user_id = new.id));
  end if;
  return null;
end $$;

create function change_status_intervals() returns trigger language plpgsql set enable_seqscan = off as $$
begin
  update status_intervals i set to_at = greatest(clock_timestamp(), i.from_at + interval '1 microsecond')
  where i.user_id = old.id and i.to_at is null;
  if tg_op = 'UPDATE' and new.status <> 'active' then
    insert into status_intervals (user_id, status, from_at)
    select new.id, new.status, greatest(clock_timestamp(), (select max(i.to_at) from status_intervals i where i.user_id = new.id));
  end if;
  return null;
end $$;

create trigger users_begin_intervals after insert on users referencing new table as fresh
  for each statement execute function begin_person_intervals();
-- A person's head moves with every read mark, and last_seen_at with every sign of life: neither comes here.
create trigger users_change_department_interval after update of department_id on users for each row
  when (old.department_id is distinct from new.department_id) execute function change_department_intervals();
create trigger users_change_status_interval after update of status on users for each row
  when (old.status <> new.status) execute function change_status_intervals();
create trigger users_end_department_interval after delete on users for each row when (old.department_id is not null)
  execute function change_department_intervals();
create trigger users_end_status_interval after delete on users for each row when (old.status <> 'active')
  execute function change_status_intervals();

-- ── the tree of departments (owner: server/departments) ─────────────────────────────────────────────────────────
create table department_tree_intervals (
  department_id uuid not null,
  name text not null,
  parent_id uuid,
  from_at timestamptz not null,
  from_known boolean not null default true,
  to_at timestamptz,
  primary key (department_id, from_at),
  check (to_at > from_at)
);
create unique index department_tree_intervals_open on department_tree_intervals (department_id) where to_at is null;

insert into department_tree_intervals (department_id, name, parent_id, from_at, from_known)
select id, name, parent_id, updated_at, updated_at = created_at from departments;

create function keep_department_tree_intervals() returns trigger language plpgsql set enable_seqscan = off as $$
begin
  if tg_op <> 'INSERT' then
    update department_tree_intervals i set to_at = greatest(clock_timestamp(), i.from_at + interval '1 microsecond')
    where i.department_id = old.id and i.to_at is null;
  end if;
  if tg_op <> 'DELETE' then
    insert into department_tree_intervals (department_id, name, parent_id, from_at)
    select new.id, new.name, new.parent_id,
      greatest(case tg_op when 'INSERT' then new.created_at else clock_timestamp() end,
        (select max(i.to_at) from department_tree_intervals i where i.department_id = new.id));
  end if;
  return null;
end $$;
create trigger departments_keep_interval after insert or delete on departments for each row execute function keep_department_tree_intervals();
create trigger departments_change_interval after update of name, parent_id on departments for each row
  when (old.name <> new.name or old.parent_id is distinct from new.parent_id) execute function keep_department_tree_intervals();

-- ── settings of the organisation: its policies (owner: server/settings) ─────────────────────────────────────────
create table setting_intervals (
  name text not null,
  -- A setting without an interval had its default.
  value jsonb not null,
  from_at timestamptz not null,
  to_at timestamptz,
  primary key (name, from_at),
  check (to_at > from_at)
);
create unique index setting_intervals_open on setting_intervals (name) where to_at is null;

-- Earlier values are in the audit log.
insert into setting_intervals (name, value, from_at) select name, value, updated_at from settings;

create function keep_setting_intervals() returns trigger language plpgsql set enable_seqscan = off as $$
begin
  if tg_op <> 'INSERT' then
    update setting_intervals i set to_at = greatest(clock_timestamp(), i.from_at + interval '1 microsecond')
    where i.name = old.name and i.to_at is null;
  end if;
  if tg_op <> 'DELETE' then
    insert into setting_intervals (name, value, from_at)
    select new.name, new.value, greatest(clock_timestamp(), (select max(i.to_at) from setting_intervals i where i.name = new.name));
  end if;
  return null;
end $$;
create trigger settings_keep_interval after insert or delete on settings for each row execute function keep_setting_intervals();
create trigger settings_change_interval after update of value on settings for each row
  when (old.value <> new.value) execute function keep_setting_intervals();
