import type { MemberRole, Mine, Summary } from '@parley/protocol/conversations.ts';
import type { MineEvent } from '@parley/protocol/sync.ts';
import { authority } from '../kernel/authority.ts';
import { personRoom } from '../kernel/broadcast.ts';
import type { Cost, CostName } from '../doors/costs.ts';
import { forbidden, notFound, Refused } from '../kernel/errors.ts';
import type { Work } from '../kernel/work.ts';
import { lockUsers } from '../users/users.ts';
import { ConversationRow } from './conversations.model.ts';
import { memberJson, mineJson, summariesSql, type MemberJsonRow, type SummaryRow } from './summaries.ts';

export const roomOf = (conversationId: string) => `conversation:${conversationId}`;

/** Connections in a conversation that cost one point more: every one of them is written to. */
const connectionsAPoint = 100;

/** The cost of a call that everybody in its conversation hears: more in a busy room. */
export const heard = (name: CostName): Cost => ({
  class: name,
  more: ({ broadcast }, { conversationId }) =>
    typeof conversationId === 'string' ? broadcast.countIn(roomOf(conversationId)) / connectionsAPoint : 0,
});

/** What a person may do in a conversation is decided by this row. */
export type Standing = {
  conversationId: string;
  kind: ConversationRow['kind'];
  visibility: ConversationRow['visibility'];
  role: MemberRole | null;
  archived: boolean;
};

const standingSql = `
  select c.id as "conversationId", c.kind, c.visibility, m.role, c.archived_at is not null as archived
  from conversations c left join members m on m.conversation_id = c.id and m.user_id = $2 and m.left_at is null where c.id = $1`;

/** Finds the conversation through the membership: not there and not mine are one answer. */
export async function requireMember(work: Work, conversationId: string): Promise<Standing> {
  const [standing] = await work.db.rows<Standing>(standingSql, [conversationId, work.person()], 'standing');
  if (!standing?.role) throw notFound('conversation');
  return standing;
}

/** A member, or somebody who may browse channels looking at a public one. */
export async function requireReader(work: Work, conversationId: string): Promise<Standing> {
  const [standing] = await work.db.rows<Standing>(standingSql, [conversationId, work.person()], 'standing');
  if (standing?.role || (standing?.visibility === 'public' && work.may('channels.browse'))) return standing;
  throw notFound('conversation');
}

/**
 * Locks the conversation's row for an act that changes who may write or what members see. While it is held the send lane passes the
 * conversation by, so the check made here still holds when the act commits. Two such locks exclude each other, but
 * neither makes the foreign keys' checks of other acts wait.
 */
export async function lockConversation(
  work: Work,
  conversationId: string,
): Promise<{ conversation: ConversationRow; role: MemberRole | null }> {
  const transaction = await work.transaction();
  const conversation = await ConversationRow.findByPk(conversationId, {
    transaction,
    lock: transaction.LOCK.NO_KEY_UPDATE,
  });
  if (!conversation) throw notFound('conversation');
  const [standing] = await work.sql<Standing>(standingSql, [conversationId, work.person()]);
  return { conversation, role: standing?.role ?? null };
}

/** As `lockConversation`, for somebody who leads it: owners and moderators of a conversation that is not closed. */
export async function lockAsLeader(
  work: Work,
  conversationId: string,
): Promise<{ conversation: ConversationRow; role: MemberRole }> {
  const { conversation, role } = await lockConversation(work, conversationId);
  if (!role) throw notFound('conversation');
  if (conversation.kind === 'direct') throw forbidden('A direct conversation always has just its two people.');
  // In a group everybody may do what leaders do: it is a conversation among equals that has grown.
  if (role === 'member' && conversation.kind === 'channel')
    throw forbidden('Only an owner or moderator of this channel can do this.');
  if (conversation.archivedAt) throw archived();
  return { conversation, role };
}

export const archived = () =>
  new Refused('archived', 'This conversation is archived: it can be read, and nothing in it can change.');

