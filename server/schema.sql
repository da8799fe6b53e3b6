-- Written by scripts/schema.ts from the migrations; edit those, then run it again.

set check_function_bodies = off;

-- Extensions

create extension if not exists pg_trgm;

-- Functions

CREATE OR REPLACE FUNCTION public.address_key(address text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN lower(translate(NORMALIZE(address, NFC), 'ABCDEFGHIJKLMNOPQRSTUVWXYZİς'::text, 'abcdefghijklmnopqrstuvwxyziσ'::text));

CREATE OR REPLACE FUNCTION public.audit_entries_fixed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if tg_op = 'INSERT' then
    if new.position is null and new.hash is null then return new; end if;
    raise exception 'Only the sealer gives an audit entry its position.' using errcode = 'insufficient_privilege';
  end if;
  -- The one change there is: the sealer chains an entry, once.
  if tg_op = 'UPDATE' and current_setting('parley.sealing', true) = 'on' and old.position is null and new.position is not null and length(new.hash) = 32
    and (to_jsonb(new) - 'position' - 'hash') = (to_jsonb(old) - 'position' - 'hash') then
    return new;
  end if;
  raise exception 'The audit log is only ever added to.' using errcode = 'insufficient_privilege';
end $function$;

CREATE OR REPLACE FUNCTION public.audit_only_added_to()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception 'The audit log is only ever added to.' using errcode = 'insufficient_privilege';
end $function$;

CREATE OR REPLACE FUNCTION public.begin_membership_intervals()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$
begin
  insert into membership_intervals (conversation_id, user_id, role, from_at, to_at)
  select n.conversation_id, n.user_id, n.role, begun.at,
    case when n.left_at is not null then greatest(n.left_at, begun.at + interval '1 microsecond') end
  from fresh n cross join lateral (
    select greatest(n.joined_at, (select max(i.to_at) from membership_intervals i where i.conversation_id = n.conversation_id and i.user_id = n.user_id)) as at
  ) begun;
  return null;
end $function$;

CREATE OR REPLACE FUNCTION public.begin_person_intervals()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$
begin
  insert into department_intervals (user_id, department_id, from_at)
  select n.id, n.department_id, greatest(n.created_at, (select max(i.to_at) from department_intervals i where i.user_id = n.id))
  from fresh n where n.department_id is not null;
  insert into status_intervals (user_id, status, from_at)
  select n.id, n.status, greatest(n.created_at, (select max(i.to_at) from status_intervals i where i.user_id = n.id))
  from fresh n where n.status <> 'active';
  return null;
end $function$;

CREATE OR REPLACE FUNCTION public.change_department_intervals()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$
begin
  update department_intervals i set to_at = greatest(clock_timestamp(), i.from_at + interval '1 microsecond')
  where i.user_id = old.id and i.to_at is null;
  if tg_op = 'UPDATE' and new.department_id is not null then
    insert into department_intervals (user_id, department_id, from_at)
    select new.id, new.department_id, greatest(clock_timestamp(), (select max(i.to_at) from department_intervals i where i.user_id = new.id));
  end if;
  return null;
end $function$;

CREATE OR REPLACE FUNCTION public.change_membership_intervals()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION public.change_status_intervals()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$
begin
  update status_intervals i set to_at = greatest(clock_timestamp(), i.from_at + interval '1 microsecond')
  where i.user_id = old.id and i.to_at is null;
  if tg_op = 'UPDATE' and new.status <> 'active' then
    insert into status_intervals (user_id, status, from_at)
    select new.id, new.status, greatest(clock_timestamp(), (select max(i.to_at) from status_intervals i where i.user_id = new.id));
  end if;
  return null;
end $function$;

CREATE OR REPLACE FUNCTION public.department_keys_come_due()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into keys_due (id, what) values (new.id, 'department') on conflict do nothing;
  return null;
end $function$;

CREATE OR REPLACE FUNCTION public.keep_department_tree_intervals()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION public.keep_role_intervals()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION public.keep_setting_intervals()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION public.person_keys_come_due()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if tg_op = 'INSERT' then
    insert into keys_due (id, what) select n.id, 'person' from fresh n on conflict do nothing;
  else
    insert into keys_due (id, what) values (new.id, 'person') on conflict do nothing;
  end if;
  return null;
end $function$;

CREATE OR REPLACE FUNCTION public.send_messages(p_conversation uuid[], p_sender uuid[], p_client text[], p_id uuid[], p_body text[], p_thread uuid[], p_title text[], p_mentions text[])
 RETURNS TABLE(ord integer, outcome text, id uuid, seq bigint, line bigint, rev bigint, at bigint, root_rev bigint, root_answers integer)
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
AS $function$
#variable_conflict use_column
declare
  v_locked uuid[];
  -- The wire speaks in whole milliseconds: what it says must be what is stored.
  v_now timestamptz := date_trunc('milliseconds', clock_timestamp());
begin
  select array_agg(l.id) into v_locked from (
    select c.id from conversations c where c.id = any (p_conversation) order by c.id for no key update skip locked
  ) l;

  return query
  with input as materialized (
    select i.o::int as ord, i.conversation_id, i.sender_id, i.client_id, i.id, i.body, i.thread_id, i.title, i.mentions::uuid[] as mentions
    from unnest(p_conversation, p_sender, p_client, p_id, p_body, p_thread, p_title, p_mentions) with ordinality
      as i (conversation_id, sender_id, client_id, id, body, thread_id, title, mentions, o)
  ), judged as materialized (
    select i.*, c.last_seq, c.last_line, c.head, c.threading, who.department_id, first.id as first_id, first.seq as first_seq, first.line as first_line,
      first.rev as first_rev, first.created_at as first_at, root.answers as root_answers,
      case
        when c.id is null then case when exists (select from conversations x where x.id = i.conversation_id) then 'busy' else 'gone' end
        when m.user_id is null then 'not_member'
        when first.id is not null then
          case when (first.edited_at is not null or first.recalled_at is not null or first.body = i.body) and first.thread_id is not distinct from i.thread_id
            then 'repeat' else 'conflict' end
        when who.status <> 'active' then 'suspended'
        when c.archived_at is not null then 'archived'
        when i.thread_id is not null and root.id is null then 'no_thread'
        when i.title is not null and (c.threading <> 'topics' or i.thread_id is not null) then 'no_title'
        else 'sent'
      end as outcome
    from input i
    left join lateral (select * from conversations c where c.id = i.conversation_id and c.id = any (v_locked) limit 1) c on true
    left join lateral (select m.user_id from members m where m.conversation_id = c.id and m.user_id = i.sender_id and m.left_at is null limit 1) m on true
    left join lateral (select u.department_id, u.status from users u where u.id = i.sender_id limit 1) who on true
    left join lateral (select * from messages f where f.client_id = i.client_id and f.sender_id = i.sender_id and f.conversation_id is not distinct from c.id limit 1) first on true
    left join lateral (select r.id, r.answers from messages r where i.thread_id is not null and r.id = i.thread_id and r.conversation_id is not distinct from c.id and r.thread_id is null limit 1) root on true
  ), numbered as materialized (
    select j.*,
      j.last_seq + count(*) filter (where j.outcome = 'sent') over w as new_seq,
      j.head + count(*) filter (where j.outcome = 'sent') over w as new_rev,
      j.last_line + count(*) filter (where j.outcome = 'sent' and (j.threading = 'topics' or j.thread_id is null)) over w as main_line,
      j.root_answers + (count(*) filter (where j.outcome = 'sent') over (partition by j.thread_id order by j.ord rows unbounded preceding))::int as answer,
      j.outcome = 'sent' as fresh, j.threading = 'topics' or j.thread_id is null as on_line
    from judged j
    window w as (partition by j.conversation_id order by j.ord rows unbounded preceding)
  ), stored as (
    insert into messages (id, conversation_id, seq, line, rev, sender_id, department_id, client_id, thread_id, answer, title, body, mentions, created_at)
    select n.id, n.conversation_id, n.new_seq, case when n.on_line then n.main_line end, n.new_rev, n.sender_id, n.department_id, n.client_id, n.thread_id, n.answer, n.title, n.body, n.mentions, v_now
    from numbered n where n.fresh
  ), announced as (
    insert into outbox (type, actor_id, payload)
    select 'message.sent', n.sender_id, jsonb_build_object('messageId', n.id, 'conversationId', n.conversation_id, 'seq', n.new_seq, 'threadId', n.thread_id)
    from numbered n where n.fresh order by n.ord
  ), named as materialized (
    -- A mention below the main line is found with its thread.
    select m.user_id, n.conversation_id, n.new_seq as seq, case when n.on_line then n.main_line end as line,
      case when not n.on_line then n.thread_id end as thread_id, case when not n.on_line then n.answer end as answer
    from numbered n cross join lateral unnest(n.mentions) as named (id)
    join members m on m.conversation_id = n.conversation_id and m.user_id = named.id and m.left_at is null
    where n.fresh and n.mentions <> '{}' and named.id <> n.sender_id
  ), mentioned as (
    insert into mentions (user_id, conversation_id, seq, line, thread_id, answer)
    select d.user_id, d.conversation_id, d.seq, d.line, d.thread_id, d.answer from named d
    on conflict do nothing
  ), totals as materialized (
    select n.conversation_id, max(n.new_seq) as last_seq, max(n.new_rev) as last_rev, max(n.main_line) as last_line,
      count(distinct n.thread_id) as roots
    from numbered n where n.fresh group by n.conversation_id
  ), answered as materialized (
    select n.thread_id, count(*)::int as added,
      row_number() over (partition by n.conversation_id order by min(n.ord)) as place, n.conversation_id
    from numbered n where n.fresh and n.thread_id is not null group by n.thread_id, n.conversation_id
  ), roots as (
    update messages r set answers = r.answers + a.added, last_answer_at = v_now,
      rev = a.place + (select t.last_rev from totals t where t.conversation_id = a.conversation_id)
    from answered a where r.id = a.thread_id and r.id = any (array(select thread_id from answered))
    returning r.id, r.conversation_id, r.rev, r.answers, r.sender_id
  ), own_mark as (
    update members m set read_line = s.line, unread_from = null from (
      select n.conversation_id, n.sender_id, max(n.main_line) as line from numbered n where n.fresh and n.on_line group by 1, 2
    ) s where m.conversation_id = s.conversation_id and m.user_id = s.sender_id
      and m.conversation_id = any (array(select conversation_id from totals))
    returning m.user_id, m.conversation_id, m.read_line
  ), read as (
    insert into read_marks as r (user_id, conversation_id, minute, line, at)
    select o.user_id, o.conversation_id, date_trunc('minute', v_now), o.read_line, v_now from own_mark o
    on conflict (user_id, conversation_id, minute) do update set line = excluded.line, at = excluded.at
  ), followed as (
    -- People follow what they began, answered, or are named in; the latter from that answer on. Taking part counts for
    -- more than being named, and a thread that is followed already is not touched by a mention. Memberships are locked
    -- before followed threads, as everywhere: own_mark is counted only so that it has run by then.
    insert into thread_follows (user_id, thread_id, conversation_id, read_answers, named)
    select f.user_id, f.thread_id, f.conversation_id, coalesce(max(f.read) filter (where not f.named), min(f.read)), bool_and(f.named) from (
      select n.sender_id as user_id, n.thread_id, n.conversation_id, n.answer as read, false as named from numbered n where n.fresh and n.thread_id is not null
      union all select r.sender_id, r.id, r.conversation_id, 0, false from roots r
      union all select d.user_id, d.thread_id, d.conversation_id, d.answer - 1, true from named d where d.thread_id is not null
        and not exists (select from thread_follows x where x.user_id = d.user_id and x.thread_id = d.thread_id)
    ) f cross join (select count(*) from own_mark) marked group by 1, 2, 3
    on conflict (user_id, thread_id) do update set read_answers = greatest(thread_follows.read_answers, excluded.read_answers),
      named = thread_follows.named and excluded.named
      where not excluded.named and (thread_follows.named or excluded.read_answers > thread_follows.read_answers)
  ), advanced as (
    update conversations c set last_seq = t.last_seq, last_line = t.last_line, last_at = v_now, head = t.last_rev + t.roots
    from totals t where c.id = t.conversation_id and c.id = any (array(select conversation_id from totals))
  )
  select n.ord, n.outcome, coalesce(n.first_id, n.id), coalesce(n.first_seq, n.new_seq),
    case when n.first_id is not null then n.first_line when n.on_line then n.main_line end, coalesce(n.first_rev, n.new_rev),
    (extract(epoch from coalesce(n.first_at, v_now)) * 1000)::bigint,
    case when n.fresh and n.thread_id is not null then (select r.rev from roots r where r.id = n.thread_id) end,
    case when n.fresh and n.thread_id is not null then (select r.answers from roots r where r.id = n.thread_id) end
  from numbered n order by n.ord;
end $function$;

-- Tables

create table addition_days (
  added_by uuid not null,
  day date not null,
  people integer not null,
  constraint addition_days_pkey PRIMARY KEY (added_by)
);

create table additions (
  added_by uuid not null,
  user_id uuid not null,
  day date not null,
  conversations integer not null,
  constraint additions_pkey PRIMARY KEY (added_by, user_id)
);

create table analytics_check (
  only_one boolean default true not null,
  checked_at timestamp with time zone,
  swept_to timestamp with time zone,
  sweep_finished_at timestamp with time zone,
  hours_checked bigint default 0 not null,
  hours_repaired bigint default 0 not null,
  last_difference jsonb,
  constraint analytics_check_pkey PRIMARY KEY (only_one),
  constraint analytics_check_only_one_check CHECK (only_one)
);

create table audit_entries (
  tx xid8 default pg_current_xact_id() not null,
  id bigint generated always as identity,
  at timestamp with time zone default clock_timestamp() not null,
  actor_id uuid,
  actor_name text not null,
  action text not null,
  outcome text not null,
  target_kind text,
  target_id text,
  target_name text,
  before jsonb,
  after jsonb,
  reason text,
  count integer default 1 not null,
  door text,
  address text,
  request_id text,
  preview_token text,
  "position" bigint,
  hash bytea,
  constraint audit_entries_pkey PRIMARY KEY (id),
  constraint audit_entries_outcome_check CHECK ((outcome = ANY (ARRAY['done'::text, 'refused'::text])))
);

create table audit_statements (
  number bigint not null,
  kind text not null,
  first_position bigint,
  last_position bigint,
  line text not null,
  constraint audit_statements_pkey PRIMARY KEY (number),
  constraint audit_statements_kind_check CHECK ((kind = ANY (ARRAY['beginning'::text, 'checkpoint'::text, 'rotation'::text])))
);

create table conversations (
  id uuid not null,
  kind text not null,
  name text,
  purpose text default ''::text not null,
  visibility text default 'private'::text not null,
  threading text default 'replies'::text not null,
  last_seq bigint default 0 not null,
  last_line bigint default 0 not null,
  head bigint default 0 not null,
  rev bigint default 0 not null,
  last_at timestamp with time zone,
  member_count integer default 0 not null,
  direct_key text,
  client_key text,
  source_key text,
  created_by uuid,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  archived_at timestamp with time zone,
  constraint conversations_pkey PRIMARY KEY (id),
  constraint conversations_client_key_key UNIQUE (client_key),
  constraint conversations_direct_key_key UNIQUE (direct_key),
  constraint conversations_source_key_key UNIQUE (source_key),
  constraint conversations_kind_check CHECK ((kind = ANY (ARRAY['direct'::text, 'group'::text, 'channel'::text]))),
  constraint conversations_threading_check CHECK ((threading = ANY (ARRAY['replies'::text, 'topics'::text]))),
  constraint conversations_visibility_check CHECK ((visibility = ANY (ARRAY['public'::text, 'private'::text])))
) with (fillfactor=70);

create table department_intervals (
  user_id uuid not null,
  department_id uuid not null,
  from_at timestamp with time zone not null,
  from_known boolean default true not null,
  to_at timestamp with time zone,
  constraint department_intervals_pkey PRIMARY KEY (user_id, from_at),
  constraint department_intervals_check CHECK ((to_at > from_at))
);

create table department_keys (
  department_id uuid not null,
  key text collate "C" not null,
  constraint department_keys_pkey PRIMARY KEY (department_id, key)
);

create table department_tree_intervals (
  department_id uuid not null,
  name text not null,
  parent_id uuid,
  from_at timestamp with time zone not null,
  from_known boolean default true not null,
  to_at timestamp with time zone,
  constraint department_tree_intervals_pkey PRIMARY KEY (department_id, from_at),
  constraint department_tree_intervals_check CHECK ((to_at > from_at))
);

create table departments (
  id uuid not null,
  name text not null,
  parent_id uuid,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint departments_pkey PRIMARY KEY (id)
);

create table devices (
  id uuid not null,
  user_id uuid not null,
  name text not null,
  address text,
  user_agent text,
  created_at timestamp with time zone default now() not null,
  last_seen_at timestamp with time zone default now() not null,
  ended_at timestamp with time zone,
  ended_because text,
  refresh_hash bytea not null,
  previous_hash bytea,
  rotated_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  generation integer default 1 not null,
  successor_used_at timestamp with time zone,
  refresh_repeats integer default 0 not null,
  refresh_repeated_at timestamp with time zone,
  refresh_repeated_from text,
  key_thumbprint text,
  constraint devices_pkey PRIMARY KEY (id)
);

create table import_runs (
  source text not null,
  started_at timestamp with time zone default now() not null,
  finished_at timestamp with time zone,
  messages bigint default 0 not null,
  skipped bigint default 0 not null,
  malformed bigint default 0 not null,
  constraint import_runs_pkey PRIMARY KEY (source)
);

create table invitations (
  id uuid not null,
  user_id uuid not null,
  hash bytea not null,
  made_by uuid,
  made_at timestamp with time zone default now() not null,
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone,
  void_at timestamp with time zone,
  constraint invitations_pkey PRIMARY KEY (id),
  constraint invitations_hash_key UNIQUE (hash)
);

create table keys_due (
  id uuid not null,
  what text not null,
  constraint keys_due_pkey PRIMARY KEY (id),
  constraint keys_due_what_check CHECK ((what = ANY (ARRAY['person'::text, 'department'::text])))
);

create table keys_version (
  id integer not null,
  version integer not null,
  constraint keys_version_pkey PRIMARY KEY (id),
  constraint keys_version_id_check CHECK ((id = 1))
);

create table ledger_position (
  id integer not null,
  number bigint not null,
  constraint ledger_position_pkey PRIMARY KEY (id),
  constraint ledger_position_id_check CHECK ((id = 1))
);

create table members (
  conversation_id uuid not null,
  user_id uuid not null,
  role text default 'member'::text not null,
  joined_at timestamp with time zone default now() not null,
  left_at timestamp with time zone,
  rev bigint default 0 not null,
  read_line bigint default 0 not null,
  muted boolean default false not null,
  pinned boolean default false not null,
  urev bigint default 0 not null,
  unread_from bigint,
  constraint members_pkey PRIMARY KEY (conversation_id, user_id),
  constraint members_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'moderator'::text, 'member'::text])))
) with (fillfactor=70);

