import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Summary } from '@parley/protocol/conversations.ts';
import type { Permission } from '@parley/protocol/permissions.ts';
import type { MessageSearch } from '@parley/protocol/search.ts';
import type { Actor } from '../kernel/actor.ts';
import { Parts } from '../kernel/parts.ts';
import { inWork } from '../kernel/work.ts';
import { until, type TestClient } from '../testing/client.ts';
import { openWorld, type World } from '../testing/world.ts';
import { searchEngine, type SearchEngine } from './engine.ts';
import { marksIn, phrasesOf } from './literal.ts';
import { byTokens, byWalk, postgresIndex } from './postgres-index.ts';
import type { Stride } from './postgres-walk.ts';
import { search } from './search.ts';

/*
 * The index finds in several ways, by what it expects them to cost. Which one it took must never show: not in a page, not in their order, not when
 * another is taken for the next page, and not while people come, go, edit and recall between two pages.
 */

let world: World;
let writer: TestClient;
let reader: TestClient;

beforeAll(async () => {
  world = await openWorld();
  // One person is put into the rooms of every run.
  await world.db.rows(`insert into settings (name, value) values ('addedPerPersonPerDay', '10000')`);
  [writer, reader] = (await Promise.all(['Ada', 'Ben'].map((name) => world.device(name)))) as [TestClient, TestClient];
});
afterAll(() => world.close());

/** What a walk expects, right or wrong: it decides how far each step goes, and when it gives up. */
const walking = (share: number, rooms: number, stride: Stride): SearchEngine => ({
  ...postgresIndex,
  candidates: (db, ask) => byWalk(db, ask, share, { rooms, messages: 100 }, stride),
});
const gathering = (way: 'listed' | 'each'): SearchEngine => ({
  ...postgresIndex,
  candidates: (db, ask) => byTokens(db, ask, way),
});

const vocabulary = ['the', 'ship', 'c++', '企业', '业即', '即时', '🎉', 'harbour'];
/** Each word about half as often as the one before. */
const word = fc.nat(254).map((n) => vocabulary[7 - Math.floor(Math.log2(n + 1))]!);
const words = fc.array(word, { minLength: 1, maxLength: 5 });
type Filters = { room?: number; mine?: boolean; after?: number; before?: number; bot?: boolean };
/** Talk comes in bursts: one room is loud while the others are quiet. */
const burst = fc.record({ room: fc.nat(3), times: fc.constantFrom(1, 1, 2, 5, 9), words });
const question = fc.record({
  query: fc.oneof(
    words.map((some) => some.slice(0, 2).join(' ')),
    fc.constantFrom(...vocabulary, '"the ship"', '企业即时'),
  ),
  limit: fc.integer({ min: 1, max: 7 }),
  browse: fc.boolean(),
  filters: fc.oneof(
    fc.constant({} as Filters),
    fc.record(
      { room: fc.nat(3), mine: fc.boolean(), after: fc.nat(20), before: fc.nat(20), bot: fc.boolean() },
      { requiredKeys: [] },
    ) as fc.Arbitrary<Filters>,
  ),
});
type Question = typeof question extends fc.Arbitrary<infer T> ? T : never;
const change = fc.record({
  kind: fc.constantFrom('say', 'say', 'edit', 'recall', 'leave', 'join'),
  room: fc.nat(3),
  which: fc.nat(1_000),
  words,
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

type Said = { id: string; in: Summary; at: number };
type Input = Omit<MessageSearch, 'limit'> & { limit: number };

test('a page is the same whichever way it is found, and so is the next, whatever happens between them', async () => {
  let pages = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(burst, { minLength: 4, maxLength: 12 }),
      fc.array(question, { minLength: 2, maxLength: 4 }),
      fc.array(fc.array(change, { maxLength: 4 }), { minLength: 3, maxLength: 3 }),
      fc.constantFrom(0.01, 0.5, 1, 4, 20),
      fc.integer({ min: 1, max: 40 }),
      async (history, questions, changes, share, abreast) => {
        const rooms = await openRooms();
        const said: Said[] = [];
        for (const { room, times, words: some } of history)
          said.push(...(await Promise.all(Array.from({ length: times }, () => say(rooms[room]!, some)))));
        const places: (string | undefined)[] = questions.map(() => undefined);
        for (const between of changes) {
          await indexed();
          for (const [i, asked] of questions.entries()) {
            const input = inputOf(asked, rooms, said, places[i]);
            const wanted = await truth(input, asked.browse);
            for (const [way, engine] of Object.entries({
              'the one chosen': postgresIndex,
              listed: gathering('listed'),
              each: gathering('each'),
              'side by side': walking(share, abreast, 'side by side'),
              all: walking(share, abreast, 'all'),
            }))
              expect(await ask(engine, input, asked.browse), `${way}: ${JSON.stringify(input)}`).toEqual(wanted);
            pages++;
            places[i] = wanted.next ?? undefined;
          }
          for (const one of between) await happen(one, rooms, said);
        }
      },
    ),
    { numRuns: 15, endOnFailure: true },
  );
  expect(pages).toBeGreaterThan(80);
}, 300_000);

