import type { Session } from '@parley/protocol/identity.ts';
import type { PersonKind, PersonStatus } from '@parley/protocol/people.ts';
import { stranger, system } from '../kernel/actor.ts';
import type { Shown } from '../kernel/authority.ts';
import { forbidden, malformed, Refused, unauthenticated } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { recordBurst } from '../kernel/refusals.ts';
import { inWork, type Work } from '../kernel/work.ts';
import * as settings from '../settings/settings.ts';
import { noteSeen } from '../users/users.ts';
import { accessSeconds, signAccess, type AccessClaims } from './access-token.ts';
import { isProof, type NoProof, type Proof } from './device-proof.ts';
import { dayMs, endDevices, endSurplus, tooIdle, tooOld } from './devices.ts';
import { identity } from './identity.ts';
import { same } from './keys.ts';
import { knownAs, markFor } from './known-device.ts';
import { verifyPassword } from './passwords.ts';
import { deviceOf, firstToken, graceMs, hashOf, idleMs, successorOf } from './refresh-token.ts';
import { auditRefusedSignIn } from './sign-in-audit.ts';

/*
 * Sessions: a person signs in on a device, refreshes there, signs out. An access token lives minutes and in memory; a refresh token lives with
 * the device and changes at every use. A device that signed in with a proof of a key refreshes with one too, and its
 * tokens count only with one.
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
 * is said only to a caller who knows its password. `mark` is the browser's known-device mark, if it has one; `shown`
 * may carry the proof of a key, which the device is then bound to.
 */
export async function signIn(
  work: Work,
  input: { email: string; password: string; device: string },
  shown: Shown,
  mark?: string,
): Promise<Granted & { mark: string }> {
  const { keys, limits, proofs } = work.use(identity);
  const address = work.doorway.address ?? 'unknown';
  // Its nonce is not asked for: here a repeated proof binds the password's owner to a key, and gives the repeater
  // nothing.
  const proof = shown.proof === undefined ? null : await proofs.read(shown);
  if (proof && !isProof(proof)) throw malformed(`DPoP: ${proof.fault}.`);
  // Only a browser that shows a mark may be one the account knows; whether it is, the account's row tells.
  if (!mark) await limits.requireLeft('session', address);
  const { account, email } = await findAccount(work, input.email);
  const marked = account?.passwordChangedAt
    ? { userId: account.userId, passwordChangedAt: account.passwordChangedAt }
    : null;
  const known = knownAs(keys, mark, marked);
  // What strangers at this address used up is no business of a browser the account knows.
  const visit = known ? null : await limits.enter('session', address);
  try {
    const attempt = await limits
      .attempt({ address, email, known })
      .catch((error: unknown) => refuse(work, email, account, 'too many attempts', error));
    const right = await verifyPassword(input.password, account?.hash ?? null, { first: known !== null });
    if (!right || !account || !marked) {
      return await refuse(
        work,
        email,
        account,
        'wrong password',
        new Refused('wrong_credentials', 'The e-mail address or the password is wrong.'),
      );
    }
    await attempt.forgive();
    await visit?.forgive();
  } finally {
    visit?.leave();
  }
  if (account.status === 'suspended') return refuse(work, email, account, 'suspended', suspended());
  if (account.status !== 'active')
    return refuse(work, email, account, 'not activated', forbidden('This account has not been activated yet.'));
  const granted = await inWork(
    work.house,
    person(account),
    (act) => openDevice(act, account, input.device, proof?.thumbprint ?? null),
    {
      doorway: work.doorway,
    },
  );
  return { ...granted, mark: markFor(keys, mark, marked) };
}

/**
 * Exchanges a refresh token for its successor and a new access token.
 * 1. The token in force is replaced by its successor.
 * 2. The previous one gets that same successor again until an access token made from it has been used, and for ten
 *    seconds more: the answer was lost, or two tabs asked at once. Each such second answer is audited, and counted
 *    where the person sees their devices.
 * 3. Any older one, or that one later, was copied: the device is ended, audited, and its connections close.
 * 4. A device with a key shows a fresh proof of it. A copied token without one is refused and audited, and changes
 *    nothing: else its thief could end the honest device.
 */
export async function refresh(work: Work, token: string, shown: Shown): Promise<Granted> {
  const { keys, proofs } = work.use(identity);
  const deviceId = deviceOf(keys, token);
  if (!deviceId) throw unauthenticated('The refresh token is not valid. Sign in again.');
  const proof = await proofs.read(shown);
  // In an act of its own: ending a device must be kept although the answer is a refusal.
  const outcome = await inWork(work.house, system('session keeper'), (act) => rotate(act, deviceId, token, proof), {
    doorway: work.doorway,
  });
  if ('refused' in outcome) {
    if (outcome.fault !== undefined) await auditFalseProof(work, deviceId, outcome.device, outcome.fault);
    throw outcome.refused;
  }
  if (outcome.repeated) await auditRepeat(work, deviceId, outcome);
  return grant(work, { ...outcome, deviceId }, successorOf(keys, token));
}