create table membership_intervals (
  conversation_id uuid not null,
  user_id uuid not null,
  role text,
  from_at timestamp with time zone not null,
  to_at timestamp with time zone,
  constraint membership_intervals_pkey PRIMARY KEY (conversation_id, user_id, from_at),
  constraint membership_intervals_check CHECK ((to_at > from_at)),
  constraint membership_intervals_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'moderator'::text, 'member'::text])))
);

create table mentions (
  user_id uuid not null,
  conversation_id uuid not null,
  seq bigint not null,
  line bigint,
  thread_id uuid,
  answer integer,
  constraint mentions_pkey PRIMARY KEY (user_id, conversation_id, seq)
);

create table messages (
  id uuid not null,
  conversation_id uuid not null,
  seq bigint not null,
  line bigint,
  rev bigint not null,
  sender_id uuid not null,
  department_id uuid,
  client_id text not null,
  thread_id uuid,
  title text,
  body text not null,
  mentions uuid[] default '{}'::uuid[] not null,
  created_at timestamp with time zone default now() not null,
  edited_at timestamp with time zone,
  recalled_at timestamp with time zone,
  answers integer default 0 not null,
  last_answer_at timestamp with time zone,
  pinned_at timestamp with time zone,
  answer integer,
  constraint messages_pkey PRIMARY KEY (id)
);

