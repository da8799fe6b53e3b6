import { createHash } from 'node:crypto';
import type * as z from 'zod/mini';
import type { Invited, PasswordReset, ResetPerson } from '@parley/protocol/identity.ts';
import { requireNotStronger } from '../access/access.ts';
import type { Actor } from '../kernel/actor.ts';
import { conflict, Refused } from '../kernel/errors.ts';
import { newId, newSecret } from '../kernel/ids.ts';
import { inWork, type Work } from '../kernel/work.ts';
import * as users from '../users/users.ts';
import { endDevices } from './devices.ts';
import { identity } from './identity.ts';
import { markFor } from './known-device.ts';
import { hashNewPassword } from './password-rules.ts';
import { revokePassword, storePassword, voidResets } from './passwords.ts';

/*
 * The way back in for a person who forgot their password, or whose account strangers keep limited by guessing: an
 * administrator or the operator makes a one-time link and hands it to them. The secret is shown once; the database has
 * its hash. Until the link is used the old password works, as elsewhere: a link must not be a way to lock a person out
 * by mistake. `endAccess` is for a password that leaked.
 */

/** Milliseconds a link is good for. */
export const resetLifeMs = 24 * 3_600_000;

export type ResetOptions = {
  /** Whether the old password and every device end now, before the link is used. */
  endAccess?: boolean;
  reason?: string | null;
};

/**
 * Makes a link with which a person chooses a new password; the links before it open nothing any more. Needs
 * `users.resetPassword`.
 */
export async function makeLink(
  work: Work,
  userId: string,
  { endAccess = false, reason = null }: ResetOptions = {},
): Promise<{ id: string; resetLink: string }> {
  work.require('users.resetPassword');
  if (userId === work.actor.id)
    throw conflict('Change your own password on your account page: it asks for the current one.');
  const user = await users.lockUser(work, userId);
  requireSignsIn(user);
  // The holder of the link becomes that person.
  await requireNotStronger(work, userId, 'Resetting the password of this person');
  await voidResets(work, userId);
  if (endAccess) await endAccessNow(work, userId, reason);
  const token = newSecret();
  const expiresAt = new Date(work.at.getTime() + resetLifeMs);
  const id = newId();
  await work.sql(
    'insert into password_resets (id, user_id, hash, made_by, made_at, expires_at) values ($1, $2, $3, $4, $5, $6)',
    [id, userId, hashOf(token), work.actor.id, work.at, expiresAt],
  );
  work.changed({
    table: 'password_resets',
    id,
    op: 'insert',
    before: null,
    after: { userId, madeBy: work.actor.id, madeAt: work.at, expiresAt },
  });
  work.record('password.reset', { userId });
  work.audit({
    action: 'password.reset',
    target: { kind: 'user', id: userId, name: user.name },
    after: { expiresAt, endAccess },
    reason,
  });
  // Behind the #, a browser tells the token to no server and no log.
  return { id: userId, resetLink: `${work.use(identity).publicUrl ?? ''}/reset#${token}` };
}

/** The person with this address, for the operator, who knows people by it. */
export async function personByEmail(work: Work, email: string): Promise<{ id: string; name: string } | null> {
  const rows = await work.sql<{ id: string; name: string }>(
    'select id, name from users where address_key(email) = address_key($1)',
    [email.trim()],
  );
  return rows[0] ?? null;
}

/** Whom a link is for. Its holder may become that person anyway: telling their name and address adds nothing. */
export async function personOf(work: Work, { token }: { token: string }): Promise<ResetPerson> {
  const { name, email } = await findOpen(work, token);
  return { name, email };
}

/**
 * Chooses a new password with a link, which works once: of two that use it at the same moment, one succeeds. Every
 * device of the person ends. The mark makes this browser a known one, so that signing in works while strangers keep the
 * account limited.
 */
export async function use(
  work: Work,
  { token, password }: z.output<typeof PasswordReset>,
  mark?: string,
): Promise<Invited & { mark: string }> {
  const open = await findOpen(work, token);
  // Slow on purpose, so before anything is locked.
  const hash = await hashNewPassword(work, password, open);
  const actor: Actor = { kind: 'person', id: open.userId, name: open.name, deviceId: null, permissions: new Set() };
  const at = await inWork(work.house, actor, (act) => spend(act, open.userId, hashOf(token), hash), {
    doorway: work.doorway,
  });
  const { userId, name, email } = open;
  const { keys } = work.use(identity);
  return { userId, name, email, mark: markFor(keys, mark, { userId, passwordChangedAt: at }) };
}

async function spend(act: Work, userId: string, tokenHash: Buffer, passwordHash: string): Promise<Date> {
  const user = await users.lockUser(act, userId);
  if (user.status === 'suspended') throw new Refused('suspended', 'This account is suspended. Ask an administrator.');
  const [used] = await act.sql<{ id: string }>(
    'update password_resets set used_at = $2 where hash = $1 and used_at is null and void_at is null and expires_at > $2 returning id',
    [tokenHash, act.at],
  );
  if (!used) throw spent();
  act.changed({
    table: 'password_resets',
    id: used.id,
    op: 'update',
    before: { userId, usedAt: null },
    after: { userId, usedAt: act.at },
  });
  act.record('password.reset_ended', { resetId: used.id, userId });
  await storePassword(act, userId, passwordHash, { by: 'reset link' });
  await endDevices(act, 'user_id = $1', userId, 'password reset', null);
  return act.at;
}

/** The old password opens nothing from now on, and every device ends: only the link leads back in. */
async function endAccessNow(work: Work, userId: string, reason: string | null): Promise<void> {
  await revokePassword(work, userId, reason);
  await endDevices(work, 'user_id = $1', userId, 'password reset', reason);
}

function requireSignsIn(user: { name: string; kind: string; status: string }): void {
  if (user.kind !== 'person' && user.kind !== 'guest') throw conflict(`${user.name} does not sign in with a password.`);
  if (user.status === 'suspended') throw conflict(`${user.name} is suspended. Reactivate them first.`);
  if (user.status !== 'active')
    throw conflict(`${user.name} has not accepted their invitation yet. Make a new invitation link instead.`);
}

async function findOpen(work: Work, token: string): Promise<{ userId: string; name: string; email: string }> {
  const [open] = await work.db.rows<{ userId: string; name: string; email: string }>(
    `select r.user_id as "userId", u.name, u.email from password_resets r join users u on u.id = r.user_id
     where r.hash = $1 and r.used_at is null and r.void_at is null and r.expires_at > $2`,
    [hashOf(token), work.at],
  );
  if (!open) {
    // Only wrong links are charged: strangers at this address must not keep out a person who holds a right one.
    await work.use(identity).limits.knock('password-reset', work.doorway.address ?? 'unknown');
    throw spent();
  }
  return open;
}

const hashOf = (token: string) => createHash('sha256').update(token).digest();
const spent = () =>
  new Refused(
    'wrong_credentials',
    'This link is not valid: it was used, replaced, or is older than a day. Ask for a new one.',
  );
