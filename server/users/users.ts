import { UniqueConstraintError } from 'sequelize';
import type { Me, Person, PersonKind, PersonStatus } from '@parley/protocol/people.ts';
import { conflict, notFound, Refused } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { partKey } from '../kernel/parts.ts';
import type { Work } from '../kernel/work.ts';
import { creatableKinds } from '../settings/creating.ts';
import * as settings from '../settings/settings.ts';
import type { Face } from './faces.ts';
import { writePersonKeys } from './key-store.ts';
import * as policy from './users.policy.ts';
import { UserRow } from './users.model.ts';
import { visible } from './visibility.ts';

/*
 * The people of the installation: finding them, bringing them in, suspending and reactivating them. What they may do is said by `access`,
 * how they sign in by `identity`.
 */

/**
 * What else must be true, or happen, in the same act when somebody is suspended, or comes back. Whoever knows more than this module installs it.
 */
export type SuspensionGuard = (work: Work, user: { id: string; name: string }, reason: string) => Promise<void>;
export const suspensionGuards = partKey<readonly SuspensionGuard[]>('guards of a suspension');
export const reactivationGuards = partKey<readonly SuspensionGuard[]>('guards of a reactivation');

/**
 * What else must be true when facts about a person change, or (without `user`) a person comes in. `face` is how they
 * would be seen, where that changes. Modules that know more than this one install it.
 */
export type EditGuard = (work: Work, user: { id: string } | null, face: Face | null) => Promise<void>;
export const editGuards = partKey<readonly EditGuard[]>('guards of an edit');

export type PersonDraft = {
  id?: string;
  kind?: Exclude<PersonKind, 'imported'>;
  status?: PersonStatus;
  name: string;
  email: string | null;
  title?: string | null;
  locale?: string;
  departmentId?: string | null;
  reason?: string | null;
};

/** Brings a person into the organisation and returns their id. An address somebody else has is a `conflict`. */
export async function create(work: Work, draft: PersonDraft): Promise<string> {
  work.require('users.invite');
  const id = draft.id ?? newId();
  const { kind = 'person', status = 'active', name, email, title = null, locale = 'en', departmentId = null } = draft;
  if (departmentId) await requireDepartment(work, departmentId);
  for (const guard of work.use(editGuards)) await guard(work, null, { name, title });
  const invitedAt = status === 'invited' ? work.at : null;
  try {
    await UserRow.create(
      { id, kind, status, name, email, title, locale, departmentId, invitedAt },
      { transaction: await work.transaction() },
    );
  } catch (error) {
    if (error instanceof UniqueConstraintError) throw conflict('Somebody with this e-mail address is already here.');
    throw error;
  }
  await writePersonKeys(work.sql, [id]);
  work.record('user.created', { userId: id });
  work.audit({
    action: 'user.created',
    target: { kind: 'user', id, name },
    after: { kind, status, name, email, title, departmentId },
    reason: draft.reason ?? null,
  });
  return id;
}

/** The languages Parley speaks. */
export const locales = ['en', 'zh-CN'] as const;

/** What may be changed about a person; an empty title or department takes it away. */
export type PersonChange = {
  name?: string | undefined;
  title?: string | undefined;
  departmentId?: string | undefined;
  locale?: (typeof locales)[number] | undefined;
};

/** Changes facts about a person. Changing nothing is fine, and no act. */
export async function edit(
  work: Work,
  id: string,
  { title, departmentId, ...rest }: PersonChange,
  { reason = null }: { reason?: string | null } = {},
): Promise<void> {
  work.require('users.edit');
  if (departmentId) await requireDepartment(work, departmentId);
  const user = await lockUser(work, id);
  const wanted = {
    ...rest,
    ...(title === undefined ? {} : { title: title.trim() || null }),
    ...(departmentId === undefined ? {} : { departmentId: departmentId || null }),
  };
  const change = Object.fromEntries(
    Object.entries(wanted).filter(([key, value]) => value !== undefined && value !== user.get(key)),
  ) as Partial<UserRow>;
  const keys = Object.keys(change);
  if (keys.length === 0) return;
  const face = 'name' in change || 'title' in change ? { name: user.name, title: user.title, ...change } : null;
  for (const guard of work.use(editGuards)) await guard(work, user, face);
  const before = Object.fromEntries(keys.map((key) => [key, user.get(key)]));
  const name = user.name;
  await user.update(change, { transaction: await work.transaction() });
  if (face) await writePersonKeys(work.sql, [id]);
  work.record('user.edited', { userId: id });
  work.audit({ action: 'user.edited', target: { kind: 'user', id, name }, before, after: change, reason });
}

