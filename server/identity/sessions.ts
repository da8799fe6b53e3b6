import type { Session } from '@parley/protocol/identity.ts';
import type { PersonKind, PersonStatus } from '@parley/protocol/people.ts';
import { system } from '../kernel/actor.ts';
import { forbidden, Refused, unauthenticated } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { inWork, type Work } from '../kernel/work.ts';
import { noteSeen } from '../users/users.ts';
import { accessSeconds, signAccess } from './access-token.ts';
import { endDevices, endSurplus } from './devices.ts';
import { identity } from './identity.ts';
import { same } from './keys.ts';
import { knownAs, markFor } from './known-device.ts';
import { verifyPassword } from './passwords.ts';
import { deviceOf, firstToken, graceMs, hashOf, idleMs, successorOf } from './refresh-token.ts';
import { auditRefusedSignIn } from './sign-in-audit.ts';

/*
 * Sessions: a person signs in on a device, refreshes there, signs out. An access token lives minutes and in memory; a refresh token lives with
 * the device and changes at every use.
 */

/** What signing in and refreshing gives: the session, and the refresh token for whoever keeps it. */
export type Granted = { session: Session; refreshToken: string };

type Account = {
  userId: string;
  name: string;
  kind: PersonKind;
  status: PersonStatus;
  hash: string | null;
  passwordChangedAt: Date | null;
};

/**
 * Signs a person in on a new device. A wrong password and an unknown account are one answer after the same work; that an account is suspended
 * is said only to whoever knows its password. `mark` is the browser's known-device mark, if it has one.
 */
export async function signIn(
  work: Work,
  input: { email: string; password: string; device: string },
  mark?: string,
): Promise<Granted & { mark: string }> {
  const { keys, limits } = work.use(identity);
  const address = work.doorway.address ?? 'unknown';
  await limits.knock(address);
  const { account, email } = await findAccount(work, input.email);
  const marked = account?.passwordChangedAt
    ? { userId: account.userId, passwordChangedAt: account.passwordChangedAt }
    : null;
  const attempt = await limits
    .attempt({ address, email, known: knownAs(keys, mark, marked) })
    .catch((error: unknown) => refuse(work, account, 'too many attempts', error));
  if (!(await verifyPassword(input.password, account?.hash ?? null)) || !account || !marked) {
    return refuse(
      work,
      account,
      'wrong password',
      new Refused('wrong_credentials', 'The e-mail address or the password is wrong.'),
    );
  }
  await attempt.forgive();
  if (account.status === 'suspended') return refuse(work, account, 'suspended', suspended());
  if (account.status !== 'active')
    return refuse(work, account, 'not activated', forbidden('This account has not been activated yet.'));
  const granted = await inWork(work.house, person(account), (act) => openDevice(act, account, input.device), {
    doorway: work.doorway,
  });
  return { ...granted, mark: markFor(keys, mark, marked) };
}

/**
 * Exchanges a refresh token for its successor and a new access token.
 * 1. The token in force is replaced by its successor.
 * 2. The one before it gets that same successor again, for a minute: the answer was lost, or two tabs asked at once.
 * 3. Any older one, or that one later, was copied: the device is ended, audited, and its connections close.
 */
export async function refresh(work: Work, token: string): Promise<Granted> {
  const { keys } = work.use(identity);
  const deviceId = deviceOf(keys, token);
  if (!deviceId) throw unauthenticated('The refresh token is not valid. Sign in again.');
  // In an act of its own: ending a device must be kept although the answer is a refusal.
  const outcome = await inWork(work.house, system('session keeper'), (act) => rotate(act, deviceId, token), {
    doorway: work.doorway,
  });
  if (outcome instanceof Refused) throw outcome;
  return grant(work, outcome.userId, deviceId, successorOf(keys, token));
}

/** Ends the device a refresh token belongs to. A token nobody knows ends nothing and is no error: the asker is signed out either way. */
export async function signOut(work: Work, token: string): Promise<void> {
  const deviceId = deviceOf(work.use(identity).keys, token);
  if (!deviceId) return;
  const [device] = await work.sql<{ current: Buffer; previous: Buffer | null }>(
    'select refresh_hash as current, previous_hash as previous from devices where id = $1',
    [deviceId],
  );
  const hash = hashOf(token);
  if (device && (same(hash, device.current) || same(hash, device.previous)))
    await endDevices(work, 'id = $1', deviceId, 'signed out', null);
}

