import { openClickhouse, type Clickhouse } from '@parley/analytics/clickhouse.ts';
import { ingest } from '@parley/analytics/ingest.ts';
import { once } from '@parley/analytics/roll-up.ts';
import { dashboardsWatcher } from '../../server/dashboards/feed.ts';
import { messagesByIds } from '../../server/dashboards/truth.ts';
import { openDatabase } from '../../server/kernel/database.ts';
import { createLog } from '../../server/kernel/log.ts';
import { takeBatch } from '../../server/kernel/outbox.ts';
import { answering } from './children.ts';
import { measured } from './house.ts';

/*
 * In a process of its own: the events of a prepared event log brought into ClickHouse, in batches of so many, by the feed or by the floor. Answers
 * how many arrived in the base and in the roll-up, how long it took, and this process's CPU.
 */

const [way, url, clickhouseUrl, batchText] = process.argv.slice(2) as ['feed' | 'floor', string, string, string];
const batch = Number(batchText);
const db = openDatabase(url, createLog('silent'), { poolSize: 2, statementTimeout: 0 });
const store = openClickhouse(clickhouseUrl);

type Insert = Parameters<Clickhouse['insert']>;

/** The feed as it runs behind a server: claim, read, write out, insert, move the cursor. */
async function feed(): Promise<() => Promise<void>> {
  const client = await db.client('bench');
  const watcher = { ...dashboardsWatcher(store, 86_400_000), batch };
  await client.query('insert into outbox_cursors (watcher) values ($1)', [watcher.name]);
  return async () => {
    while ((await takeBatch(client, watcher)) > 0);
  };
}

/** The same inserts, written out beforehand: what ClickHouse alone takes for them. */
async function floor(): Promise<() => Promise<void>> {
  const inserts: Insert[] = [];
  const noting = { insert: async (...asked: Insert) => void inserts.push(asked) } as unknown as Clickhouse;
  const ids = await db.rows<{ id: string }>(`select payload->>'messageId' as id from outbox order by tx, id`);
  for (let from = 0; from < ids.length; from += batch)
    await ingest(
      noting,
      await messagesByIds(
        db.pool as never,
        ids.slice(from, from + batch).map(({ id }) => id),
      ),
      `floor ${from}`,
    );
  return async () => {
    for (const insert of inserts) await store.insert(...insert);
  };
}

async function run(): Promise<object> {
  const { seconds, cpu } = await measured(await { feed, floor }[way]());
  const { rows } = await store.query<{ base: number; rolledUp: number }>(
    `select (select count() from events) as base, (select sum(messages) from activity where ${once}) as rolledUp`,
  );
  return { seconds, cpu, ...rows[0]! };
}

answering(run);
