-- People, their departments, roles and devices; conversations, members and messages; the outbox, the audit log and the imports' ledger.

create extension if not exists pg_trgm;

-- ── who ─────────────────────────────────────────────────────────────────────────────────────────────────────────
create table departments (
  id uuid primary key,
  name text not null,
  parent_id uuid references departments (id),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
-- The tree is walked downwards: children of a department.
create index departments_parent on departments (parent_id);

create table users (
  id uuid primary key,
  -- A dense number beside the id: active people are counted as bitmaps of it.
  number integer generated always as identity unique,
  kind text not null check (kind in ('person', 'bot', 'imported', 'guest')),
  status text not null default 'active' check (status in ('invited', 'active', 'suspended')),
  name text not null,
  email text,
  title text,
  locale text not null default 'en',
  department_id uuid references departments (id),
  -- Names the source and the sender of imported people: importing again finds the same person.
  source_key text unique,
  -- The head of the person's own stream: memberships, read marks, mutes.
  head bigint not null default 0,
  suspended_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index users_email on users (lower(email)) where email is not null;
create index users_department on users (department_id);
-- People are found by any part of their name.
create index users_name_trigrams on users using gin (lower(name) gin_trgm_ops);

create table passwords (
  user_id uuid primary key references users (id) on delete cascade,
  -- PHC string, argon2id.
  hash text not null,
  changed_at timestamptz not null default now()
);

create table role_grants (
  user_id uuid not null references users (id) on delete cascade,
  role text not null check (role in ('owner', 'administrator', 'auditor', 'analyst', 'member', 'guest')),
  granted_by uuid,
  granted_at timestamptz not null default now(),
  primary key (user_id, role)
);
create index role_grants_role on role_grants (role);

create table devices (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  name text not null,
  address text,
  user_agent text,
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  ended_at timestamptz,
  ended_because text,
  -- SHA-256 of the refresh token in force, and of the one before it (a lost answer may still present that).
  refresh_hash bytea not null,
  previous_hash bytea,
  rotated_at timestamptz not null default now(),
  -- The successor has been presented: from now on the previous token is spent.
  successor_used boolean not null default false,
  updated_at timestamptz not null default now()
);
create index devices_user on devices (user_id) where ended_at is null;

create table settings (
  name text primary key,
  value jsonb not null,
  updated_at timestamptz not null default now()
);

-- ── talk ────────────────────────────────────────────────────────────────────────────────────────────────────────
create table conversations (
  id uuid primary key,
  kind text not null check (kind in ('direct', 'group', 'channel')),
  name text,
  purpose text not null default '',
  visibility text not null default 'private' check (visibility in ('public', 'private')),
  threading text not null default 'replies' check (threading in ('replies', 'topics')),
  -- Numbers all messages, without holes.
  last_seq bigint not null default 0,
  -- Numbers the main line: unread is arithmetic.
  last_line bigint not null default 0,
  -- Numbers every change members can see.
  head bigint not null default 0,
  -- The head of the last change of this row itself.
  rev bigint not null default 0,
  last_at timestamptz,
  member_count integer not null default 0,
  -- Both people of a direct conversation in order of id: opening it twice finds the same one.
  direct_key text unique,
  -- The creator's name for the act: creating again with it finds the same conversation.
  client_key text unique,
  -- Names the source and the channel of an imported conversation.
  source_key text unique,
  created_by uuid references users (id),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  archived_at timestamptz
) with (fillfactor = 70);
-- Public channels are browsed by name.
create index conversations_public on conversations (lower(name), id) where visibility = 'public' and archived_at is null;

create table members (
  conversation_id uuid not null references conversations (id) on delete cascade,
  user_id uuid not null references users (id) on delete cascade,
  role text not null default 'member' check (role in ('owner', 'moderator', 'member')),
  joined_at timestamptz not null default now(),
  left_at timestamptz,
  -- The conversation's head at this membership's last change members can see.
  rev bigint not null default 0,
  read_line bigint not null default 0,
  muted boolean not null default false,
  pinned boolean not null default false,
  -- The person's own head at the last change of what is theirs here.
  urev bigint not null default 0,
  primary key (conversation_id, user_id)
) with (fillfactor = 70);
-- A person's conversations; and their own stream.
create index members_user on members (user_id, conversation_id) where left_at is null;
create index members_stream on members (user_id, urev);
-- Catch-up reads what changed after a cursor.
create index members_rev on members (conversation_id, rev);

create table messages (
  id uuid primary key,
  conversation_id uuid not null references conversations (id) on delete cascade,
  seq bigint not null,
  line bigint,
  rev bigint not null,
  sender_id uuid not null references users (id),
  -- The sender's department when it was said: numbers are attributed as of then, and a move does not rewrite last quarter.
  department_id uuid,
  client_id text not null,
  thread_id uuid,
  title text,
  body text not null,
  mentions uuid[] not null default '{}',
  created_at timestamptz not null default now(),
  edited_at timestamptz,
  recalled_at timestamptz,
  answers integer not null default 0,
  last_answer_at timestamptz
);
create unique index messages_seq on messages (conversation_id, seq);
-- The client's name for the act: a message sent twice is stored once. The client's name comes first since it alone nearly decides.
create unique index messages_client on messages (client_id, sender_id, conversation_id);
-- Catch-up reads what changed after a cursor.
create index messages_rev on messages (conversation_id, rev);
create index messages_thread on messages (thread_id, seq) where thread_id is not null;
create index messages_topics on messages (conversation_id, last_answer_at) where title is not null;
-- Jumping to a date. BRIN would do for live talk, but imports write old days late.
create index messages_time on messages (conversation_id, created_at);

create table mentions (
  user_id uuid not null references users (id) on delete cascade,
  conversation_id uuid not null,
  seq bigint not null,
  -- null: an answer below the main line.
  line bigint,
  primary key (user_id, conversation_id, seq)
);

create table thread_follows (
  user_id uuid not null references users (id) on delete cascade,
  thread_id uuid not null,
  conversation_id uuid not null,
  -- Answers read: unread is the root's answers minus this.
  read_answers integer not null default 0,
  primary key (user_id, thread_id)
);
create index thread_follows_conversation on thread_follows (user_id, conversation_id);

-- ── what happened ───────────────────────────────────────────────────────────────────────────────────────────────
create table outbox (
  tx xid8 not null default pg_current_xact_id(),
  id bigint generated always as identity,
  type text not null,
  payload jsonb not null,
  actor_id uuid,
  at timestamptz not null default clock_timestamp(),
  primary key (tx, id)
);

create table outbox_cursors (
  watcher text primary key,
  tx xid8 not null default '0',
  id bigint not null default 0,
  -- The end of a batch being taken: after a crash the same batch is offered again, to the row, so that its effect can be recognised.
  claimed_tx xid8,
  claimed_id bigint,
  events bigint not null default 0,
  moved_at timestamptz not null default now()
);

create table audit_entries (
  tx xid8 not null default pg_current_xact_id(),
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  actor_id uuid,
  actor_name text not null,
  action text not null,
  outcome text not null check (outcome in ('done', 'refused')),
  target_kind text,
  target_id text,
  target_name text,
  before jsonb,
  after jsonb,
  reason text,
  -- How often: repeated refusals of one minute are one entry.
  count integer not null default 1,
  door text,
  address text,
  request_id text,
  preview_token text,
  -- Written by the sealer, in (tx, id) order below the xmin: the place in the chain and the chained hash.
  position bigint,
  hash bytea
);
create unique index audit_entries_position on audit_entries (position) where position is not null;
create index audit_entries_unsealed on audit_entries (tx, id) where position is null;
create index audit_entries_target on audit_entries (target_id, id);
create index audit_entries_actor on audit_entries (actor_id, id);
create index audit_entries_action on audit_entries (action, id);

create table audit_checkpoints (
  id bigint generated always as identity primary key,
  first_position bigint not null,
  last_position bigint not null unique,
  root bytea not null,
  head_hash bytea not null,
  key_id text not null,
  signature bytea not null,
  at timestamptz not null default now()
);

create table import_runs (
  source text primary key,
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  messages bigint not null default 0,
  skipped bigint not null default 0,
  malformed bigint not null default 0
);

-- ── the send lane ───────────────────────────────────────────────────────────────────────────────────────────────
-- Stores one batch of messages in one round trip. Step (a) locks the conversations that no act holds at this moment; step (b) sees a fresh
-- snapshot, so that whoever was removed a moment ago is refused, and what was sent before is answered with its first row.
-- outcome: sent | repeat | conflict (the same client id, another message) | busy (ask again) | gone | not_member | archived | no_thread | no_title
create function send_messages(
  p_conversation uuid[], p_sender uuid[], p_client text[], p_id uuid[], p_body text[], p_thread uuid[], p_title text[], p_mentions text[]
) returns table (ord int, outcome text, id uuid, seq bigint, line bigint, rev bigint, at bigint, root_rev bigint, root_answers int)
language plpgsql
-- The plan is kept from the first call, when tables may still be empty. Every lookup here is one row by an index; nothing else may be chosen
-- (a plan made on empty tables read a whole conversation for every message). "is not distinct from" is a comparison no index serves: it keeps
-- the planner from choosing an index that begins with the conversation.
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
#variable_conflict use_column
declare
  v_locked uuid[];
  -- The wire speaks in whole milliseconds: what it says must be what is stored.
  v_now timestamptz := date_trunc('milliseconds', clock_timestamp());
begin
  select array_agg(l.id) into v_locked from (
    select c.id from conversations c where c.id = any (p_conversation) order by c.id for update skip locked
  ) l;

  return query
  with input as materialized (
    select i.o::int as ord, i.conversation_id, i.sender_id, i.client_id, i.id, i.body, i.thread_id, i.title, i.mentions::uuid[] as mentions
    from unnest(p_conversation, p_sender, p_client, p_id, p_body, p_thread, p_title, p_mentions) with ordinality
      as i (conversation_id, sender_id, client_id, id, body, thread_id, title, mentions, o)
  ), judged as materialized (
    select i.*, c.last_seq, c.last_line, c.head, c.threading, who.department_id, first.id as first_id, first.seq as first_seq, first.line as first_line,
      first.rev as first_rev, first.created_at as first_at,
      case
        when c.id is null then case when exists (select from conversations x where x.id = i.conversation_id) then 'busy' else 'gone' end
        when m.user_id is null then 'not_member'
        when first.id is not null then
          case when (first.edited_at is not null or first.recalled_at is not null or first.body = i.body) and first.thread_id is not distinct from i.thread_id
            then 'repeat' else 'conflict' end
        when c.archived_at is not null then 'archived'
        when i.thread_id is not null and root.id is null then 'no_thread'
        when i.title is not null and (c.threading <> 'topics' or i.thread_id is not null) then 'no_title'
        else 'sent'
      end as outcome
    from input i
    left join lateral (select * from conversations c where c.id = i.conversation_id and c.id = any (v_locked) limit 1) c on true
    left join lateral (select m.user_id from members m where m.conversation_id = c.id and m.user_id = i.sender_id and m.left_at is null limit 1) m on true
    left join lateral (select u.department_id from users u where u.id = i.sender_id limit 1) who on true
    left join lateral (select * from messages f where f.client_id = i.client_id and f.sender_id = i.sender_id and f.conversation_id is not distinct from c.id limit 1) first on true
    left join lateral (select r.id from messages r where i.thread_id is not null and r.id = i.thread_id and r.conversation_id is not distinct from c.id and r.thread_id is null limit 1) root on true
  ), numbered as materialized (
    select j.*,
      j.last_seq + count(*) filter (where j.outcome = 'sent') over w as new_seq,
      j.head + count(*) filter (where j.outcome = 'sent') over w as new_rev,
      j.last_line + count(*) filter (where j.outcome = 'sent' and (j.threading = 'topics' or j.thread_id is null)) over w as main_line,
      j.outcome = 'sent' as fresh, j.threading = 'topics' or j.thread_id is null as on_line
    from judged j
    window w as (partition by j.conversation_id order by j.ord rows unbounded preceding)
  ), stored as (
    insert into messages (id, conversation_id, seq, line, rev, sender_id, department_id, client_id, thread_id, title, body, mentions, created_at)
    select n.id, n.conversation_id, n.new_seq, case when n.on_line then n.main_line end, n.new_rev, n.sender_id, n.department_id, n.client_id, n.thread_id, n.title, n.body, n.mentions, v_now
    from numbered n where n.fresh
  ), announced as (
    insert into outbox (type, actor_id, payload)
    select 'message.sent', n.sender_id, jsonb_build_object('messageId', n.id, 'conversationId', n.conversation_id, 'seq', n.new_seq, 'threadId', n.thread_id)
    from numbered n where n.fresh order by n.ord
  ), mentioned as (
    insert into mentions (user_id, conversation_id, seq, line)
    select m.user_id, n.conversation_id, n.new_seq, case when n.on_line then n.main_line end
    from numbered n cross join lateral unnest(n.mentions) as named (id)
    join members m on m.conversation_id = n.conversation_id and m.user_id = named.id and m.left_at is null
    where n.fresh and n.mentions <> '{}' and named.id <> n.sender_id
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
    from answered a where r.id = a.thread_id
    returning r.id, r.conversation_id, r.rev, r.answers, r.sender_id
  ), followed as (
    insert into thread_follows (user_id, thread_id, conversation_id, read_answers)
    select f.user_id, f.thread_id, f.conversation_id, max(f.read_answers) from (
      select n.sender_id as user_id, n.thread_id, n.conversation_id, r.answers as read_answers from roots r join numbered n on r.id = n.thread_id and n.fresh
      union all select r.sender_id, r.id, r.conversation_id, 0 from roots r
    ) f group by 1, 2, 3
    on conflict (user_id, thread_id) do update set read_answers = greatest(thread_follows.read_answers, excluded.read_answers)
  ), advanced as (
    update conversations c set last_seq = t.last_seq, last_line = t.last_line, last_at = v_now, head = t.last_rev + t.roots
    from totals t where c.id = t.conversation_id
  ), own_mark as (
    update members m set read_line = s.line from (
      select n.conversation_id, n.sender_id, max(n.main_line) as line from numbered n where n.fresh and n.on_line group by 1, 2
    ) s where m.conversation_id = s.conversation_id and m.user_id = s.sender_id
  )
  select n.ord, n.outcome, coalesce(n.first_id, n.id), coalesce(n.first_seq, n.new_seq),
    case when n.first_id is not null then n.first_line when n.on_line then n.main_line end, coalesce(n.first_rev, n.new_rev),
    (extract(epoch from coalesce(n.first_at, v_now)) * 1000)::bigint,
    case when n.fresh and n.thread_id is not null then (select r.rev from roots r where r.id = n.thread_id) end,
    case when n.fresh and n.thread_id is not null then (select r.answers from roots r where r.id = n.thread_id) end
  from numbered n order by n.ord;
end $$;

-- A message as the wire shows it, as text: history is passed through unparsed.
create function message_json(m messages) returns json language sql stable as $$
  select json_build_object(
    'id', m.id, 'conversationId', m.conversation_id, 'seq', m.seq, 'line', m.line, 'rev', m.rev, 'senderId', m.sender_id, 'clientId', m.client_id,
    'threadId', m.thread_id, 'title', m.title, 'body', case when m.recalled_at is null then m.body else '' end,
    'mentions', case when m.recalled_at is null then m.mentions else '{}' end,
    'at', (extract(epoch from m.created_at) * 1000)::bigint, 'editedAt', (extract(epoch from m.edited_at) * 1000)::bigint,
    'recalledAt', (extract(epoch from m.recalled_at) * 1000)::bigint, 'answers', m.answers,
    'lastAnswerAt', (extract(epoch from m.last_answer_at) * 1000)::bigint)
$$;

-- Until the first analyze the planner takes these tables for empty and any index for as good as another; plans kept from then would be bad ones.
do $$
declare
  v_table text;
begin
  if to_regprocedure('pg_restore_relation_stats("any")') is null then return; end if;
  foreach v_table in array array['messages', 'members', 'conversations', 'users', 'mentions', 'thread_follows'] loop
    execute format('select pg_restore_relation_stats(''schemaname'', %L, ''relname'', %L, ''relpages'', 20000::integer, ''reltuples'', 1000000::real)', current_schema(), v_table);
  end loop;
end $$;