/** Advances the conversation's head by `by` under the act's lock; returns the first of the new heads. */
export async function advance(work: Work, conversationId: string, by = 1): Promise<number> {
  const [row] = await work.sql<{ head: number }>(
    'update conversations set head = head + $2, updated_at = now() where id = $1 returning head',
    [conversationId, by],
  );
  return row!.head - by + 1;
}

/** Puts people into a conversation (anew, or again), each at its own head. Returns those who were not in it before. */
export async function putMembers(
  work: Work,
  conversation: ConversationRow,
  userIds: string[],
  role: MemberRole,
): Promise<string[]> {
  const wanted = [...new Set(userIds)].sort();
  const found = await work.sql<{ id: string }>(
    `select u.id from users u left join members m on m.user_id = u.id and m.conversation_id = $1 and m.left_at is null
     where u.id = any ($2) and u.status <> 'suspended' and m.user_id is null order by u.id for no key update of u`,
    [conversation.id, wanted],
  );
  if (found.length === 0) return [];
  const first = await advance(work, conversation.id, found.length);
  const ids = found.map((row) => row.id);
  const rows = await work.sql(
    `with heads as (update users u set head = head + 1 where u.id = any ($2) returning u.id, u.head)
     insert into members as m (conversation_id, user_id, role, rev, read_line, urev, joined_at)
     select c.id, h.id, $3, $4 + row_number() over (order by h.id) - 1, c.last_line, h.head, $5 from conversations c cross join heads h where c.id = $1
     on conflict (conversation_id, user_id) do update set role = excluded.role, rev = excluded.rev, read_line = excluded.read_line, unread_from = null,
       urev = excluded.urev, joined_at = excluded.joined_at, left_at = null
     returning m.user_id as "userId"`,
    [conversation.id, ids, role, first, work.at],
  );
  // What was answered while they were away is read, as the main line is.
  await work.sql(
    `update thread_follows f set read_answers = r.answers from messages r
     where r.id = f.thread_id and f.conversation_id = $1 and f.user_id = any ($2)`,
    [conversation.id, ids],
  );
  await work.sql('update conversations set member_count = member_count + $2 where id = $1', [
    conversation.id,
    rows.length,
  ]);
  for (const id of ids) {
    work.changed({
      table: 'members',
      id: `${conversation.id}:${id}`,
      op: 'insert',
      before: null,
      after: { conversationId: conversation.id, userId: id, role },
    });
    work.record('member.added', { conversationId: conversation.id, userId: id, role });
  }
  await tellMembers(work, conversation.id, ids);
  await tellJoined(work, conversation.id, ids);
  return ids;
}

/** Takes one person out. Their connections leave the room before the commit, so that nothing said after it can reach them. */
export async function takeOut(work: Work, conversation: ConversationRow, userId: string): Promise<void> {
  const rev = await advance(work, conversation.id);
  const [user] = await work.sql<{ head: number }>('update users set head = head + 1 where id = $1 returning head', [
    userId,
  ]);
  await work.sql('update members set left_at = $3, rev = $4, urev = $5 where conversation_id = $1 and user_id = $2', [
    conversation.id,
    userId,
    work.at,
    rev,
    user!.head,
  ]);
  await work.sql('update conversations set member_count = member_count - 1 where id = $1', [conversation.id]);
  work.changed({
    table: 'members',
    id: `${conversation.id}:${userId}`,
    op: 'delete',
    before: { conversationId: conversation.id, userId },
    after: null,
  });
  work.record('member.removed', { conversationId: conversation.id, userId });
  await tellMembers(work, conversation.id, [userId]);
  tellMine(work, userId, { head: user!.head, kind: 'left', conversationId: conversation.id });
  const { broadcast } = work.house;
  if (!work.preview) {
    broadcast.leavePerson(userId, roomOf(conversation.id));
    // Again after it, for a connection that came in between and read the membership as it still was.
    work.afterCommit(() => broadcast.leavePerson(userId, roomOf(conversation.id)));
    work.onRollback(() => {
      if (mayRead(work, userId)) broadcast.joinPerson(userId, roomOf(conversation.id));
    });
  }
}

