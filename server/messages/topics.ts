import type { CallPayload } from '@parley/protocol/catalogue.ts';
import type { Topic } from '@parley/protocol/conversations.ts';
import type { Work } from '../kernel/work.ts';
import { requireReader } from '../conversations/members.ts';

/**
 * The topics of a conversation, newest talk first. A topic is called by its root's title, which stays when the root is recalled: others have
 * answered under it. With nothing under it it is gone. The cursor is the last talk's time in
 * milliseconds.
 */
export async function list(
  work: Work,
  { conversationId, before, limit }: CallPayload<'topic:list'>,
): Promise<{ topics: Topic[]; next: number | null }> {
  await requireReader(work, conversationId);
  const topics = await work.db.rows<Topic>(
    `select m.id as "rootId", m.title, m.answers, (extract(epoch from coalesce(m.last_answer_at, m.created_at)) * 1000)::bigint as "lastAt", m.rev
     from messages m where m.conversation_id = $1 and m.title is not null and (m.recalled_at is null or m.answers > 0)
       and coalesce(m.last_answer_at, m.created_at) < coalesce(to_timestamp($2::bigint / 1000.0), 'infinity')
     order by coalesce(m.last_answer_at, m.created_at) desc, m.id limit $3`,
    [conversationId, before ?? null, limit],
  );
  return { topics, next: topics.length === limit ? topics.at(-1)!.lastAt : null };
}
