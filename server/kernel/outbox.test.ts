import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase } from '../testing/database.ts';
import { openDatabase, type Database } from './database.ts';
import { createLog } from './log.ts';
import { OutboxBell, takeBatch, watch, type OutboxEvent, type Watcher } from './outbox.ts';
import { rebaseRestored } from './outbox-rebase.ts';
import { Lifecycle } from './lifecycle.ts';
import { until } from '../testing/client.ts';

let fresh: Awaited<ReturnType<typeof freshDatabase>>;
let db: Database;
const log = createLog('silent');

beforeAll(async () => {
  fresh = await freshDatabase();
  db = openDatabase(fresh.url, log);
});
afterAll(async () => {
  await db.close();
  await fresh.drop();
});

const emit = (client: pg.ClientBase, name: string) =>
  client.query(`insert into outbox (type, payload) values ('test.happened', jsonb_build_object('name', $1::text))`, [
    name,
  ]);

/** Eight writers whose transactions overlap and finish out of order, while a watcher reads all the time. */
async function overlap(
  read: (take: (names: string[]) => void, signal: AbortSignal) => Promise<void>,
): Promise<{ written: string[]; seen: string[] }> {
  const written: string[] = [];
  const seen: string[] = [];
  const stop = new AbortController();
  const reading = read((names) => seen.push(...names), stop.signal);
  await Promise.all(
    Array.from({ length: 8 }, async (_, writer) => {
      const client = await db.client(`writer ${writer}`);
      for (let round = 0; round < 40; round++) {
        await client.query('begin');
        const name = `${writer}-${round}`;
        await emit(client, name);
        await client.query('select pg_sleep($1)', [((writer * 7 + round * 3) % 10) / 1000]);
        if (round % 10 === 9) await client.query('rollback');
        else {
          await client.query('commit');
          written.push(name);
        }
      }
      await client.end();
    }),
  );
  await until(() => seen.length >= written.length, 'the reader to arrive', 3_000).catch(() => undefined);
  stop.abort();
  await reading;
  return { written, seen };
}

test('a watcher sees every committed event once, and none of a rolled-back act, however transactions overlap', async () => {
  const bell = new OutboxBell();
  const { written, seen } = await overlap(async (take, signal) => {
    const watcher: Watcher = {
      name: 'test',
      take: async (events) => take(events.map((event) => String(event.payload['name']))),
    };
    await watch(db, bell, watcher, log).run(signal);
  });
  expect(seen.length).toBe(new Set(seen).size);
  expect([...seen].sort()).toEqual([...written].sort());
});

test('control: a reader that remembers only the last id loses events that become visible late', async () => {
  const { written, seen } = await overlap(async (take, signal) => {
    let last = (await db.rows<{ id: number }>('select coalesce(max(id), 0) as id from outbox'))[0]!.id;
    while (!signal.aborted) {
      const rows = await db.rows<{ id: number; name: string }>(
        `select id, payload->>'name' as name from outbox where id > $1 order by id`,
        [last],
      );
      last = rows.at(-1)?.id ?? last;
      take(rows.map((row) => row.name));
    }
  });
  expect(seen.length).toBeLessThan(written.length);
});

test('a failing watcher keeps its cursor, is started again, and loses nothing', async () => {
  const life = new Lifecycle(log);
  const bell = new OutboxBell();
  const seen: OutboxEvent[] = [];
  let failures = 2;
  life.start(
    watch(
      db,
      bell,
      {
        name: 'stumbles',
        take: async (events) => {
          if (failures-- > 0) throw new Error('sink is away');
          seen.push(...events);
        },
      },
      log,
    ),
  );
  const [{ count }] = (await db.rows<{ count: number }>('select count(*) as count from outbox')) as [{ count: number }];
  await until(() => seen.length >= count);
  await life.stop();
  expect(seen).toHaveLength(count);
  expect(failures).toBeLessThan(0);
});

test('an act inside the cursor’s transaction and the cursor move together or not at all', async () => {
  const client = await db.client('inside');
  await client.query(`insert into outbox_cursors (watcher) values ('inside')`);
  await client.query('create table taken (n int)');
  const failing: Watcher = {
    name: 'inside',
    inside: true,
    batch: 5,
    take: async (events, tx) => {
      await tx.query('insert into taken values ($1)', [events.length]);
      throw new Error('after the effect');
    },
  };
  await expect(takeBatch(client, failing)).rejects.toThrow('after the effect');
  expect((await client.query('select * from taken')).rows).toEqual([]);
  await takeBatch(client, {
    ...failing,
    take: async (events, tx) => void (await tx.query('insert into taken values ($1)', [events.length])),
  });
  expect((await client.query('select * from taken')).rows).toEqual([{ n: 5 }]);
  await client.end();
});

test('a restored dump, whose transaction ids begin anew, goes on where every watcher was', async () => {
  const client = await db.client('rebase');
  await client.query('truncate outbox; delete from outbox_cursors');
  for (const name of ['one', 'two', 'three', 'four']) await emit(client, name);
  // What a restore leaves: rows and cursors of transactions far ahead of this cluster's.
  await client.query(`update outbox set tx = (tx::text::bigint + 4000000000)::text::xid8`);
  await client.query(
    `insert into outbox_cursors (watcher, tx, id) select 'half', tx, id from outbox where payload->>'name' = 'two'`,
  );
  // A backup of a living server nearly always holds an entry of the audit log that was not sealed yet.
  await client.query(
    `insert into audit_entries (tx, actor_name, action, outcome) values ((pg_current_xact_id()::text::bigint + 4000000000)::text::xid8, 'test', 'test.done', 'done')`,
  );
  expect(await rebaseRestored(db)).toBe(true);
  expect(await rebaseRestored(db)).toBe(false);
  await expect(client.query('update audit_entries set tx = tx'), 'the trigger stands again').rejects.toThrow(
    'only ever',
  );
  await emit(client, 'five');
  const names: string[] = [];
  const half: Watcher = {
    name: 'half',
    take: async (events) => void names.push(...events.map((event) => String(event.payload['name']))),
  };
  // A transaction anywhere in the cluster may hold the newest event back for a moment.
  await until(async () => {
    await takeBatch(client, half);
    return names.length >= 3;
  });
  expect(names).toEqual(['three', 'four', 'five']);
  await client.end();
});