const suspended = () => new Refused('suspended', 'This account is suspended. Ask an administrator.');
const ended = () => new Refused('session_ended', 'This session has ended. Sign in again.');
const person = ({ userId, name }: Account) => ({
  kind: 'person' as const,
  id: userId,
  name,
  deviceId: null,
  permissions: new Set<string>(),
});

/** The account of an address, and the address as the database folds it: what it finds rows by is what attempts are counted by. */
async function findAccount(work: Work, typed: string): Promise<{ account: Account | null; email: string }> {
  const [row] = await work.db.rows<{ [K in keyof Account]: Account[K] | null } & { email: string }>(
    `select a.email, u.id as "userId", u.name, u.kind, u.status, p.hash, p.changed_at as "passwordChangedAt"
     from (select lower($1) as email) a left join users u on lower(u.email) = a.email and u.kind in ('person', 'guest')
       left join passwords p on p.user_id = u.id`,
    [typed],
    'account by email',
  );
  const { email, ...account } = row!;
  return { email, account: account.userId === null ? null : (account as Account) };
}

async function refuse(work: Work, account: Account | null, why: string, error: unknown): Promise<never> {
  if (error instanceof Refused) await auditRefusedSignIn(work, account, why);
  throw error;
}

async function openDevice(act: Work, account: Account, name: string): Promise<Granted> {
  // Whoever suspends this person now waits for us, or we see it: no device outlives the suspension.
  const [user] = await act.sql<{ status: PersonStatus }>('select status from users where id = $1 for no key update', [
    account.userId,
  ]);
  if (user?.status !== 'active') throw suspended();
  await endSurplus(act, account.userId);
  const deviceId = newId();
  const token = firstToken(act.use(identity).keys, deviceId);
  await act.sql(
    `insert into devices (id, user_id, name, address, user_agent, created_at, last_seen_at, rotated_at, updated_at, refresh_hash) values ($1, $2, $3, $4, $5, $6, $6, $6, $6, $7)`,
    [deviceId, account.userId, name, act.doorway.address ?? null, act.doorway.userAgent ?? null, act.at, hashOf(token)],
  );
  act.changed({ table: 'devices', id: deviceId, op: 'insert', before: null, after: { userId: account.userId, name } });
  await noteSeen(act, account.userId);
  act.record('session.started', { userId: account.userId, deviceId });
  act.audit({
    action: 'session.started',
    target: { kind: 'user', id: account.userId, name: account.name },
    after: { deviceId, device: name },
  });
  return grant(act, account.userId, deviceId, token);
}

type DeviceRow = {
  userId: string;
  status: PersonStatus;
  current: Buffer;
  previous: Buffer | null;
  rotatedAt: Date;
  endedAt: Date | null;
};

async function rotate(act: Work, deviceId: string, token: string): Promise<{ userId: string } | Refused> {
  const [device] = await act.sql<DeviceRow>(
    `select d.user_id as "userId", u.status, d.refresh_hash as current, d.previous_hash as previous, d.rotated_at as "rotatedAt", d.ended_at as "endedAt"
     from devices d join users u on u.id = d.user_id where d.id = $1 for no key update of d`,
    [deviceId],
  );
  if (!device) return ended();
  if (device.status !== 'active') return suspended();
  if (device.endedAt) return ended();
  const hash = hashOf(token);
  const sinceMs = act.at.getTime() - device.rotatedAt.getTime();
  if (same(hash, device.current)) {
    if (sinceMs > idleMs) return endBecause(act, deviceId, 'unused for 30 days');
    await act.sql(
      `update devices set previous_hash = refresh_hash, refresh_hash = $2, rotated_at = $3, last_seen_at = $3, updated_at = $3, address = coalesce($4, address) where id = $1`,
      [deviceId, hashOf(successorOf(act.use(identity).keys, token)), act.at, act.doorway.address ?? null],
    );
    await noteSeen(act, device.userId);
    return { userId: device.userId };
  }
  if (same(hash, device.previous) && sinceMs <= graceMs) return { userId: device.userId };
  return endBecause(act, deviceId, 'a spent refresh token was presented');
}

async function endBecause(act: Work, deviceId: string, because: string): Promise<Refused> {
  await endDevices(act, 'id = $1', deviceId, because, null);
  return ended();
}

async function grant(work: Work, userId: string, deviceId: string, refreshToken: string): Promise<Granted> {
  const accessToken = await signAccess(work.use(identity).keys, { userId, deviceId });
  return { session: { accessToken, expiresIn: accessSeconds, deviceId, userId }, refreshToken };
}
