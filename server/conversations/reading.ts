import type { CallPayload } from '@parley/protocol/catalogue.ts';
import type { Mine } from '@parley/protocol/conversations.ts';
import { notFound } from '../kernel/errors.ts';
import type { Work } from '../kernel/work.ts';
import { lockMember, moveMine, tellMine } from './members.ts';
import { mineJson } from './summaries.ts';

const markSql = `select marked.moved, ${mineJson('(marked.mine)')} as mine from mark_read($1, $2, $3) marked`;

/**
 * Moves one's own read mark forward, never back and never past the last line; every device of the person hears of it. People mark six times as
 * often as they send, so the whole act is one statement that commits by itself: there is no transaction to begin and to end.
 */
export async function markRead(
  work: Work,
  { conversationId, line }: CallPayload<'read:mark'>,
): Promise<{ readLine: number; mentions: number }> {
  const me = work.person();
  const [row] = await work.db.rows<{ moved: boolean; mine: Mine }>(markSql, [me, conversationId, line], 'mark read');
  if (!row) throw notFound('conversation');
  const { moved, mine } = row;
  if (moved) tellMine(work, me, { head: mine.urev, kind: 'mine', conversationId, mine });
  return { readLine: mine.readLine, mentions: mine.mentions };
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
