import { conflict, forbidden } from '../kernel/errors.ts';
import { partKey } from '../kernel/parts.ts';
import type { Work } from '../kernel/work.ts';
import { looksLike, type Face } from '../users/faces.ts';
import { lockUser, type EditGuard, type SuspensionGuard } from '../users/users.ts';
import { RoleGrantRow } from './access.model.ts';
import { mayDealWith } from './access.policy.ts';
import { permissionsOf, roleNames, roles, type Role } from './roles.ts';

/*
 * Who holds which role. Two things always hold: the installation keeps an owner who can sign in, and nobody deals in rights they do not have.
 */

/**
 * What else must happen in the same act when what a person may do changes, told with what they may do from its commit
 * on: what is open for them must close before others see the change. `app.ts` lists them.
 */
export type RightsGuard = (work: Work, userId: string, permissions: ReadonlySet<string>) => Promise<void> | void;
export const rightsGuards = partKey<readonly RightsGuard[]>('guards of a change of rights');

/** Gives a person a role; holding it already is fine. */
export async function grant(
  work: Work,
  userId: string,
  role: Role,
  { reason = null }: { reason?: string | null } = {},
): Promise<void> {
  work.require('roles.manage');
  mayDealWith(work, [role], `Granting the role ${role}`);
  const user = await lockUser(work, userId);
  if (user.kind === 'imported') throw conflict('This person only speaks in imported history and can hold no role.');
  await requireNotStronger(work, userId, 'Changing the roles of this person');
  const transaction = await work.transaction();
  if (await RoleGrantRow.findOne({ where: { userId, role }, transaction })) return;
  await RoleGrantRow.create({ userId, role, grantedBy: work.actor.id }, { transaction });
  work.record('role.granted', { userId, role });
  work.audit({
    action: 'role.granted',
    target: { kind: 'user', id: userId, name: user.name },
    after: { role },
    reason,
  });
}

/**
 * Takes a role away. The last owner's stays, because an installation without one cannot be healed from inside;
 * `evenLast` is for a copy of the database that is older than the withdrawal, where the operator makes a new owner with
 * the set-up code.
 */
export async function withdraw(
  work: Work,
  userId: string,
  role: Role,
  { reason, evenLast = false }: { reason: string; evenLast?: boolean },
): Promise<void> {
  work.require('roles.manage');
  mayDealWith(work, [role], `Withdrawing the role ${role}`);
  const user = await lockUser(work, userId);
  await requireNotStronger(work, userId, 'Changing the roles of this person');
  if (role === 'owner' && !evenLast) await requireAnotherOwner(work, userId);
  const transaction = await work.transaction();
  const held = await RoleGrantRow.findOne({ where: { userId, role }, transaction });
  if (!held) return;
  await held.destroy({ transaction });
  await changeRights(work, userId, permissionsOf(await rolesOf(work, userId)));
  work.record('role.withdrawn', { userId, role });
  work.audit({
    action: 'role.withdrawn',
    target: { kind: 'user', id: userId, name: user.name },
    before: { role },
    reason,
  });
}

/** The roles a person holds. */
export async function rolesOf(work: Work, userId: string): Promise<Role[]> {
  const rows = await work.sql<{ role: Role }>('select role from role_grants where user_id = $1 order by role', [
    userId,
  ]);
  return rows.map((row) => row.role);
}

/** The roles of many people at once, for lists. Needs `roles.read`, but for one's own. */
export async function rolesOfAll(work: Work, userIds: readonly string[]): Promise<Map<string, Role[]>> {
  if (userIds.some((id) => id !== work.actor.id)) work.require('roles.read');
  const rows = await work.sql<{ userId: string; roles: Role[] }>(
    'select user_id as "userId", array_agg(role order by role) as roles from role_grants where user_id = any ($1::uuid[]) group by user_id',
    [userIds],
  );
  return new Map(rows.map((row) => [row.userId, row.roles]));
}

/** How many people hold each role. Needs `roles.read`. */
export async function countHolders(work: Work): Promise<Map<Role, number>> {
  work.require('roles.read');
  const rows = await work.sql<{ role: Role; count: number }>(
    'select role, count(*)::int as count from role_grants group by role',
  );
  return new Map(rows.map(({ role, count }) => [role, count]));
}

/** Nobody is suspended by somebody weaker, and the last owner not at all. */
export const guardSuspension: SuspensionGuard = async (work, user) => {
  const held = await rolesOf(work, user.id);
  mayDealWith(work, held, 'Suspending this person');
  if (held.includes('owner')) await requireAnotherOwner(work, user.id);
  await changeRights(work, user.id, permissionsOf([]));
};

/** Giving access back gives rights back: nobody gives back more than they have. */
export const guardReactivation: SuspensionGuard = (work, user) =>
  requireNotStronger(work, user.id, 'Reactivating this person');

/**
 * Others know a person by their facts: an actor cannot change those of a stronger person, or give a person the face of
 * one.
 */
export const guardEdit: EditGuard = async (work, user, face) => {
  if (user) await requireNotStronger(work, user.id, 'Changing this person');
  if (face) await requireOwnFace(work, face, user?.id ?? null);
};

/** Refuses a name and title by which a person could be taken for one who holds permissions the actor lacks. */
async function requireOwnFace(work: Work, face: Face, userId: string | null): Promise<void> {
  const stronger = roleNames.filter((role) => roles[role].some((permission) => !work.may(permission)));
  const people = await work.sql<Face>(
    `select u.name, u.title from users u where u.id is distinct from $2 and exists (select from role_grants g where g.user_id = u.id and g.role = any ($1))`,
    [stronger, userId],
  );
  if (people.some((person) => looksLike(person, face)))
    throw forbidden('With this name and title the person would be taken for one who may do more than you.');
}

const changeRights = async (work: Work, userId: string, permissions: ReadonlySet<string>): Promise<void> => {
  for (const guard of work.use(rightsGuards)) await guard(work, userId, permissions);
};

/** Refuses where the person holds a right the actor does not have. */
export async function requireNotStronger(work: Work, userId: string, what: string): Promise<void> {
  mayDealWith(work, await rolesOf(work, userId), what);
}

async function requireAnotherOwner(work: Work, userId: string): Promise<void> {
  if (!(await hasAnotherOwner(work, userId)))
    throw conflict('This is the last owner. Make another person an owner first.');
}

/** Whether this person is an owner and no other active person is. */
export async function isLastOwner(work: Work, userId: string): Promise<boolean> {
  const held = await work.sql(`select from role_grants where role = 'owner' and user_id = $1`, [userId]);
  return held.length > 0 && !(await hasAnotherOwner(work, userId));
}

/**
 * Locks all owners, so that two acts cannot each take the other's spare owner away, and then counts on a fresh
 * snapshot.
 */
async function hasAnotherOwner(work: Work, userId: string): Promise<boolean> {
  await work.sql(`select user_id from role_grants where role = 'owner' order by user_id for no key update`);
  const others = await work.sql(
    `select from role_grants g join users u on u.id = g.user_id where g.role = 'owner' and u.status = 'active' and u.kind = 'person' and u.id <> $1 limit 1`,
    [userId],
  );
  return others.length > 0;
}