/**
 * Ends the device a refresh token belongs to. A token that is not known ends nothing and is no error: the asker is
 * signed out either way. No proof of a key is asked for: a browser that lost its key must be able to end what it can no
 * longer use.
 */
export async function signOut(work: Work, token: string, because = 'signed out'): Promise<void> {
  const deviceId = deviceOf(work.use(identity).keys, token);
  if (!deviceId) return;
  const [device] = await work.sql<{ current: Buffer; previous: Buffer | null }>(
    'select refresh_hash as current, previous_hash as previous from devices where id = $1',
    [deviceId],
  );
  const hash = hashOf(token);
  if (device && (same(hash, device.current) || same(hash, device.previous)))
    await endDevices(work, 'id = $1', deviceId, because, null);
}

const suspended = () => new Refused('suspended', 'This account is suspended. Ask an administrator.');
const ended = () => new Refused('session_ended', 'This session has ended. Sign in again.');
const keyMissing = () =>
  new Refused('session_ended', 'This session is bound to a key that this device did not show. Sign in again.');
const person = ({ userId, name }: Account) => ({
  kind: 'person' as const,
  id: userId,
  name,
  deviceId: null,
  permissions: new Set<string>(),
});

/**
 * The account of an address, and the address as the database folds it: what it finds rows by is what attempts are
 * counted by.
 */
async function findAccount(work: Work, typed: string): Promise<{ account: Account | null; email: string }> {
  const [row] = await work.db.rows<{ [K in keyof Account]: Account[K] | null } & { email: string }>(
    `select a.email, u.id as "userId", u.name, u.kind, u.status, p.hash, p.changed_at as "passwordChangedAt"
     from (select address_key($1) as email) a left join users u on address_key(u.email) = a.email and u.kind in ('person', 'guest')
       left join passwords p on p.user_id = u.id`,
    [typed],
    'account by email',
  );
  const { email, ...account } = row!;
  return { email, account: account.userId === null ? null : (account as Account) };
}

async function refuse(work: Work, email: string, account: Account | null, why: string, error: unknown): Promise<never> {
  if (error instanceof Refused) await auditRefusedSignIn(work, email, account, why);
  throw error;
}

async function openDevice(act: Work, account: Account, name: string, keyThumbprint: string | null): Promise<Granted> {
  // Whoever suspends this person now waits for us, or we see it: no device outlives the suspension.
  const [user] = await act.sql<{ status: PersonStatus }>('select status from users where id = $1 for no key update', [
    account.userId,
  ]);
  if (user?.status !== 'active') throw suspended();
  await endSurplus(act, account.userId);
  const deviceId = newId();
  const token = firstToken(act.use(identity).keys, deviceId);
  await act.sql(
    `insert into devices (id, user_id, name, address, user_agent, created_at, last_seen_at, rotated_at, updated_at, refresh_hash, key_thumbprint) values ($1, $2, $3, $4, $5, $6, $6, $6, $6, $7, $8)`,
    [
      deviceId,
      account.userId,
      name,
      act.doorway.address ?? null,
      act.doorway.userAgent ?? null,
      act.at,
      hashOf(token),
      keyThumbprint,
    ],
  );
  act.changed({ table: 'devices', id: deviceId, op: 'insert', before: null, after: { userId: account.userId, name } });
  await noteSeen(act, account.userId);
  act.record('session.started', { userId: account.userId, deviceId });
  act.audit({
    action: 'session.started',
    target: { kind: 'user', id: account.userId, name: account.name },
    after: { deviceId, device: name, bound: keyThumbprint !== null },
  });
  return grant(act, { userId: account.userId, deviceId, generation: 1, keyThumbprint }, token);
}

type DeviceRow = {
  userId: string;
  name: string;
  status: PersonStatus;
  current: Buffer;
  previous: Buffer | null;
  generation: number;
  successorUsedAt: Date | null;
  keyThumbprint: string | null;
  createdAt: Date;
  rotatedAt: Date;
  endedAt: Date | null;
};

type Rotated =
  | { userId: string; device: string; generation: number; keyThumbprint: string | null; repeated: boolean }
  /** `fault`: what was wrong with the proof, to be audited. */
  | { refused: Refused; device: string; fault?: string };

