import type { Work } from '../kernel/work.ts';

/** Where a message stands, for those it names. */
export type Mentioning = {
  id: string;
  conversationId: string;
  senderId: string;
  seq: number;
  line: number | null;
  threadId: string | null;
  answer: number | null;
};

/**
 * Keeps the mentions of a message equal to the people it names now, under the conversation's lock. A mention on the
 * main line is unread above the read mark. A mention in a thread is unread above the thread's mark, so the person
 * follows the thread from that answer on; people who follow only because they are named stop with the last mention.
 * Sending and importing write the same rows (send_messages, imports/rows.ts).
 */
export async function changeMentions(work: Work, message: Mentioning, named: string[]): Promise<void> {
  await work.sql(
    `with gone as (
       delete from mentions where conversation_id = $1 and seq = $2 and user_id <> all ($3) returning user_id, thread_id
     )
     delete from thread_follows f using gone g where f.user_id = g.user_id and f.thread_id = g.thread_id and f.named
       and not exists (select from mentions n where n.user_id = g.user_id and n.thread_id = g.thread_id and n.seq <> $2)`,
    [message.conversationId, message.seq, named],
  );
  if (named.length === 0) return;
  const thread = message.line === null ? [message.threadId, message.answer] : [null, null];
  await work.sql(
    `with named as (
       insert into mentions (user_id, conversation_id, seq, line, thread_id, answer)
       select m.user_id, $1, $2, $3, $6, $7 from members m
       where m.conversation_id = $1 and m.user_id = any ($4) and m.user_id <> $5 and m.left_at is null
       on conflict do nothing returning user_id, thread_id, answer
     )
     insert into thread_follows (user_id, thread_id, conversation_id, read_answers, named)
     -- What was said before a person joined is read for them.
     select n.user_id, r.id, $1, case when x.created_at < m.joined_at then r.answers else n.answer - 1 end, true
     from named n join messages r on r.id = n.thread_id join messages x on x.id = $8
     join members m on m.conversation_id = $1 and m.user_id = n.user_id
     on conflict do nothing`,
    [message.conversationId, message.seq, message.line, named, message.senderId, ...thread, message.id],
  );
}
