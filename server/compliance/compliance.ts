import * as z from 'zod/mini';
import { kinds, type Conversation } from '@parley/protocol/conversations.ts';
import { limits } from '@parley/protocol/limits.ts';
import { id, optionalText, text } from '@parley/protocol/words.ts';
import { listingOf, pageWords, type Listing } from '../doors/graphql-lists.ts';
import { cursorAt, placeOf } from '../kernel/cursors.ts';
import { notFound } from '../kernel/errors.ts';
import type { Work } from '../kernel/work.ts';
import { likeable } from '../users/users.ts';

/*
 * Reading conversations one is not in: an auditor's right and nobody else's but an owner's. There is one way to do it, a page at a time and with a
 * reason, and each page leaves its line in the audit log in the transaction that read it: what was read, how far, and why. It shows what members see,
 * so that a recalled message has lost its words here too; keeping what was recalled is retention's business.
 */

export const ConversationsPage = z.strictObject({
  ...pageWords,
  query: z._default(optionalText(limits.query), ''),
  kind: z.optional(z.enum(kinds)),
  userId: z.optional(id),
});
export const ReadingPage = z.strictObject({ ...pageWords, conversationId: id, reason: text(limits.reason) });

/** A conversation from outside: what it is, never what is said in it. */
export type ListedConversation = {
  id: string;
  kind: Conversation['kind'];
  /** null for a conversation that has none: its members are its name. */
  name: string | null;
  purpose: string;
  visibility: 'public' | 'private';
  members: number;
  messages: number;
  createdAt: Date;
  lastAt: Date | null;
  archivedAt: Date | null;
};

/** One message as members see it. `body` names the people it mentions; it is empty for a recalled one. */
export type ReadMessage = {
  id: string;
  seq: number;
  senderId: string;
  title: string | null;
  body: string;
  answersSeq: number | null;
  createdAt: Date;
  editedAt: Date | null;
  recalledAt: Date | null;
};

export type Reading = Listing<ReadMessage> & { conversation: ListedConversation };

const columns = `c.id, c.kind, c.name, c.purpose, c.visibility, c.member_count as members, c.last_seq as messages, c.created_at as "createdAt", c.last_at as "lastAt", c.archived_at as "archivedAt"`;

/** Every conversation there is, the liveliest first; of one person, or of a kind, or with a name that holds `query`. Audited, as it names private ones. */
export async function conversations(
  work: Work,
  { first, after, query, kind, userId }: z.output<typeof ConversationsPage>,
): Promise<Listing<ListedConversation>> {
  work.require('conversations.audit');
  const [at, last] = after === undefined ? [null, null] : placeOf<[string, string]>(work, 'conversations', after);
  const words = query.trim();
  const filter = [words ? `%${likeable(words)}%` : null, kind ?? null, userId ?? null];
  const where = `($1::text is null or lower(c.name) like lower($1)) and ($2::text is null or c.kind = $2)
    and ($3::uuid is null or exists (select from members m where m.conversation_id = c.id and m.user_id = $3 and m.left_at is null))`;
  const key = `coalesce(c.last_at, c.created_at)`;
  const rows = await work.sql<ListedConversation & { key: string }>(
    `select ${columns}, ${key}::text as key from conversations c
     where ${where} and ($4::timestamptz is null or (${key}, c.id) < ($4, $5::uuid)) order by ${key} desc, c.id desc limit ${first + 1}`,
    [...filter, at, last],
  );
  work.audit({
    action: 'conversation.listed',
    after: { query: words || null, kind: kind ?? null, userId: userId ?? null, shown: Math.min(rows.length, first) },
  });
  const { db } = work;
  const total = async () =>
    (await db.rows<{ count: number }>(`select count(*)::int as count from conversations c where ${where}`, filter))[0]!
      .count;
  return listingOf(
    rows,
    first,
    ({ key: _key, ...node }) => node,
    (row) => cursorAt(work, 'conversations', [row.key, row.id]),
    total,
  );
}

/** One page of what was said, newest first, with the reason for looking. The line in the audit log commits with the page or neither does. */
export async function read(
  work: Work,
  { conversationId, reason, first, after }: z.output<typeof ReadingPage>,
): Promise<Reading> {
  work.require('conversations.audit');
  const list = `reading ${conversationId}`;
  const [before] = after === undefined ? [null] : placeOf<[number]>(work, list, after);
  const [conversation] = await work.sql<ListedConversation>(`select ${columns} from conversations c where c.id = $1`, [
    conversationId,
  ]);
  if (!conversation) throw notFound('conversation');
  const rows = await work.sql<ReadMessage & { mentions: string[] }>(
    `select m.id, m.seq, m.sender_id as "senderId", m.title, case when m.recalled_at is null then m.body else '' end as body, m.mentions,
       r.seq as "answersSeq", m.created_at as "createdAt", m.edited_at as "editedAt", m.recalled_at as "recalledAt"
     from messages m left join messages r on r.id = m.thread_id
     where m.conversation_id = $1 and ($2::bigint is null or m.seq < $2) order by m.seq desc limit ${first + 1}`,
    [conversationId, before],
  );
  const shown = rows.slice(0, first);
  work.audit({
    action: 'conversation.read',
    target: {
      kind: 'conversation',
      id: conversationId,
      name: conversation.name ?? (await calledByMembers(work, conversationId)),
    },
    after: { fromSeq: shown.at(-1)?.seq ?? null, toSeq: shown[0]?.seq ?? null, messages: shown.length },
    reason,
  });
  const names = await namesOf(work, [...new Set(shown.flatMap(({ mentions }) => mentions))]);
  const page = listingOf(
    rows,
    first,
    ({ mentions: _mentions, body, ...message }): ReadMessage => ({ ...message, body: named(body, names) }),
    (row) => cursorAt(work, list, [row.seq]),
  );
  return { ...page, conversation };
}

/** A conversation without a name is known by the people in it. */
async function calledByMembers(work: Work, conversationId: string): Promise<string> {
  const people = await work.sql<{ name: string }>(
    `select u.name from members m join users u on u.id = m.user_id where m.conversation_id = $1 and m.left_at is null order by lower(u.name), u.id limit 3`,
    [conversationId],
  );
  return people.map(({ name }) => name).join(', ');
}

/** Who is in each of these conversations now, the first twenty by name. */
export async function membersOf(work: Work, conversationIds: readonly string[]): Promise<Map<string, string[]>> {
  work.require('conversations.audit');
  const rows = await work.sql<{ id: string; members: string[] }>(
    `select asked.id, array(select u.id from members m join users u on u.id = m.user_id
       where m.conversation_id = asked.id and m.left_at is null order by lower(u.name), u.id limit 20) as members
     from unnest($1::uuid[]) as asked (id)`,
    [conversationIds],
  );
  return new Map(rows.map(({ id: conversationId, members }) => [conversationId, members]));
}

async function namesOf(work: Work, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await work.sql<{ id: string; name: string }>('select id, name from users where id = any ($1::uuid[])', [
    ids,
  ]);
  return new Map(rows.map(({ id: userId, name }) => [userId, name]));
}

/** Mentions as people read them. */
const named = (body: string, names: ReadonlyMap<string, string>) =>
  body.replaceAll(/<@([0-9a-f-]{36})>/g, (whole, userId: string) =>
    names.has(userId) ? `@${names.get(userId)}` : whole,
  );