/** Moves everybody of one department to another, or to none. Whoever deletes the department has judged who may, and audits it. */
export async function moveAll(work: Work, from: string, to: string | null): Promise<number> {
  const people = await work.sql<{ id: string }>(
    'select id from users where department_id = $1 order by id for no key update',
    [from],
  );
  for (const person of people) for (const guard of work.use(editGuards)) await guard(work, person, null);
  const moved = await work.sql<{ id: string; name: string }>(
    `with moved as (update users set department_id = $2, updated_at = $3 where id = any ($1::uuid[]) returning id, name)
     select id, name from moved order by id`,
    [people.map(({ id }) => id), to, work.at],
  );
  for (const { id, name } of moved) {
    work.changed({
      table: 'users',
      id,
      op: 'update',
      before: { name, departmentId: from },
      after: { name, departmentId: to },
    });
    work.record('user.edited', { userId: id });
  }
  return moved.length;
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
  for (const guard of work.use(suspensionGuards)) await guard(work, user, reason);
  work.record('user.suspended', { userId: id });
  work.audit({
    action: 'user.suspended',
    target: { kind: 'user', id, name: user.name },
    before: { status: before },
    after: { status: 'suspended' },
    reason,
  });
}

/** Gives a suspended person their access back. Their devices stay ended: they sign in anew, or come by their invitation if they never did. */
export async function reactivate(work: Work, id: string, { reason }: { reason: string }): Promise<void> {
  work.require('users.suspend');
  const user = await lockUser(work, id);
  if (user.status !== 'suspended') return;
  for (const guard of work.use(reactivationGuards)) await guard(work, user, reason);
  const status = user.invitedAt ? 'invited' : 'active';
  await user.update({ status, suspendedAt: null }, { transaction: await work.transaction() });
  work.record('user.reactivated', { userId: id });
  work.audit({
    action: 'user.reactivated',
    target: { kind: 'user', id, name: user.name },
    before: { status: 'suspended' },
    after: { status },
    reason,
  });
}

/** As `suspend`, for many: all of them or, where one is refused, none. */
export async function suspendAll(work: Work, ids: readonly string[], why: { reason: string }): Promise<void> {
  await lockUsers(work, ids);
  for (const id of inOrder(ids)) await suspend(work, id, why);
}

export async function reactivateAll(work: Work, ids: readonly string[], why: { reason: string }): Promise<void> {
  await lockUsers(work, ids);
  for (const id of inOrder(ids)) await reactivate(work, id, why);
}

/** An invited person has come. Whoever calls has seen their invitation. */
export async function activate(work: Work, id: string): Promise<void> {
  const user = await lockUser(work, id);
  if (user.status === 'suspended') throw new Refused('suspended', 'This account is suspended. Ask an administrator.');
  if (user.status !== 'invited') throw conflict('This account is active already. Sign in.');
  await user.update({ status: 'active', invitedAt: null }, { transaction: await work.transaction() });
  work.record('user.activated', { userId: id });
  work.audit({
    action: 'user.activated',
    target: { kind: 'user', id, name: user.name },
    before: { status: 'invited' },
    after: { status: 'active' },
  });
}

/** A device of this person showed a sign of life. An act that holds the person at the moment has something more important to write. */
export async function noteSeen(work: Work, id: string): Promise<void> {
  await work.sql(
    'update users set last_seen_at = $2 where id = (select u.id from users u where u.id = $1 for no key update skip locked)',
    [id, work.at],
  );
}

/** Acts that work through many rows do so in one order, so that two of them cannot wait for each other. */
export const inOrder = (ids: readonly string[]): string[] => [...new Set(ids)].sort();

/**
 * Locks people's rows in the order of their ids until the act ends. An act that changes several people begins with
 * this: locked one by one, as it comes to each of them, they could be locked the other way round by another act.
 */
export async function lockUsers(work: Work, ids: readonly string[]): Promise<void> {
  await work.sql('select from users where id = any ($1::uuid[]) order by id for no key update', [ids]);
}

/** The acting person, what they may do, and what the organisation decided that their interface must know. */
export async function describeMe(work: Work): Promise<Me> {
  const [me] = await work.db.rows<Person>(`select ${personColumns} where u.id = $1`, [work.person()], 'users me');
  if (!me) throw notFound('person');
  const decided = await settings.read(work);
  return {
    ...me,
    permissions: [...work.actor.permissions].sort(),
    readRevisions: decided.readRevisions,
    creates: creatableKinds(work, decided),
  };
}

/** The people with these ids whom the actor may see, in no particular order. */
export async function peopleByIds(work: Work, ids: readonly string[]): Promise<Person[]> {
  return work.db.rows<Person>(`select ${personColumns} where u.id = any ($2::uuid[]) and ${visible(work)}`, [
    work.person(),
    ids,
  ]);
}

/** A person's row, locked until the act ends. */
export async function lockUser(work: Work, id: string): Promise<UserRow> {
  const transaction = await work.transaction();
  const user = await UserRow.findByPk(id, { transaction, lock: transaction.LOCK.NO_KEY_UPDATE });
  if (!user) throw notFound('person');
  return user;
}

/** Refuses a department that is not there; until the act ends it cannot be deleted. */
async function requireDepartment(work: Work, id: string): Promise<void> {
  const found = await work.sql('select from departments where id = $1 for key share', [id]);
  if (found.length === 0) throw notFound('department');
}

const personColumns = `u.id, u.name, u.kind, u.status, u.title, d.name as department from users u left join departments d on d.id = u.department_id`;

/** Text in which the signs of a pattern stand for themselves. */
export const likeable = (text: string): string => text.replace(/[\\%_]/g, (sign) => `\\${sign}`);
