import type { CallPayload } from '@parley/protocol/catalogue.ts';
import type { Summary } from '@parley/protocol/conversations.ts';
import type { Permission } from '@parley/protocol/permissions.ts';
import { authority } from '../kernel/authority.ts';
import * as settings from '../settings/settings.ts';
import { requireReachable } from '../users/visibility.ts';
import { countAdditions, requireMayAdd, requireMayCreate } from './additions.ts';
import { conflict, forbidden, malformed, notFound } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import type { Work } from '../kernel/work.ts';
import { lockUsers } from '../users/users.ts';
import { ConversationRow, MemberRow } from './conversations.model.ts';
import {
  advance,
  archived,
  lockAsLeader,
  lockConversation,
  lockMember,
  moveMine,
  putMembers,
  requireReader,
  roomOf,
  summaryFor,
  takeOut,
  tellMembers,
} from './members.ts';
import { conversationJson, summariesSql, type ConversationJsonRow, type SummaryRow } from './summaries.ts';

export { requireMember, roomOf } from './members.ts';

/*
 * Conversations and who is in them. Every act that changes who may write, or what members see of the conversation itself, locks the
 * conversation's row first and advances its head; the send lane passes a locked row by. What is said in them is the business of `messages`.
 */

/** Starts a group or a channel; the creator leads it. The same clientId finds what it created before. */
export async function create(work: Work, input: CallPayload<'conversation:create'>): Promise<Summary> {
  const creator = work.person();
  const others = input.memberIds.filter((id) => id !== creator);
  const rules = await settings.read(work);
  requireMayCreate(work, rules, input.kind);
  await requireMayAdd(work, rules, others);
  if (input.visibility === 'public' && input.kind !== 'channel')
    throw malformed('visibility: only a channel can be public');
  const clientKey = `${creator}:${input.clientId}`;
  const created = await createOnce(work, {
    kind: input.kind,
    name: input.name,
    purpose: input.purpose,
    visibility: input.visibility,
    threading: input.threading,
    clientKey,
  });
  if (created.isNew) {
    await lockUsers(work, [creator, ...others]);
    await putMembers(work, created.row, [creator], 'owner');
    await countAdditions(work, rules, await putMembers(work, created.row, others, 'member'));
  }
  return summaryFor(work, creator, created.row.id);
}

/** The direct conversation with somebody: found, or begun. */
export async function direct(work: Work, userId: string): Promise<Summary> {
  const me = work.person();
  // What is found may have been talked in before.
  work.require('conversations.read');
  await requireReachable(work, [userId]);
  const directKey = [me, userId].sort().join(':');
  const { row, isNew } = await createOnce(work, {
    kind: 'direct',
    name: null,
    purpose: '',
    visibility: 'private',
    threading: 'replies',
    directKey,
  });
  if (isNew) await putMembers(work, row, [me, userId], 'member');
  return summaryFor(work, me, row.id);
}

/** What a reader sees of one conversation. A public channel looked at from outside is also heard on this connection, until `close`. */
export async function open(work: Work, conversationId: string): Promise<Summary> {
  const { role } = await requireReader(work, conversationId);
  if (!role) await look(work, conversationId);
  const [row] = await work.db.rows<SummaryRow>(summariesSql, [work.person(), [conversationId]], 'summaries');
  return row!.summary;
}

/**
 * Lets this connection hear a public channel. An act that closes the channel waits for the lock, and then finds the
 * connection in the room.
 */
async function look(work: Work, conversationId: string): Promise<void> {
  const { seat } = work.doorway;
  if (!seat) return;
  const still = await work.sql(`select from conversations where id = $1 and visibility = 'public' for share`, [
    conversationId,
  ]);
  if (still.length === 0) throw notFound('conversation');
  // The right to look may have been taken while the store was read.
  const may = (permission: Permission) => work.use(authority).allows(work.person(), permission);
  if (may('conversations.read') && may('channels.browse')) work.house.broadcast.join(seat, roomOf(conversationId));
}

