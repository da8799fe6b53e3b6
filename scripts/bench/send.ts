import pg from 'pg';
import { startChild } from './children.ts';
import { median, type Benchmark, type Ratio, type Row } from './result.ts';
import { openStore, type Store } from './store.ts';

const rooms = 1_000;
const people = 200;
const membersEach = 10;
const ways = {
  ours: 'Parley’s send lane',
  reading: 'Parley’s send lane, 6.5 rooms opened and marked for each message',
  copy: 'COPY in 200-row commits',
  sequelize: 'a Sequelize transaction a message',
} as const;

type Sent = { stored: number; seconds: number; cpu: number; p50: number; p99: number };

/** What it costs to store a message so that it survives the machine's fall. */
export const send: Benchmark = {
  name: 'send',
  async run(rounds) {
    const store = await openStore();
    try {
      await store.prepare(fillRooms);
      const rows = new Map(
        Object.entries(ways).map(([way, name]) => [
          way,
          {
            name,
            cost: [],
            also: { 'messages/s': [], 'Node.js µs': [], 'PostgreSQL µs': [], 'p50 ms of 32': [], 'p99 ms of 32': [] },
          } satisfies Row as Row,
        ]),
      );
      for (let round = 0; round < rounds; round++) for (const [way, row] of rows) await measure(store, way, row);
      const all = [...rows.values()];
      return {
        name: 'send',
        how:
          `Durable messages of 100 characters into ${rooms.toLocaleString('en')} conversations, 512 outstanding for four seconds, on a fresh copy of the same database each time; then 32 outstanding for the waiting times. ` +
          'Parley’s way begins at the verb: an act, membership, the repeat check, numbers, the message, its event, the sender’s read mark, counters, the announcement. ' +
          'The floor copies rows that are numbered beforehand into the same two tables with the same indexes and moves the counters, over two connections, checking nothing. ' +
          'With reading beside it, the CPU is that of sending and reading. A hole in a conversation’s numbers, or a message acknowledged and not there, fails the run.',
        unit: 'µs CPU a message',
        rows: all,
        ratios: [faster(all, ways.ours, ways.copy, 0.6), faster(all, ways.ours, ways.sequelize, 20)],
      };
    } finally {
      await store.close();
    }
  },
};

async function measure(store: Store, way: string, { cost, also }: Row): Promise<void> {
  await store.onCopy(async (url) => {
    const child = await startChild('send-ways.ts', [way, url], ['--max-semi-space-size=8']);
    try {
      const warm = await child.ask<Sent>({ send: { outstanding: 512, ms: 1_000 } });
      const before = await store.cpu();
      const full = await child.ask<Sent>({ send: { outstanding: 512, ms: 4_000 } });
      const after = await store.cpu();
      const node = (full.cpu * 1e6) / full.stored;
      const postgres = before === null || after === null ? 0 : ((after - before) * 1e6) / full.stored;
      cost.push(node + postgres);
      also!['messages/s']!.push(full.stored / full.seconds);
      also!['Node.js µs']!.push(node);
      also!['PostgreSQL µs']!.push(postgres);
      const some = way === 'copy' ? null : await child.ask<Sent>({ send: { outstanding: 32, ms: 2_000 } });
      if (some) {
        also!['p50 ms of 32']!.push(some.p50);
        also!['p99 ms of 32']!.push(some.p99);
      }
      await verify(url, warm.stored + full.stored + (some?.stored ?? 0));
    } finally {
      await child.stop();
    }
  });
}

/** Every acknowledged message is there, each conversation's numbers are without holes, and each has its event. */
async function verify(url: string, stored: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ messages: string; events: string; wrong: string }>(
    `select (select count(*) from messages) as messages, (select count(*) from outbox) as events,
       (select count(*) from conversations c where c.last_seq <> (select count(*) from messages m where m.conversation_id = c.id)
         or c.last_seq <> (select coalesce(max(m.seq), 0) from messages m where m.conversation_id = c.id)) as wrong`,
  );
  await client.end();
  const { messages, events, wrong } = rows[0]!;
  if (Number(messages) !== stored || Number(events) !== stored || Number(wrong) !== 0) {
    throw new Error(
      `${stored} messages were acknowledged; ${messages} are there with ${events} events, and ${wrong} conversations count wrongly`,
    );
  }
}

/** Rooms of ten among two hundred people. */
export async function fillRooms(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    `insert into users (id, kind, name) select uuidv7(), 'person', 'Person ' || n from generate_series(1, ${people}) n`,
  );
  await client.query(
    `insert into conversations (id, kind, name, member_count) select uuidv7(), 'group', 'Room ' || n, ${membersEach} from generate_series(1, ${rooms}) n`,
  );
  await client.query(
    `insert into members (conversation_id, user_id)
     select c.id, u.id from (select id, row_number() over (order by id) as n from conversations) c
     join (select id, row_number() over (order by id) as n from users) u on (u.n - c.n % ${people} + ${people}) % ${people} < ${membersEach}`,
  );
  // Not the tables that are empty: a look at them would tell the planner that they stay so.
  await client.query('vacuum analyze users, conversations, members');
  await client.end();
}

/** By rate, which is what the promise names; both drive the same two cores to the end. */
function faster(rows: readonly Row[], ours: string, theirs: string, target: number): Ratio {
  const rate = (name: string) => median(rows.find((row) => row.name === name)!.also!['messages/s']!);
  const value = rate(ours) / rate(theirs);
  return {
    says: `${ours}: messages a second, times ${theirs}`,
    value,
    target: `≥ ${target}`,
    reached: value >= target,
  };
}