/** Two groups with the reader in them, one without, and a channel everybody may read. */
async function openRooms(): Promise<Summary[]> {
  return Promise.all([
    writer.group('One', [reader]),
    writer.group('Two', [reader]),
    writer.group('Other', []),
    writer.group('Open', [], { kind: 'channel', visibility: 'public' }),
  ]);
}

async function say(room: Summary, some: string[]): Promise<Said> {
  const { id, at } = await writer.says(some.join(' '), { in: room });
  return { id, in: room, at };
}

async function happen({ kind, room, which, words: some }: Change, rooms: Summary[], said: Said[]): Promise<void> {
  const message = said[which % said.length]!;
  const at = { conversationId: message.in.conversation.id, messageId: message.id };
  const there = { conversationId: rooms[room]!.conversation.id };
  if (kind === 'say') said.push(await say(rooms[room]!, some));
  if (kind === 'edit') await writer.tries('message:edit', { ...at, body: some.join(' ') });
  if (kind === 'recall') await writer.tries('message:recall', at);
  if (kind === 'leave') await writer.tries('member:remove', { ...there, userId: reader.userId });
  if (kind === 'join') await writer.tries('member:add', { ...there, userIds: [reader.userId] });
}

function inputOf({ query, limit, filters }: Question, rooms: Summary[], said: Said[], cursor?: string): Input {
  const timeOf = (n: number | undefined) => (n === undefined ? undefined : said[n % said.length]!.at);
  return {
    query,
    limit,
    cursor,
    conversationId: filters.room === undefined ? undefined : rooms[filters.room]!.conversation.id,
    senderId: filters.mine === undefined ? undefined : filters.mine ? reader.userId : writer.userId,
    after: timeOf(filters.after),
    before: timeOf(filters.before),
    bot: filters.bot,
  } as Input;
}

type Page = { ids: string[]; next: string | null };

async function ask(engine: SearchEngine, input: Input, browse: boolean): Promise<Page> {
  const parts = new Parts();
  parts.install(searchEngine, engine);
  const permissions = new Set<Permission>(['conversations.read', ...(browse ? (['channels.browse'] as const) : [])]);
  const actor: Actor = { kind: 'person', id: reader.userId, name: 'Ben', deviceId: null, permissions };
  const { hits, next } = await inWork({ ...world.app.house, parts }, actor, (work) => search(work, input));
  return { ids: hits.map(({ message }) => message.id), next };
}

/** The page as somebody would find it who reads everything, one message after another. */
async function truth(input: Input, browse: boolean): Promise<Page> {
  type Row = { id: string; at: string; body: string };
  const rows = await world.db.rows<Row>(
    `select m.id, (extract(epoch from m.created_at) * 1000000)::bigint::text as at, m.body
     from messages m join conversations c on c.id = m.conversation_id join users u on u.id = m.sender_id
     where m.recalled_at is null and (($2 and c.visibility = 'public') or exists (select from members r where r.conversation_id = c.id and r.user_id = $1 and r.left_at is null))
       and ($3::uuid is null or c.id = $3) and ($4::uuid is null or u.id = $4) and ($5::boolean is null or $5 = (u.kind = 'bot'))
     order by m.created_at desc, m.id desc`,
    [reader.userId, browse, input.conversationId ?? null, input.senderId ?? null, input.bot ?? null],
  );
  const [at, id] = input.cursor?.split('.') ?? [];
  const below = (row: Row) => at === undefined || BigInt(row.at) < BigInt(at) || (row.at === at && row.id < id!);
  const within = (row: Row) =>
    (input.after === undefined || Number(row.at) >= input.after * 1_000) &&
    (input.before === undefined || Number(row.at) < input.before * 1_000);
  const phrases = phrasesOf(input.query);
  const all = rows.filter((row) => below(row) && within(row) && marksIn(row.body, phrases) !== null);
  const last = all[input.limit - 1];
  return {
    ids: all.slice(0, input.limit).map((row) => row.id),
    next: last && all.length > input.limit ? `${last.at}.${last.id}` : null,
  };
}

const indexed = () =>
  until(
    async () =>
      (
        await world.db.rows(
          `select from outbox o join outbox_cursors c on c.watcher = 'search' where (o.tx, o.id) > (c.tx, c.id) limit 1`,
        )
      ).length === 0,
    'the index to follow',
  );