create table outbox (
  tx xid8 default pg_current_xact_id() not null,
  id bigint generated always as identity,
  type text not null,
  payload jsonb not null,
  actor_id uuid,
  at timestamp with time zone default clock_timestamp() not null,
  constraint outbox_pkey PRIMARY KEY (tx, id)
);

create table outbox_cursors (
  watcher text not null,
  tx xid8 default '0'::xid8 not null,
  id bigint default 0 not null,
  claimed_tx xid8,
  claimed_id bigint,
  events bigint default 0 not null,
  moved_at timestamp with time zone default now() not null,
  constraint outbox_cursors_pkey PRIMARY KEY (watcher)
);

create table password_resets (
  id uuid not null,
  user_id uuid not null,
  hash bytea not null,
  made_by uuid,
  made_at timestamp with time zone default now() not null,
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone,
  void_at timestamp with time zone,
  constraint password_resets_pkey PRIMARY KEY (id),
  constraint password_resets_hash_key UNIQUE (hash)
);

create table passwords (
  user_id uuid not null,
  hash text not null,
  changed_at timestamp with time zone default now() not null,
  constraint passwords_pkey PRIMARY KEY (user_id)
);

create table person_keys (
  user_id uuid not null,
  class smallint not null,
  kind smallint not null,
  key text collate "C" not null,
  constraint person_keys_pkey PRIMARY KEY (user_id, key, kind)
);

