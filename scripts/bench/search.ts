import { openDatabase, type Database } from '../../server/kernel/database.ts';
import { newId } from '../../server/kernel/ids.ts';
import { createLog } from '../../server/kernel/log.ts';
import { takeBatch } from '../../server/kernel/outbox.ts';
import { searchWatcher } from '../../server/search/indexing.ts';
import { postgresIndex } from '../../server/search/postgres-index.ts';
import { startChild, type Child } from './children.ts';
import { quantile, ratioOf, type Benchmark, type Row } from './result.ts';
import { dice, messageOf, queryIn, type Kind } from './search-words.ts';
import { openStore, type Store } from './store.ts';

const messages = 200_000;
const messagesEach = 200;
const roomsOfReader = 50;
const queriesARound = 60;
/** In what part of the messages the reader may read a text stands. Four characters stand nearly anywhere in few. */
const frequencies = { rare: [0, 0.001], medium: [0.001, 0.02], frequent: [0.02, 1], any: [0, 1] } as const;
type Frequency = keyof typeof frequencies;
const asked: [Kind, Frequency][] = [
  ['en', 'rare'],
  ['en', 'medium'],
  ['en', 'frequent'],
  ['zh2', 'rare'],
  ['zh2', 'medium'],
  ['zh2', 'frequent'],
  ['zh4', 'any'],
];
const said = { en: 'English word', zh2: 'two characters', zh4: 'four characters' };
const ways = { verb: 'Parley’s search', scan: 'membership scan with LIKE' } as const;
type Way = keyof typeof ways;
const nameOf = ([kind, frequency]: [Kind, Frequency], way: Way) =>
  `${said[kind]}${frequency === 'any' ? '' : `, ${frequency}`}: ${ways[way]}`;

type Told = { took: number[]; cpu: number; found: string[][] };

/** What it takes to find messages. */
export const searching: Benchmark = {
  name: 'search',
  async run(rounds, share) {
    // Whole rooms, and as many of them for every room the reader is in.
    const step = messagesEach * roomsOfReader;
    const count = Math.max(2, Math.ceil((messages * share) / step)) * step;
    const store = await openStore();
    try {
      const indexed = { seconds: 0 };
      await store.prepare(async (url) => void (indexed.seconds = await fill(url, count)));
      const rows: Row[] = asked.flatMap((ask) =>
        (Object.keys(ways) as Way[]).map((way) => ({
          name: nameOf(ask, way),
          cost: [],
          also: { 'Node.js µs': [], 'PostgreSQL µs': [], 'p50 ms': [], 'p99 ms': [] },
        })),
      );
      await store.onCopy((url) => compare(store, url, rounds, rows));
      return {
        name: 'search',
        how:
          `${count.toLocaleString('en')} messages, half Chinese and a third English, by frequency of words, in ${(count / messagesEach).toLocaleString('en')} conversations; a reader in ${roomsOfReader} of them looks for the newest 20, ${queriesARound} queries of a kind a round, one after another: ` +
          `one English word, two and four Chinese characters cut anywhere; rare in less than a thousandth of what the reader may read, frequent in more than a fiftieth. Parley’s are asked from the verb; the index was built from the event log at ${Math.round(count / indexed.seconds).toLocaleString('en')} messages a second. ` +
          'The scan reads the reader’s conversations in one statement. Answers that differ fail the run.',
        unit: 'µs CPU a query',
        rows,
        ratios: asked.flatMap((ask) =>
          [
            faster(ask, 'p50 ms', ask[1] === 'frequent' ? 1 : 10),
            faster(ask, 'p99 ms', ask[1] === 'frequent' ? 1 : 3),
          ].map((of) => ratioOf(rows, of)),
        ),
      };
    } finally {
      await store.close();
    }
  },
};

const faster = (ask: [Kind, Frequency], also: string, target: number) => ({
  says: `${nameOf(ask, 'verb')}: times faster than the scan (${also.slice(0, 3)})`,
  over: nameOf(ask, 'scan'),
  under: nameOf(ask, 'verb'),
  also,
  target,
  atLeast: true,
});

