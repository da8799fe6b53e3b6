import * as z from 'zod/mini';
import { limits } from '@parley/protocol/limits.ts';
import { id, optionalText } from '@parley/protocol/words.ts';
import { listingOf, pageWords, type Listing } from '../doors/graphql-lists.ts';
import { cursorAt, placeOf } from '../kernel/cursors.ts';
import type { Work } from '../kernel/work.ts';
import { likeable } from '../users/users.ts';

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
  bound: boolean;
  refreshRepeats: number;
  refreshRepeatedAt: Date | null;
  refreshRepeatedFrom: string | null;
};

/** `text` is looked for in names of devices and of their people, addresses and browsers. `idleDays`: not seen for at least so long. */
export const DevicesPage = z.strictObject({
  ...pageWords,
  userId: z.optional(id),
  text: z.optional(optionalText(limits.name)),
  idleDays: z.optional(z.int().check(z.minimum(1), z.maximum(3_650))),
});

const columns = `d.id, d.user_id as "userId", d.name, d.address, d.user_agent as "userAgent", d.created_at as "createdAt", d.last_seen_at as "lastSeenAt", d.ended_at as "endedAt",
  d.key_thumbprint is not null as bound, d.refresh_repeats as "refreshRepeats", d.refresh_repeated_at as "refreshRepeatedAt",
  d.refresh_repeated_from as "refreshRepeatedFrom"`;

/** Which of the live devices are meant: $1 a person, $2 words, $3 days of idleness; each may be null. */
const meant = `d.ended_at is null and ($1::uuid is null or d.user_id = $1)
  and ($2::text is null or lower(concat_ws(' ', d.name, d.address, d.user_agent, u.name)) like '%' || lower($2) || '%')
  and ($3::int is null or d.last_seen_at < now() - make_interval(days => $3))`;
const from = 'from devices d join users u on u.id = d.user_id';

/** Live devices of everybody, or of those that are meant, last used first. */
export async function page(
  work: Work,
  { first, after, userId, text, idleDays }: z.output<typeof DevicesPage>,
): Promise<Listing<AdminDevice>> {
  work.require('devices.read');
  const [seen, last] = after === undefined ? [null, null] : placeOf<[string, string]>(work, 'devices', after);
  const words = text?.normalize('NFC').trim();
  const which = [userId ?? null, words ? likeable(words) : null, idleDays ?? null];
  const rows = await work.sql<AdminDevice & { key: string }>(
    `select ${columns}, d.last_seen_at::text as key ${from}
     where ${meant} and ($4::timestamptz is null or (d.last_seen_at, d.id) < ($4, $5::uuid))
     order by d.last_seen_at desc, d.id desc limit ${first + 1}`,
    [...which, seen, last],
  );
  const { db } = work;
  const total = async () =>
    (await db.rows<{ count: number }>(`select count(*)::int as count ${from} where ${meant}`, which))[0]!.count;
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