create table pins (
  message_id uuid not null,
  conversation_id uuid not null,
  pinned_by uuid not null,
  pinned_at timestamp with time zone not null,
  constraint pins_pkey PRIMARY KEY (message_id)
);

create table read_marks (
  user_id uuid not null,
  conversation_id uuid not null,
  minute timestamp with time zone not null,
  line bigint not null,
  at timestamp with time zone not null,
  constraint read_marks_pkey PRIMARY KEY (user_id, conversation_id, minute)
);

create table revisions (
  message_id uuid not null,
  number integer not null,
  body text not null,
  mentions uuid[] not null,
  written_at timestamp with time zone not null,
  replaced_at timestamp with time zone not null,
  replaced_by uuid,
  ended_by text not null,
  constraint revisions_pkey PRIMARY KEY (message_id, number),
  constraint revisions_ended_by_check CHECK ((ended_by = ANY (ARRAY['edit'::text, 'recall'::text])))
);

create table role_grants (
  user_id uuid not null,
  role text not null,
  granted_by uuid,
  granted_at timestamp with time zone default now() not null,
  constraint role_grants_pkey PRIMARY KEY (user_id, role),
  constraint role_grants_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'administrator'::text, 'auditor'::text, 'analyst'::text, 'member'::text, 'guest'::text])))
);

