import type { ClientBase } from 'pg';
import { writeEvents } from '../kernel/outbox.ts';
import type { Room } from './arrivals.ts';
import type { Existing, Joining, Placed, Root, Wish } from './run.ts';

/*
 * The statements of one batch. Each leaves its table as the send lane would have: the lane's own definition is send_messages in the first migration.
 */

export type Locked = { room: Room; lastSeq: number; lastLine: number; head: number; archived: boolean };

/** Locks the conversations as every writer does, in order of their ids, and learns how new their live talk is. */
export async function lockRooms(client: ClientBase, rooms: Room[]): Promise<Map<string, Locked>> {
  const byId = new Map(rooms.map((room) => [room.id, room]));
  const { rows } = await client.query<Omit<Locked, 'room'> & { id: string }>(
    `select id, last_seq as "lastSeq", last_line as "lastLine", head, archived_at is not null as archived from conversations where id = any ($1) order by id for no key update`,
    [rooms.map((room) => room.id)],
  );
  const grown = rows.filter((row) => row.lastSeq > byId.get(row.id)!.seenSeq);
  if (grown.length > 0) {
    // Imported people never speak live: whoever has no source does.
    const live = await client.query<{ id: string; newest: number | null }>(
      `select g.id, (select (extract(epoch from max(m.created_at)) * 1000)::float8 from messages m join users u on u.id = m.sender_id
         where m.conversation_id = g.id and m.seq > g.seen and u.source_key is null) as newest
       from unnest($1::uuid[], $2::bigint[]) as g (id, seen)`,
      [grown.map((row) => row.id), grown.map((row) => byId.get(row.id)!.seenSeq)],
    );
    for (const { id, newest } of live.rows) {
      const room = byId.get(id)!;
      room.newestLive = Math.max(room.newestLive, newest ?? -Infinity);
      room.seenSeq = grown.find((row) => row.id === id)!.lastSeq;
    }
  }
  return new Map(rows.map((row) => [row.id, { ...row, room: byId.get(row.id)! }]));
}

/** The stored messages that have the name of a wanted one in its conversation, or its id. */
export async function readExisting(client: ClientBase, wanted: readonly Wish[]): Promise<Map<number, Existing>> {
  // Equal ids come from equal names: one walk of the index that begins with the name finds both.
  const { rows } = await client.query<Existing>(
    `select w.place::int - 1 as wanted, m.id, m.conversation_id as "roomId", m.sender_id as "senderId", coalesce(m.thread_id, m.id) as "rootId",
       case when m.edited_at is null and m.recalled_at is null then m.body end as body
     from unnest($1::uuid[], $2::uuid[], $3::text[]) with ordinality as w (id, room, name, place)
     join messages m on m.client_id = w.name and (m.conversation_id is not distinct from w.room or m.id is not distinct from w.id)`,
    [wanted.map((w) => w.id), wanted.map((w) => w.room.id), wanted.map((w) => w.line.id)],
  );
  return new Map(rows.map((row) => [row.wanted, row]));
}

