import type { ClientBase } from 'pg';
import { idFrom } from '../kernel/ids.ts';
import type { Room } from './arrivals.ts';
import { copyMessages } from './copy.ts';
import type { Line } from './lines.ts';
import type { MentionFinder } from './mentions.ts';
import { advanceRooms, lockRooms, putMembers, readExisting, readRoots, recordImport, storeAnswers, storeMentions, type Locked } from './rows.ts';
import { keyOfPlace, keyOfSpeaker, type Problem } from './survey.ts';

/** What one run carries from batch to batch. */
export type Run = {
  source: string;
  people: Map<string, string>;
  rooms: Map<string, Room>;
  mentions: MentionFinder;
  answered: ReadonlySet<string>;
  /** Where the answered messages stand: conversation and root. */
  places: Map<string, { roomId: string; rootId: string }>;
};

export type BatchResult = { stored: number; already: number; refused: Problem[]; rooms: Room[] };

/** A message with its final numbers. */
export type Placed = {
  id: string; room: Room; senderId: string; line: Line; threadId: string | null; title: string | null; mentions: string[];
  seq: number; mainLine: number | null; rev: number; answers: number; lastAnswerAt: number | null;
};
export type Joining = { roomId: string; userId: string; at: number; rev: number };
export type Root = { id: string; senderId: string; answers: number; lastAnswerAt: number; rev: number; roomId: string; inBatch: boolean };

/** Stores one batch in one transaction: either the whole of it has happened or none of it. */
export async function storeBatch(client: ClientBase, run: Run, wanted: readonly Wish[]): Promise<BatchResult> {
  await client.query('begin');
  try {
    const result = await storeMessages(client, run, wanted);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
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
  // A batch that is rolled back ends the run, and with it what is remembered here.
  for (const { room, seq } of placed.messages) room.seenSeq = Math.max(room.seenSeq, seq);
  for (const { roomId, userId } of placed.joining) locked.get(roomId)!.room.members.add(userId);
  return { stored: placed.messages.length, already, refused, rooms: [...new Set(placed.messages.map(({ room }) => room))] };
}

/** A message on its way: all that is known of it without asking the store. */
export type Wish = { id: string; room: Room; senderId: string; line: Line; mentions: string[] };

/** Works out ids and mentions; done while the store is busy with the batch before. */
export function prepare(run: Run, line: Line): Wish {
  return {
    id: idFrom(line.at, `${run.source}/${line.id}`),
    room: run.rooms.get(keyOfPlace(line))!,
    senderId: run.people.get(keyOfSpeaker(line.sender))!,
    line,
    mentions: run.mentions.find(line.text, line.mentions),
  };
}

/** A stored message that has the name of a wanted one. `body` is null when it was edited or recalled since. */
export type Existing = { wanted: number; id: string; roomId: string; senderId: string; rootId: string; body: string | null };

/** Parts what is new from what is there, and from what cannot be stored. */
function sift(run: Run, wanted: readonly Wish[], existing: Map<number, Existing>, locked: Map<string, Locked>): { fresh: Wish[]; already: number; refused: Problem[] } {
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
    else if (room.newestLive > line.at) refuse('newer live messages stand in its channel, and history is not written between them');
    else {
      inBatch.set(line.id, wish);
      fresh.push(wish);
    }
  });
  return { fresh, already, refused };
}

/** One that was edited or recalled since is still the same; one of the same name with other words, another sender or another time is not. */
const isStored = (row: Existing, { id, room, senderId, line }: Wish) => row.id === id && row.roomId === room.id && row.senderId === senderId && (row.body === null || row.body === line.text);
const isSame = (a: Wish, b: Wish) => a.id === b.id && a.room === b.room && a.senderId === b.senderId && a.line.text === b.line.text;

function remember(run: Run, sourceId: string, roomId: string, rootId: string): void {
  if (run.answered.has(sourceId)) run.places.set(sourceId, { roomId, rootId });
}

type Numbered = { messages: Placed[]; joining: Joining[]; roots: Root[]; heads: Map<string, number> };