async function compare(store: Store, url: string, rounds: number, rows: Row[]): Promise<void> {
  const db = openDatabase(url, createLog('silent'), { poolSize: 1 });
  const [reader] = await db.rows<{ id: string }>(`select id from users where name = 'Reader'`);
  const readable = await db.rows<{ body: string }>(
    'select m.body from members r join messages m on m.conversation_id = r.conversation_id where r.user_id = $1 order by m.id',
    [reader!.id],
  );
  await db.close();
  const children = new Map<Way, Child>();
  try {
    for (const way of Object.keys(ways) as Way[])
      children.set(way, await startChild('search-ways.ts', [way, url, reader!.id], ['--max-semi-space-size=8']));
    const next = dice(7);
    // Connections, plans and code of both ways are warm before the first round.
    for (const child of children.values())
      await child.ask({ queries: asked.flatMap((ask) => queriesOf(ask, readable, next).slice(0, 10)) });
    for (let round = 0; round < rounds; round++)
      for (const ask of asked) {
        const queries = queriesOf(ask, readable, next);
        const answers: string[] = [];
        for (const [way, child] of children) {
          const row = rows.find(({ name }) => name === nameOf(ask, way))!;
          answers.push(JSON.stringify(await measure(store, child, queries, row)));
        }
        if (answers[0] !== answers[1])
          throw new Error(`${ask.join(', ')}: the search and the scan do not find the same messages`);
      }
  } finally {
    for (const child of children.values()) await child.stop();
  }
}

/** Queries whose answer is not empty, each in some message the reader may read and in about so many of them. */
function queriesOf(
  [kind, frequency]: [Kind, Frequency],
  readable: { body: string }[],
  next: (size: number) => number,
): string[] {
  const [above, below] = frequencies[frequency];
  const queries: string[] = [];
  while (queries.length < queriesARound) {
    const query = queryIn(readable[next(readable.length)]!.body, kind, next);
    if (!query) continue;
    const share = readable.filter(({ body }) => body.includes(query)).length / readable.length;
    if (share > above && share <= below) queries.push(query);
  }
  return queries;
}

async function measure(store: Store, child: Child, queries: string[], { cost, also }: Row): Promise<string[][]> {
  const before = await store.cpu();
  const { took, cpu, found } = await child.ask<Told>({ queries });
  const after = await store.cpu();
  const node = (cpu * 1e6) / queries.length;
  const postgres = before === null || after === null ? 0 : ((after - before) * 1e6) / queries.length;
  cost.push(node + postgres);
  also!['Node.js µs']!.push(node);
  also!['PostgreSQL µs']!.push(postgres);
  also!['p50 ms']!.push(quantile(took, 0.5));
  also!['p99 ms']!.push(quantile(took, 0.99));
  return found;
}

/** The messages, told to the event log as imports are, and the index the watcher makes of them. Answers the seconds indexing took. */
async function fill(url: string, count: number): Promise<number> {
  const db = openDatabase(url, createLog('silent'), { poolSize: 2, statementTimeout: 0 });
  const rooms = count / messagesEach;
  await db.rows(
    `insert into users (id, kind, name) values (uuidv7(), 'person', 'Reader'), (uuidv7(), 'person', 'Writer')`,
  );
  await db.rows(
    `insert into conversations (id, kind, name, last_seq, last_line, head) select uuidv7(), 'group', 'Room ' || n, $2::bigint, $2, $2 from generate_series(1, $1::int) n`,
    [rooms, messagesEach],
  );
  await db.rows(
    `insert into members (conversation_id, user_id)
     select c.id, u.id from (select id, row_number() over (order by id) as n from conversations) c join users u on u.name = 'Writer' or c.n % $1 = 0`,
    [rooms / roomsOfReader],
  );
  await say(db, count, rooms);
  await db.rows(
    `insert into outbox (type, payload) select 'message.imported', jsonb_build_object('conversationId', id, 'fromSeq', 1, 'toSeq', $1::int) from conversations`,
    [messagesEach],
  );
  await db.rows('analyze');
  const client = await db.client('index');
  const watcher = { ...searchWatcher(postgresIndex, createLog('silent')), batch: 20 };
  await client.query('insert into outbox_cursors (watcher) values ($1)', [watcher.name]);
  const began = performance.now();
  while ((await takeBatch(client, watcher)) > 0);
  const seconds = (performance.now() - began) / 1_000;
  await client.end();
  await db.rows('vacuum analyze');
  await db.close();
  return seconds;
}

/** One message after another in turn of the rooms, a second apart, as live talk lies on disk. */
async function say(db: Database, count: number, rooms: number): Promise<void> {
  const next = dice(2_026);
  for (let from = 0; from < count; from += 10_000) {
    const some = Array.from({ length: Math.min(10_000, count - from) }, (_, i) => from + i);
    await db.rows(
      `insert into messages (id, conversation_id, seq, line, rev, sender_id, client_id, body, created_at)
       select s.id, c.ids[1 + s.n % $4], 1 + s.n / $4, 1 + s.n / $4, 1 + s.n / $4, u.id, 'bench-' || s.n, s.body, now() - make_interval(secs => $5::int - s.n)
       from unnest($1::uuid[], $2::int[], $3::text[]) as s (id, n, body) cross join (select array_agg(id order by id) as ids from conversations) c join users u on u.name = 'Writer'`,
      [some.map(() => newId()), some, some.map(() => messageOf(next)), rooms, count],
    );
  }
}
