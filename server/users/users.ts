import { UniqueConstraintError } from 'sequelize';
import type { CallPayload } from '@parley/protocol/catalogue.ts';
import type { Person, PersonKind, PersonStatus } from '@parley/protocol/people.ts';
import { conflict, notFound } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { partKey } from '../kernel/parts.ts';
import type { Work } from '../kernel/work.ts';
import * as policy from './users.policy.ts';
import { UserRow } from './users.model.ts';

/*
 * The people of the installation: finding them, bringing them in, suspending and reactivating them. What they may do is said by `access`,
 * how they sign in by `identity`.
 */

/** What else must be true, or happen, in the same act when somebody is suspended. Whoever knows more than this module installs it. */
export type SuspensionGuard = (work: Work, user: { id: string; name: string }) => Promise<void>;
export const suspensionGuards = partKey<readonly SuspensionGuard[]>('guards of a suspension');

export type PersonDraft = {
  id?: string;
  kind?: Exclude<PersonKind, 'imported'>;
  status?: PersonStatus;
  name: string;
  email: string | null;
  title?: string | null;
  locale?: string;
  departmentId?: string | null;
};

/** Brings a person into the organisation and returns their id. An address somebody else has is a `conflict`. */
export async function create(work: Work, draft: PersonDraft): Promise<string> {
  work.require('users.invite');
  const id = draft.id ?? newId();
  const { kind = 'person', status = 'active', name, email, title = null, locale = 'en', departmentId = null } = draft;
  try {
    await UserRow.create(
      { id, kind, status, name, email, title, locale, departmentId },
      { transaction: await work.transaction() },
    );
  } catch (error) {
    if (error instanceof UniqueConstraintError) throw conflict('Somebody with this e-mail address is already here.');
    throw error;
  }
  work.record('user.created', { userId: id });
  work.audit({
    action: 'user.created',
    target: { kind: 'user', id, name },
    after: { kind, status, name, email, title, departmentId },
  });
  return id;
}

/** Takes somebody's access away at once: every door refuses them, their devices are ended, what they wrote stays. */
export async function suspend(work: Work, id: string, { reason }: { reason: string }): Promise<void> {
  work.require('users.suspend');
  const user = await lockUser(work, id);
  policy.suspend(work.actor, user);
  if (user.status === 'suspended') return;
  const before = user.status;
  // Whoever counts those who are left must already find this one gone.
  await user.update({ status: 'suspended', suspendedAt: work.at }, { transaction: await work.transaction() });
  for (const guard of work.use(suspensionGuards)) await guard(work, user);
  work.record('user.suspended', { userId: id });
  work.audit({
    action: 'user.suspended',
    target: { kind: 'user', id, name: user.name },
    before: { status: before },
    after: { status: 'suspended' },
    reason,
  });
}

/** Gives a suspended person their access back. Their devices stay ended: they sign in anew. */
export async function reactivate(work: Work, id: string, { reason }: { reason: string }): Promise<void> {
  work.require('users.suspend');
  const user = await lockUser(work, id);
  if (user.status !== 'suspended') return;
  await user.update({ status: 'active', suspendedAt: null }, { transaction: await work.transaction() });
  work.record('user.reactivated', { userId: id });
  work.audit({
    action: 'user.reactivated',
    target: { kind: 'user', id, name: user.name },
    before: { status: 'suspended' },
    after: { status: 'active' },
    reason,
  });
}

/** Changes what is known of somebody: name, title, language, department. What is not given stays. */
export async function edit(
  work: Work,
  id: string,
  change: { name?: string; title?: string | null; locale?: string; departmentId?: string | null },
  { reason = null }: { reason?: string | null } = {},
): Promise<void> {
  work.require('users.edit');
  const user = await lockUser(work, id);
  const before: Record<string, unknown> = {};
  const after: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(change)) {
    const known = user.get(name as 'name');
    if (value === undefined || known === value) continue;
    before[name] = known;
    after[name] = value;
  }
  if (Object.keys(after).length === 0) return;
  if (change.departmentId) {
    const found = await work.sql('select from departments where id = $1 for key share', [change.departmentId]);
    if (found.length === 0) throw notFound('department');
  }
  await user.update(after, { transaction: await work.transaction() });
  work.record('user.edited', { userId: id, changed: Object.keys(after) });
  work.audit({ action: 'user.edited', target: { kind: 'user', id, name: user.name }, before, after, reason });
}

/** The acting person and what they may do. */
export async function describeMe(work: Work): Promise<Person & { permissions: string[] }> {
  const [me] = await work.db.rows<Person>(`select ${personColumns} where u.id = $1`, [work.person()], 'users me');
  if (!me) throw notFound('person');
  return { ...me, permissions: [...work.actor.permissions].sort() };
}

/** The people with these ids whom the actor may see, in no particular order. */
export async function peopleByIds(work: Work, ids: readonly string[]): Promise<Person[]> {
  return work.db.rows<Person>(`select ${personColumns} where u.id = any ($2::uuid[]) and ${visible(work)}`, [
    work.person(),
    ids,
  ]);
}

/** People whose name holds the words asked for, names that begin with them first. An empty query lists people by name. */
export async function search(work: Work, { query, limit }: CallPayload<'people:search'>): Promise<Person[]> {
  return work.db.rows<Person>(
    `select ${personColumns}
     where u.status <> 'suspended' and lower(u.name) like '%' || lower($2) || '%' and ${visible(work)}
     order by lower(u.name) not like lower($2) || '%', lower(u.name), u.id limit $3`,
    [work.person(), likeable(query.trim()), limit],
  );
}

/** A person's row, locked until the act ends. */
export async function lockUser(work: Work, id: string): Promise<UserRow> {
  const transaction = await work.transaction();
  const user = await UserRow.findByPk(id, { transaction, lock: transaction.LOCK.UPDATE });
  if (!user) throw notFound('person');
  return user;
}

const personColumns = `u.id, u.name, u.kind, u.status, u.title, d.name as department from users u left join departments d on d.id = u.department_id`;

/**
 * Whom the actor ($1) may see. Without `people.read` (guests) only themselves and those they share a conversation with; those who left it count,
 * since their words are still there to be read.
 */
const visible = (work: Work) =>
  work.may('people.read')
    ? '$1::uuid is not null'
    : `(u.id = $1 or exists (select from members mine join members theirs using (conversation_id) where mine.user_id = $1 and mine.left_at is null and theirs.user_id = u.id))`;

/** Text in which the signs of a pattern stand for themselves. */
export const likeable = (text: string): string => text.replace(/[\\%_]/g, (sign) => `\\${sign}`);
