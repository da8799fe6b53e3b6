import type { CallPayload } from '@parley/protocol/catalogue.ts';
import type { Member, Summary } from '@parley/protocol/conversations.ts';
import type { Person } from '@parley/protocol/people.ts';
import { malformed } from '../kernel/errors.ts';
import type { Work } from '../kernel/work.ts';
import { requireReader } from './members.ts';
import { memberJson, summaryJson, type SummaryRow } from './summaries.ts';

/** A person as colleagues see them, for an alias of `users` joined with their department as `d`. */
const personJson = (u: string) =>
  `json_build_object('id', ${u}.id, 'name', ${u}.name, 'kind', ${u}.kind, 'status', ${u}.status, 'title', ${u}.title, 'department', (select d.name from departments d where d.id = ${u}.department_id))`;

/** Public channels by name, a page at a time. The cursor is the last channel's name and id. */
export async function browse(
  work: Work,
  { query, after, limit }: CallPayload<'conversation:browse'>,
): Promise<{ conversations: Summary[]; next: string | null }> {
  // A summary shows what was said last.
  work.require('conversations.read');
  const [name, id] = after === undefined ? ['', '00000000-0000-0000-0000-000000000000'] : readCursor(after);
  const rows = await work.db.rows<SummaryRow>(
    `select ${summaryJson} as summary from conversations c left join members m on m.conversation_id = c.id and m.user_id = $1
     where c.visibility = 'public' and c.archived_at is null and (lower(c.name), c.id) > ($2, $3::uuid) and strpos(lower(c.name), lower($4)) > 0
     order by lower(c.name), c.id limit $5`,
    [work.person(), name, id, query.trim(), limit],
  );
  const conversations = rows.map((row) => row.summary);
  const last = conversations.at(-1)?.conversation;
  return {
    conversations,
    next: last && conversations.length === limit ? `${last.id}${last.name!.toLowerCase()}` : null,
  };
}

function readCursor(after: string): [string, string] {
  const id = after.slice(0, 36);
  if (!/^[0-9a-f-]{36}$/.test(id)) throw malformed('after: is not a cursor this call gave');
  return [after.slice(36), id];
}

/** The members of a conversation, in order of their ids. */
export async function listMembers(
  work: Work,
  { conversationId, after, limit }: CallPayload<'member:list'>,
): Promise<{ members: (Member & { person: Person })[]; next: string | null }> {
  await requireReader(work, conversationId);
  const rows = await work.db.rows<{ member: Member; person: Person }>(
    `select ${memberJson('m')} as member, ${personJson('u')} as person from members m join users u on u.id = m.user_id
     where m.conversation_id = $1 and m.left_at is null and m.user_id > $2 order by m.user_id limit $3`,
    [conversationId, after ?? '00000000-0000-0000-0000-000000000000', limit],
  );
  return {
    members: rows.map(({ member, person }) => ({ ...member, person })),
    next: rows.length === limit ? rows.at(-1)!.member.userId : null,
  };
}
