import { createHash } from 'node:crypto';
import type * as z from 'zod/mini';
import type { Invitation, Invited } from '@parley/protocol/identity.ts';
import { grant, requireNotStronger } from '../access/access.ts';
import type { Role } from '../access/roles.ts';
import type { Actor } from '../kernel/actor.ts';
import { conflict, Refused } from '../kernel/errors.ts';
import { newId, newSecret } from '../kernel/ids.ts';
import { inWork, type Work } from '../kernel/work.ts';
import * as users from '../users/users.ts';
import { identity } from './identity.ts';
import { hashNewPassword } from './password-rules.ts';
import { storePassword } from './passwords.ts';

/*
 * How people come in: somebody who may invites them, and hands them a link that works once, for a week. The link's secret is shown that one time
 * and kept nowhere; the database has its hash, as it has of passwords.
 */

/** Milliseconds an invitation is good for. */
export const invitationLife = 7 * 24 * 3_600_000;

export type Guest = {
  name: string;
  email: string;
  title?: string | null;
  departmentId?: string | null;
  roles: readonly Role[];
  reason?: string | null;
};
export type Invite = { id: string; link: string };

/** Brings a person in as invited, with roles the inviter may grant, and answers with the link for them. Somebody who is only a guest stays one in kind. */
export async function invite(
  work: Work,
  { name, email, title = null, departmentId = null, roles, reason = null }: Guest,
): Promise<Invite> {
  work.require('users.invite');
  const kind = roles.every((role) => role === 'guest') ? 'guest' : 'person';
  const id = await users.create(work, {
    kind,
    status: 'invited',
    name,
    email: email.trim(),
    title,
    departmentId,
    reason,
  });
  for (const role of users.inOrder(roles) as Role[]) await grant(work, id, role, { reason });
  return { id, link: await makeLink(work, { id, name }, reason) };
}

/** A new link for somebody who was invited and has not come; the links before it open nothing any more. */
export async function inviteAgain(
  work: Work,
  id: string,
  { reason = null }: { reason?: string | null } = {},
): Promise<Invite> {
  work.require('users.invite');
  const user = await users.lockUser(work, id);
  if (user.status !== 'invited') throw conflict(`${user.name} is not waiting for an invitation.`);
  // Whoever holds the link becomes that person.
  await requireNotStronger(work, id, 'Inviting this person again');
  const voided = await work.sql<{ id: string }>(
    'update invitations set void_at = $2 where user_id = $1 and used_at is null and void_at is null returning id',
    [id, work.at],
  );
  for (const old of voided)
    work.changed({
      table: 'invitations',
      id: old.id,
      op: 'update',
      before: { userId: id, voidAt: null },
      after: { userId: id, voidAt: work.at },
    });
  for (const old of voided) work.record('invitation.ended', { invitationId: old.id, userId: id, because: 'replaced' });
  return { id, link: await makeLink(work, user, reason) };
}

/** Voids one open invitation; a new one may be made. */
export async function endInvitation(work: Work, id: string, because: string, reason: string): Promise<void> {
  const [voided] = await work.sql<{ userId: string }>(
    'update invitations set void_at = $2 where id = $1 and used_at is null and void_at is null returning user_id as "userId"',
    [id, work.at],
  );
  if (!voided) return;
  const { userId } = voided;
  work.changed({
    table: 'invitations',
    id,
    op: 'update',
    before: { userId, voidAt: null },
    after: { userId, voidAt: work.at },
  });
  work.record('invitation.ended', { invitationId: id, userId, because });
  work.audit({ action: 'invitation.ended', target: { kind: 'user', id: userId }, after: { because }, reason });
}

/** The invited person chooses a password. A link works once: of two who use it at the same moment, one comes in. */
export async function accept(work: Work, { token, password }: z.output<typeof Invitation>): Promise<Invited> {
  const hash = hashOf(token);
  const [open] = await work.db.rows<{ userId: string; name: string; email: string }>(
    'select i.user_id as "userId", u.name, u.email from invitations i join users u on u.id = i.user_id where i.hash = $1 and i.used_at is null and i.void_at is null and i.expires_at > $2',
    [hash, work.at],
  );
  if (!open) {
    // Only wrong links are charged: strangers at this address must not keep out a person who holds a right one, which
    // cannot be guessed.
    await work.use(identity).limits.knock('invitation', work.doorway.address ?? 'unknown');
    throw spent();
  }
  // Slow on purpose, so before anything is locked.
  const hashed = await hashNewPassword(work, password, open);
  const invited: Actor = { kind: 'person', id: open.userId, name: open.name, deviceId: null, permissions: new Set() };
  return inWork(work.house, invited, (act) => comeIn(act, hash, hashed), { doorway: work.doorway });
}

async function comeIn(act: Work, hash: Buffer, password: string): Promise<Invited> {
  // The person before the invitation, as those lock them who replace it.
  await users.lockUser(act, act.person());
  const [used] = await act.sql<{ id: string; userId: string }>(
    'update invitations set used_at = $2 where hash = $1 and used_at is null and void_at is null and expires_at > $2 returning id, user_id as "userId"',
    [hash, act.at],
  );
  if (!used) throw spent();
  act.changed({
    table: 'invitations',
    id: used.id,
    op: 'update',
    before: { userId: used.userId, usedAt: null },
    after: { userId: used.userId, usedAt: act.at },
  });
  act.record('invitation.ended', { invitationId: used.id, userId: used.userId, because: 'used' });
  await users.activate(act, used.userId);
  await storePassword(act, used.userId, password);
  const [{ name, email }] = (await act.sql<{ name: string; email: string }>(
    'select name, email from users where id = $1',
    [used.userId],
  )) as [{ name: string; email: string }];
  return { userId: used.userId, name, email };
}

async function makeLink(work: Work, user: { id: string; name: string }, reason: string | null): Promise<string> {
  const token = newSecret();
  const expiresAt = new Date(work.at.getTime() + invitationLife);
  const id = newId();
  await work.sql(
    'insert into invitations (id, user_id, hash, made_by, made_at, expires_at) values ($1, $2, $3, $4, $5, $6)',
    [id, user.id, hashOf(token), work.actor.id, work.at, expiresAt],
  );
  work.changed({
    table: 'invitations',
    id,
    op: 'insert',
    before: null,
    after: { userId: user.id, madeBy: work.actor.id, madeAt: work.at, expiresAt },
  });
  work.record('user.invited', { userId: user.id });
  work.audit({
    action: 'user.invited',
    target: { kind: 'user', id: user.id, name: user.name },
    after: { expiresAt },
    reason,
  });
  // Behind the #, a browser tells the token to no server and no log.
  return `${work.use(identity).publicUrl ?? ''}/invite#${token}`;
}

const hashOf = (token: string) => createHash('sha256').update(token).digest();
const spent = () =>
  new Refused(
    'wrong_credentials',
    'This invitation is not valid: it was used, replaced, or is older than a week. Ask for a new one.',
  );
