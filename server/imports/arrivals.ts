import type { ClientBase } from 'pg';
import type { Threading } from '@parley/protocol/conversations.ts';
import { idFrom } from '../kernel/ids.ts';
import { writeEvents } from '../kernel/outbox.ts';
import { queryOf, writePersonKeys } from '../users/key-store.ts';
import type { Place, Speaker } from './survey.ts';

/** A conversation of the source while the import runs. */
export type Room = {
  id: string;
  threading: Threading;
  isDirect: boolean;
  isNew: boolean;
  /** The main line's length before this run: whoever had read that far has read the imported past too. */
  lineBefore: number;
  /** The root of each topic, by title. */
  topics: Map<string, string>;
  members: Set<string>;
  /** Up to which seq its messages have been looked through for live ones, and when the newest of those was sent. */
  seenSeq: number;
  newestLive: number;
};

type Found = { id: string; sourceKey: string };

const chunk = 5_000;

/** Creates the speakers of a file that are not there yet; returns the ids of all of them by key. */
export async function settleSpeakers(
  client: ClientBase,
  source: string,
  speakers: Iterable<Speaker>,
): Promise<{ ids: Map<string, string>; added: number }> {
  const ids = new Map<string, string>();
  let added = 0;
  for (const some of chunksOf([...speakers])) {
    const keys = some.map((speaker) => `${source}/${speaker.key}`);
    const created = await client.query<{ id: string; kind: string }>(
      `insert into users (id, kind, name, source_key, created_at) select id, kind, name, key, to_timestamp(at / 1000.0)
       from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[]) as s (id, kind, name, key, at) on conflict do nothing returning id, kind`,
      [
        some.map((s, index) => idFrom(s.firstAt, keys[index]!)),
        some.map((s) => (s.bot ? 'bot' : 'imported')),
        some.map((s) => s.name),
        keys,
        some.map((s) => s.firstAt),
      ],
    );
    await writeEvents(
      client,
      created.rows.map(({ id, kind }) => ({ type: 'user.created', payload: { userId: id, kind }, actorId: null })),
    );
    await writePersonKeys(
      queryOf(client),
      created.rows.map(({ id }) => id),
    );
    added += created.rows.length;
    const { rows } = await client.query<Found>(
      'select id, source_key as "sourceKey" from users where source_key = any ($1)',
      [keys],
    );
    for (const row of rows) ids.set(row.sourceKey.slice(source.length + 1), row.id);
  }
  return { ids, added };
}

/** Creates the channels of a file that are not there yet; returns all of them by key, with what is known of them already. */
export async function settlePlaces(
  client: ClientBase,
  source: string,
  places: readonly Place[],
  people: Map<string, string>,
  keyOf: (name: string) => string,
): Promise<{ rooms: Map<string, Room>; added: number }> {
  const rooms = new Map<string, Room>();
  let added = 0;
  for (const some of chunksOf(places)) {
    const keys = some.map((place) => `${source}/${place.key}`);
    const created = await client.query<{ id: string; kind: string; visibility: string }>(
      `insert into conversations (id, kind, name, visibility, threading, source_key, direct_key, created_at)
       select id, case when pair is null then 'channel' else 'direct' end, case when pair is null then name end, case when pair is null then 'public' else 'private' end,
         case when topics then 'topics' else 'replies' end, key, pair, to_timestamp(at / 1000.0)
       from unnest($1::uuid[], $2::text[], $3::boolean[], $4::text[], $5::text[], $6::bigint[]) as p (id, name, topics, key, pair, at)
       on conflict do nothing returning id, kind, visibility`,
      [
        some.map((place, index) => idFrom(place.firstAt, keys[index]!)),
        some.map((place) => place.name),
        some.map((place) => place.topics),
        keys,
        some.map(
          ({ between }) =>
            between &&
            between
              .map((name) => people.get(keyOf(name))!)
              .sort()
              .join(':'),
        ),
        some.map((place) => place.firstAt),
      ],
    );
    await writeEvents(
      client,
      created.rows.map(({ id, kind, visibility }) => ({
        type: 'conversation.created',
        payload: { conversationId: id, kind, visibility },
        actorId: null,
      })),
    );
    added += created.rows.length;
    const isNew = new Set(created.rows.map((row) => row.id));
    const { rows } = await client.query<Found & { threading: Threading; kind: string; lastLine: number }>(
      'select id, source_key as "sourceKey", threading, kind, last_line as "lastLine" from conversations where source_key = any ($1)',
      [keys],
    );
    for (const { id, sourceKey, threading, kind, lastLine } of rows) {
      const room: Room = {
        id,
        threading,
        isDirect: kind === 'direct',
        isNew: isNew.has(id),
        lineBefore: lastLine,
        topics: new Map(),
        members: new Set(),
        seenSeq: 0,
        newestLive: -Infinity,
      };
      rooms.set(sourceKey.slice(source.length + 1), room);
    }
  }
  await recallTalk(client, [...rooms.values()]);
  return { rooms, added };
}

/** What an earlier run left: who is in each room, and where its topics begin. */
async function recallTalk(client: ClientBase, rooms: Room[]): Promise<void> {
  const known = new Map(rooms.filter((room) => !room.isNew).map((room) => [room.id, room]));
  if (known.size === 0) return;
  const ids = [...known.keys()];
  const members = await client.query<[string, string]>({
    text: 'select conversation_id, user_id from members where conversation_id = any ($1)',
    values: [ids],
    rowMode: 'array',
  });
  for (const [conversationId, userId] of members.rows) known.get(conversationId)!.members.add(userId);
  const roots = await client.query<[string, string, string]>({
    text: 'select distinct on (conversation_id, title) conversation_id, title, id from messages where conversation_id = any ($1) and title is not null order by conversation_id, title, seq',
    values: [ids],
    rowMode: 'array',
  });
  for (const [conversationId, title, id] of roots.rows) known.get(conversationId)!.topics.set(title, id);
}

function* chunksOf<T>(rows: readonly T[]): Generator<T[]> {
  for (let from = 0; from < rows.length; from += chunk) yield rows.slice(from, from + chunk);
}