async function rotate(act: Work, deviceId: string, token: string, proof: Proof | NoProof): Promise<Rotated> {
  const [device] = await act.sql<DeviceRow>(
    `select d.user_id as "userId", d.name, u.status, d.refresh_hash as current, d.previous_hash as previous, d.generation,
       d.successor_used_at as "successorUsedAt", d.key_thumbprint as "keyThumbprint", d.created_at as "createdAt", d.rotated_at as "rotatedAt",
       d.ended_at as "endedAt"
     from devices d join users u on u.id = d.user_id where d.id = $1 for no key update of d`,
    [deviceId],
  );
  if (!device) return { refused: ended(), device: '' };
  const { name, userId, generation, keyThumbprint } = device;
  const refused = (why: Refused, fault?: string) => ({
    refused: why,
    device: name,
    ...(fault === undefined ? {} : { fault }),
  });
  if (device.status !== 'active') return refused(suspended());
  if (device.endedAt) return refused(ended());
  if (keyThumbprint) {
    const fault = faultOf(act, proof, keyThumbprint);
    if (fault) return refused(keyMissing(), fault);
  }
  const hash = hashOf(token);
  const sinceMs = (moment: Date) => act.at.getTime() - moment.getTime();
  const isCurrent = same(hash, device.current);
  const isPrevious = same(hash, device.previous);
  const mayRepeat = isPrevious && (device.successorUsedAt === null || sinceMs(device.successorUsedAt) <= graceMs);
  if (!isCurrent && !mayRepeat) return refused(await endBecause(act, deviceId, 'a spent refresh token was presented'));
  const { sessionDays } = await settings.read(act);
  if (sinceMs(device.createdAt) > sessionDays * dayMs)
    return refused(await endBecause(act, deviceId, tooOld(sessionDays)));
  if (sinceMs(device.rotatedAt) > idleMs) return refused(await endBecause(act, deviceId, tooIdle));
  const address = act.doorway.address ?? null;
  if (mayRepeat) {
    await act.sql(
      `update devices set refresh_repeats = refresh_repeats + 1, refresh_repeated_at = $2, refresh_repeated_from = $3, last_seen_at = $2, updated_at = $2 where id = $1`,
      [deviceId, act.at, address],
    );
    return { userId, device: name, generation, keyThumbprint, repeated: true };
  }
  await act.sql(
    `update devices set previous_hash = refresh_hash, refresh_hash = $2, generation = $5, successor_used_at = null, rotated_at = $3, last_seen_at = $3, updated_at = $3, address = coalesce($4, address) where id = $1`,
    [deviceId, hashOf(successorOf(act.use(identity).keys, token)), act.at, address, generation + 1],
  );
  await noteSeen(act, userId);
  return { userId, device: name, generation: generation + 1, keyThumbprint, repeated: false };
}

/**
 * What is wrong with a proof for a device with this key; undefined when nothing is. A stale one is refused here and
 * now, and tried again.
 */
function faultOf(act: Work, proof: Proof | NoProof, keyThumbprint: string): string | undefined {
  if (!isProof(proof)) return proof.fault;
  if (proof.thumbprint !== keyThumbprint) return 'another key';
  const { proofs } = act.use(identity);
  const fault = proofs.spend(proof)?.fault;
  // An act that loses a deadlock runs again, with the same proof.
  if (fault === undefined) act.onRollback(() => proofs.giveBack(proof));
  return fault;
}

async function endBecause(act: Work, deviceId: string, because: string): Promise<Refused> {
  await endDevices(act, 'id = $1', deviceId, because, null);
  return ended();
}

/** The first of a minute is a line at once; the others are one line with their count when the minute is over. */
const auditRepeat = (work: Work, deviceId: string, { userId, device }: { userId: string; device: string }) =>
  recordBurst(work.house, `refresh repeated ${deviceId}`, {
    actor: system('session keeper'),
    entry: {
      action: 'session.refresh_repeated',
      outcome: 'done',
      target: { kind: 'device', id: deviceId, name: device },
      after: { userId },
      reason: 'the previous refresh token was presented again',
    },
    doorway: work.doorway,
  });

const auditFalseProof = (work: Work, deviceId: string, device: string, fault: string) =>
  recordBurst(work.house, `refresh proof ${deviceId}`, {
    actor: stranger,
    entry: {
      action: 'session.refreshed',
      outcome: 'refused',
      target: { kind: 'device', id: deviceId, name: device },
      reason: fault,
    },
    doorway: work.doorway,
  });

async function grant(work: Work, claims: AccessClaims, refreshToken: string): Promise<Granted> {
  const { userId, deviceId, generation, keyThumbprint } = claims;
  const accessToken = await signAccess(work.use(identity).keys, { userId, deviceId, generation, keyThumbprint });
  return { session: { accessToken, expiresIn: accessSeconds, deviceId, userId }, refreshToken };
}
