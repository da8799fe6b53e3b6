import { forbidden, malformed, notFound } from '../kernel/errors.ts';
import type { Work } from '../kernel/work.ts';
import type { SuspensionGuard } from '../users/users.ts';

/*
 * A device is one place a person signed in from: it holds one refresh token. Its rows carry token hashes, so they are written by SQL and told to
 * the plan without them.
 */

export type Device = {
  id: string;
  name: string;
  address: string | null;
  userAgent: string | null;
  createdAt: number;
  lastSeenAt: number;
  current: boolean;
};

/** Live devices a person may have; signing in on one more ends the one that was idle longest. */
export const mostDevices = 100;

/** The acting person's live devices, last used first. */
export async function list(work: Work): Promise<Device[]> {
  return work.db.rows<Device>(
    `select id, name, address, user_agent as "userAgent", (extract(epoch from created_at) * 1000)::bigint as "createdAt",
       (extract(epoch from last_seen_at) * 1000)::bigint as "lastSeenAt", coalesce(id = $2, false) as current
     from devices where user_id = $1 and ended_at is null order by last_seen_at desc, id limit ${mostDevices}`,
    [work.person(), work.actor.deviceId],
  );
}

export type AdminDevice = {
  id: string;
  name: string;
  userId: string;
  userName: string;
  address: string | null;
  userAgent: string | null;
  createdAt: Date;
  lastSeenAt: Date;
};

/** Live devices of everybody, or of one person, last used first. Needs `devices.read`. */
export async function listAll(
  work: Work,
  { userId, first, after }: { userId?: string | undefined; first: number; after?: string | undefined },
): Promise<{ devices: AdminDevice[]; next: string | null }> {
  work.require('devices.read');
  const place = after === undefined ? null : /^(\d{1,18})\.([0-9a-f-]{36})$/.exec(after);
  if (after !== undefined && !place) throw malformed('after: is not a cursor of this list');
  const rows = await work.sql<AdminDevice & { place: string }>(
    `select d.id, d.name, d.user_id as "userId", u.name as "userName", d.address, d.user_agent as "userAgent", d.created_at as "createdAt", d.last_seen_at as "lastSeenAt",
       (extract(epoch from d.last_seen_at) * 1000000)::bigint::text as place
     from devices d join users u on u.id = d.user_id
     where d.ended_at is null and ($1::uuid is null or d.user_id = $1)
       and ($2::bigint is null or ((extract(epoch from d.last_seen_at) * 1000000)::bigint, d.id) < ($2, $3::uuid))
     order by (extract(epoch from d.last_seen_at) * 1000000)::bigint desc, d.id desc limit $4`,
    [userId ?? null, place?.[1] ?? null, place?.[2] ?? null, first + 1],
  );
  const devices = rows.slice(0, first).map(({ place: _place, ...device }) => device);
  const last = rows[first - 1];
  return { devices, next: rows.length > first && last ? `${last.place}.${last.id}` : null };
}

/** Ends a device at once: one's own, or with `devices.end` anybody's. Ending an ended one changes nothing. */
export async function end(
  work: Work,
  deviceId: string,
  { reason = null }: { reason?: string | null } = {},
): Promise<void> {
  const [device] = await work.sql<{ userId: string }>('select user_id as "userId" from devices where id = $1', [
    deviceId,
  ]);
  const own = device?.userId === work.actor.id;
  // A stranger's device and no device at all are one answer, unless the actor may know.
  if (!device || (!own && !work.may('devices.end') && !work.may('devices.read'))) throw notFound('device');
  if (!own && !work.may('devices.end')) throw forbidden('This needs the permission devices.end.');
  await endDevices(work, 'id = $1', deviceId, own ? 'signed out' : 'ended by an administrator', reason);
}

/** Ends every device of somebody who is suspended, in the same act. */
export const endDevicesOfSuspended: SuspensionGuard = async (work, user) =>
  void (await endDevices(work, 'user_id = $1', user.id, 'suspended', null));

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

/** Ends whatever matches; each ended device is heard of, and audited. */
export async function endDevices(
  work: Work,
  where: string,
  param: string,
  because: string,
  reason: string | null,
): Promise<number> {
  const ended = await work.sql<{ id: string; userId: string; name: string }>(
    `update devices set ended_at = $2, ended_because = $3, updated_at = $2 where ${where} and ended_at is null returning id, user_id as "userId", name`,
    [param, work.at, because],
  );
  for (const { id, userId, name } of ended) {
    work.changed({
      table: 'devices',
      id,
      op: 'update',
      before: { endedAt: null },
      after: { endedAt: work.at, endedBecause: because },
    });
    work.record('session.ended', { deviceId: id, userId, because });
    work.audit({ action: 'session.ended', target: { kind: 'device', id, name }, after: { userId, because }, reason });
  }
  return ended.length;
}
