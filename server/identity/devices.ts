import { requireNotStronger } from '../access/access.ts';
import type { OwnDevice } from '@parley/protocol/identity.ts';
import { authority } from '../kernel/authority.ts';
import { forbidden, notFound } from '../kernel/errors.ts';
import type { Work } from '../kernel/work.ts';
import * as settings from '../settings/settings.ts';
import { inOrder, lockUser, lockUsers, type SuspensionGuard } from '../users/users.ts';
import { idleMs } from './refresh-token.ts';

/*
 * A device is one place a person signed in from: it holds one refresh token. Its rows carry token hashes, so they are written by SQL and told to
 * the plan without them.
 */

/** Live devices a person may have; signing in on one more ends the one that was idle longest. */
export const mostDevices = 100;

/** The acting person's live devices, last used first. */
export async function list(work: Work): Promise<OwnDevice[]> {
  return work.db.rows<OwnDevice>(
    `select id, name, address, user_agent as "userAgent", (extract(epoch from created_at) * 1000)::bigint as "createdAt",
       (extract(epoch from last_seen_at) * 1000)::bigint as "lastSeenAt", key_thumbprint is not null as bound,
       refresh_repeats as "refreshRepeats", (extract(epoch from refresh_repeated_at) * 1000)::bigint as "refreshRepeatedAt",
       refresh_repeated_from as "refreshRepeatedFrom", coalesce(id = $2, false) as current
     from devices where user_id = $1 and ended_at is null order by last_seen_at desc, id limit ${mostDevices}`,
    [work.person(), work.actor.deviceId],
  );
}

/**
 * Ends a device at once: the actor's own, or with `devices.end` that of a person who is not stronger. Ending an ended
 * one changes nothing.
 */
export async function end(
  work: Work,
  deviceId: string,
  { reason = null }: { reason?: string | null } = {},
): Promise<void> {
  const device = await findDevice(work, deviceId);
  if (device.userId !== work.actor.id) await work.use(authority).confirm(work, 'devices.end');
  await endFound(work, device, reason);
}

/** Signs the acting person out everywhere, or everywhere but here. */
export async function endOwn(work: Work, { keepThis }: { keepThis: boolean }): Promise<void> {
  // The person before their devices, as acts do that end all devices of a person.
  await lockUser(work, work.person());
  if (keepThis) await endOthers(work, 'signed out everywhere');
  else await endDevices(work, 'user_id = $1', work.person(), 'signed out everywhere', null);
}

/** Ends all devices of the acting person but the one they act from. */
export async function endOthers(work: Work, because: string): Promise<void> {
  const { deviceId } = work.actor;
  if (!deviceId) throw forbidden('Only a signed-in device can do this.');
  const others = 'user_id = (select own.user_id from devices own where own.id = $1) and id <> $1';
  await endDevices(work, others, deviceId, because, null);
}

/** As `end`, for many of anybody's: all of them or, where one is refused, none. */
export async function endAll(work: Work, deviceIds: readonly string[], { reason }: { reason: string }): Promise<void> {
  work.require('devices.end');
  // People before their devices, as acts do that end all devices of a person.
  const owners = await work.sql<{ id: string }>('select distinct user_id as id from devices where id = any ($1)', [
    deviceIds,
  ]);
  await lockUsers(
    work,
    owners.map(({ id }) => id),
  );
  for (const id of inOrder(deviceIds)) await endFound(work, await findDevice(work, id), reason);
}

type Found = { id: string; userId: string };

async function findDevice(work: Work, deviceId: string): Promise<Found> {
  const [device] = await work.sql<Found>('select id, user_id as "userId" from devices where id = $1', [deviceId]);
  const own = device?.userId === work.actor.id;
  // A stranger's device and no device at all are one answer, unless the actor may know.
  if (!device || (!own && !work.may('devices.end') && !work.may('devices.read'))) throw notFound('device');
  if (!own && !work.may('devices.end')) throw forbidden('This needs the permission devices.end.');
  return device;
}

async function endFound(work: Work, { id, userId }: Found, reason: string | null): Promise<void> {
  const own = userId === work.actor.id;
  if (!own) await requireNotStronger(work, userId, 'Ending this device');
  await endDevices(work, 'id = $1', id, own ? 'signed out' : 'ended by an administrator', reason);
}

/** Ends every device of somebody who is suspended, in the same act. */
export const endDevicesOfSuspended: SuspensionGuard = async (work, user, reason) =>
  void (await endDevices(work, 'user_id = $1', user.id, 'suspended', reason));

/** Keeps the number of live devices of a person within bounds; the person's row is locked by the caller. */
export async function endSurplus(work: Work, userId: string): Promise<void> {
  await endDevices(
    work,
    `id in (select id from devices where user_id = $1 and ended_at is null order by last_seen_at desc, id desc offset ${mostDevices - 1})`,
    userId,
    'too many devices',
    null,
  );
}

export const dayMs = 24 * 3_600_000;
export const tooIdle = 'unused for 30 days';
export const tooOld = (days: number): string => `signed in more than ${days} days ago`;

/**
 * Ends the devices that signed in too long ago. A refresh would end them too; this is for those that never refresh,
 * such as an open connection.
 */
export async function endTooOld(work: Work): Promise<void> {
  const { sessionDays } = await settings.read(work);
  await endDevices(work, 'created_at < $1::timestamptz', before(work, sessionDays * dayMs), tooOld(sessionDays), null);
}

/**
 * As `endTooOld`, for those that were not used for too long. An act of its own: both take the locks of many rows in the
 * order of their ids.
 */
export const endTooIdle = async (work: Work): Promise<void> =>
  void (await endDevices(work, 'rotated_at < $1::timestamptz', before(work, idleMs), tooIdle, null));

const before = (work: Work, ms: number) => new Date(work.at.getTime() - ms).toISOString();

/** Ends whatever matches, in the order of ids; each ended device is heard of, and audited. */
export async function endDevices(
  work: Work,
  where: string,
  param: string,
  because: string,
  reason: string | null,
): Promise<number> {
  const ended = await work.sql<{ id: string; userId: string; name: string }>(
    `with locked as materialized (select id from devices where ${where} and ended_at is null order by id for no key update)
     update devices d set ended_at = $2, ended_because = $3, updated_at = $2 from locked where d.id = locked.id
     returning d.id, d.user_id as "userId", d.name`,
    [param, work.at, because],
  );
  // What an update returns has no order; a plan must come out the same twice.
  ended.sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const { id, userId, name } of ended) {
    work.changed({
      table: 'devices',
      id,
      op: 'update',
      before: { name, userId, endedAt: null },
      after: { name, userId, endedAt: work.at, endedBecause: because },
    });
    work.record('session.ended', { deviceId: id, userId, because });
    work.audit({ action: 'session.ended', target: { kind: 'device', id, name }, after: { userId, because }, reason });
  }
  return ended.length;
}
