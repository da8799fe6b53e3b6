import type { CallPayload } from '@parley/protocol/catalogue.ts';
import { mostPins, type Pin } from '@parley/protocol/pins.ts';
import { requireMember } from '../conversations/conversations.ts';
import { conflict } from '../kernel/errors.ts';
import type { Work } from '../kernel/work.ts';
import { changeMessage, lockMessage, type RecallGuard } from '../messages/messages.ts';

/*
 * Messages kept in sight for everybody in their conversation. Every member who may write may pin, and take anybody's pin away: pins belong to
 * the conversation. The message itself tells that it is pinned, so pages, live events and catch-up need to know nothing of this module;
 * who pinned it, and in what order, stands here.
 */

/** Pins a message; pinned twice is pinned once. Answers with the message's rev. `conflict`: recalled, archived, or too many pins. */
export async function add(work: Work, { conversationId, messageId }: CallPayload<'pin:add'>): Promise<{ rev: number }> {
  const message = await lockMessage(work, conversationId, messageId);
  if (message.recalled) throw conflict('This message was recalled.');
  const { count, pinned } = await countPins(work, conversationId, messageId);
  if (pinned) return { rev: message.rev };
  if (count >= mostPins)
    throw conflict(`A conversation can hold ${mostPins} pinned messages: take one of them away first.`);
  await work.sql('insert into pins (message_id, conversation_id, pinned_by, pinned_at) values ($1, $2, $3, $4)', [
    messageId,
    conversationId,
    work.person(),
    work.at,
  ]);
  return changeMessage(work, conversationId, messageId, 'message.pinned', { pinned_at: work.at });
}

/** Takes a pin away, whoever set it. Where there is none, nothing happens. Answers with the message's rev. */
export async function remove(
  work: Work,
  { conversationId, messageId }: CallPayload<'pin:remove'>,
): Promise<{ rev: number }> {
  const message = await lockMessage(work, conversationId, messageId);
  const gone = await work.sql('delete from pins where message_id = $1 returning message_id', [messageId]);
  return gone.length === 0
    ? { rev: message.rev }
    : changeMessage(work, conversationId, messageId, 'message.unpinned', { pinned_at: null });
}

/** All pins of a conversation, the newest first. */
export async function list(work: Work, { conversationId }: CallPayload<'pin:list'>): Promise<{ pins: Pin[] }> {
  await requireMember(work, conversationId);
  const pins = await work.db.rows<Pin>(
    `select message_json(m) as message, p.pinned_by as "pinnedBy", (extract(epoch from p.pinned_at) * 1000)::bigint as "pinnedAt"
     from pins p join messages m on m.id = p.message_id where p.conversation_id = $1 order by p.pinned_at desc, p.message_id desc limit $2`,
    [conversationId, mostPins],
  );
  return { pins };
}

/** A message without words has nothing to be kept in sight: recalling it takes its pin away, in the same act and under the same rev. Recalled, it shows none. */
export const unpinRecalled: RecallGuard = async (work, { conversationId, messageId, seq }) => {
  const gone = await work.sql('delete from pins where message_id = $1 returning message_id', [messageId]);
  if (gone.length > 0) work.record('message.unpinned', { messageId, conversationId, seq });
};

async function countPins(work: Work, conversationId: string, messageId: string) {
  const [row] = await work.sql<{ count: number; pinned: boolean }>(
    'select count(*) as count, coalesce(bool_or(message_id = $2), false) as pinned from pins where conversation_id = $1',
    [conversationId, messageId],
  );
  return row!;
}
