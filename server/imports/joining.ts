import type { ClientBase } from 'pg';
import { writeEvents } from '../kernel/outbox.ts';
import type { Room } from './arrivals.ts';
import type { Joining } from './run.ts';
import { lockPeople, putMembers } from './rows.ts';
import { inRetriedTransaction, type Store } from './transaction.ts';

/** Who of the house joins imported channels: nobody, its owners, or everybody who works here. */
export type Joiners = 'none' | 'owners' | 'everyone';

type Wanted = { roomId: string; userId: string };

/**
 * Lets people of the house into the imported channels. Nobody is put back into a channel they left. What was imported is not news: it is read for
 * those who join by this, and for members who had read everything before. Returns how many joined.
 */
export async function openToHouse(store: Store, rooms: readonly Room[], joiners: Joiners): Promise<number> {
  const { client } = store;
  let joined = 0;
  const open = rooms.filter((room) => !room.isDirect);
  for (let from = 0; from < open.length; from += 50) {
    const some = open.slice(from, from + 50);
    joined += await inRetriedTransaction(store, async () => {
      const heads = await client.query<{ id: string; head: number }>(
        'select id, head from conversations where id = any ($1) and archived_at is null order by id for no key update',
        [some.map((room) => room.id)],
      );
      await lockJoiners(client, some, joiners);
      await markRead(client, some);
      return joiners === 'none' ? 0 : join(client, new Map(heads.rows.map((row) => [row.id, row.head])), joiners);
    });
  }
  return joined;
}

/** Everybody this may change, at once: those who read, and then each kind of joiner, would be three orders. */
async function lockJoiners(client: ClientBase, rooms: readonly Room[], joiners: Joiners): Promise<void> {
  const { rows } = await client.query<{ id: string }>(
    `select u.id from users u where u.source_key is null and (
       ($2 and u.kind = 'person' and u.status = 'active')
       or exists (select from members m where m.user_id = u.id and m.conversation_id = any ($1) and m.left_at is null))`,
    [rooms.map((room) => room.id), joiners !== 'none'],
  );
  await lockPeople(
    client,
    rows.map(({ id }) => id),
  );
}

async function join(client: ClientBase, heads: Map<string, number>, joiners: Joiners): Promise<number> {
  let joined = 0;
  for (const role of ['owner', 'member'] as const) {
    const { rows } = await client.query<Wanted>(
      `select c.id as "roomId", u.id as "userId" from unnest($1::uuid[]) as c (id) cross join users u
       where u.kind = 'person' and u.status = 'active' and exists (select from role_grants g where g.user_id = u.id and g.role = 'owner') = $2
         and not exists (select from members m where m.conversation_id = c.id and m.user_id = u.id) order by u.id, c.id`,
      [[...heads.keys()], role === 'owner'],
    );
    if (rows.length === 0 || (role === 'member' && joiners === 'owners')) continue;
    const now = Date.now();
    const joining: Joining[] = rows.map(({ roomId, userId }) => {
      const rev = heads.get(roomId)! + 1;
      heads.set(roomId, rev);
      return { roomId, userId, at: now, rev };
    });
    await putMembers(client, joining, role);
    await client.query(
      `update members m set read_line = c.last_line from unnest($1::uuid[], $2::uuid[]) as j (room, person) join conversations c on c.id = j.room
       where m.conversation_id = j.room and m.user_id = j.person`,
      [rows.map((row) => row.roomId), rows.map((row) => row.userId)],
    );
    await client.query(
      'update conversations c set head = h.head from unnest($1::uuid[], $2::bigint[]) as h (id, head) where c.id = h.id',
      [[...heads.keys()], [...heads.values()]],
    );
    await writeEvents(
      client,
      rows.map(({ roomId, userId }) => ({
        type: 'member.added',
        payload: { conversationId: roomId, userId, role },
        actorId: null,
      })),
    );
    joined += rows.length;
  }
  return joined;
}

/** Who had read everything before this run has read the imported past too; their devices learn of it by their own stream. */
async function markRead(client: ClientBase, rooms: readonly Room[]): Promise<void> {
  await client.query(
    `with read as (
       select m.conversation_id, m.user_id, c.last_line, row_number() over (partition by m.user_id order by m.conversation_id) as place
       from unnest($1::uuid[], $2::bigint[]) as r (id, before) join conversations c on c.id = r.id
       join members m on m.conversation_id = r.id and m.left_at is null and m.read_line >= r.before and m.read_line < c.last_line
       join users u on u.id = m.user_id and u.source_key is null
     ), heads as (
       update users u set head = u.head + n.n from (select user_id, count(*) as n from read group by 1) n where u.id = n.user_id returning u.id, u.head - n.n as head
     )
     update members m set read_line = read.last_line, urev = heads.head + read.place from read join heads on heads.id = read.user_id
     where m.conversation_id = read.conversation_id and m.user_id = read.user_id`,
    [rooms.map((room) => room.id), rooms.map((room) => room.lineBefore)],
  );
}