export async function close(work: Work, conversationId: string): Promise<void> {
  const { role } = await requireReader(work, conversationId);
  const { seat } = work.doorway;
  if (!role && seat) work.house.broadcast.leave(seat, roomOf(conversationId));
}

export async function join(work: Work, conversationId: string): Promise<Summary> {
  const me = work.person();
  work.require('conversations.read');
  const { conversation, role } = await lockConversation(work, conversationId);
  if (!role && conversation.visibility !== 'public') throw notFound('conversation');
  if (conversation.archivedAt) throw archived();
  if (!role) await putMembers(work, conversation, [me], 'member');
  return summaryFor(work, me, conversationId);
}

export async function leave(work: Work, conversationId: string): Promise<void> {
  const me = work.person();
  const { conversation, role } = await lockConversation(work, conversationId);
  if (!role) throw notFound('conversation');
  if (conversation.kind === 'direct') throw forbidden('A direct conversation cannot be left; mute it instead.');
  await keepAnOwner(work, conversation, me);
  await takeOut(work, conversation, me);
}

export async function addMembers(work: Work, conversationId: string, userIds: string[]): Promise<string[]> {
  const { conversation, role } = await lockAsLeader(work, conversationId);
  const rules = await settings.read(work);
  await requireMayAdd(work, rules, userIds, role);
  const added = await putMembers(work, conversation, userIds, 'member');
  await countAdditions(work, rules, added);
  return added;
}

export async function removeMember(work: Work, conversationId: string, userId: string): Promise<void> {
  const { conversation, role } = await lockAsLeader(work, conversationId);
  const target = await memberOf(work, conversationId, userId);
  if (target.role === 'owner' && role !== 'owner') throw forbidden('Only an owner can remove an owner.');
  await keepAnOwner(work, conversation, userId);
  await takeOut(work, conversation, userId);
}

export async function setMemberRole(
  work: Work,
  { conversationId, userId, role }: CallPayload<'member:role'>,
): Promise<number> {
  const leader = await lockAsLeader(work, conversationId);
  if (leader.role !== 'owner') throw forbidden('Only an owner can give or take roles.');
  const member = await memberOf(work, conversationId, userId);
  if (role !== 'owner') await keepAnOwner(work, leader.conversation, userId);
  const rev = await advance(work, conversationId);
  const before = member.role;
  await moveMine(work, conversationId, userId, { role, rev });
  work.changed({
    table: 'members',
    id: `${conversationId}:${userId}`,
    op: 'update',
    before: { conversationId, userId, role: before },
    after: { conversationId, userId, role },
  });
  await tellMembers(work, conversationId, [userId]);
  work.record('member.role-changed', { conversationId, userId, before, after: role });
  return rev;
}

export async function rename(
  work: Work,
  { conversationId, name, purpose }: CallPayload<'conversation:rename'>,
): Promise<number> {
  const { conversation } = await lockAsLeader(work, conversationId);
  return changeConversation(work, conversation, { name, purpose }, 'conversation.renamed');
}

/** Closes a conversation for good: it stays readable. */
export async function archive(work: Work, conversationId: string): Promise<number> {
  const { conversation, role } = await lockAsLeader(work, conversationId);
  if (role !== 'owner') throw forbidden('Only an owner can archive a conversation.');
  return changeConversation(work, conversation, { archivedAt: work.at }, 'conversation.archived');
}

/**
 * Closes a public channel to all but its members. There is no way back: what members say among themselves is not opened
 * to others later.
 */
export async function makePrivate(work: Work, conversationId: string): Promise<number> {
  const { conversation, role } = await lockAsLeader(work, conversationId);
  if (role !== 'owner') throw forbidden('Only an owner can make a channel private.');
  if (conversation.visibility === 'private') return conversation.rev;
  await sendLookersAway(work, conversationId);
  return changeConversation(work, conversation, { visibility: 'private' }, 'conversation.made-private');
}