export async function readRoots(
  client: ClientBase,
  ids: string[],
): Promise<Map<string, Pick<Root, 'senderId' | 'answers' | 'lastAnswerAt'>>> {
  if (ids.length === 0) return new Map();
  const { rows } = await client.query<{ id: string; senderId: string; answers: number; lastAnswerAt: number }>(
    `select id, sender_id as "senderId", answers, coalesce((extract(epoch from last_answer_at) * 1000)::float8, 0) as "lastAnswerAt" from messages where id = any ($1)`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/**
 * Locks people in the order of their ids, as every act does that changes several. Their conversations are locked
 * before.
 */
export async function lockPeople(client: ClientBase, ids: readonly string[]): Promise<void> {
  await client.query('select from users where id = any ($1::uuid[]) order by id for no key update', [ids]);
}

/** Puts people into conversations, each at its own place among the changes and in the person's own stream. */
export async function putMembers(client: ClientBase, joining: readonly Joining[], role = 'member'): Promise<void> {
  if (joining.length === 0) return;
  await lockPeople(
    client,
    joining.map((j) => j.userId),
  );
  await client.query(
    `with joining as (
       select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[]) with ordinality as j (room, person, rev, at, place)
     ), heads as (
       update users u set head = u.head + j.n from (select person, count(*) as n from joining group by person) j where u.id = j.person returning u.id, u.head - j.n as head
     ), put as (
       insert into members (conversation_id, user_id, role, rev, urev, joined_at)
       select j.room, j.person, $5, j.rev, h.head + row_number() over (partition by j.person order by j.place), to_timestamp(j.at / 1000.0)
       from joining j join heads h on h.id = j.person
       returning conversation_id
     )
     update conversations c set member_count = c.member_count + p.n from (select conversation_id, count(*) as n from put group by 1) p where c.id = p.conversation_id`,
    [
      joining.map((j) => j.roomId),
      joining.map((j) => j.userId),
      joining.map((j) => j.rev),
      joining.map((j) => j.at),
      role,
    ],
  );
}

/** Counts the answers of roots, and lets everybody who answered, and who was answered, follow the thread. */
export async function storeAnswers(
  client: ClientBase,
  messages: readonly Placed[],
  roots: readonly Root[],
): Promise<void> {
  if (roots.length === 0) return;
  const older = roots.filter((root) => !root.inBatch);
  await client.query(
    `update messages r set answers = a.answers, last_answer_at = to_timestamp(a.at / 1000.0), rev = a.rev
     from unnest($1::uuid[], $2::int[], $3::bigint[], $4::bigint[]) as a (id, answers, at, rev) where r.id = a.id`,
    [older.map((r) => r.id), older.map((r) => r.answers), older.map((r) => r.lastAnswerAt), older.map((r) => r.rev)],
  );
  const follows = new Map<string, { userId: string; threadId: string; roomId: string; read: number }>();
  const follow = (userId: string, threadId: string, roomId: string, read: number) =>
    void follows.set(`${userId} ${threadId}`, { userId, threadId, roomId, read });
  for (const root of roots) follow(root.senderId, root.id, root.roomId, 0);
  // A person has read the thread up to their own last answer.
  for (const { threadId, senderId, room, answer } of messages)
    if (threadId !== null) follow(senderId, threadId, room.id, answer!);
  const rows = [...follows.values()];
  await client.query(
    `insert into thread_follows (user_id, thread_id, conversation_id, read_answers) select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[])
     on conflict (user_id, thread_id) do update set read_answers = greatest(thread_follows.read_answers, excluded.read_answers), named = false
       where excluded.read_answers > thread_follows.read_answers or thread_follows.named`,
    [rows.map((f) => f.userId), rows.map((f) => f.threadId), rows.map((f) => f.roomId), rows.map((f) => f.read)],
  );
}

/**
 * Stores who is named where; people named in a thread follow it from that answer on. Comes after `storeAnswers`: taking
 * part counts for more.
 */
export async function storeMentions(client: ClientBase, messages: readonly Placed[]): Promise<void> {
  const rows = messages.flatMap((m) =>
    m.mentions
      .filter((userId) => userId !== m.senderId)
      .map((userId) => ({
        userId,
        roomId: m.room.id,
        seq: m.seq,
        line: m.mainLine,
        ...(m.mainLine === null ? { threadId: m.threadId, answer: m.answer } : { threadId: null, answer: null }),
      })),
  );
  if (rows.length === 0) return;
  await client.query(
    // Written so that each mention looks up its one membership: a plan the other way round reads all members for all mentions.
    `with named as (
       insert into mentions (user_id, conversation_id, seq, line, thread_id, answer)
       select n.person, n.room, n.seq, n.line, n.thread, n.answer
       from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::uuid[], $6::int[]) as n (person, room, seq, line, thread, answer)
       cross join lateral (select from members m where m.conversation_id = n.room and m.user_id = n.person and m.left_at is null limit 1) m
       on conflict do nothing returning user_id, conversation_id, thread_id, answer
     )
     insert into thread_follows (user_id, thread_id, conversation_id, read_answers, named)
     select user_id, thread_id, conversation_id, min(answer) - 1, true from named where thread_id is not null group by 1, 2, 3
     on conflict do nothing`,
    [
      rows.map((n) => n.userId),
      rows.map((n) => n.roomId),
      rows.map((n) => n.seq),
      rows.map((n) => n.line),
      rows.map((n) => n.threadId),
      rows.map((n) => n.answer),
    ],
  );
}

/** Moves the conversations' counters, and the read marks of those who spoke. */
export async function advanceRooms(
  client: ClientBase,
  messages: readonly Placed[],
  heads: ReadonlyMap<string, number>,
): Promise<void> {
  const rooms = new Map<string, { lastSeq: number; lastLine: number; lastAt: number }>();
  const marks = new Map<string, { roomId: string; userId: string; line: number }>();
  for (const { room, senderId, seq, mainLine, line } of messages) {
    const sum = rooms.get(room.id) ?? { lastSeq: 0, lastLine: 0, lastAt: 0 };
    rooms.set(room.id, { lastSeq: seq, lastLine: mainLine ?? sum.lastLine, lastAt: Math.max(sum.lastAt, line.at) });
    if (mainLine !== null) marks.set(`${room.id} ${senderId}`, { roomId: room.id, userId: senderId, line: mainLine });
  }
  const ids = [...rooms.keys()];
  const sums = [...rooms.values()];
  await client.query(
    `update conversations c set last_seq = t.seq, last_line = greatest(c.last_line, t.line), head = t.head, last_at = greatest(c.last_at, to_timestamp(t.at / 1000.0))
     from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) as t (id, seq, line, head, at) where c.id = t.id`,
    [
      ids,
      sums.map((s) => s.lastSeq),
      sums.map((s) => s.lastLine),
      ids.map((id) => heads.get(id)!),
      sums.map((s) => s.lastAt),
    ],
  );
  const read = [...marks.values()];
  await client.query(
    `update members m set read_line = s.line from unnest($1::uuid[], $2::uuid[], $3::bigint[]) as s (room, person, line) where m.conversation_id = s.room and m.user_id = s.person`,
    [read.map((s) => s.roomId), read.map((s) => s.userId), read.map((s) => s.line)],
  );
}

/** What watchers hear: one event a conversation, whatever the number of messages; and the ledger's count, true to the row even if we are killed now. */
export async function recordImport(
  client: ClientBase,
  source: string,
  messages: readonly Placed[],
  joining: readonly Joining[],
): Promise<void> {
  const spans = new Map<string, { from: number; to: number }>();
  for (const { room, seq } of messages) spans.set(room.id, { from: spans.get(room.id)?.from ?? seq, to: seq });
  await writeEvents(client, [
    ...joining.map(({ roomId, userId }) => ({
      type: 'member.added',
      payload: { conversationId: roomId, userId, role: 'member' },
      actorId: null,
    })),
    ...[...spans].map(([conversationId, { from, to }]) => ({
      type: 'message.imported',
      payload: { conversationId, fromSeq: from, toSeq: to },
      actorId: null,
    })),
  ]);
  await client.query('update import_runs set messages = messages + $2 where source = $1', [source, messages.length]);
}
