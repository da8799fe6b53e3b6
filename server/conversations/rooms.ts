import type { Permission } from '@parley/protocol/permissions.ts';
import type { RightsGuard } from '../access/access.ts';
import type { OnConnect } from '../doors/socket.ts';
import { authority } from '../kernel/authority.ts';
import { personRoom, type Seat } from '../kernel/broadcast.ts';
import type { House } from '../kernel/work.ts';
import { roomOf } from './members.ts';

/*
 * Which conversations a connection hears. Members who may read hear theirs; a connection that looks at a public channel
 * hears it as long as its person may browse (`open`). What a person may do can change while they are connected:
 * 1. A right that is taken closes its rooms before the act commits, so that nothing said after it is heard.
 * 2. After the act the rooms are computed again from the store, for every connection of the person, which also opens
 *    what a right given back opens. Then each connection is told what its person may do, and its client asks for what
 *    it missed.
 * 3. Should the act fail after rooms were closed, or the store not answer, the connections come back anew.
 */

/** Every new connection enters the rooms of its person's conversations before it is greeted. */
export const enterRooms =
  (house: House): OnConnect =>
  (seat) =>
    computeRooms(house, seat.personId, [seat]);

/** For the act that changes what a person may do. */
export const closeRooms: RightsGuard = async (work, userId, permissions) => {
  const { house } = work;
  const may = (permission: string) => permissions.has(permission);
  if (may('conversations.read') && may('channels.browse')) return;
  const own = new Set(await roomsOf(work.sql, userId));
  work.beforeCommit(() => {
    work.onRollback(() => house.broadcast.resyncPerson(userId));
    for (const seat of house.broadcast.seatsOf(userId)) leaveUnheard(house, seat, heardBy(seat), own, may);
  });
};

/** After every act that changed what a person may do. */
export function followRights(house: House): void {
  const { broadcast, events, log } = house;
  for (const type of ['role.granted', 'role.withdrawn'])
    events.on(type, async ({ payload }) => {
      const userId = String(payload['userId']);
      try {
        await computeRooms(house, userId, [...broadcast.seatsOf(userId)]);
        broadcast.toRoom(personRoom(userId), 'rights', '{}');
      } catch (error) {
        log.warn({ err: error, userId }, 'the rooms of a person could not be computed again');
        broadcast.resyncPerson(userId);
      }
    });
}

async function computeRooms(house: House, userId: string, seats: readonly Seat[]): Promise<void> {
  const { broadcast } = house;
  const may = (permission: Permission) => house.parts.use(authority).allows(userId, permission);
  // What a connection enters while the store is read is newer than what is read.
  const before = seats.map((seat) => ({ seat, rooms: heardBy(seat) }));
  for (const seat of seats) broadcast.entering(seat);
  try {
    const own = await roomsOf((text, params) => house.db.rows(text, params, 'rooms'), userId);
    const held = new Set(own);
    // Asked after the reading: what was taken meanwhile counts.
    for (const { seat, rooms } of before) {
      leaveUnheard(house, seat, rooms, held, may);
      if (may('conversations.read')) for (const room of own) broadcast.join(seat, room);
    }
  } finally {
    for (const seat of seats) broadcast.entered(seat);
  }
}

const heardBy = (seat: Seat): string[] =>
  seat.rooms.map(({ name }) => name).filter((name) => name.startsWith(roomOf('')));

function leaveUnheard(
  { broadcast }: House,
  seat: Seat,
  rooms: readonly string[],
  own: ReadonlySet<string>,
  may: (permission: Permission) => boolean,
): void {
  for (const room of rooms)
    if (!may('conversations.read') || !(own.has(room) || may('channels.browse'))) broadcast.silence(seat, room);
}

const roomsOf = async (
  rows: <Row>(text: string, params: unknown[]) => Promise<Row[]>,
  userId: string,
): Promise<string[]> =>
  (
    await rows<{ id: string }>('select conversation_id as id from members where user_id = $1 and left_at is null', [
      userId,
    ])
  ).map(({ id }) => roomOf(id));
