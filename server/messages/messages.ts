import type { CallPayload } from '@parley/protocol/catalogue.ts';
import { mentionsIn, untouched, type Message, type Sent } from '@parley/protocol/messages.ts';
import { conflict, forbidden, notFound } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { partKey } from '../kernel/parts.ts';
import type { House, Work } from '../kernel/work.ts';
import { requireMember, roomOf } from '../conversations/conversations.ts';
import { advance, lockConversation } from '../conversations/members.ts';
import { readFixed } from '../settings/settings.ts';
import { keepRevision } from './revisions.ts';
import { changeMentions, type Mentioning } from './mentions.ts';
import { sendLane, type Draft, type Stored } from './send-lane.ts';

/*
 * What people say. Sending goes through the lane, which checks membership, numbers and stores; editing and recalling are acts of their own
 * under the conversation's lock, and both keep the text they replace (revisions.ts). A message keeps its place for
 * ever: recalled, it loses its text and not its number.
 */

/**
 * What others have to say, or to do, before a message is taken back: inside its act, under the conversation's lock. Throwing forbids it.
 * `app.ts` lists them.
 */
export type RecallGuard = (
  work: Work,
  message: { conversationId: string; messageId: string; seq: number },
) => Promise<void>;
export const recallGuards = partKey<readonly RecallGuard[]>('guards of a recall');

/** Sends a message: resolves when it is durable. The same clientId again answers with the first message. */
export async function send(work: Work, input: CallPayload<'message:send'>): Promise<Sent> {
  const stored = await work.use(sendLane).store({
    id: newId(),
    conversationId: input.conversationId,
    senderId: work.person(),
    clientId: input.clientId,
    body: input.body,
    threadId: input.threadId ?? null,
    title: input.title ?? null,
    mentions: input.body.includes('<@') ? mentionsIn(input.body) : [],
  });
  return { id: stored.id, seq: stored.seq, line: stored.line, rev: stored.rev, at: stored.at };
}

/** Changes the words of one's own message. */
export async function edit(
  work: Work,
  { conversationId, messageId, body }: CallPayload<'message:edit'>,
): Promise<{ rev: number }> {
  // Its lock comes before those of rows.
  const kept = await readFixed(work, 'keepRevisions');
  const message = await lockMessage(work, conversationId, messageId);
  if (message.senderId !== work.person()) throw forbidden('Only the sender can edit a message.');
  if (message.recalled) throw conflict('This message was recalled.');
  if (kept === 'all') await keepRevision(work, messageId, 'edit', body);
  const mentions = mentionsIn(body);
  await changeMentions(work, message, mentions);
  return changeMessage(work, conversationId, messageId, 'message.edited', { body, mentions, edited_at: work.at });
}

/** Takes a message back: one's own, or, for those who lead the conversation, anybody's. */
export async function recall(
  work: Work,
  { conversationId, messageId }: CallPayload<'message:recall'>,
): Promise<{ rev: number }> {
  const kept = await readFixed(work, 'keepRevisions');
  const message = await lockMessage(work, conversationId, messageId);
  if (message.senderId !== work.person() && !(message.leads && work.may('messages.moderate')))
    throw forbidden('Only the sender, or somebody who moderates this conversation, can recall a message.');
  if (message.recalled) return { rev: message.rev };
  for (const guard of work.use(recallGuards)) await guard(work, { conversationId, messageId, seq: message.seq });
  if (kept === 'all') await keepRevision(work, messageId, 'recall', '');
  await changeMentions(work, message, []);
  if (message.senderId !== work.person()) await auditRecall(work, conversationId, messageId, message);
  return changeMessage(work, conversationId, messageId, 'message.recalled', {
    recalled_at: work.at,
    body: '',
    mentions: [],
  });
}

/**
 * Recalling another's message is an act of oversight: the audit log names the message and its sender, never the text.
 */
