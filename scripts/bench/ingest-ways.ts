import { openClickhouse, type Clickhouse } from '@parley/analytics/clickhouse.ts';
import { ingest, noDepartment } from '@parley/analytics/ingest.ts';
import { once } from '@parley/analytics/roll-up.ts';
import { dashboardsWatcher } from '../../server/dashboards/feed.ts';
import { messagesByIds } from '../../server/dashboards/truth.ts';
import { openDatabase } from '../../server/kernel/database.ts';
import { createLog } from '../../server/kernel/log.ts';
import { takeBatch, type Watcher } from '../../server/kernel/outbox.ts';
import { answering } from './children.ts';
import { measured } from './house.ts';

/*
 * In a process of its own: the events of a prepared event log brought into ClickHouse, in batches of so many, by the feed, by the floor or as it is usually done. Answers
 * how many arrived in the base and in the roll-up, how long it took, and this process's CPU.
 */

const [way, url, clickhouseUrl, batchText] = process.argv.slice(2) as [
  'feed' | 'floor' | 'stock',
  string,
  string,
  string,
];
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

/** As it is usually written: the same batches read the same way, sent as a JSON object a row. */
async function stock(): Promise<() => Promise<void>> {
  const client = await db.client('bench');
  const insert = Object.assign(new URL(clickhouseUrl), { username: '', password: '' });
  insert.searchParams.set('database', insert.pathname.slice(1));
  insert.searchParams.set('query', 'insert into events format JSONEachRow');
  insert.pathname = '/';
  const { username, password } = new URL(clickhouseUrl);
  const headers = { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
  await client.query(`insert into outbox_cursors (watcher) values ('stock')`);
  const watcher: Watcher = {
    name: 'stock',
    batch,
    async take(events) {
      const rows = await messagesByIds(
        client,
        events.map(({ payload }) => String(payload['messageId'])),
      );
      const body = rows
        .map(({ eventId, at, conversationKind, department, ...rest }) =>
          JSON.stringify({
            event_id: eventId,
            at: (at / 1_000).toFixed(3),
            conversation_kind: conversationKind,
            department: department ?? noDepartment,
            ...rest,
          }),
        )
        .join('\n');
      const answer = await fetch(insert, { method: 'POST', headers, body });
      if (!answer.ok) throw new Error(await answer.text());
      await answer.arrayBuffer();
    },
  };
  return async () => {
    while ((await takeBatch(client, watcher)) > 0);
  };
}

async function run(): Promise<object> {
  const { seconds, cpu } = await measured(await { feed, floor, stock }[way]());
  const { rows } = await store.query<{ base: number; rolledUp: number }>(
    `select (select count() from events) as base, (select sum(messages) from activity where ${once}) as rolledUp`,
  );
  return { seconds, cpu, ...rows[0]! };
}

answering(run);
