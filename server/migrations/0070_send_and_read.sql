-- Sending beside reading. Both lock rows in the order of docs/decisions/0017-lock-order.md (conversations, users,
-- members, then what hangs on a membership), and each row with the weakest lock that does: a foreign key's check takes
-- KEY SHARE, which waits for UPDATE but not for NO KEY UPDATE. Before, marking read changed its membership twice in one
-- transaction. PostgreSQL checks the foreign keys of a row again when the same transaction has changed it already, so
-- the second change waited for the conversation, which a batch held FOR UPDATE while it waited for that membership: 149
-- deadlocks in two minutes of 40 devices.

-- Where a person's read mark stood at the end of each minute in which it moved, by reading or by sending: "who has read
-- this, and when". Written with the mark itself, in mark_read and send_messages; its module is conversations. The key
-- finds the marks of one person in one conversation in the order of time; who has read a line is one such look-up a
-- member. It needs no other index.
create table read_marks (
  user_id uuid not null,
  conversation_id uuid not null,
  minute timestamptz not null,
  line bigint not null,
  -- When the mark came to stand at this line.
  at timestamptz not null,
  primary key (user_id, conversation_id, minute),
  foreign key (conversation_id, user_id) references members (conversation_id, user_id) on delete cascade
);

-- Moves a person's read mark forward, never back and never past the last line: one call, no transaction around it. What
-- they marked unread ends where they read on (unread_from, 0071). Returns the membership as it is afterwards and
-- whether this call moved it; no row for a person who is not a member. A mark that stands there already locks nothing.
create function mark_read(p_user uuid, p_conversation uuid, p_line bigint) returns table (moved boolean, mine members)
language plpgsql
-- As in send_messages: the plan is kept, and every lookup is one row by its key.
set enable_seqscan = off
as $$
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
end $$;

create or replace function send_messages(
  p_conversation uuid[], p_sender uuid[], p_client text[], p_id uuid[], p_body text[], p_thread uuid[], p_title text[], p_mentions text[]
) returns table (ord int, outcome text, id uuid, seq bigint, line bigint, rev bigint, at bigint, root_rev bigint, root_answers int)
language plpgsql
-- The plan is kept from the first call, when tables may still be empty. Every lookup here is one row by an index;
-- nothing else may be chosen (a plan made on empty tables read a whole conversation for every message). "is not
-- distinct from" is a comparison no index serves: it keeps the planner from choosing an index that begins with the
-- conversation.
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
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
end $$;
