import type { OnConnect } from '../doors/socket.ts';
import type { House } from '../kernel/work.ts';
import { roomOf } from './members.ts';

/** Every new connection enters the rooms of its person's conversations before it is greeted. */
export function enterRooms(house: House): OnConnect {
  return async (seat) => {
    const rows = await house.db.rows<{ id: string }>(
      'select conversation_id as id from members where user_id = $1 and left_at is null',
      [seat.personId],
      'rooms',
    );
    for (const { id } of rows) house.broadcast.join(seat, roomOf(id));
  };
}