/** Tells the room of changed memberships, in the order of their revs. */
export async function tellMembers(work: Work, conversationId: string, userIds: string[]): Promise<void> {
  const rows = await work.sql<MemberJsonRow>(
    `select ${memberJson('m')} as member from members m where m.conversation_id = $1 and m.user_id = any ($2) order by m.rev`,
    [conversationId, userIds],
  );
  for (const { member } of rows)
    work.tell(roomOf(conversationId), 'change', {
      conversationId,
      head: member.rev,
      change: { kind: 'member', rev: member.rev, member },
    });
}

/** Shows a conversation to people who just came in, and lets their connections hear it from the commit on. */
async function tellJoined(work: Work, conversationId: string, userIds: string[]): Promise<void> {
  for (const userId of userIds) {
    const summary = await summaryFor(work, userId, conversationId);
    work.afterCommit(() => {
      if (mayRead(work, userId)) work.house.broadcast.joinPerson(userId, roomOf(conversationId));
    });
    tellMine(work, userId, { head: summary.mine!.urev, kind: 'joined', summary });
  }
}

/** Tells a person's connections of what is theirs in a conversation, while they may read conversations at all. */
export function tellMine(work: Work, userId: string, event: MineEvent): void {
  work.afterCommit(() => {
    if (mayRead(work, userId)) work.house.broadcast.toRoom(personRoom(userId), 'mine', JSON.stringify(event));
  });
}

const mayRead = (work: Work, userId: string): boolean => work.use(authority).allows(userId, 'conversations.read');

/**
 * Locks the acting person's own membership, after their own row, as all acts do; a person who is no member finds
 * nothing.
 */
export async function lockMember(work: Work, conversationId: string, userId: string): Promise<void> {
  await lockUsers(work, [userId]);
  const found = await work.sql(
    'select from members where conversation_id = $1 and user_id = $2 and left_at is null for no key update',
    [conversationId, userId],
  );
  if (found.length === 0) throw notFound('conversation');
}

/**
 * Changes a membership, advances the person's own stream for it, and tells their devices. The membership is written
 * once: PostgreSQL checks the foreign keys of a row again when its own transaction changes it a second time.
 */
export async function moveMine(
  work: Work,
  conversationId: string,
  userId: string,
  change: {
    muted?: boolean | undefined;
    pinned?: boolean | undefined;
    role?: MemberRole;
    rev?: number;
    unreadFrom?: number | null;
  } = {},
): Promise<Mine> {
  await work.sql(
    `with moved as (update users set head = head + 1 where id = $2 returning head)
     update members m set urev = moved.head, muted = coalesce($3, m.muted), pinned = coalesce($4, m.pinned),
       role = coalesce($5, m.role), rev = coalesce($6, m.rev), unread_from = case when $7 then $8 else m.unread_from end
     from moved where m.conversation_id = $1 and m.user_id = $2`,
    [
      conversationId,
      userId,
      change.muted ?? null,
      change.pinned ?? null,
      change.role ?? null,
      change.rev ?? null,
      change.unreadFrom !== undefined,
      change.unreadFrom ?? null,
    ],
  );
  const mine = await readMine(work, conversationId, userId);
  tellMine(work, userId, { head: mine.urev, kind: 'mine', conversationId, mine });
  return mine;
}

/** What a member has of their own in a conversation, counted now. */
export async function readMine(work: Work, conversationId: string, userId: string): Promise<Mine> {
  const [row] = await work.sql<{ mine: Mine }>(
    `select ${mineJson('m', 'c')} as mine from members m join conversations c on c.id = m.conversation_id
     where m.conversation_id = $1 and m.user_id = $2`,
    [conversationId, userId],
  );
  return row!.mine;
}

/** One reader's summary, read inside the act. */
export async function summaryFor(work: Work, userId: string, conversationId: string): Promise<Summary> {
  const [row] = await work.sql<SummaryRow>(summariesSql, [userId, [conversationId]]);
  if (!row) throw notFound('conversation');
  return row.summary;
}
