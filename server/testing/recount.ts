import type { Database } from '../kernel/database.ts';

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
  'mentions stand for messages that mention': `select n.user_id as id, n.seq as kept, 0 as counted from mentions n left join messages m on m.conversation_id = n.conversation_id and m.seq = n.seq and n.user_id = any (m.mentions) where m.id is null or n.line is distinct from m.line`,
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
