import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TestClient } from '../testing/client.ts';
import { openWorld, type World } from '../testing/world.ts';

let world: World;
let ada: TestClient;
let room: string;
const messages = 10_000;

beforeAll(async () => {
  world = await openWorld({ env: { PARLEY_DATABASE_POOL: '2' } });
  ada = await world.device('Ada');
  const rooms = [];
  for (let n = 0; n < 3; n++) rooms.push((await ada.group(`Room ${n}`, [])).conversation.id);
  room = rooms[0]!;
  // As live talk lies on disk, one conversation's messages between those of others: only there some places look cheaper than others.
  await world.db.rows(
    `insert into messages (id, conversation_id, seq, line, rev, sender_id, client_id, body)
     select uuidv7(), c, n, n, n, $2, 'n' || n, repeat('message ' || n, 10)
     from generate_series(1, $3::int) n cross join unnest($1::uuid[]) c order by n`,
    [rooms, ada.userId, messages],
  );
  await world.db.rows('update conversations set last_seq = $2, last_line = $2, head = $2 where id = any ($1)', [
    rooms,
    messages,
  ]);
  await world.db.rows('analyze');
});
afterAll(() => world.close());

test('what is asked at every turn is planned once a connection, whatever is asked for', async () => {
  const pages = [{ before: 5 }, { after: messages - 5 }, { around: 7, limit: 4 }, { at: Date.now() }];
  for (let n = 0; n < 12; n++) {
    for (const where of pages) await ada.call('history:page', { conversationId: room, ...where });
    await ada.call('sync:conversation', { conversationId: room, since: messages - 2 - n, limit: 1 });
    await ada.call('conversation:open', { conversationId: room });
  }
  // Prepared statements are their connection's own: all of the pool are looked at.
  const connections = await Promise.all([world.db.pool.connect(), world.db.pool.connect()]);
  const plans = await Promise.all(
    connections.map((connection) =>
      connection.query<{ name: string; custom: number; generic: number }>(
        `select regexp_replace(name, '[ 0-9]+$', '') as name, custom_plans as custom, generic_plans as generic
         from pg_prepared_statements where name ~ '^(history|sync conversation|summaries)'`,
      ),
    ),
  );
  for (const connection of connections) connection.release();
  const statements = plans.flatMap(({ rows }) => rows);
  // The first five are PostgreSQL's trial: after them it keeps one plan, where its guess for any value is no worse.
  for (const { name, custom } of statements) expect(custom, name).toBeLessThanOrEqual(5);
  const kept = statements.filter(({ generic }) => generic > 0).map(({ name }) => name);
  expect([...new Set(kept)].sort()).toEqual([
    'history after line',
    'history around line',
    'history around line at',
    'history before line',
    'summaries',
    'sync conversation',
  ]);
});

test('nothing asked at every turn reads all messages for what is not there', async () => {
  for (const where of [{}, { after: messages - 5 }, { around: 7 }, { at: Date.now() }])
    await ada.call('history:page', { conversationId: room, ...where });
  const scanned: string[] = [];
  let asked = 0;
  for (const connection of await Promise.all([world.db.pool.connect(), world.db.pool.connect()])) {
    await connection.query('set plan_cache_mode = force_generic_plan');
    const { rows } = await connection.query<{ name: string; parameters: number }>(
      `select name, cardinality(parameter_types) as parameters from pg_prepared_statements where name ~ '^(history|sync|summaries)'`,
    );
    for (const { name, parameters } of rows) {
      asked++;
      const plan = await connection.query<{ 'QUERY PLAN': string }>(
        `explain execute "${name}"(${Array.from({ length: parameters }, () => 'null').join()})`,
      );
      const lines = plan.rows.map((row) => row['QUERY PLAN']);
      if (lines.some((line) => line.includes('Seq Scan on messages'))) scanned.push(`${name}\n${lines.join('\n')}`);
    }
    await connection.query('reset plan_cache_mode');
    connection.release();
  }
  expect(scanned).toEqual([]);
  expect(asked).toBeGreaterThanOrEqual(4);
});