/** Stops delivery to people who look at the channel without being in it, before the commit, and has them look again. */
async function sendLookersAway(work: Work, conversationId: string): Promise<void> {
  const { broadcast } = work.house;
  const members = await work.sql<{ id: string }>(
    'select user_id as id from members where conversation_id = $1 and left_at is null',
    [conversationId],
  );
  const inside = new Set(members.map(({ id }) => id));
  work.beforeCommit(() => {
    const lookers = broadcast.seatsIn(roomOf(conversationId)).filter(({ personId }) => !inside.has(personId));
    for (const seat of lookers) broadcast.silence(seat, roomOf(conversationId));
    work.afterCommit(() => {
      for (const seat of lookers) broadcast.toSeat(seat, 'rights', '{}');
    });
    work.onRollback(() => {
      for (const seat of lookers) broadcast.join(seat, roomOf(conversationId));
    });
  });
}

/** Mutes or pins for the asking person alone. */
export async function prefer(
  work: Work,
  { conversationId, muted, pinned }: CallPayload<'conversation:prefer'>,
): Promise<{ muted: boolean; pinned: boolean }> {
  const me = work.person();
  await lockMember(work, conversationId, me);
  const mine = await moveMine(work, conversationId, me, { muted, pinned });
  return { muted: mine.muted, pinned: mine.pinned };
}

async function memberOf(work: Work, conversationId: string, userId: string): Promise<MemberRow> {
  const member = await MemberRow.findOne({
    where: { conversationId, userId, leftAt: null },
    transaction: await work.transaction(),
  });
  if (!member) throw notFound('member');
  return member;
}

/** A channel never loses its last owner while others remain in it. */
async function keepAnOwner(work: Work, conversation: ConversationRow, leaving: string): Promise<void> {
  if (conversation.kind !== 'channel') return;
  const [left] = await work.sql<{ owners: number; others: number; isOwner: boolean }>(
    `select count(*) filter (where role = 'owner' and user_id <> $2)::int as owners, count(*) filter (where user_id <> $2)::int as others,
       bool_or(role = 'owner' and user_id = $2) as "isOwner" from members where conversation_id = $1 and left_at is null`,
    [conversation.id, leaving],
  );
  if (left!.isOwner && left!.owners === 0 && left!.others > 0)
    throw conflict('This person is the channel’s last owner: make somebody else an owner first.');
}

type New = Pick<ConversationRow, 'kind' | 'name' | 'purpose' | 'visibility' | 'threading'> & {
  directKey?: string;
  clientKey?: string;
};

/** Creates the row, or finds the one with the same key; two at once are settled by the unique index. */
async function createOnce(work: Work, wanted: New): Promise<{ row: ConversationRow; isNew: boolean }> {
  const transaction = await work.transaction();
  const key = wanted.directKey ? { directKey: wanted.directKey } : { clientKey: wanted.clientKey! };
  await work.sql('select pg_advisory_xact_lock(hashtext($1), 7)', [wanted.directKey ?? wanted.clientKey!]);
  const existing = await ConversationRow.findOne({ where: key, transaction });
  if (existing) return { row: existing, isNew: false };
  const row = await ConversationRow.create(
    { id: newId(), ...wanted, createdBy: work.actor.id, createdAt: work.at },
    { transaction },
  );
  work.record('conversation.created', { conversationId: row.id, kind: row.kind, visibility: row.visibility });
  return { row, isNew: true };
}

async function changeConversation(
  work: Work,
  conversation: ConversationRow,
  change: Partial<Pick<ConversationRow, 'name' | 'purpose' | 'archivedAt' | 'visibility'>>,
  event: string,
): Promise<number> {
  const rev = await advance(work, conversation.id);
  await conversation.update({ ...change, rev }, { transaction: await work.transaction() });
  const [row] = await work.sql<ConversationJsonRow>(
    `select ${conversationJson('c')} as conversation from conversations c where c.id = $1`,
    [conversation.id],
  );
  work.tell(roomOf(conversation.id), 'change', {
    conversationId: conversation.id,
    head: rev,
    change: { kind: 'conversation', rev, conversation: row!.conversation },
  });
  work.record(event, { conversationId: conversation.id });
  return rev;
}