create table role_intervals (
  user_id uuid not null,
  role text not null,
  from_at timestamp with time zone not null,
  to_at timestamp with time zone,
  constraint role_intervals_pkey PRIMARY KEY (user_id, role, from_at),
  constraint role_intervals_check CHECK ((to_at > from_at))
);

create table search_entries (
  message_id uuid not null,
  conversation_id uuid not null,
  rev bigint not null,
  tokens text[] not null,
  at timestamp with time zone not null,
  constraint search_entries_pkey PRIMARY KEY (message_id)
);

create table search_form (
  only_one boolean default true not null,
  form integer not null,
  below uuid,
  constraint search_form_pkey PRIMARY KEY (only_one),
  constraint search_form_only_one_check CHECK (only_one)
);

create table search_words (
  word text collate "C" not null,
  constraint search_words_pkey PRIMARY KEY (word)
);

create table setting_intervals (
  name text not null,
  value jsonb not null,
  from_at timestamp with time zone not null,
  to_at timestamp with time zone,
  constraint setting_intervals_pkey PRIMARY KEY (name, from_at),
  constraint setting_intervals_check CHECK ((to_at > from_at))
);

create table settings (
  name text not null,
  value jsonb not null,
  updated_at timestamp with time zone default now() not null,
  constraint settings_pkey PRIMARY KEY (name)
);

create table status_intervals (
  user_id uuid not null,
  status text not null,
  from_at timestamp with time zone not null,
  from_known boolean default true not null,
  to_at timestamp with time zone,
  constraint status_intervals_pkey PRIMARY KEY (user_id, from_at),
  constraint status_intervals_check CHECK ((to_at > from_at)),
  constraint status_intervals_status_check CHECK ((status = ANY (ARRAY['invited'::text, 'suspended'::text])))
);

create table storage_probe (
  id integer not null,
  at timestamp with time zone not null,
  filling text not null,
  constraint storage_probe_pkey PRIMARY KEY (id),
  constraint storage_probe_id_check CHECK ((id = 1))
);

create table task_files (
  task_id uuid not null,
  number integer not null,
  text text not null,
  constraint task_files_pkey PRIMARY KEY (task_id, number)
);

create table tasks (
  id uuid not null,
  kind text not null,
  name text not null,
  state text default 'waiting'::text not null,
  progress bigint default 0 not null,
  total bigint,
  by_id uuid,
  by_name text not null,
  made_at timestamp with time zone default now() not null,
  started_at timestamp with time zone,
  moved_at timestamp with time zone,
  finished_at timestamp with time zone,
  result jsonb,
  file_needs text,
  constraint tasks_pkey PRIMARY KEY (id),
  constraint tasks_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'running'::text, 'done'::text, 'failed'::text, 'stopped'::text])))
);

create table thread_follows (
  user_id uuid not null,
  thread_id uuid not null,
  conversation_id uuid not null,
  read_answers integer default 0 not null,
  named boolean default false not null,
  constraint thread_follows_pkey PRIMARY KEY (user_id, thread_id)
);

create table users (
  id uuid not null,
  number integer generated always as identity,
  kind text not null,
  status text default 'active'::text not null,
  name text not null,
  email text,
  title text,
  locale text default 'en'::text not null,
  department_id uuid,
  source_key text,
  head bigint default 0 not null,
  suspended_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  invited_at timestamp with time zone,
  last_seen_at timestamp with time zone,
  constraint users_pkey PRIMARY KEY (id),
  constraint users_number_key UNIQUE (number),
  constraint users_source_key_key UNIQUE (source_key),
  constraint users_kind_check CHECK ((kind = ANY (ARRAY['person'::text, 'bot'::text, 'imported'::text, 'guest'::text]))),
  constraint users_status_check CHECK ((status = ANY (ARRAY['invited'::text, 'active'::text, 'suspended'::text])))
);

-- Functions on rows of tables

