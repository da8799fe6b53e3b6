import type { CallPayload } from '@parley/protocol/catalogue.ts';
import type { Mine } from '@parley/protocol/conversations.ts';
import { notFound } from '../kernel/errors.ts';
import type { Work } from '../kernel/work.ts';
import { lockMember, moveMine, readMine, requireMember, tellMine } from './members.ts';
import { mineJson } from './summaries.ts';

const markSql = `
  select marked.moved, u.head as before, ${mineJson('(marked.mine)', 'c')} as mine
  from mark_read($1, $2, $3) marked join conversations c on c.id = $2 join users u on u.id = $1`;

/**
 * Moves the actor's read mark forward, never back and never past the last line; every device of the person is told.
 * People mark six times as often as they send, so the whole act is one statement that commits by itself: there is no
 * transaction to begin and to end.
 */
export async function markRead(work: Work, { conversationId, line }: CallPayload<'read:mark'>): Promise<Mine> {
  const me = work.person();
  const [row] = await work.db.rows<{ moved: boolean; before: number; mine: Mine }>(
    markSql,
    [me, conversationId, line],
    'mark read',
  );
  if (!row) throw notFound('conversation');
  let { mine } = row;
  // The statement counts on the snapshot it began with. Where another act of the same person was waited for, the counts
  // do not show that act yet.
  if (mine.urev > row.before + (row.moved ? 1 : 0))
    mine = { ...(await readMine(work, conversationId, me)), urev: mine.urev };
  if (row.moved) tellMine(work, me, { head: mine.urev, kind: 'mine', conversationId, mine });
  return mine;
}

/**
 * "Mark unread from here": messages count as unread from a line on that was read, until the person reads past the mark
 * again or sends. The read mark stays, since others may be told how far a person has read. null takes it back; a line
 * that is unread anyway is no choice.
 */
export async function markUnread(work: Work, { conversationId, line }: CallPayload<'read:unread'>): Promise<Mine> {
  const me = work.person();
  await lockMember(work, conversationId, me);
  const mine = await readMine(work, conversationId, me);
  const unreadFrom = line !== null && line <= mine.readLine ? line : null;
  return unreadFrom === mine.unreadFrom ? mine : moveMine(work, conversationId, me, { unreadFrom });
}

/** Moves one's own mark in a followed thread forward, as a count of its answers. */
export async function markThread(
  work: Work,
  { conversationId, threadId, answers }: CallPayload<'thread:mark'>,
): Promise<{ read: number }> {
  const me = work.person();
  await lockMember(work, conversationId, me);
  const [after] = await work.sql<{ read: number }>(
    `update thread_follows f set read_answers = greatest(f.read_answers, least($4::int, r.answers)) from messages r
     where r.id = f.thread_id and f.user_id = $1 and f.thread_id = $2 and f.conversation_id = $3 returning f.read_answers as read`,
    [me, threadId, conversationId, Math.min(answers, 2_147_483_647)],
  );
  if (!after) throw notFound('followed thread');
  await moveMine(work, conversationId, me);
  return after;
}

/**
 * The threads a member follows in a conversation, in order of their ids: whether an answer concerns them, devices know
 * by it.
 */
export async function listFollows(
  work: Work,
  { conversationId, after, limit }: CallPayload<'thread:follows'>,
): Promise<{ threadIds: string[]; next: string | null }> {
  await requireMember(work, conversationId);
  const rows = await work.db.rows<{ threadId: string }>(
    `select thread_id as "threadId" from thread_follows where user_id = $1 and conversation_id = $2 and thread_id > $3
     order by thread_id limit $4`,
    [work.person(), conversationId, after ?? '00000000-0000-0000-0000-000000000000', limit],
  );
  const threadIds = rows.map(({ threadId }) => threadId);
  return { threadIds, next: threadIds.length === limit ? threadIds.at(-1)! : null };
}
