import type { ClientBase } from 'pg';
import type { Room } from './arrivals.ts';
import type { Line } from './lines.ts';
import { readRoots, type Locked } from './rows.ts';
import { learn, remember, type Joining, type Placed, type Root, type Run, type Wish } from './run.ts';
import { keyOfSpeaker } from './survey.ts';

export type Numbered = { messages: Placed[]; joining: Joining[]; roots: Root[]; heads: Map<string, number> };

/** Gives every new message its thread and its numbers, every newcomer and every answered root its place among the changes. */
export async function place(
  client: ClientBase,
  run: Run,
  fresh: Wish[],
  locked: Map<string, Locked>,
): Promise<Numbered> {
  const counters = new Map([...locked].map(([id, { lastSeq, lastLine, head }]) => [id, { lastSeq, lastLine, head }]));
  const joining = await newcomers(client, run, fresh);
  for (const one of joining) one.rev = ++counters.get(one.roomId)!.head;

  const messages = fresh.map(({ id, room, senderId, line, body, mentions }): Placed => {
    const count = counters.get(room.id)!;
    const { threadId, title } = threadOf(run, room, id, line);
    const onMainLine = threadId === null || room.threading === 'topics';
    return {
      id,
      room,
      senderId,
      line,
      threadId,
      title,
      body,
      mentions,
      seq: ++count.lastSeq,
      mainLine: onMainLine ? ++count.lastLine : null,
      rev: ++count.head,
      answer: null,
      answers: 0,
      lastAnswerAt: null,
    };
  });

  const roots = await countAnswers(client, messages);
  for (const root of roots) root.rev = ++counters.get(root.roomId)!.head;
  const byId = new Map(messages.map((message) => [message.id, message]));
  for (const { id, answers, lastAnswerAt, rev, inBatch } of roots)
    if (inBatch) Object.assign(byId.get(id)!, { answers, lastAnswerAt, rev });
  return { messages, joining, roots, heads: new Map([...counters].map(([id, { head }]) => [id, head])) };
}

/** Speakers who are not in the room yet join at their first message; the two of a direct talk are both in it. */
async function newcomers(client: ClientBase, run: Run, fresh: Wish[]): Promise<Joining[]> {
  const joining = new Map<string, Joining>();
  for (const { room, senderId, line } of fresh) {
    const people = line.to === null ? [senderId] : [senderId, run.people.get(keyOfSpeaker(line.to))!];
    for (const userId of people)
      if (!room.members.has(userId) && !joining.has(`${room.id} ${userId}`))
        joining.set(`${room.id} ${userId}`, { roomId: room.id, userId, at: line.at, rev: 0 });
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
    learn(run, room.topics, line.topic, id);
    return { threadId: null, title: line.topic };
  }
  const parent = line.parents.map((name) => run.places.get(name)).find((place) => place?.roomId === room.id);
  remember(run, line.id, room.id, parent?.rootId ?? id);
  return { threadId: parent?.rootId ?? null, title: null };
}

/**
 * Numbers the answers in their threads. Returns the roots that got answers in this batch, in the order of their first
 * answer there.
 */
async function countAnswers(client: ClientBase, messages: Placed[]): Promise<Root[]> {
  const inBatch = new Map(messages.map((message) => [message.id, message]));
  const outside = new Set(
    messages.map(({ threadId }) => threadId).filter((id): id is string => id !== null && !inBatch.has(id)),
  );
  const known = await readRoots(client, [...outside]);
  const roots = new Map<string, Root>();
  for (const message of messages) {
    const { threadId, room, line } = message;
    if (threadId === null) continue;
    let root = roots.get(threadId);
    if (!root) {
      const started = inBatch.get(threadId);
      root = {
        id: threadId,
        roomId: room.id,
        rev: 0,
        ...(started
          ? { senderId: started.senderId, answers: 0, lastAnswerAt: line.at, inBatch: true }
          : { ...known.get(threadId)!, inBatch: false }),
      };
      roots.set(threadId, root);
    }
    message.answer = ++root.answers;
    root.lastAnswerAt = Math.max(root.lastAnswerAt, line.at);
  }
  return [...roots.values()];
}