CREATE OR REPLACE FUNCTION public.audit_search_text(e audit_entries)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  select lower(concat_ws(' ', e.actor_name, e.action, e.target_kind, e.target_id, e.target_name, e.reason, e.address, e.request_id))
$function$;

CREATE OR REPLACE FUNCTION public.mark_read(p_user uuid, p_conversation uuid, p_line bigint)
 RETURNS TABLE(moved boolean, mine members)
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$
#variable_conflict use_column
declare
  v_mine members;
  v_line bigint;
  v_before bigint;
  v_now timestamptz := date_trunc('milliseconds', clock_timestamp());
begin
  moved := false;
  select m.* into v_mine from members m where m.conversation_id = p_conversation and m.user_id = p_user and m.left_at is null;
  if not found then return; end if;
  select least(p_line, c.last_line) into v_line from conversations c where c.id = p_conversation;
  if v_line > v_mine.read_line or v_line >= v_mine.unread_from then
    perform from users u where u.id = p_user for no key update;
    -- Another device may have marked a later line, or the person was taken out, while this call waited for the lock.
    select m.* into v_mine from members m where m.conversation_id = p_conversation and m.user_id = p_user and m.left_at is null for no key update;
    if not found then return; end if;
    if v_line > v_mine.read_line or v_line >= v_mine.unread_from then
      v_before := v_mine.read_line;
      update members m set read_line = greatest(m.read_line, v_line), unread_from = case when v_line < m.read_line then v_line + 1 end, urev = u.head + 1
        from users u where u.id = p_user and m.conversation_id = p_conversation and m.user_id = p_user returning m.* into v_mine;
      moved := true;
      update users u set head = v_mine.urev where u.id = p_user;
      if v_line > v_before then
        insert into read_marks as r (user_id, conversation_id, minute, line, at) values (p_user, p_conversation, date_trunc('minute', v_now), v_line, v_now)
          on conflict (user_id, conversation_id, minute) do update set line = excluded.line, at = excluded.at;
      end if;
    end if;
  end if;
  mine := v_mine;
  return next;
end $function$;

CREATE OR REPLACE FUNCTION public.message_json(m messages)
 RETURNS json
 LANGUAGE sql
 STABLE
AS $function$ select message_text(m)::json $function$;

CREATE OR REPLACE FUNCTION public.message_text(m messages)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  select concat(
    '{"id":"', m.id, '","conversationId":"', m.conversation_id, '","seq":', m.seq, ',"line":', coalesce(m.line::text, 'null'), ',"rev":', m.rev,
    ',"senderId":"', m.sender_id, '","clientId":', to_json(m.client_id), ',"threadId":', coalesce('"' || m.thread_id || '"', 'null'),
    ',"title":', coalesce(to_json(m.title)::text, 'null'), ',"body":', case when m.recalled_at is null then to_json(m.body) else '""' end,
    ',"mentions":', case when m.recalled_at is null then array_to_json(m.mentions) else '[]' end,
    ',"at":', (extract(epoch from m.created_at) * 1000)::bigint,
    ',"editedAt":', coalesce(((extract(epoch from m.edited_at) * 1000)::bigint)::text, 'null'),
    ',"recalledAt":', coalesce(((extract(epoch from m.recalled_at) * 1000)::bigint)::text, 'null'), ',"answers":', m.answers,
    ',"lastAnswerAt":', coalesce(((extract(epoch from m.last_answer_at) * 1000)::bigint)::text, 'null'),
    ',"pinnedAt":', coalesce(case when m.recalled_at is null then (extract(epoch from m.pinned_at) * 1000)::bigint end::text, 'null'), '}')
$function$;

-- Indexes

