import type { Permission } from '@parley/protocol/permissions.ts';
import type { Database } from '../kernel/database.ts';
import { notFound } from '../kernel/errors.ts';
import type { Work } from '../kernel/work.ts';

/*
 * Whom a person may see. With `people.read` it is everybody; without (guests) those they share a conversation with, as
 * long as they may read conversations at all. Every verb that takes people's ids from a client asks here, and answers
 * for an unseen person as for none.
 */

/** Whether the actor ($1) may see `u`. Those who left a conversation count: their words are still there to be read. */
export const visible = (work: Work): string => {
  if (work.may('people.read')) return '$1::uuid is not null';
  if (!work.may('conversations.read')) return 'u.id = $1';
  return '(u.id = $1 or exists (select from members mine join members theirs using (conversation_id) where mine.user_id = $1 and mine.left_at is null and theirs.user_id = u.id))';
};

type May = (permission: Permission) => boolean;

/**
 * Those of these people who may be written to, watched, and taken along by a person: seen, and for a guest still in a
 * conversation with them.
 */
export async function reachableBy(
  db: Database,
  personId: string,
  may: May,
  userIds: readonly string[],
): Promise<string[]> {
  if (!may('people.read') && !may('conversations.read')) return userIds.filter((id) => id === personId);
  const rows = await db.rows<{ id: string }>(
    `select u.id from users u where u.id = any ($2::uuid[]) and u.kind <> 'imported' and ($3 or u.id = $1 or exists (
       select from members mine join members theirs using (conversation_id)
       where mine.user_id = $1 and mine.left_at is null and theirs.user_id = u.id and theirs.left_at is null))`,
    [personId, userIds, may('people.read')],
    'reachable people',
  );
  return rows.map(({ id }) => id);
}

/** Refuses where any of these people is not there, or cannot be seen by the actor: one answer. */
export async function requireReachable(work: Work, userIds: readonly string[]): Promise<void> {
  const reachable = new Set(await reachableBy(work.db, work.person(), work.may, userIds));
  if (userIds.some((id) => !reachable.has(id))) throw notFound('person');
}
