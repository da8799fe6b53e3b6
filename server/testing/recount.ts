import { mineJson } from '../conversations/summaries.ts';
import type { Database } from '../kernel/database.ts';

/**
 * What the server tells each member of their own counts. Imported people have no devices, and there are too many of
 * them to count again.
 */
const told = `told as (select m.user_id, m.conversation_id, coalesce(m.unread_from, m.read_line + 1) as first, ${mineJson('m', 'c')}::jsonb as mine
  from members m join conversations c on c.id = m.conversation_id join users u on u.id = m.user_id and u.source_key is null where m.left_at is null)`;
/** The answers of followed threads that stand above the follower's mark, by counting the thread. */
const above = `above as (select f.user_id, f.conversation_id, f.thread_id, a.seq, a.recalled_at from thread_follows f
  join conversations c on c.id = f.conversation_id and c.threading = 'replies' cross join lateral (
    select seq, recalled_at, row_number() over (order by seq) as place from messages where thread_id = f.thread_id) a where a.place > f.read_answers)`;

/** What each counter should be by counting the rows it stands for, and the rows that say otherwise. */
const differences: Record<string, string> = {
  'last_seq is the number of messages': `select c.id, c.last_seq as kept, count(m.id) as counted from conversations c left join messages m on m.conversation_id = c.id group by c.id having c.last_seq <> count(m.id)`,
  'seq has no holes': `select conversation_id as id, max(seq) as kept, count(distinct seq) as counted from messages group by 1 having max(seq) <> count(distinct seq) or min(seq) <> 1`,
  'last_line is the length of the main line': `select c.id, c.last_line as kept, count(m.line) as counted from conversations c left join messages m on m.conversation_id = c.id group by c.id having c.last_line <> count(m.line)`,
  'line has no holes and follows seq': `select conversation_id as id, line as kept, place as counted from (select conversation_id, line, row_number() over (partition by conversation_id order by seq) as place from messages where line is not null) l where line <> place`,
  'what stands on the main line': `select m.id, m.line as kept, 0 as counted from messages m join conversations c on c.id = m.conversation_id where (m.line is not null) <> (c.threading = 'topics' or m.thread_id is null)`,
  'head is the last change': `select c.id, c.head as kept, greatest(c.rev, max(m.rev), (select max(rev) from members where conversation_id = c.id)) as counted from conversations c left join messages m on m.conversation_id = c.id group by c.id
    having c.head <> greatest(c.rev, coalesce(max(m.rev), 0), (select coalesce(max(rev), 0) from members where conversation_id = c.id))`,
  'no two changes share a rev': `select conversation_id as id, rev as kept, count(*) as counted from (select conversation_id, rev from messages union all select conversation_id, rev from members) r group by 1, 2 having count(*) > 1`,
  'member_count counts members': `select c.id, c.member_count as kept, count(m.user_id) as counted from conversations c left join members m on m.conversation_id = c.id and m.left_at is null group by c.id having c.member_count <> count(m.user_id)`,
  'answers count answers': `select r.id, r.answers as kept, count(m.id) as counted from messages r left join messages m on m.thread_id = r.id group by r.id having r.answers <> count(m.id)`,
  'answers hang below a root of their conversation': `select m.id, 0 as kept, 0 as counted from messages m left join messages r on r.id = m.thread_id and r.thread_id is null and r.conversation_id = m.conversation_id where m.thread_id is not null and r.id is null`,
  'last_answer_at is the time of the last answer': `select r.id, r.last_answer_at as kept, max(m.created_at) as counted from messages r left join messages m on m.thread_id = r.id group by r.id having r.last_answer_at is distinct from max(m.created_at)`,
  'last_at is the time of the newest message': `select c.id, c.last_at as kept, max(m.created_at) as counted from conversations c join messages m on m.conversation_id = c.id group by c.id having c.last_at is distinct from max(m.created_at)`,
  'who speaks is or was a member': `select distinct m.sender_id as id, 0 as kept, 0 as counted from messages m left join members p on p.conversation_id = m.conversation_id and p.user_id = m.sender_id where p.user_id is null`,
  'nobody has read past the end': `select m.user_id as id, m.read_line as kept, c.last_line as counted from members m join conversations c on c.id = m.conversation_id where m.read_line > c.last_line`,
  'nobody has read more answers than there are': `select f.user_id as id, f.read_answers as kept, r.answers as counted from thread_follows f join messages r on r.id = f.thread_id where f.read_answers > r.answers`,
  'mentions stand for messages that mention': `select n.user_id as id, n.seq as kept, 0 as counted from mentions n left join messages m on m.conversation_id = n.conversation_id and m.seq = n.seq and n.user_id = any (m.mentions) where m.id is null or n.line is distinct from m.line
      or n.thread_id is distinct from case when m.line is null then m.thread_id end or n.answer is distinct from case when m.line is null then m.answer end`,
  'members who are named stand in mentions': `select p.user_id as id, 0 as kept, m.seq as counted from messages m cross join unnest(m.mentions) named (id)
    join members p on p.conversation_id = m.conversation_id and p.user_id = named.id and p.left_at is null and m.created_at > p.joined_at
    left join mentions n on n.user_id = p.user_id and n.conversation_id = m.conversation_id and n.seq = m.seq
    where m.recalled_at is null and m.sender_id <> p.user_id and n.user_id is null`,
  'recalled messages mention nobody': `select n.user_id as id, n.seq as kept, 0 as counted from mentions n join messages m on m.conversation_id = n.conversation_id and m.seq = n.seq where m.recalled_at is not null`,
  'people named in a thread follow it': `select n.user_id as id, n.seq as kept, 0 as counted from mentions n left join thread_follows f on f.user_id = n.user_id and f.thread_id = n.thread_id where n.thread_id is not null and f.user_id is null`,
  'an answer carries its place in its thread': `select id, answer as kept, place as counted from (select id, answer, thread_id, case when thread_id is not null then row_number() over (partition by thread_id order by seq) end as place from messages) a where answer is distinct from place`,
  'unread_from is never above the read mark': `select user_id as id, unread_from as kept, read_line as counted from members where unread_from not between 1 and read_line`,
  'unread is the number of unread messages': `with ${told} select t.user_id as id, t.mine->'unread' as kept, n.counted from told t cross join lateral (
      select count(*) as counted from messages m where m.conversation_id = t.conversation_id and m.line >= t.first and m.recalled_at is null) n
    where (t.mine->>'unread')::bigint <> n.counted`,
  'mentions is the number of unread mentions': `with ${told}, ${above} select t.user_id as id, t.mine->'mentions' as kept, n.counted from told t cross join lateral (
      select count(*) as counted from mentions n where n.user_id = t.user_id and n.conversation_id = t.conversation_id
        and (n.line >= t.first or n.seq in (select a.seq from above a where a.user_id = t.user_id and a.thread_id = n.thread_id))) n
    where (t.mine->>'mentions')::bigint <> n.counted`,
  'threads are those with unread answers': `with ${told}, ${above}, counted as (select user_id, conversation_id, thread_id, count(*) filter (where recalled_at is null) as unread from above group by 1, 2, 3),
      shown as (select t.user_id, (e->>'threadId')::uuid as thread_id, (e->>'unread')::bigint as unread from told t cross join jsonb_array_elements(t.mine->'threads') e)
    select coalesce(c.user_id, s.user_id) as id, s.unread as kept, c.unread as counted
    from (select c.* from counted c join told using (user_id, conversation_id) where c.unread > 0) c full join shown s using (user_id, thread_id)
    where s.unread is distinct from c.unread`,
  'a person’s head is the last change of theirs': `select u.id, u.head as kept, max(m.urev) as counted from users u join members m on m.user_id = u.id group by u.id having u.head < max(m.urev) or count(distinct m.urev) <> count(*)`,
};

/** Counts again whatever is kept as a number; returns a sentence for each number that is not what its rows say. */
export async function recount(db: Database): Promise<string[]> {
  const wrong: string[] = [];
  for (const [promise, sql] of Object.entries(differences)) {
    const rows = await db.rows<{ id: string; kept: unknown; counted: unknown }>(`${sql} limit 5`);
    wrong.push(...rows.map((row) => `${promise}: ${row.id} keeps ${String(row.kept)}, counted ${String(row.counted)}`));
  }
  return wrong;
}
