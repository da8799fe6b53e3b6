import { openDatabase } from '../../server/kernel/database.ts';
import { createLog } from '../../server/kernel/log.ts';
import { startChild } from './children.ts';
import { cheaper, ratioOf, times, type Benchmark, type Row } from './result.ts';
import { openStore, type Store } from './store.ts';

const sizes = [
  { batch: 5_000, events: 100_000 },
  { batch: 100, events: 10_000 },
];
const ways = { feed: 'Parley’s feed', floor: 'TSV inserts alone', stock: 'JSON rows' } as const;
const wayNames = ['feed', 'floor', 'stock'] as const;
const nameOf = (way: keyof typeof ways, batch: number) => `${ways[way]}, ${batch.toLocaleString('en')} a batch`;

/** What it costs to bring an event from PostgreSQL's log into ClickHouse's base table and roll-up. */
export const ingesting: Benchmark = {
  name: 'ingest',
  async run(rounds, share) {
    const store = await openStore({ clickhouse: true });
    try {
      const rows: Row[] = [];
      for (const [n, { batch, events }] of sizes.entries()) {
        const count = Math.ceil((events * share) / batch) * batch;
        await store.prepare((url) => fill(url, count), `events_${n}`);
        for (const way of wayNames)
          rows.push({
            name: nameOf(way, batch),
            cost: [],
            also: { 'events/s': [], 'Node.js µs': [], 'ClickHouse µs': [], 'PostgreSQL µs': [] },
          });
        for (let round = 0; round < rounds; round++)
          for (const [index, way] of wayNames.entries())
            await measure(store, `events_${n}`, way, batch, count, rows[n * wayNames.length + index]!);
      }
      const [whole, small] = sizes.map(({ batch }) => ({
        feed: nameOf('feed', batch),
        floor: nameOf('floor', batch),
        stock: nameOf('stock', batch),
      }));
      return {
        name: 'ingest',
        how:
          'Messages waiting in the event log are taken over: claimed, read with their people and rooms, written out, inserted under their batch’s name into the base and its roll-up, the cursor moved. ' +
          `${sizes.map(({ batch, events }) => `${events.toLocaleString('en')} events in batches of ${batch.toLocaleString('en')}`).join('; ')}. ` +
          'The floor sends the same inserts, written out beforehand. The stock way reads the same batches and sends a JSON object a row, without names for batches. ClickHouse’s merges count as far as they fall into the time. An event missing or doubled, in base or roll-up, fails the run.',
        unit: 'µs CPU an event, all processes',
        rows,
        ratios: [
          times(rows, whole!.feed, whole!.floor, 4),
          times(rows, small!.feed, small!.floor, 4),
          cheaper(rows, whole!.feed, whole!.stock, 1),
          ratioOf(rows, {
            says: `${whole!.feed}: events a second, times the floor’s`,
            over: whole!.feed,
            under: whole!.floor,
            also: 'events/s',
            target: 0.25,
            atLeast: true,
          }),
          ratioOf(rows, {
            says: `${whole!.feed}: ClickHouse’s CPU an event, times the floor’s`,
            over: whole!.feed,
            under: whole!.floor,
            also: 'ClickHouse µs',
            target: 1.25,
            atLeast: false,
          }),
        ],
      };
    } finally {
      await store.close();
    }
  },
};

async function measure(
  store: Store,
  original: string,
  way: string,
  batch: number,
  count: number,
  { cost, also }: Row,
): Promise<void> {
  await store.onCopy(
    (url) =>
      store.onClickhouse(async (clickhouseUrl) => {
        const child = await startChild('ingest-ways.ts', [way, url, clickhouseUrl, String(batch)]);
        try {
          const before = { postgres: await store.cpu(), clickhouse: await store.clickhouseCpu() };
          const done = await child.ask<{ seconds: number; cpu: number; base: number; rolledUp: number }>({ run: true });
          const clickhouse = await store.clickhouseCpu();
          const postgres = await store.cpu();
          if (done.base !== count || done.rolledUp !== count)
            throw new Error(`${count} events, ${done.base} in the base, ${done.rolledUp} in the roll-up`);
          const each = (from: number | null, to: number | null) =>
            from === null || to === null ? 0 : ((to - from) * 1e6) / count;
          const used = {
            node: (done.cpu * 1e6) / count,
            clickhouse: each(before.clickhouse, clickhouse),
            // The floor reads its rows before its clock starts.
            postgres: way === 'floor' ? 0 : each(before.postgres, postgres),
          };
          cost.push(used.node + used.clickhouse + used.postgres);
          also!['events/s']!.push(count / done.seconds);
          also!['Node.js µs']!.push(used.node);
          also!['ClickHouse µs']!.push(used.clickhouse);
          also!['PostgreSQL µs']!.push(used.postgres);
        } finally {
          await child.stop();
        }
      }),
    original,
  );
}

/** Messages of one busy day, each with its event. */
async function fill(url: string, count: number): Promise<void> {
  const db = openDatabase(url, createLog('silent'), { poolSize: 1, statementTimeout: 0 });
  await db.rows(`insert into departments (id, name) select uuidv7(), 'Department ' || n from generate_series(1, 40) n`);
  await db.rows(
    `insert into users (id, kind, name, department_id) select uuidv7(), 'person', 'Person ' || n, d.ids[1 + n % 40]
     from generate_series(1, 2000) n cross join (select array_agg(id) as ids from departments) d`,
  );
  await db.rows(
    `insert into conversations (id, kind, name) select uuidv7(), (array['direct', 'group', 'channel'])[1 + n % 3], 'Room ' || n from generate_series(1, 500) n`,
  );
  await db.rows(
    `insert into messages (id, conversation_id, seq, line, rev, sender_id, department_id, client_id, body, created_at)
     select uuidv7(), c.ids[1 + n % 500], n, n, n, u.ids[1 + n * 7919 % 2000], u.departments[1 + n * 7919 % 2000], 'bench-' || n, 'The pilot moved berth ' || n, now() - make_interval(secs => (${count} - n) * 86400.0 / ${count})
     from generate_series(1, ${count}) n cross join (select array_agg(id) as ids from conversations) c
       cross join (select array_agg(id order by id) as ids, array_agg(department_id order by id) as departments from users) u`,
  );
  await db.rows(
    `insert into outbox (type, payload) select 'message.sent', jsonb_build_object('messageId', id) from messages order by id`,
  );
  await db.rows('vacuum analyze users, conversations, messages, outbox');
  await db.close();
}
