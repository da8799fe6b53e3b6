import type { CallPayload } from '@parley/protocol/catalogue.ts';
import type { Revision, RevisionReaders } from '@parley/protocol/revisions.ts';
import { requireMember } from '../conversations/conversations.ts';
import { conflict, forbidden, notFound } from '../kernel/errors.ts';
import type { Work } from '../kernel/work.ts';
import { read } from '../settings/settings.ts';

/*
 * Former texts of messages. An edit or a recall keeps the text it replaces as a revision, in its own transaction,
 * unless the organisation keeps none. Members read the revisions of an edited message as far as the organisation
 * allows. Of a recalled message no verb reads them.
 */

/**
 * Keeps the text of a message that is about to become `next`, where these differ. The caller holds the conversation's
 * lock, so that two acts cannot take the same number, and has asked the organisation's setting before it.
 */
export async function keepRevision(
  work: Work,
  messageId: string,
  endedBy: 'edit' | 'recall',
  next: string,
): Promise<void> {
  await work.sql(
    `insert into revisions (message_id, number, body, mentions, written_at, replaced_at, replaced_by, ended_by)
     select m.id, 1 + coalesce((select max(r.number) from revisions r where r.message_id = m.id), 0), m.body, m.mentions,
       coalesce(m.edited_at, m.created_at), $2, $3, $4
     from messages m where m.id = $1 and m.body <> $5`,
    [messageId, work.at, work.person(), endedBy, next],
  );
}

/**
 * The former versions of an edited message, the latest first. `forbidden`: by the organisation's choice; `conflict`:
 * the message was recalled.
 */
export async function list(
  work: Work,
  { conversationId, messageId, before, limit }: CallPayload<'message:revisions'>,
): Promise<{ revisions: Revision[]; next: number | null }> {
  await requireMember(work, conversationId);
  const [message] = await work.db.rows<{ senderId: string; recalled: boolean }>(
    'select sender_id as "senderId", recalled_at is not null as recalled from messages where id = $1 and conversation_id = $2',
    [messageId, conversationId],
  );
  if (!message) throw notFound('message');
  requireAllowed((await read(work)).readRevisions, message.senderId === work.person());
  if (message.recalled) throw conflict('This message was recalled: its former versions cannot be read.');
  // Whether it was recalled is asked again by the statement that reads: a recall may commit in between.
  const revisions = await work.db.rows<Revision>(
    `select r.number, r.body, r.mentions, (extract(epoch from r.written_at) * 1000)::bigint as at,
       (extract(epoch from r.replaced_at) * 1000)::bigint as "replacedAt", r.replaced_by as "replacedBy"
     from messages m join revisions r on r.message_id = m.id
     where m.id = $1 and m.recalled_at is null and r.number < coalesce($2, 2147483647) order by r.number desc limit $3`,
    [messageId, before ?? null, limit + 1],
  );
  const page = revisions.slice(0, limit);
  return { revisions: page, next: revisions.length > limit ? page.at(-1)!.number : null };
}

function requireAllowed(readers: RevisionReaders, isSender: boolean): void {
  if (readers === 'members' || (readers === 'sender' && isSender)) return;
  throw forbidden(
    readers === 'sender'
      ? 'In this organisation only the sender can read the former versions of a message.'
      : 'In this organisation the former versions of a message cannot be read.',
  );
}
