import * as z from 'zod/mini';
import { id } from '@parley/protocol/words.ts';
import { listingOf, pageWords, type Listing } from '../doors/graphql-lists.ts';
import { cursorAt, placeOf } from '../kernel/cursors.ts';
import type { Work } from '../kernel/work.ts';

/** A device with whose it is, as administration sees it. */
export type AdminDevice = {
  id: string;
  userId: string;
  name: string;
  address: string | null;
  userAgent: string | null;
  createdAt: Date;
  lastSeenAt: Date;
  endedAt: Date | null;
};

export const DevicesPage = z.strictObject({ ...pageWords, userId: z.optional(id) });

const columns = `d.id, d.user_id as "userId", d.name, d.address, d.user_agent as "userAgent", d.created_at as "createdAt", d.last_seen_at as "lastSeenAt", d.ended_at as "endedAt"`;

/** Live devices of everybody, or of one person, last used first. */
export async function page(
  work: Work,
  { first, after, userId }: z.output<typeof DevicesPage>,
): Promise<Listing<AdminDevice>> {
  work.require('devices.read');
  const [seen, last] = after === undefined ? [null, null] : placeOf<[string, string]>(work, 'devices', after);
  const rows = await work.sql<AdminDevice & { key: string }>(
    `select ${columns}, d.last_seen_at::text as key from devices d
     where d.ended_at is null and ($1::uuid is null or d.user_id = $1) and ($2::timestamptz is null or (d.last_seen_at, d.id) < ($2, $3::uuid))
     order by d.last_seen_at desc, d.id desc limit ${first + 1}`,
    [userId ?? null, seen, last],
  );
  const { db } = work;
  const total = async () =>
    (
      await db.rows<{ count: number }>(
        'select count(*)::int as count from devices where ended_at is null and ($1::uuid is null or user_id = $1)',
        [userId ?? null],
      )
    )[0]!.count;
  return listingOf(
    rows,
    first,
    ({ key: _key, ...node }) => node,
    (row) => cursorAt(work, 'devices', [row.key, row.id]),
    total,
  );
}

/** The live devices of each of these people, last used first, at most twenty each. Needs `devices.read`, but for one's own. */
export async function devicesOf(work: Work, userIds: readonly string[]): Promise<Map<string, AdminDevice[]>> {
  if (userIds.some((userId) => userId !== work.actor.id)) work.require('devices.read');
  const rows = await work.sql<AdminDevice>(
    `select l.* from unnest($1::uuid[]) as asked (id) cross join lateral (
       select ${columns} from devices d where d.user_id = asked.id and d.ended_at is null order by d.last_seen_at desc, d.id desc limit 20) l`,
    [userIds],
  );
  return Map.groupBy(rows, (row) => row.userId);
}