CREATE INDEX additions_user ON public.additions USING btree (user_id);
CREATE INDEX audit_entries_action ON public.audit_entries USING btree (action, id);
CREATE INDEX audit_entries_actor ON public.audit_entries USING btree (actor_id, id);
CREATE INDEX audit_entries_at ON public.audit_entries USING btree (at);
CREATE UNIQUE INDEX audit_entries_position ON public.audit_entries USING btree ("position") WHERE ("position" IS NOT NULL);
CREATE INDEX audit_entries_preview_token ON public.audit_entries USING btree (preview_token) WHERE (preview_token IS NOT NULL);
CREATE INDEX audit_entries_search ON public.audit_entries USING gin (audit_search_text(audit_entries.*) gin_trgm_ops);
CREATE INDEX audit_entries_target ON public.audit_entries USING btree (target_id, id);
CREATE INDEX audit_entries_unsealed ON public.audit_entries USING btree (tx, id) WHERE ("position" IS NULL);
CREATE UNIQUE INDEX audit_statements_last ON public.audit_statements USING btree (last_position) WHERE (last_position IS NOT NULL);
CREATE INDEX conversations_open ON public.conversations USING btree (id) WHERE (visibility = 'public'::text);
CREATE INDEX conversations_public ON public.conversations USING btree (lower(name), id) WHERE ((visibility = 'public'::text) AND (archived_at IS NULL));
CREATE UNIQUE INDEX department_intervals_open ON public.department_intervals USING btree (user_id) WHERE (to_at IS NULL);
CREATE INDEX department_keys_search ON public.department_keys USING btree (key, department_id);
CREATE UNIQUE INDEX department_tree_intervals_open ON public.department_tree_intervals USING btree (department_id) WHERE (to_at IS NULL);
CREATE INDEX departments_parent ON public.departments USING btree (parent_id);
CREATE INDEX devices_live ON public.devices USING btree (last_seen_at, id) WHERE (ended_at IS NULL);
CREATE INDEX devices_user ON public.devices USING btree (user_id) WHERE (ended_at IS NULL);
CREATE INDEX invitations_user ON public.invitations USING btree (user_id);
CREATE INDEX members_rev ON public.members USING btree (conversation_id, rev);
CREATE INDEX members_stream ON public.members USING btree (user_id, urev);
CREATE INDEX members_user ON public.members USING btree (user_id, conversation_id) WHERE (left_at IS NULL);
CREATE UNIQUE INDEX membership_intervals_open ON public.membership_intervals USING btree (conversation_id, user_id) WHERE (to_at IS NULL);
CREATE INDEX mentions_thread ON public.mentions USING btree (user_id, thread_id, answer) WHERE (thread_id IS NOT NULL);
CREATE UNIQUE INDEX messages_client ON public.messages USING btree (client_id, sender_id, conversation_id);
CREATE INDEX messages_created ON public.messages USING btree (created_at);
CREATE INDEX messages_recalled_answer ON public.messages USING btree (thread_id, answer) WHERE ((recalled_at IS NOT NULL) AND (thread_id IS NOT NULL));
CREATE INDEX messages_recalled_line ON public.messages USING btree (conversation_id, line) WHERE ((recalled_at IS NOT NULL) AND (line IS NOT NULL));
CREATE INDEX messages_rev ON public.messages USING btree (conversation_id, rev);
CREATE UNIQUE INDEX messages_seq ON public.messages USING btree (conversation_id, seq);
CREATE INDEX messages_thread ON public.messages USING btree (thread_id, seq) WHERE (thread_id IS NOT NULL);
CREATE INDEX messages_time ON public.messages USING btree (conversation_id, created_at);
CREATE INDEX messages_topics ON public.messages USING btree (conversation_id, last_answer_at) WHERE (title IS NOT NULL);
CREATE INDEX password_resets_user ON public.password_resets USING btree (user_id);
CREATE INDEX person_keys_search ON public.person_keys USING btree (class, kind, key, user_id);
CREATE INDEX pins_conversation ON public.pins USING btree (conversation_id, pinned_at);
CREATE INDEX role_grants_role ON public.role_grants USING btree (role);
CREATE UNIQUE INDEX role_intervals_open ON public.role_intervals USING btree (user_id, role) WHERE (to_at IS NULL);
CREATE INDEX search_entries_place ON public.search_entries USING btree (conversation_id, at, message_id);
CREATE INDEX search_entries_tokens ON public.search_entries USING gin (tokens, (ARRAY[conversation_id])) WITH (fastupdate='on');
CREATE UNIQUE INDEX setting_intervals_open ON public.setting_intervals USING btree (name) WHERE (to_at IS NULL);
CREATE UNIQUE INDEX status_intervals_open ON public.status_intervals USING btree (user_id) WHERE (to_at IS NULL);
CREATE INDEX tasks_order ON public.tasks USING btree (made_at, id);
CREATE INDEX thread_follows_conversation ON public.thread_follows USING btree (user_id, conversation_id);
CREATE UNIQUE INDEX users_address ON public.users USING btree (address_key(email)) WHERE (email IS NOT NULL);
CREATE INDEX users_department_order ON public.users USING btree (department_id, kind, lower(name), id);
CREATE INDEX users_kind_order ON public.users USING btree (kind, lower(name), id) WHERE (kind <> 'person'::text);
CREATE INDEX users_order ON public.users USING btree (lower(name), id);
CREATE INDEX users_order_created ON public.users USING btree (created_at, id);
CREATE INDEX users_order_email ON public.users USING btree (COALESCE(lower(email), ''::text), id);
CREATE INDEX users_order_seen ON public.users USING btree (COALESCE(last_seen_at, '-infinity'::timestamp with time zone), id);
CREATE INDEX users_status_order ON public.users USING btree (status, lower(name), id) WHERE (status <> 'active'::text);

-- Foreign keys

alter table addition_days add constraint addition_days_added_by_fkey FOREIGN KEY (added_by) REFERENCES users(id) ON DELETE CASCADE;
alter table additions add constraint additions_added_by_fkey FOREIGN KEY (added_by) REFERENCES users(id) ON DELETE CASCADE;
alter table additions add constraint additions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
alter table conversations add constraint conversations_created_by_fkey FOREIGN KEY (created_by) REFERENCES users(id);
alter table department_keys add constraint department_keys_department_id_fkey FOREIGN KEY (department_id) REFERENCES departments(id) ON DELETE CASCADE;
alter table departments add constraint departments_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES departments(id);
alter table devices add constraint devices_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
alter table invitations add constraint invitations_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
alter table members add constraint members_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES conversations(id) ON DELETE CASCADE;
alter table members add constraint members_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
alter table mentions add constraint mentions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
alter table messages add constraint messages_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES conversations(id) ON DELETE CASCADE;
alter table messages add constraint messages_sender_id_fkey FOREIGN KEY (sender_id) REFERENCES users(id);
alter table password_resets add constraint password_resets_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
alter table passwords add constraint passwords_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
alter table person_keys add constraint person_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
alter table pins add constraint pins_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES conversations(id) ON DELETE CASCADE;
alter table pins add constraint pins_message_id_fkey FOREIGN KEY (message_id) REFERENCES messages(id) ON DELETE CASCADE;
alter table pins add constraint pins_pinned_by_fkey FOREIGN KEY (pinned_by) REFERENCES users(id);
alter table read_marks add constraint read_marks_conversation_id_user_id_fkey FOREIGN KEY (conversation_id, user_id) REFERENCES members(conversation_id, user_id) ON DELETE CASCADE;
alter table revisions add constraint revisions_message_id_fkey FOREIGN KEY (message_id) REFERENCES messages(id) ON DELETE CASCADE;
alter table revisions add constraint revisions_replaced_by_fkey FOREIGN KEY (replaced_by) REFERENCES users(id);
alter table role_grants add constraint role_grants_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
alter table task_files add constraint task_files_task_id_fkey FOREIGN KEY (task_id) REFERENCES tasks(id) ON DELETE CASCADE;
alter table tasks add constraint tasks_by_id_fkey FOREIGN KEY (by_id) REFERENCES users(id) ON DELETE SET NULL;
alter table thread_follows add constraint thread_follows_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
alter table users add constraint users_department_id_fkey FOREIGN KEY (department_id) REFERENCES departments(id);