/** Gives every new message its thread and its numbers, every newcomer and every answered root its place among the changes. */
async function place(client: ClientBase, run: Run, fresh: Wish[], locked: Map<string, Locked>): Promise<Numbered> {
  const counters = new Map([...locked].map(([id, { lastSeq, lastLine, head }]) => [id, { lastSeq, lastLine, head }]));
  const joining = await newcomers(client, run, fresh);
  for (const one of joining) one.rev = ++counters.get(one.roomId)!.head;

  const messages = fresh.map(({ id, room, senderId, line, mentions }): Placed => {
    const count = counters.get(room.id)!;
    const { threadId, title } = threadOf(run, room, id, line);
    const onMainLine = threadId === null || room.threading === 'topics';
    return {
      id, room, senderId, line, threadId, title, mentions,
      seq: ++count.lastSeq, mainLine: onMainLine ? ++count.lastLine : null, rev: ++count.head, answers: 0, lastAnswerAt: null,
    };
  });

  const roots = await countAnswers(client, messages);
  for (const root of roots) root.rev = ++counters.get(root.roomId)!.head;
  const byId = new Map(messages.map((message) => [message.id, message]));
  for (const { id, answers, lastAnswerAt, rev, inBatch } of roots) if (inBatch) Object.assign(byId.get(id)!, { answers, lastAnswerAt, rev });
  return { messages, joining, roots, heads: new Map([...counters].map(([id, { head }]) => [id, head])) };
}

/** Speakers who are not in the room yet join at their first message; the two of a direct talk are both in it. */
async function newcomers(client: ClientBase, run: Run, fresh: Wish[]): Promise<Joining[]> {
  const joining = new Map<string, Joining>();
  for (const { room, senderId, line } of fresh) {
    const people = line.to === null ? [senderId] : [senderId, run.people.get(keyOfSpeaker(line.to))!];
    for (const userId of people) if (!room.members.has(userId) && !joining.has(`${room.id} ${userId}`)) joining.set(`${room.id} ${userId}`, { roomId: room.id, userId, at: line.at, rev: 0 });
  }
  if (joining.size === 0) return [];
  const rows = [...joining.values()];
  // Somebody may have been put into the room by hand since we looked.
  const there = await client.query<[string, string]>({
    text: 'select m.conversation_id, m.user_id from unnest($1::uuid[], $2::uuid[]) as w (c, u) join members m on m.conversation_id = w.c and m.user_id = w.u',
    values: [rows.map((row) => row.roomId), rows.map((row) => row.userId)],
    rowMode: 'array',
  });
  for (const [roomId, userId] of there.rows) joining.delete(`${roomId} ${userId}`);
  return [...joining.values()];
}

/**
 * In a channel with topics the first message of a topic is its root. Elsewhere an answer belongs to the root of the message it answers; when
 * that is not there (lost, in another channel, or told only later) it stands on the main line.
 */
function threadOf(run: Run, room: Room, id: string, line: Line): { threadId: string | null; title: string | null } {
  if (room.threading === 'topics') {
    if (line.topic === '') return { threadId: null, title: null };
    const rootId = room.topics.get(line.topic);
    if (rootId !== undefined) return { threadId: rootId, title: null };
    room.topics.set(line.topic, id);
    return { threadId: null, title: line.topic };
  }
  const parent = line.parents.map((name) => run.places.get(name)).find((place) => place?.roomId === room.id);
  remember(run, line.id, room.id, parent?.rootId ?? id);
  return { threadId: parent?.rootId ?? null, title: null };
}

/** Roots that got answers in this batch, in the order of their first answer there. */
async function countAnswers(client: ClientBase, messages: Placed[]): Promise<Root[]> {
  const inBatch = new Map(messages.map((message) => [message.id, message]));
  const outside = new Set(messages.map(({ threadId }) => threadId).filter((id): id is string => id !== null && !inBatch.has(id)));
  const known = await readRoots(client, [...outside]);
  const roots = new Map<string, Root>();
  for (const { threadId, room, line } of messages) {
    if (threadId === null) continue;
    let root = roots.get(threadId);
    if (!root) {
      const started = inBatch.get(threadId);
      root = { id: threadId, roomId: room.id, rev: 0, ...(started ? { senderId: started.senderId, answers: 0, lastAnswerAt: line.at, inBatch: true } : { ...known.get(threadId)!, inBatch: false }) };
      roots.set(threadId, root);
    }
    root.answers++;
    root.lastAnswerAt = Math.max(root.lastAnswerAt, line.at);
  }
  return [...roots.values()];
}
