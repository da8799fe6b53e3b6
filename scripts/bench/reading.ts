import { markRead } from '../../server/conversations/reading.ts';
import { inWork, type House } from '../../server/kernel/work.ts';
import { page } from '../../server/messages/history.ts';
import { benchActor } from './house.ts';

/**
 * How many rooms people open, and mark read, for each message that is sent: so it is in the largest installation that
 * published its mix.
 */
export const readsPerMessage = 6.5;

type Seat = { conversationId: string; userId: string };

/**
 * Reading beside sending, from the verbs on: each call opens the newest page of some member's room, and marks it read
 * to its end.
 */
export function readerOf(house: House, seats: readonly Seat[]): () => Promise<void> {
  let n = 0;
  return async () => {
    const { conversationId, userId } = seats[(n++ * 4_793) % seats.length]!;
    const actor = benchActor(userId, 'conversations.read');
    await inWork(house, actor, (work) => page(work, { conversationId, limit: 50 }));
    await inWork(house, actor, (work) => markRead(work, { conversationId, line: Number.MAX_SAFE_INTEGER }));
  };
}

/** Whether after so many messages more reads are due than were begun. */
export const readsDue = (messages: number, reads: number): boolean => reads < Math.floor(messages * readsPerMessage);
