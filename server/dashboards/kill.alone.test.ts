import { watch, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { hash } from '@node-rs/argon2';
import type { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrateClickhouse, openClickhouse, type Clickhouse } from '@parley/analytics/clickhouse.ts';
import { ingest, type EventRow } from '@parley/analytics/ingest.ts';
import { fingerprints, once } from '@parley/analytics/roll-up.ts';
import { ingestAgain } from '@parley/analytics/ingest-again.ts';
import { createParley, type Parley } from '@parley/sdk/client.ts';
import { memoryStorage } from '@parley/sdk/storage.ts';
import { importFile } from '../imports/imports.ts';
import { openDatabase, type Database } from '../kernel/database.ts';
import { newId } from '../kernel/ids.ts';
import { createLog } from '../kernel/log.ts';
import { takeBatch } from '../kernel/outbox.ts';
import { until } from '../testing/client.ts';
import { ownCluster, type OwnCluster } from '../testing/database.ts';
import { ServerProcess } from '../testing/server-process.ts';
import { dashboardsWatcher } from './feed.ts';
import { checkOnce, feedName } from './reconcile.ts';

/*
 * "Killing the worker or ClickHouse anywhere changes no final number": messages are sent and histories imported over the real doors of a real
 * server while it, and ClickHouse, are killed outright at the moments where something could be lost or doubled. The standing check is put off
 * for the whole test: what it would repair must not have gone wrong.
 */

let cluster: OwnCluster;
let db: Database;
let cursor: Client;
let store: Clickhouse;
let server: ServerProcess;
const devices: Parley[] = [];
const rooms = Array.from({ length: 3 }, () => newId());

beforeAll(async () => {
  cluster = await ownCluster();
  db = openDatabase(cluster.url, createLog('silent'), { poolSize: 3 });
  cursor = await db.client('cursor');
  store = openClickhouse(cluster.clickhouseUrl);
  server = await ServerProcess.prepare({
    DATABASE_URL: cluster.url,
    CLICKHOUSE_URL: cluster.clickhouseUrl,
    PARLEY_DATA: `${cluster.dataDir}-server`,
    PARLEY_SIGN_INS_PER_MINUTE: '10000',
    PARLEY_CALLS_PER_SECOND: '10000',
    PARLEY_ANALYTICS_CHECK_SECONDS: '86400',
  });
  const password = 'a password of some length';
  const stored = await hash(password, { memoryCost: 1024, timeCost: 1 });
  const department = newId();
  await db.rows(`insert into departments (id, name) values ($1, 'Harbour')`, [department]);
  const people = Array.from({ length: 6 }, (_, i) => ({ id: newId(), email: `person${i}@example.com` }));
  for (const [i, { id, email }] of people.entries()) {
    await db.rows(
      `insert into users (id, kind, name, email, department_id) values ($1, 'person', 'Person ' || $4::text, $2, $3)`,
      [id, email, i % 2 ? department : null, i],
    );
    await db.rows('insert into passwords (user_id, hash) values ($1, $2)', [id, stored]);
    await db.rows(`insert into role_grants (user_id, role) values ($1, 'member')`, [id]);
  }
  for (const [i, room] of rooms.entries()) {
    await db.rows(
      `insert into conversations (id, kind, name, visibility, member_count) values ($1, $2, 'Room', 'private', $3)`,
      [room, i ? 'group' : 'channel', people.length],
    );
    await db.rows('insert into members (conversation_id, user_id) select $1, unnest($2::uuid[])', [
      room,
      people.map(({ id }) => id),
    ]);
  }
  await server.start();
  for (const { email } of people) {
    const parley = createParley({ origin: server.origin, storage: memoryStorage(), device: email, keep: 'body' });
    await parley.signIn({ email, password });
    parley.start();
    devices.push(parley);
  }
}, 180_000);

afterAll(async () => {
  for (const parley of devices) parley.stop();
  await server?.stop();
  await cursor?.end();
  await store?.close();
  await db?.close();
  await cluster?.stop();
});

const victims = {
  server: async () => {
    await server.kill();
    await server.start();
  },
  clickhouse: async () => {
    await cluster.killClickhouse();
    await cluster.untilClickhouseAnswers();
  },
  both: async () => {
    await Promise.all([server.kill(), cluster.killClickhouse()]);
    await cluster.untilClickhouseAnswers();
    await server.start();
  },
};

const moments = {
  'at any moment': () => new Promise((resolve) => setTimeout(resolve, Math.random() * 500)),
  'between claim and cursor': async () => {
    const claimed = `select from outbox_cursors where watcher = $1 and claimed_tx is not null`;
    while ((await cursor.query(claimed, [feedName])).rowCount === 0);
  },
  'as the base commits': () => committing('events'),
  'as the roll-up commits': () => committing('activity'),
};

/** Resolves in the middle of an insert's commit: its name has just been noted, and the rows it stands for are being put in their place. */
async function committing(table: string): Promise<void> {
  const { rows } = await store.query<{ at: string }>(
    'select data_paths[1] as at from system.tables where database = currentDatabase() and name = {table:String}',
    { table },
  );
  await new Promise<void>((resolve) => {
    const watching = watch(path.join(rows[0]!.at, 'deduplication_logs'), () => {
      watching.close();
      resolve();
    });
  });
}

const rounds: [keyof typeof victims, keyof typeof moments][] = [
  ['clickhouse', 'as the base commits'],
  ['server', 'between claim and cursor'],
  ['clickhouse', 'as the roll-up commits'],
  ['clickhouse', 'between claim and cursor'],
  ['server', 'as the base commits'],
  ['clickhouse', 'as the roll-up commits'],
  ['both', 'as the roll-up commits'],
  ['clickhouse', 'as the base commits'],
  ['server', 'at any moment'],
  ['clickhouse', 'at any moment'],
];

test('the server and ClickHouse killed again and again, in the middle of a commit too: every number is what PostgreSQL says, and nothing had to be repaired', async () => {
  let sent = 0;
  let talking = true;
  const talk = devices.map(async (parley, who) => {
    for (let i = 0; talking; i++) {
      await parley.send({ conversationId: rooms[(i + who) % rooms.length]!, body: `message ${i} of ${who} 消息` });
      sent++;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  });
  let imported = 0;
  const report: string[] = [];
  for (const [round, [victim, moment]] of rounds.entries()) {
    const before = await cursorNow();
    await until(async () => (await cursorNow()).events > before.events + 20, 'the feed to flow', 90_000);
    // A history comes in besides: far more rows a batch, over several months.
    const coming = round % 3 === 0 ? importFile(db, historyFile(round), { batch: 1_000 }) : null;
    await moments[moment]();
    const struck = victims[victim]();
    const { claimed, events } = await cursorNow();
    await struck;
    imported += (await coming)?.stored ?? 0;
    report.push(`killed ${victim} ${moment}: ${events} events taken, ${claimed ? 'a batch claimed' : 'none claimed'}`);
  }
  talking = false;
  await Promise.all(talk);
  const pending = () => devices.reduce((sum, parley) => sum + parley.pending().length, 0);
  await until(() => pending() === 0, 'every message to be acknowledged', 90_000);
  await until(async () => (await cursorNow()).waiting === 0, 'the feed to take everything', 90_000);

  const truth = await truthNow();
  expect(truth.reduce((sum, { events }) => sum + events, 0)).toBe(sent + imported);
  expect(await storedNow(), 'counts, hashes and people of every hour, base and roll-up').toEqual(truth);
  expect(await repairedNow(), 'the standing check has repaired nothing').toBe(0);
  await server.stop();
  await sweep();
  expect(await repairedNow(), 'nor does it find anything now, looking at every hour').toBe(0);
  report.push(
    `${sent} sent and ${imported} imported = ${truth.reduce((sum, { events }) => sum + events, 0)} in PostgreSQL, base and roll-up, alike in ${truth.length} hours`,
  );
  console.log(report.join('\n'));
}, 600_000);

test('control: of a batch whose name was noted and whose rows were not, the engine alone takes the repeat for done; writing it again as after a crash does not', async () => {
  await store.command('create database apart');
  const apart = openClickhouse(Object.assign(new URL(cluster.clickhouseUrl), { pathname: '/apart' }).href);
  await migrateClickhouse(apart);
  const hour = Date.UTC(2026, 4, 1);
  const [department, conversation] = [newId(), newId()];
  const batch: EventRow[] = Array.from({ length: 50 }, (_, i) => ({
    eventId: newId(),
    kind: 'message',
    at: hour + i * 1_000,
    person: i % 5,
    bot: false,
    department,
    conversation,
    conversationKind: 'group',
    message: newId(),
  }));
  const lose = {
    base: `alter table events delete where true`,
    rollUp: `alter table activity delete where true`,
  };
  const counted = async () => {
    const [one] = await fingerprints(apart, [hour]);
    return [one?.events ?? 0, one?.rolledUp ?? 0];
  };
  await ingest(apart, batch, 'cut off');
  expect(await counted()).toEqual([50, 50]);
  for (const lost of [['base'], ['rollUp'], ['base', 'rollUp']] as (keyof typeof lose)[][]) {
    for (const one of lost) await apart.command(lose[one]);
    await ingest(apart, batch, 'cut off');
    expect(await counted()).toEqual([lost.includes('base') ? 0 : 50, lost.includes('rollUp') ? 0 : 50]);
    await ingestAgain(apart, batch, 'cut off', newId());
    expect(await counted(), `without ${lost.join(' and ')}`).toEqual([50, 50]);
  }
  await apart.close();
});

test('control: a feed that forgets where its batches ended doubles numbers, which shows, and the standing check mends them', async () => {
  const truth = await truthNow();
  await cursor.query(
    `update outbox_cursors set (tx, id) = (select tx, id from outbox order by tx, id offset 40 limit 1), claimed_tx = null, claimed_id = null where watcher = $1`,
    [feedName],
  );
  const forgetful = { ...dashboardsWatcher(store, 86_400_000), batch: 777 };
  while ((await takeBatch(cursor, forgetful)) > 0);
  const doubled = await storedNow();
  const sum = (hours: typeof truth) => hours.reduce((all, { events }) => all + events, 0);
  // Imported ranges have names of their own, wherever batches end: what was sent is doubled.
  expect(sum(doubled)).toBeGreaterThan(sum(truth));
  expect(doubled.every(({ events, rolledUp }) => events === rolledUp)).toBe(true);
  await sweep();
  expect(await storedNow()).toEqual(truth);
  expect(await repairedNow()).toBeGreaterThan(0);
  expect(await repairedNow()).toBeLessThanOrEqual(truth.length);
}, 300_000);

test('a repair fills in what was there when it compared: a message that comes meanwhile counts once', async () => {
  const [{ hour }] = (await db.rows<{ hour: number }>(
    `select (extract(epoch from date_trunc('hour', max(created_at), 'UTC')) * 1000)::bigint as hour from messages where conversation_id = $1`,
    [rooms[0]],
  )) as [{ hour: number }];
  await store.command(`alter table activity delete where hour = toDateTime({at:UInt32})`, { at: hour / 1_000 });
  const before = await repairedNow();
  let comes = true;
  const busy: Clickhouse = {
    ...store,
    async query<Row>(...asked: Parameters<Clickhouse['query']>) {
      const answer = await store.query<Row>(...asked);
      if (comes) await say(hour);
      comes = false;
      return answer;
    },
  };
  await db.rows('update analytics_check set swept_to = null');
  while (!(await checkOnce(busy, cursor)));
  expect(comes).toBe(false);
  const watcher = dashboardsWatcher(store, 86_400_000);
  // Events show once every older transaction is over, autovacuum's too.
  await until(async () => {
    while ((await takeBatch(cursor, watcher)) > 0);
    return (await cursorNow()).waiting === 0;
  }, 'the message to be taken');
  expect(await repairedNow()).toBe(before + 1);
  expect(await storedNow()).toEqual(await truthNow());
}, 120_000);

/** One more message in an hour of the past, stored as the lane does: the row and its event in one commit. */
const say = (hour: number) =>
  db.rows(
    `with said as (
       insert into messages (id, conversation_id, seq, rev, sender_id, client_id, body, created_at)
       select $1::uuid, m.conversation_id, max(seq) + 1, max(seq) + 1, (array_agg(sender_id))[1], $1::text, 'one more', to_timestamp($3::float8 / 1000)
       from messages m where m.conversation_id = $2 group by 1, 2 returning id)
     insert into outbox (type, payload) select 'message.sent', jsonb_build_object('messageId', id) from said`,
    [newId(), rooms[0], hour + 1_000],
  );

type Hour = { hour: number; events: number; rolledUp: number; hash: string; agrees: boolean; people: number };

/** Every hour as the messages themselves tell it. */
const truthNow = (): Promise<Hour[]> =>
  db.rows<Hour>(
    `select (extract(epoch from date_trunc('hour', m.created_at, 'UTC')) * 1000)::bigint as hour, count(*) as events, count(*) as "rolledUp",
       sum(('x' || left(md5(format('%s message %s %s %s %s %s %s %s', m.id, round(extract(epoch from m.created_at) * 1000), u.number, case u.kind when 'bot' then 1 else 0 end,
         coalesce(m.department_id::text, '00000000-0000-0000-0000-000000000000'), m.conversation_id, c.kind, m.id)), 8))::bit(32)::bigint)::text as hash,
       true as agrees, count(distinct m.sender_id) as people
     from messages m join users u on u.id = m.sender_id join conversations c on c.id = m.conversation_id group by 1 order by 1`,
  );

async function storedNow(): Promise<Hour[]> {
  const { rows } = await store.query<{ hour: number; people: number }>(
    `select toUnixTimestamp(hour) as hour, groupBitmapMerge(people) as people from activity where ${once} group by hour`,
  );
  const people = new Map(rows.map((row) => [row.hour * 1_000, row.people]));
  const found = await fingerprints(store, { from: 0, to: Date.UTC(2100) });
  return found.map((one) => ({ ...one, people: people.get(one.hour) ?? 0 }));
}

async function cursorNow(): Promise<{ events: number; claimed: boolean; waiting: number }> {
  const [row] = await db.rows<{ events: number; claimed: boolean; waiting: number }>(
    `select c.events, c.claimed_tx is not null as claimed, (select count(*) from outbox o where (o.tx, o.id) > (c.tx, c.id)) as waiting
     from outbox_cursors c where c.watcher = $1`,
    [feedName],
  );
  return row ?? { events: 0, claimed: false, waiting: -1 };
}

const repairedNow = async (): Promise<number> =>
  (await db.rows<{ n: number }>('select hours_repaired as n from analytics_check'))[0]!.n;

/** The standing check over every hour there is. */
async function sweep(): Promise<void> {
  await db.rows('update analytics_check set swept_to = null');
  do expect(await checkOnce(store, cursor)).toBe(true);
  while ((await db.rows<{ to: Date | null }>('select swept_to as to from analytics_check'))[0]!.to !== null);
}

/** 6,000 messages of 24 hours in three months of another house. */
function historyFile(round: number): string {
  const file = path.join(path.dirname(cluster.dataDir), `history-${round}.ndjson.gz`);
  const lines = Array.from({ length: 6_000 }, (_, n) => {
    const hour = Math.floor(n / 250);
    const day = Date.UTC(2025, 3 + Math.floor(hour / 8), 10 + round) + (hour % 8) * 3_600_000;
    return JSON.stringify({
      id: `${round}-${n}`,
      channel: `channel ${n % 3}`,
      topic: '',
      sender: `Sailor ${n % 40}`,
      ts: new Date(day + (n % 250) * 10_000).toISOString(),
      text: `entry ${n} 航海日志`,
    });
  });
  writeFileSync(file, gzipSync(lines.join('\n')));
  return file;
}
