import type { CallPayload } from '@parley/protocol/catalogue.ts';
import { notFound } from '../kernel/errors.ts';
import type { Work } from '../kernel/work.ts';
import { lockMember } from './conversations.ts';
import { moveMine } from './members.ts';

/** Moves one's own read mark forward, never back and never past the last line; every device of the person hears of it. */
export async function markRead(
  work: Work,
  { conversationId, line }: CallPayload<'read:mark'>,
): Promise<{ readLine: number; mentions: number }> {
  const me = work.person();
  const before = await lockMember(work, conversationId, me);
  const [after] = await work.sql<{ readLine: number }>(
    `update members m set read_line = greatest(m.read_line, least($3::bigint, c.last_line)) from conversations c
     where c.id = m.conversation_id and m.conversation_id = $1 and m.user_id = $2 returning m.read_line as "readLine"`,
    [conversationId, me, line],
  );
  if (after!.readLine === before.readLine) {
    const [{ mentions } = { mentions: 0 }] = await work.sql<{ mentions: number }>(
      'select count(*) as mentions from mentions where user_id = $1 and conversation_id = $2 and line > $3',
      [me, conversationId, before.readLine],
    );
    return { readLine: before.readLine, mentions };
  }
  const mine = await moveMine(work, conversationId, me);
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
