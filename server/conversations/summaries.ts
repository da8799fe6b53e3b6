import type { Conversation, Member, Summary } from '@parley/protocol/conversations.ts';
import { anyValue } from '../kernel/database.ts';

const ms = (column: string) => `(extract(epoch from ${column}) * 1000)::bigint`;

/** A conversation's own facts as JSON, for an alias of `conversations`. */
export const conversationJson = (c: string) =>
  `json_build_object('id', ${c}.id, 'kind', ${c}.kind, 'name', ${c}.name, 'purpose', ${c}.purpose, 'visibility', ${c}.visibility, 'threading', ${c}.threading,
    'createdAt', ${ms(`${c}.created_at`)}, 'archivedAt', ${ms(`${c}.archived_at`)}, 'rev', ${c}.rev)`;

/** A membership as JSON, for an alias of `members`. */
export const memberJson = (m: string) =>
  `json_build_object('conversationId', ${m}.conversation_id, 'userId', ${m}.user_id, 'role', ${m}.role, 'joinedAt', ${ms(`${m}.joined_at`)}, 'leftAt', ${ms(`${m}.left_at`)}, 'rev', ${m}.rev)`;

/** The first line that counts as unread, for an alias of `members`. */
const unreadFrom = (m: string) => `coalesce(${m}.unread_from, ${m}.read_line + 1)`;

/**
 * What is the reader's own in a conversation, for an alias of `members` and one of `conversations`. Unread is a
 * subtraction less the recalled messages, which an index of their own finds; a conversation that is read to its end is
 * not looked into.
 */
export const mineJson = (m: string, c: string) => `(
  select json_build_object('role', ${m}.role, 'readLine', ${m}.read_line, 'unreadFrom', ${m}.unread_from, 'muted', ${m}.muted, 'pinned', ${m}.pinned,
    'urev', ${m}.urev, 'head', ${c}.head,
    'unread', case when ${c}.last_line < ${unreadFrom(m)} then 0 else ${c}.last_line - ${unreadFrom(m)} + 1 - (
      select count(*) from messages x where x.conversation_id = ${m}.conversation_id and x.line >= ${unreadFrom(m)} and x.line is not null
        and x.recalled_at is not null) end,
    'mentions', t.mentions + (
      select count(*) from mentions n where n.user_id = ${m}.user_id and n.conversation_id = ${m}.conversation_id and n.line >= ${unreadFrom(m)}),
    'threads', t.threads)
  from (
    select coalesce(sum(u.mentions), 0) as mentions, coalesce(json_agg(u order by u."threadId"), '[]') as threads from (
      select f.thread_id as "threadId", r.answers, f.read_answers as read,
        r.answers - f.read_answers - (
          select count(*) from messages x where x.thread_id = f.thread_id and x.answer > f.read_answers and x.recalled_at is not null) as unread,
        (select count(*) from mentions n where n.user_id = f.user_id and n.thread_id = f.thread_id and n.answer > f.read_answers) as mentions
      from thread_follows f join messages r on r.id = f.thread_id
      where ${c}.threading = 'replies' and f.user_id = ${m}.user_id and f.conversation_id = ${m}.conversation_id and r.answers > f.read_answers
      offset 0) u
    where u.unread > 0) t)`;

/**
 * Summaries as the reader's list shows them. Needs `c` (conversations) and `m` (the reader's own membership row, possibly absent) in the from clause.
 * The excerpt is cut here: a list never carries a whole message.
 */
export const summaryJson = `json_build_object(
  'conversation', ${conversationJson('c')},
  'lastSeq', c.last_seq, 'lastLine', c.last_line, 'head', c.head, 'memberCount', c.member_count,
  'peerId', case when c.kind = 'direct' then (select p.user_id from members p where p.conversation_id = c.id and p.user_id <> $1 limit 1) end,
  'last', (select json_build_object('senderId', l.sender_id, 'body', case when l.recalled_at is null then left(l.body, 160) else '' end,
      'at', ${ms('l.created_at')}, 'seq', l.seq, 'recalled', l.recalled_at is not null)
    from messages l where l.conversation_id = c.id and l.seq = c.last_seq),
  'mine', case when m.user_id is not null and m.left_at is null then ${mineJson('m', 'c')} end)`;

/** One reader's summaries of the given conversations, in the order of the ids; missing ones are left out. $1 = reader, $2 = ids. */
export const summariesSql = `
  select ${summaryJson} as summary from unnest(${anyValue('$2::uuid[]')}) with ordinality as asked (id, place)
  join conversations c on c.id = asked.id left join members m on m.conversation_id = c.id and m.user_id = $1 order by asked.place`;

export type SummaryRow = { summary: Summary };
export type ConversationJsonRow = { conversation: Conversation };
export type MemberJsonRow = { member: Member };