-- Triggers

CREATE TRIGGER audit_entries_fixed BEFORE INSERT OR DELETE OR UPDATE ON public.audit_entries FOR EACH ROW EXECUTE FUNCTION audit_entries_fixed();
CREATE TRIGGER audit_entries_kept BEFORE TRUNCATE ON public.audit_entries FOR EACH STATEMENT EXECUTE FUNCTION audit_only_added_to();
CREATE TRIGGER audit_statements_fixed BEFORE DELETE OR UPDATE ON public.audit_statements FOR EACH ROW EXECUTE FUNCTION audit_only_added_to();
CREATE TRIGGER audit_statements_kept BEFORE TRUNCATE ON public.audit_statements FOR EACH STATEMENT EXECUTE FUNCTION audit_only_added_to();
CREATE TRIGGER departments_change_interval AFTER UPDATE OF name, parent_id ON public.departments FOR EACH ROW WHEN (((old.name <> new.name) OR (old.parent_id IS DISTINCT FROM new.parent_id))) EXECUTE FUNCTION keep_department_tree_intervals();
CREATE TRIGGER departments_keep_interval AFTER INSERT OR DELETE ON public.departments FOR EACH ROW EXECUTE FUNCTION keep_department_tree_intervals();
CREATE TRIGGER departments_keys_come_due AFTER INSERT ON public.departments FOR EACH ROW EXECUTE FUNCTION department_keys_come_due();
CREATE TRIGGER departments_keys_come_due_again AFTER UPDATE OF name ON public.departments FOR EACH ROW WHEN ((old.name IS DISTINCT FROM new.name)) EXECUTE FUNCTION department_keys_come_due();
CREATE TRIGGER members_begin_interval AFTER INSERT ON public.members REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION begin_membership_intervals();
CREATE TRIGGER members_change_interval AFTER UPDATE OF role, left_at ON public.members FOR EACH ROW WHEN (((old.left_at IS DISTINCT FROM new.left_at) OR ((old.role <> new.role) AND (new.left_at IS NULL)))) EXECUTE FUNCTION change_membership_intervals();
CREATE TRIGGER members_end_interval AFTER DELETE ON public.members FOR EACH ROW WHEN ((old.left_at IS NULL)) EXECUTE FUNCTION change_membership_intervals();
CREATE TRIGGER role_grants_change_interval AFTER UPDATE OF user_id, role ON public.role_grants FOR EACH ROW WHEN (((old.user_id <> new.user_id) OR (old.role <> new.role))) EXECUTE FUNCTION keep_role_intervals();
CREATE TRIGGER role_grants_keep_interval AFTER INSERT OR DELETE ON public.role_grants FOR EACH ROW EXECUTE FUNCTION keep_role_intervals();
CREATE TRIGGER settings_change_interval AFTER UPDATE OF value ON public.settings FOR EACH ROW WHEN ((old.value <> new.value)) EXECUTE FUNCTION keep_setting_intervals();
CREATE TRIGGER settings_keep_interval AFTER INSERT OR DELETE ON public.settings FOR EACH ROW EXECUTE FUNCTION keep_setting_intervals();
CREATE TRIGGER users_begin_intervals AFTER INSERT ON public.users REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION begin_person_intervals();
CREATE TRIGGER users_change_department_interval AFTER UPDATE OF department_id ON public.users FOR EACH ROW WHEN ((old.department_id IS DISTINCT FROM new.department_id)) EXECUTE FUNCTION change_department_intervals();
CREATE TRIGGER users_change_status_interval AFTER UPDATE OF status ON public.users FOR EACH ROW WHEN ((old.status <> new.status)) EXECUTE FUNCTION change_status_intervals();
CREATE TRIGGER users_end_department_interval AFTER DELETE ON public.users FOR EACH ROW WHEN ((old.department_id IS NOT NULL)) EXECUTE FUNCTION change_department_intervals();
CREATE TRIGGER users_end_status_interval AFTER DELETE ON public.users FOR EACH ROW WHEN ((old.status <> 'active'::text)) EXECUTE FUNCTION change_status_intervals();
CREATE TRIGGER users_keys_come_due AFTER INSERT ON public.users REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION person_keys_come_due();
CREATE TRIGGER users_keys_come_due_again AFTER UPDATE OF name, email, title, kind ON public.users FOR EACH ROW WHEN (((old.name IS DISTINCT FROM new.name) OR (old.email IS DISTINCT FROM new.email) OR (old.title IS DISTINCT FROM new.title) OR (old.kind IS DISTINCT FROM new.kind))) EXECUTE FUNCTION person_keys_come_due();
