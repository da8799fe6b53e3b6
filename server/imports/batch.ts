import type { ClientBase } from 'pg';
import type { Room } from './arrivals.ts';
import { copyMessages } from './copy.ts';
import { isSameText } from './mentions.ts';
import { place } from './placing.ts';
import {
  advanceRooms,
  lockRooms,
  putMembers,
  readExisting,
  recordImport,
  storeAnswers,
  storeMentions,
  type Locked,
} from './rows.ts';
import { remember, type Existing, type Run, type Wish } from './run.ts';
import type { Problem } from './survey.ts';
import { inRetriedTransaction, type Store } from './transaction.ts';

export type BatchResult = { stored: number; already: number; refused: Problem[]; rooms: Room[] };

/** Stores one batch in one transaction, and remembers of it what later batches must know. */
export function storeBatch(store: Store, run: Run, wanted: readonly Wish[]): Promise<BatchResult> {
  run.undo = [];
  return inRetriedTransaction(store, () => {
    // What a run that lost a deadlock has remembered did not happen.
    for (const undo of run.undo.splice(0).reverse()) undo();
    return storeMessages(store.client, run, wanted);
  });
}

/**
 * Stores messages inside a transaction that is under way, in their order and behind the locks of their conversations: what is there already is
 * passed over, what newer live talk stands above is refused, and all counters end as if the messages had been sent.
 */
export async function storeMessages(client: ClientBase, run: Run, wanted: readonly Wish[]): Promise<BatchResult> {
  const rooms = [...new Set(wanted.map(({ room }) => room))];
  const locked = await lockRooms(client, rooms);
  const { fresh, already, refused } = sift(run, wanted, await readExisting(client, wanted), locked);
  const placed = await place(client, run, fresh, locked);
  if (placed.messages.length > 0) {
    await putMembers(client, placed.joining);
    await copyMessages(client, placed.messages);
    await storeAnswers(client, placed.messages, placed.roots);
    await storeMentions(client, placed.messages);
    await advanceRooms(client, placed.messages, placed.heads);
    await recordImport(client, run.source, placed.messages, placed.joining);
  }
  for (const { room, seq } of placed.messages) {
    const before = room.seenSeq;
    room.seenSeq = Math.max(before, seq);
    run.undo.push(() => (room.seenSeq = before));
  }
  for (const { roomId, userId } of placed.joining) {
    const { members } = locked.get(roomId)!.room;
    members.add(userId);
    run.undo.push(() => members.delete(userId));
  }
  return {
    stored: placed.messages.length,
    already,
    refused,
    rooms: [...new Set(placed.messages.map(({ room }) => room))],
  };
}

/** Parts what is new from what is there, and from what cannot be stored. */
function sift(
  run: Run,
  wanted: readonly Wish[],
  existing: Map<number, Existing>,
  locked: Map<string, Locked>,
): { fresh: Wish[]; already: number; refused: Problem[] } {
  const inBatch = new Map<string, Wish>();
  const refused: Problem[] = [];
  const fresh: Wish[] = [];
  let already = 0;
  wanted.forEach((wish, index) => {
    const { room, line } = wish;
    const refuse = (what: string) => void refused.push({ line: line.number, what });
    const stored = existing.get(index);
    const twin = inBatch.get(line.id);
    if ((stored && isStored(stored, wish)) || (twin && isSame(twin, wish))) {
      already++;
      if (stored) remember(run, line.id, stored.roomId, stored.rootId);
    } else if (stored || twin) refuse(`id: ${line.id} names another message already`);
    else if (locked.get(room.id)!.archived) refuse('its channel has been archived');
    else if (room.newestLive > line.at)
      refuse('newer live messages stand in its channel, and history is not written between them');
    else {
      inBatch.set(line.id, wish);
      fresh.push(wish);
    }
  });
  return { fresh, already, refused };
}

/** One that was edited or recalled since is still the same; one of the same name with other words, another sender or another time is not. */
const isStored = (row: Existing, { id, room, senderId, line }: Wish) =>
  row.id === id &&
  row.roomId === room.id &&
  row.senderId === senderId &&
  (row.body === null || isSameText(row.body, line.text));
const isSame = (a: Wish, b: Wish) =>
  a.id === b.id && a.room === b.room && a.senderId === b.senderId && a.line.text === b.line.text;