async function auditRecall(
  work: Work,
  conversationId: string,
  messageId: string,
  { senderId, seq }: Pick<Locked, 'senderId' | 'seq'>,
): Promise<void> {
  const [names] = await work.sql<{ sender: string; conversation: string | null }>(
    'select (select name from users where id = $1) as sender, (select name from conversations where id = $2) as conversation',
    [senderId, conversationId],
  );
  work.audit({
    action: 'message.recalled',
    target: { kind: 'message', id: messageId, name: names!.sender },
    after: { senderId, conversationId, conversation: names!.conversation, seq },
  });
}

type Locked = Mentioning & { rev: number; recalled: boolean; leads: boolean };

/** Finds a message for an act of a member's, under its conversation's lock. `not_found` for everybody else; `conflict`: archived. */
export async function lockMessage(work: Work, conversationId: string, messageId: string): Promise<Locked> {
  await requireMember(work, conversationId);
  const { conversation, role } = await lockConversation(work, conversationId);
  if (!role) throw notFound('conversation');
  if (conversation.archivedAt) throw conflict('This conversation is archived: nothing in it can change.');
  const [row] = await work.sql<Omit<Locked, 'leads'>>(
    `select id, conversation_id as "conversationId", sender_id as "senderId", seq, line, rev, thread_id as "threadId", answer,
       recalled_at is not null as recalled from messages where id = $1 and conversation_id = $2`,
    [messageId, conversationId],
  );
  if (!row) throw notFound('message');
  return { ...row, leads: role !== 'member' };
}

/**
 * Changes columns of a locked message, gives it the next place among the conversation's changes, and tells the room how it is now. Other modules
 * show through it what they know of a message, in columns they have added: so this table is written here alone. `columns` are names in our code,
 * never from outside.
 */
export async function changeMessage(
  work: Work,
  conversationId: string,
  messageId: string,
  event: string,
  columns: Record<string, unknown>,
): Promise<{ rev: number }> {
  const rev = await advance(work, conversationId);
  const sets = Object.keys(columns).map((column, at) => `, ${column} = $${at + 3}`);
  const [row] = await work.sql<{ message: Message }>(
    `update messages m set rev = $2${sets.join('')} where id = $1 returning message_json(m) as message`,
    [messageId, rev, ...Object.values(columns)],
  );
  work.tell(roomOf(conversationId), 'change', {
    conversationId,
    head: rev,
    change: {
      kind: 'message',
      rev,
      message: row!.message,
      // A device counts one unread message less, without asking: it knows that this message was not recalled before.
      ...(event === 'message.recalled' ? { recall: true } : {}),
    },
  });
  work.record(event, { messageId, conversationId, seq: row!.message.seq });
  return { rev };
}

/** What the lane calls after each commit: every member hears each message, then how many answers the roots have now. */
export function announceSent(
  house: Pick<House, 'broadcast' | 'events' | 'bell'>,
  batch: { draft: Draft; stored: Stored }[],
): void {
  const roots = new Map<string, { draft: Draft; stored: Stored }>();
  for (const { draft, stored } of batch) {
    house.broadcast.toRoom(roomOf(draft.conversationId), 'change', changeText(draft, stored));
    if (stored.root && draft.threadId) roots.set(draft.threadId, { draft, stored });
  }
  const byRev = [...roots.values()].sort((a, b) => a.stored.root!.rev - b.stored.root!.rev);
  for (const { draft, stored } of byRev) {
    const { rev, answers } = stored.root!;
    const change = { kind: 'answers', rev, threadId: draft.threadId, answers, lastAnswerAt: stored.at };
    house.broadcast.toRoom(
      roomOf(draft.conversationId),
      'change',
      JSON.stringify({ conversationId: draft.conversationId, head: rev, change }),
    );
  }
  house.bell.ring();
}

function changeText(
  { id, conversationId, senderId, clientId, threadId, title, body, mentions }: Draft,
  { seq, line, rev, at }: Stored,
): string {
  const message: Message = {
    id,
    conversationId,
    seq,
    line,
    rev,
    senderId,
    clientId,
    threadId,
    title,
    body,
    mentions,
    at,
    ...untouched,
  };
  return JSON.stringify({ conversationId, head: rev, change: { kind: 'message', rev, message } });
}
