import { conflict } from '../kernel/errors.ts';
import type { Work } from '../kernel/work.ts';
import { lockUser, type SuspensionGuard } from '../users/users.ts';
import { RoleGrantRow } from './access.model.ts';
import { mayDealWith } from './access.policy.ts';
import type { Role } from './roles.ts';

/*
 * Who holds which role. Two things always hold: the installation keeps an owner who can sign in, and nobody deals in rights they do not have.
 */

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
 * Takes a role away. The last owner's stays, because an installation without one cannot be healed from inside; `evenLast` is for a copy of the
 * database that is older than the withdrawal, where the operator makes a new owner with the set-up code.
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
  if (role === 'owner' && !evenLast) await requireAnotherOwner(work, userId);
  const transaction = await work.transaction();
  const held = await RoleGrantRow.findOne({ where: { userId, role }, transaction });
  if (!held) return;
  await held.destroy({ transaction });
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
};

/** Giving access back gives rights back: nobody gives back more than they have. */
export const guardReactivation: SuspensionGuard = (work, user) =>
  requireNotStronger(work, user.id, 'Reactivating this person');

/** Refuses where the person holds a right the actor does not have. */
export async function requireNotStronger(work: Work, userId: string, what: string): Promise<void> {
  mayDealWith(work, await rolesOf(work, userId), what);
}

async function requireAnotherOwner(work: Work, userId: string): Promise<void> {
  if (!(await hasAnotherOwner(work, userId)))
    throw conflict('This is the last owner. Make somebody else an owner first.');
}

/** Whether this person is an owner and no other active person is. */
export async function isLastOwner(work: Work, userId: string): Promise<boolean> {
  const held = await work.sql(`select from role_grants where role = 'owner' and user_id = $1`, [userId]);
  return held.length > 0 && !(await hasAnotherOwner(work, userId));
}

/** Locks all owners, so that two acts cannot each take the other's spare owner away, and then counts on a fresh snapshot. */
async function hasAnotherOwner(work: Work, userId: string): Promise<boolean> {
  await work.sql(`select user_id from role_grants where role = 'owner' order by user_id for no key update`);
  const others = await work.sql(
    `select from role_grants g join users u on u.id = g.user_id where g.role = 'owner' and u.status = 'active' and u.kind = 'person' and u.id <> $1 limit 1`,
    [userId],
  );
  return others.length > 0;
}
