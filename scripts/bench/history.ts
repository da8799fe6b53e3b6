import { openDatabase } from '../../server/kernel/database.ts';
import { createLog } from '../../server/kernel/log.ts';
import { startChild } from './children.ts';
import { median, type Benchmark, type Ratio, type Row } from './result.ts';
import { openStore, type Store } from './store.ts';

const rooms = 200;
const messagesEach = 2_000;
const ways = {
  ours: 'Parley’s history, text passed on',
  raw: 'Sequelize findAll, raw',
  findAll: 'Sequelize findAll',
} as const;

type Read = { pages: number; seconds: number; cpu: number; p50: number; p99: number; bytes: number };

/** What it costs to answer with one page of history. */
export const history: Benchmark = {
  name: 'history',
  async run(rounds) {
    const store = await openStore();
    try {
      await store.prepare(fill);
      const rows = new Map(
        Object.entries(ways).map(([way, name]) => [
          way,
          {
            name,
            cost: [],
            also: { 'PostgreSQL µs': [], 'pages/s': [], 'p50 ms of 16': [], 'p99 ms of 16': [], 'p50 ms alone': [] },
          } satisfies Row as Row,
        ]),
      );
      await store.onCopy(async (url) => {
        for (let round = 0; round < rounds; round++) {
          const answers: string[] = [];
          for (const [way, row] of rows) answers.push(await measure(store, url, way, row));
          if (new Set(answers).size > 1) throw new Error('the ways do not answer with the same messages');
        }
      });
      const all = [...rows.values()];
      return {
        name: 'history',
        how:
          `The last 50 messages before a place, as the JSON text that leaves the server; ${rooms} conversations of ${messagesEach.toLocaleString('en')} messages, places all over them, 16 asked for at once for three seconds, then one at a time. ` +
          'All ways check the reader’s membership; Parley’s answers besides whether there is more on either side and at which head. A page with other messages than the others’ fails the run.',
        unit: 'Node.js µs CPU a page',
        rows: all,
        ratios: [cheaperPages(all, ways.ours, ways.findAll, 10), cheaperPages(all, ways.ours, ways.raw, 1)],
      };
    } finally {
      await store.close();
    }
  },
};

async function measure(store: Store, url: string, way: string, { cost, also }: Row): Promise<string> {
  const child = await startChild('history-ways.ts', [way, url], ['--max-semi-space-size=8']);
  try {
    await child.ask({ pages: { atOnce: 16, ms: 1_000 } });
    const before = await store.cpu();
    const many = await child.ask<Read>({ pages: { atOnce: 16, ms: 3_000 } });
    const after = await store.cpu();
    const alone = await child.ask<Read>({ pages: { atOnce: 1, ms: 1_000 } });
    cost.push((many.cpu * 1e6) / many.pages);
    also!['PostgreSQL µs']!.push(before === null || after === null ? 0 : ((after - before) * 1e6) / many.pages);
    also!['pages/s']!.push(many.pages / many.seconds);
    also!['p50 ms of 16']!.push(many.p50);
    also!['p99 ms of 16']!.push(many.p99);
    also!['p50 ms alone']!.push(alone.p50);
    return JSON.stringify(await child.ask({ sample: true }));
  } finally {
    await child.stop();
  }
}

async function fill(url: string): Promise<void> {
  const db = openDatabase(url, createLog('silent'), { poolSize: 1, statementTimeout: 0 });
  await db.rows(
    `insert into users (id, kind, name) select uuidv7(), 'person', 'Person ' || n from generate_series(1, 50) n`,
  );
  await db.rows(
    `insert into conversations (id, kind, name, last_seq, last_line, head, member_count) select uuidv7(), 'group', 'Room ' || n, ${messagesEach}, ${messagesEach}, ${messagesEach}, 50 from generate_series(1, ${rooms}) n`,
  );
  await db.rows(
    'insert into members (conversation_id, user_id) select c.id, u.id from conversations c cross join users u',
  );
  // As live talk lies on disk: a page's messages were written far apart, between those of other conversations.
  await db.rows(
    `insert into messages (id, conversation_id, seq, line, rev, sender_id, client_id, body, created_at)
     select uuidv7(), c.id, n, n, n, u.ids[1 + n % 50], 'bench-' || n || '-' || c.id, 'The pilot moved berth ' || n || ' to 16, 船已靠泊, and nobody had to wait for the tide today. ' || repeat('More words follow here. ', n % 5), now() - make_interval(mins => ${messagesEach} - n)
     from generate_series(1, ${messagesEach}) n cross join conversations c cross join (select array_agg(id) as ids from users) u order by n`,
  );
  await db.rows('vacuum analyze');
  await db.close();
}

function cheaperPages(rows: readonly Row[], ours: string, theirs: string, target: number): Ratio {
  const cost = (name: string) => median(rows.find((row) => row.name === name)!.cost);
  const value = cost(theirs) / cost(ours);
  return {
    says: `${ours}: times less Node.js CPU than ${theirs}`,
    value,
    target: `≥ ${target}`,
    reached: value >= target,
  };
}
